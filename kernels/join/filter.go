package join

import (
	"context"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/simd"
)

// bloomBits is the number of bits of a Bloom filter for each row: with four bits a key within one word of 64, about one value in a hundred that is not in
// the table passes.
const bloomBits = 16

// Filter is what a table knows about the values of one of its keys that can match. It is safe for concurrent use and valid as long as its table.
type Filter struct {
	t       *Table
	key     int
	typ     column.Type
	passAll bool               // the key is null-safe and has a NULL, or cannot be filtered by
	bloom   hash.Slice[uint64] // nil S: exact by the table's array, or no row
	shift   uint
	min     *column.Value
	max     *column.Value
	any     bool
	hashers sync.Pool // of *hash.Hasher: callers are many, their dictionaries' caches are their own
}

// NewFilter makes the filter of key number key of t, charged to b.
func NewFilter(ctx context.Context, b *mem.Budget, t *Table, key int) (*Filter, error) {
	f := &Filter{t: t, key: key, typ: t.rows.Types()[t.keys[key]], passAll: t.nullSafe[key], bloom: hash.Slice[uint64]{Budget: b}}
	f.hashers.New = func() any { return hash.NewWidener() }
	f.any = t.rows.Rows() > 0
	if f.passAll || !f.any {
		return f, nil
	}
	if t.isDirect {
		f.setBounds(t.least^t.flip, t.greatest^t.flip)
		return f, nil
	}
	if t.bounded {
		f.setBounds(t.least^t.flip, t.greatest^t.flip)
	}
	return f, f.fill(ctx)
}

// Free gives the filter's memory back.
func (f *Filter) Free() { f.bloom.Free() }

func (f *Filter) setBounds(least, greatest uint64) {
	f.min, f.max = f.value(least), f.value(greatest)
}

// value is the integer of a word.
func (f *Filter) value(word uint64) *column.Value {
	v := column.IntValue(f.typ, int64(word))
	if f.typ.Physical() == column.PhysUint64 {
		v.Int.Hi = 0
	}
	return &v
}

func (f *Filter) fill(ctx context.Context) error {
	t := f.t
	n := 1
	f.shift = 64
	for n*64 < bloomBits*t.rows.Rows() {
		n *= 2
		f.shift--
	}
	if err := f.bloom.Reset(n); err != nil {
		return err
	}
	flip, ordered := indexable(f.typ)
	least, most, any := ^uint64(0), uint64(0), false
	h := hash.NewWidener()
	for i := range t.rows.Chunks() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		v := t.rows.Chunk(i).Cols[t.keys[f.key]]
		for k, w := range h.Words(0, v, nil, v.Len) {
			if v.IsNull(k) {
				continue
			}
			any = true
			least, most = min(least, w^flip), max(most, w^flip)
			x := hash.Mix(w)
			f.bloom.S[x>>f.shift] |= simd.BloomBits(x) // a shift by 64 gives 0
		}
	}
	f.any = any
	if any && ordered {
		f.setBounds(least^flip, most^flip)
	}
	return nil
}

// Bounds are the least and the greatest value of the key, nil when there is none or none is known.
func (f *Filter) Bounds() (min, max *column.Value) { return f.min, f.max }

// Apply returns the selected rows of b whose value in v may be a key of the table, ascending and never nil, in sel when it has room for them. It may be
// given b.Sel's own memory. NULLs do not pass, unless they are keys.
func (f *Filter) Apply(v *column.Vector, b *column.Batch, sel []uint32) ([]uint32, error) {
	n := b.Rows()
	if cap(sel) < n {
		sel = make([]uint32, n)
	}
	sel = sel[:n]
	if f.passAll {
		for k := range sel {
			sel[k] = uint32(b.Row(k))
		}
		return sel, nil
	}
	if !f.any {
		return sel[:0], nil
	}
	h := f.hashers.Get().(*hash.Hasher)
	defer f.hashers.Put(h)
	words := h.Words(0, v, b.Sel, n)
	m := 0
	if f.t.isDirect {
		m = f.passDirect(words, b.Sel, sel)
	} else {
		m = simd.SelectBloom(sel, words, b.Sel, f.bloom.S, f.shift)
	}
	sel = sel[:m]
	if v.Valid == nil && v.Type.Kind != column.Null {
		return sel, nil
	}
	m = 0
	for _, r := range sel {
		if !v.IsNull(int(r)) {
			sel[m] = r
			m++
		}
	}
	return sel[:m], nil
}

// passDirect writes the rows whose words index a row of the table's array to out and returns how many. rows (nil: 0, 1, ...) may be out's own memory.
func (f *Filter) passDirect(words []uint64, rows, out []uint32) (m int) {
	direct, least, flip := f.t.direct.S, f.t.least, f.t.flip
	out = out[:len(words)]
	if rows == nil {
		for k, w := range words {
			out[m] = uint32(k)
			if at := (w ^ flip) - least; at < uint64(len(direct)) && direct[at] != 0 {
				m++
			}
		}
		return m
	}
	for k, w := range words {
		out[m] = rows[k]
		if at := (w ^ flip) - least; at < uint64(len(direct)) && direct[at] != 0 {
			m++
		}
	}
	return m
}
