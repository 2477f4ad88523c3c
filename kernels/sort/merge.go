package sort

import (
	"cmp"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// pieceRows is about how many rows a piece of the merge has: enough that finding its ends in every run costs nothing beside, few enough that
// workers end together.
const pieceRows = 256 << 10

// Merge makes one order of the finished runs. parallel runs f(0) to f(n-1) on the workers that there are and returns the first error; check is asked now and
// then whether to go on. The order is allocated in a; the runs' keys are freed, their rows stay.
func (s *Sorter) Merge(a *mem.Arena, parallel func(n int, f func(i int) error) error, check func() error) error {
	s.rows = column.NewAppender(nil, s.types)
	total := 0
	for _, r := range s.runs {
		if s.rows.End()+r.rows.End() >= int(column.NoRow)-column.ChunkRows {
			return fault.New(fault.StatementTooComplex, "more than %d rows to sort", column.NoRow)
		}
		r.first = uint32(s.rows.Adopt(r.rows))
		total += len(r.order)
	}
	order, err := column.AllocSlice[uint32](a, total)
	if err != nil {
		return err
	}
	s.order = order
	pieces := s.pieces(total)
	err = parallel(len(pieces)-1, func(i int) error {
		from, to := pieces[i], pieces[i+1]
		start := 0
		for _, p := range from {
			start += p
		}
		return s.merge(order[start:], from, to, check)
	})
	for _, r := range s.runs {
		r.keyArena.Free()
		r.keys, r.views = nil, nil
	}
	if s.limit >= 0 && int64(len(s.order)) > s.limit {
		s.order = s.order[:s.limit]
	}
	s.merged = err == nil
	return err
}

// pieces cuts the runs at common rows: for each cut, the position in every run; the first cut is all zero, the last one all ends.
func (s *Sorter) pieces(total int) [][]int {
	first, last := make([]int, len(s.runs)), make([]int, len(s.runs))
	for i, r := range s.runs {
		last[i] = len(r.order)
	}
	cuts := [][]int{first}
	n := (total + s.piece - 1) / s.piece
	if n > 1 && len(s.runs) > 1 {
		const perPiece = 16
		var sample []ref
		for _, r := range s.runs {
			step := max(1, total/(n*perPiece))
			for i := step / 2; i < len(r.order); i += step {
				sample = append(sample, ref{r, r.order[i]})
			}
		}
		slices.SortFunc(sample, func(a, b ref) int { return s.layout.compare(a, b, 0) })
		for p := 1; p < n; p++ {
			at := sample[p*len(sample)/n]
			cut := make([]int, len(s.runs))
			for i, r := range s.runs {
				cut[i], _ = slices.BinarySearchFunc(r.order, at, func(row uint32, at ref) int { return s.layout.compare(ref{r, row}, at, 0) })
			}
			cuts = append(cuts, cut)
		}
	}
	return append(cuts, last)
}

// head is the next row of a run.
type head struct {
	word uint64 // of its key, so that most comparisons touch no other memory
	ref
	at, end int // positions in the run's order
}

// merge writes the rows between two cuts into dst, in order.
func (s *Sorter) merge(dst []uint32, from, to []int, check func() error) error {
	var heap []*head
	for i, r := range s.runs {
		if from[i] < to[i] {
			h := &head{ref: ref{run: r}, at: from[i], end: to[i]}
			h.load()
			heap = append(heap, h)
		}
	}
	for i := len(heap)/2 - 1; i >= 0; i-- {
		s.sift(heap, i)
	}
	n := 0
	for len(heap) > 1 {
		if n%column.BatchRows == 0 {
			if err := check(); err != nil {
				return err
			}
		}
		h := heap[0]
		dst[n] = h.run.first + h.row
		n++
		if h.at++; h.at < h.end {
			h.load()
		} else {
			heap[0] = heap[len(heap)-1]
			heap = heap[:len(heap)-1]
		}
		s.sift(heap, 0)
	}
	for _, h := range heap {
		for _, row := range h.run.order[h.at:h.end] {
			dst[n] = h.run.first + row
			n++
		}
	}
	return nil
}

func (h *head) load() {
	h.row = h.run.order[h.at]
	if key := h.key(); len(key) > 0 {
		h.word = word(key, 0)
	}
}

func (s *Sorter) sift(heap []*head, i int) {
	for {
		least := 2*i + 1
		if least >= len(heap) {
			return
		}
		if right := least + 1; right < len(heap) && s.less(heap[right], heap[least]) {
			least = right
		}
		if !s.less(heap[least], heap[i]) {
			return
		}
		heap[i], heap[least] = heap[least], heap[i]
		i = least
	}
}

func (s *Sorter) less(a, b *head) bool {
	if c := cmp.Compare(a.word, b.word); c != 0 {
		return c < 0
	}
	return s.layout.compare(a.ref, b.ref, 0) < 0
}

// Free frees the rows, before their arenas' owner does; nothing can be read any more.
func (s *Sorter) Free() {
	for _, r := range s.runs {
		r.rowArena.Free()
	}
	s.runs, s.rows, s.order = nil, nil, nil
}

// Merged reports whether Merge has made the order.
func (s *Sorter) Merged() bool { return s.merged }

// Rows is the number of rows of the order, after Merge.
func (s *Sorter) Rows() int { return len(s.order) }

// Read gathers n rows of the order from the given place on into a. Strings stay in the runs' arenas.
func (s *Sorter) Read(a *mem.Arena, from, n int) (*column.Batch, error) {
	b := &column.Batch{Cols: make([]*column.Vector, len(s.types)), Len: n}
	for c := range b.Cols {
		v, err := s.rows.Gather(a, c, s.order[from:from+n])
		if err != nil {
			return nil, err
		}
		b.Cols[c] = v
	}
	return b, nil
}

// Column gathers one column of n rows of the order from the given place on into a.
func (s *Sorter) Column(a *mem.Arena, c, from, n int) (*column.Vector, error) {
	return s.rows.Gather(a, c, s.order[from:from+n])
}
