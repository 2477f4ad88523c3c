package hash

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/simd"
)

// smallDictionary entries are worked through at once; larger dictionaries only when as many rows have come as they have entries.
const smallDictionary = 4096

// Hasher hashes key columns batch by batch. It belongs to one worker.
type Hasher struct {
	types  []column.Type
	caches []dictionary
	hashes []uint64
	words  []uint64
	idx    []uint32
}

// dictionary is the words of a dictionary's entries.
type dictionary struct {
	id    uint64
	rows  int // how many came with this dictionary
	words []uint64
}

// NewHasher makes a hasher of columns of the given types; it fails with 0A000 for nested ones.
func NewHasher(types []column.Type) (*Hasher, error) {
	for _, t := range types {
		if err := Supported(t); err != nil {
			return nil, err
		}
	}
	return &Hasher{types: types, caches: make([]dictionary, len(types))}, nil
}

// Hash returns the hashes of the selected rows' keys: cols[i] is the column of b that holds key i. The k-th hash belongs to the k-th selected
// row. The result is valid until the next call.
func (h *Hasher) Hash(b *column.Batch, cols []int) []uint64 {
	n := b.Rows()
	h.hashes = sized(h.hashes, n)
	if len(cols) == 0 {
		for k := range h.hashes {
			h.hashes[k] = Mix(0)
		}
		return h.hashes
	}
	for i, c := range cols {
		words := h.Words(i, b.Cols[c], b.Sel, n)
		if i == 0 {
			simd.MixWords(h.hashes, words)
			continue
		}
		simd.CombineWords(h.hashes, words)
	}
	return h.hashes
}

// Words returns a 64-bit word for each of the n rows of v that sel selects (nil: the first n): the value itself where IsExact (integers
// sign-extended, floats as bits of a double), otherwise a hash of it. NULL rows have a fixed word. key says which of the hasher's columns v is.
// The result is valid until the next call, and as long as v, whose own memory it may be: it must not be written.
func (h *Hasher) Words(key int, v *column.Vector, sel []uint32, n int) []uint64 {
	if p := v.Type.Physical(); v.Form == column.Flat && sel == nil && v.Valid == nil && (p == column.PhysInt64 || p == column.PhysUint64) {
		return column.Values[uint64](v)[:n]
	}
	h.words = sized(h.words, n)
	dst := h.words
	switch v.Form {
	case column.Constant:
		w := uint64(nullRaw)
		if !v.IsConstantNull() {
			flatWords(v, nil, dst[:min(1, n)])
			if n > 0 {
				w = dst[0]
			}
		}
		for k := range dst {
			dst[k] = w
		}
		return dst
	case column.Dict:
		h.dictWords(key, v, sel, dst)
	default:
		flatWords(v, sel, dst)
	}
	if v.Valid != nil {
		for k := range dst {
			if !v.Valid.Get(at(sel, k)) {
				dst[k] = nullRaw
			}
		}
	}
	return dst
}

func (h *Hasher) dictWords(key int, v *column.Vector, sel []uint32, dst []uint64) {
	c := &h.caches[key]
	if c.id != v.DictID {
		c.id, c.rows, c.words = v.DictID, 0, c.words[:0]
	}
	entries := v.Dictionary.Len
	if entries == 0 {
		// Every row is NULL, and its code points nowhere.
		clear(dst)
		return
	}
	if len(c.words) != entries {
		c.rows += len(dst)
		if entries > smallDictionary && entries > c.rows {
			h.idx = sized(h.idx, len(dst))
			for k := range dst {
				h.idx[k] = v.Codes[at(sel, k)]
			}
			flatWords(v.Dictionary, h.idx, dst)
			return
		}
		c.words = sized(c.words, entries)
		flatWords(v.Dictionary, nil, c.words)
	}
	if sel == nil {
		simd.Gather64(dst, c.words, v.Codes)
		return
	}
	for k, i := range sel[:len(dst)] {
		dst[k] = c.words[v.Codes[i]]
	}
}

// sized is s with length n, its content undefined.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, column.BatchRows))
	}
	return s[:n]
}

// NewWidener makes a hasher of a single column of any type, for Words alone.
func NewWidener() *Hasher { return &Hasher{caches: make([]dictionary, 1)} }
