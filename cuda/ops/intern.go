package ops

import (
	"sync"
	"unsafe"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

const (
	// internCost is about what one entry of the index takes on the Go heap, in bytes.
	internCost = 64
	// mostTexts keeps the index from eating the memory: as many distinct keys belong on the CPU.
	mostTexts = 16 << 20
	// keptDictionaries is how many dictionaries' numbers a worker remembers.
	keptDictionaries = 32
)

// interner gives every distinct text of a column a number, 0 for the first. It is safe for concurrent use.
type interner struct {
	mu     sync.Mutex
	budget *mem.Budget
	arena  *mem.Arena
	index  map[string]uint32
	views  []column.View
}

func newInterner(b *mem.Budget) *interner {
	return &interner{budget: b, arena: mem.NewArena(b), index: map[string]uint32{}}
}

func (t *interner) free() {
	t.budget.Release(int64(len(t.views)) * internCost)
	t.arena.Free()
}

// len is how many there are.
func (t *interner) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.views)
}

// number is the number of v's text; the lock is held.
func (t *interner) number(v *column.View) (uint32, error) {
	p := v.Bytes()
	if n, ok := t.index[unsafe.String(unsafe.SliceData(p), len(p))]; ok {
		return n, nil
	}
	if len(t.views) >= mostTexts {
		return 0, kernels.Unsupportedf("more than %d distinct texts in a key", mostTexts)
	}
	if err := t.budget.Reserve(internCost); err != nil {
		return 0, err
	}
	// The arena's memory does not move, so that the index may point to it.
	q, err := t.arena.Copy(p)
	if err != nil {
		t.budget.Release(internCost)
		return 0, err
	}
	n := uint32(len(t.views))
	t.index[unsafe.String(unsafe.SliceData(q), len(q))] = n
	t.views = append(t.views, column.MakeView(q))
	return n, nil
}

// numbers is one worker's use of an interner.
type numbers struct {
	t     *interner
	known map[uint64][]uint32 // by dictionary
	buf   []uint32
}

// of is the number of each of rows rows of v, those of sel (nil: from on).
func (w *numbers) of(v *column.Vector, sel []uint32, from, rows int) ([]uint32, error) {
	if cap(w.buf) < rows {
		w.buf = make([]uint32, rows)
	}
	out := w.buf[:rows]
	row := func(k int) int {
		if sel != nil {
			return int(sel[from+k])
		}
		return from + k
	}
	views := column.Values[column.View](v.Target())
	switch v.Form {
	case column.Constant:
		n := uint32(0)
		if !v.IsConstantNull() {
			var err error
			w.t.mu.Lock()
			n, err = w.t.number(&views[0])
			w.t.mu.Unlock()
			if err != nil {
				return nil, err
			}
		}
		for k := range out {
			out[k] = n
		}
	case column.Dict:
		all, err := w.dictionary(v)
		if err != nil {
			return nil, err
		}
		for k := range out {
			out[k] = 0
			if c := v.Codes[row(k)]; int(c) < len(all) {
				out[k] = all[c]
			}
		}
	default:
		w.t.mu.Lock()
		defer w.t.mu.Unlock()
		for k := range out {
			r := row(k)
			out[k] = 0
			if v.IsNull(r) {
				continue
			}
			var err error
			if out[k], err = w.t.number(&views[r]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// dictionary is the number of each entry.
func (w *numbers) dictionary(v *column.Vector) ([]uint32, error) {
	if all, ok := w.known[v.DictID]; ok {
		return all, nil
	}
	views := column.Values[column.View](v.Dictionary)[:v.Dictionary.Len]
	all := make([]uint32, len(views))
	w.t.mu.Lock()
	defer w.t.mu.Unlock()
	for i := range views {
		var err error
		if all[i], err = w.t.number(&views[i]); err != nil {
			return nil, err
		}
	}
	if len(w.known) >= keptDictionaries {
		clear(w.known)
	}
	w.known[v.DictID] = all
	return all, nil
}
