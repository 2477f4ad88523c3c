package executor

import (
	"context"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/plan"
)

// setOp is INTERSECT and EXCEPT: the breaker of both inputs, which it counts by row, and the source of the result.
type setOp struct {
	n     *plan.SetOp
	task  *Task
	mu    sync.Mutex
	table *agg.Table
	left  hash.Slice[int64] // by tuple: how often it comes from the left
	right hash.Slice[int64]
	cols  []int
}

func init() {
	register(func(b *Builder, n *plan.SetOp) (*Stream, error) {
		o := &setOp{n: n, task: b.Task}
		types := fieldTypes(n.Left.Fields())
		t, err := agg.NewTable(b.Task.Budget, types)
		if err != nil {
			return nil, err
		}
		o.table = t
		o.left.Budget, o.right.Budget = b.Task.Budget, b.Task.Budget
		b.Task.Defer(func() {
			t.Free()
			o.left.Free()
			o.right.Free()
		})
		for i := range types {
			o.cols = append(o.cols, i)
		}
		for i, in := range []plan.Node{n.Left, n.Right} {
			s, err := b.Build(in)
			if err != nil {
				return nil, err
			}
			b.Break(s, setSide{o: o, right: i == 1})
		}
		return &Stream{Source: o}, nil
	})
}

// setSide takes the rows of one input.
type setSide struct {
	o     *setOp
	right bool
}

func (s setSide) Worker(*Worker) (Sink, error) { return &setSink{setSide: s}, nil }
func (s setSide) Seal(context.Context) error   { return nil }

type setSink struct {
	setSide
	ids []uint32
}

func (s *setSink) Push(b *column.Batch) error {
	o := s.o
	s.ids = sizedRows(s.ids, b.Rows())
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.table.Find(b, o.cols, s.ids); err != nil {
		return err
	}
	if err := o.left.Resize(o.table.Len()); err != nil {
		return err
	}
	if err := o.right.Resize(o.table.Len()); err != nil {
		return err
	}
	counts := o.left.S
	if s.right {
		counts = o.right.S
	}
	for _, id := range s.ids {
		counts[id]++
	}
	return nil
}

func (s *setSink) Finish() error { return nil }

// comes is how often tuple i is in the result.
func (o *setOp) comes(i int) int64 {
	l, r := o.left.S[i], o.right.S[i]
	switch {
	case o.n.Kind == plan.Intersect && o.n.All:
		return min(l, r)
	case o.n.Kind == plan.Intersect:
		return min(l, r, 1)
	case o.n.All:
		return max(0, l-r)
	case r > 0:
		return 0
	}
	return min(l, 1)
}

// MaxWorkers is one: what is left to do is copying.
func (o *setOp) MaxWorkers() int { return 1 }

func (o *setOp) Worker(w *Worker) (Reader, error) {
	return &setReader{o: o, own: w.Task.NewArena(), out: w.Task.NewArena()}, nil
}

// setReader goes through the tuples, a range at a time.
type setReader struct {
	o     *setOp
	own   *mem.Arena    // of keys
	out   *mem.Arena    // of the batch given
	keys  *column.Batch // tuples lo to lo+keys.Len-1
	lo    int
	at    int   // within keys
	times int64 // how often tuple at has been given
	idx   []uint32
}

func (r *setReader) Next(b *column.Batch) (bool, error) {
	for {
		if r.keys != nil && r.at >= r.keys.Len {
			r.lo += r.keys.Len
			r.keys = nil
		}
		if r.keys == nil {
			hi := min(r.o.table.Len(), r.lo+column.BatchRows)
			if r.lo >= hi {
				return false, nil
			}
			r.own.Reset()
			keys, err := r.o.table.Keys(r.own, r.lo, hi)
			if err != nil {
				return false, err
			}
			r.keys, r.at, r.times = keys, 0, 0
		}
		r.idx = r.idx[:0]
		for r.at < r.keys.Len && len(r.idx) < column.BatchRows {
			n := r.o.comes(r.lo + r.at)
			for ; r.times < n && len(r.idx) < column.BatchRows; r.times++ {
				r.idx = append(r.idx, uint32(r.at))
			}
			if r.times >= n {
				r.at, r.times = r.at+1, 0
			}
		}
		if len(r.idx) == 0 {
			continue
		}
		r.out.Reset()
		*b = column.Batch{Len: len(r.idx), Cols: make([]*column.Vector, len(r.keys.Cols))}
		for c, v := range r.keys.Cols {
			var err error
			if b.Cols[c], err = column.Gather(r.out, v, r.idx); err != nil {
				return false, err
			}
		}
		return true, nil
	}
}

func (r *setReader) Close() error {
	r.own.Free()
	r.out.Free()
	return nil
}
