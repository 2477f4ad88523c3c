package executor

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/window"
	"github.com/polybolos-db/polybolos/plan"
)

// sortedBy reports whether rows of n with equal keys follow each other, because n is a sort by these keys before all others.
func sortedBy(n plan.Node, keys []int) bool {
	s, ok := n.(*plan.Sort)
	if !ok || len(s.Keys) < len(keys) {
		return false
	}
	for _, k := range s.Keys[:len(keys)] {
		if !slices.Contains(keys, k.Column) {
			return false
		}
	}
	for _, k := range keys {
		found := false
		for _, s := range s.Keys[:len(keys)] {
			found = found || s.Column == k
		}
		if !found {
			return false
		}
	}
	return len(keys) > 0
}

// distinctRuns passes the first row of each run of equal keys: no key needs to be remembered but the last.
type distinctRuns struct{ n *plan.DistinctOn }

func (d distinctRuns) Worker(w *Worker, next Sink) (Sink, error) {
	return &runSink{n: d.n, next: next, arena: w.Task.NewArena(), last: w.Task.NewArena(), spare: w.Task.NewArena()}, nil
}

type runSink struct {
	n           *plan.DistinctOn
	next        Sink
	arena       *mem.Arena // of the batch at hand
	last, spare *mem.Arena // of the last key, in turn
	key         *column.Batch
	starts, sel []uint32
}

func (s *runSink) Push(b *column.Batch) error {
	s.arena.Reset()
	dense, err := column.Compact(s.arena, b)
	if err != nil {
		return err
	}
	cols := make([]*column.Vector, len(s.n.Keys))
	for i, k := range s.n.Keys {
		if cols[i], err = column.Flatten(s.arena, dense.Cols[k]); err != nil {
			return err
		}
	}
	first := true
	if s.key != nil {
		// The row before the batch and its first one, beside each other.
		pair := make([]*column.Vector, len(cols))
		for i, v := range cols {
			two := column.NewCollector(s.arena, v.Type)
			if err := two.Add(s.key.Cols[i], 0); err != nil {
				return err
			}
			if err := two.Add(v, 0); err != nil {
				return err
			}
			pair[i] = two.Vector()
		}
		first = len(window.Starts(nil, pair, 1, 2)) > 0
	}
	s.starts = s.starts[:0]
	if first {
		s.starts = append(s.starts, 0)
	}
	s.starts = window.Starts(s.starts, cols, 1, dense.Len)
	s.last, s.spare = s.spare, s.last
	s.last.Reset()
	if s.key, err = column.Clone(s.last, &column.Batch{Cols: cols, Len: dense.Len, Sel: []uint32{uint32(dense.Len - 1)}}); err != nil {
		return err
	}
	if len(s.starts) == 0 {
		return nil
	}
	s.sel = s.sel[:0]
	for _, k := range s.starts {
		s.sel = append(s.sel, uint32(b.Row(int(k))))
	}
	return s.next.Push(&column.Batch{Cols: b.Cols, Len: b.Len, Sel: s.sel})
}

func (s *runSink) Finish() error {
	s.arena.Free()
	s.last.Free()
	s.spare.Free()
	return s.next.Finish()
}
