package join

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/simd"
)

// words turns the keys of batches into words and hashes, densely by selected row. It belongs to one goroutine.
type words struct {
	t       *Table
	hashers []*hash.Hasher
	cols    [][]uint64 // by key, and one of NULLs when keys are null-safe
	n       int
	live    []uint32 // positions whose keys can match, nil: all
	liveBuf []uint32
	nulls   []uint64
	hashes  []uint64
	touched []uint64
}

func newWords(t *Table) *words {
	w := &words{t: t, cols: make([][]uint64, t.stride)}
	for range t.keys {
		w.hashers = append(w.hashers, hash.NewWidener())
	}
	return w
}

// count is the number of rows that can match, at the position of the i-th of them.
func (w *words) count() int {
	if w.live != nil {
		return len(w.live)
	}
	return w.n
}

func (w *words) at(i int) int {
	if w.live != nil {
		return int(w.live[i])
	}
	return i
}

// read takes the keys in columns cols of b.
func (w *words) read(b *column.Batch, cols []int) {
	n := b.Rows()
	w.n, w.live = n, nil
	for i, c := range cols {
		w.cols[i] = w.hashers[i].Words(0, b.Cols[c], b.Sel, n)
	}
	if w.t.anySafe {
		w.nulls = sized(w.nulls, n)
		clear(w.nulls)
		w.cols[len(cols)] = w.nulls
	}
	for i, c := range cols {
		v := b.Cols[c]
		if v.Valid == nil && v.Type.Kind != column.Null {
			continue
		}
		if w.t.nullSafe[i] {
			for k := range n {
				if v.IsNull(b.Row(k)) {
					w.nulls[k] |= 1 << (uint(i) & 63)
				}
			}
			continue
		}
		w.keep(func(k int) bool { return !v.IsNull(b.Row(k)) })
	}
}

// keep narrows live.
func (w *words) keep(ok func(k int) bool) {
	if w.live == nil {
		w.liveBuf = sized(w.liveBuf, w.n)
		for k := range w.liveBuf {
			w.liveBuf[k] = uint32(k)
		}
		w.live = w.liveBuf
	}
	m := 0
	for _, k := range w.live {
		if ok(int(k)) {
			w.live[m] = k
			m++
		}
	}
	w.live = w.live[:m]
}

// hash fills hashes.
func (w *words) hash() {
	w.hashes = sized(w.hashes, w.n)
	hashes := w.hashes
	for j, col := range w.cols {
		col = col[:len(hashes)]
		if j == 0 {
			simd.MixWords(hashes, col)
			continue
		}
		simd.CombineWords(hashes, col)
	}
}

// touchSlots reads the slots only, as inserting needs them.
func (w *words) touchSlots(t *Table) {
	slots, shift := t.slots.S, t.shift
	if len(slots) <= residentSlots {
		return
	}
	w.touched = sized(w.touched, w.n)
	touched := w.touched[:len(w.hashes)]
	if t.step == 2 {
		for k, h := range w.hashes {
			touched[k] = slots[h>>shift*2]
		}
		return
	}
	for k, h := range w.hashes {
		touched[k] = slots[h>>shift]
	}
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, column.BatchRows))
	}
	return s[:n]
}
