package executor

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
)

// INTERSECT and EXCEPT are an aggregation of both inputs' rows, by all columns, that counts how often each comes from the left and from the right; an operator
// behind it repeats each as often as it is in the result. So they run on all workers, and spill, as aggregations do.
func init() {
	register(func(b *Builder, n *plan.SetOp) (*Stream, error) {
		a := newAggregation(b.Task, countSides(n))
		for i, in := range []plan.Node{n.Left, n.Right} {
			s, err := b.Build(in)
			if err != nil {
				return nil, err
			}
			b.Break(s, &setSide{aggregation: a, right: i == 1})
		}
		return (&Stream{Source: aggregated{a}}).Then(repeated{n}), nil
	})
}

// countSides is the aggregation: behind the columns stand two booleans that say which side a row is from.
func countSides(n *plan.SetOp) *plan.Aggregate {
	fields := n.Left.Fields()
	agg := &plan.Aggregate{Info: n.Info}
	for i := range fields {
		agg.Keys = append(agg.Keys, i)
	}
	agg.Out = append(agg.Out, fields...)
	in := &plan.Values{Info: n.Info, Out: append([]column.Field(nil), fields...)}
	for _, side := range []string{"left", "right"} {
		agg.Aggs = append(agg.Aggs, kernels.Aggregate{Op: kernels.AggCountStar, Result: column.T(column.Int64), Filter: len(in.Out)})
		agg.Out = append(agg.Out, column.Field{Name: side, Type: column.T(column.Int64)})
		in.Out = append(in.Out, column.Field{Name: side, Type: column.T(column.Bool)})
	}
	agg.Input = in
	return agg
}

// setSide takes the rows of one input.
type setSide struct {
	*aggregation
	right bool
}

func (s *setSide) Worker(w *Worker) (Sink, error) {
	next, err := s.aggregation.Worker(w)
	if err != nil {
		return nil, err
	}
	return &setSink{next: next, right: s.right}, nil
}

// Seal seals when both inputs are there; the right one is the last.
func (s *setSide) Seal(ctx context.Context) error {
	if !s.right {
		return nil
	}
	return s.aggregation.Seal(ctx)
}

// setSink adds which side its rows are from.
type setSink struct {
	next  Sink
	right bool
	in    column.Batch
}

var yes, no = []byte{1}, []byte{0}

func (s *setSink) Push(b *column.Batch) error {
	left, right := yes, no
	if s.right {
		left, right = no, yes
	}
	constant := func(p []byte) *column.Vector {
		return &column.Vector{Type: column.T(column.Bool), Form: column.Constant, Len: b.Len, Data: p}
	}
	s.in = column.Batch{Cols: append(append(s.in.Cols[:0], b.Cols...), constant(left), constant(right)), Len: b.Len, Sel: b.Sel}
	return s.next.Push(&s.in)
}

func (s *setSink) Finish() error { return s.next.Finish() }

// repeated gives each row as often as it is in the result.
type repeated struct{ n *plan.SetOp }

func (r repeated) Worker(w *Worker, next Sink) (Sink, error) {
	return &repeatSink{n: r.n, next: next, out: w.Task.NewArena()}, nil
}

type repeatSink struct {
	n    *plan.SetOp
	next Sink
	out  *mem.Arena
	idx  []uint32
}

// comes is how often a row is in the result that is l times in the left and r times in the right input.
func (s *repeatSink) comes(l, r int64) int64 {
	switch {
	case s.n.Kind == plan.Intersect && s.n.All:
		return min(l, r)
	case s.n.Kind == plan.Intersect:
		return min(l, r, 1)
	case s.n.All:
		return max(0, l-r)
	case r > 0:
		return 0
	}
	return min(l, 1)
}

func (s *repeatSink) Push(b *column.Batch) error {
	width := len(b.Cols) - 2
	left, right := column.Values[int64](b.Cols[width]), column.Values[int64](b.Cols[width+1])
	s.idx = s.idx[:0]
	once := true
	for k := range b.Rows() {
		row := b.Row(k)
		n := s.comes(left[row], right[row])
		once = once && n <= 1
		for range n {
			s.idx = append(s.idx, uint32(row))
			if !once && len(s.idx) >= column.BatchRows {
				if err := s.give(b, width); err != nil {
					return err
				}
			}
		}
	}
	if once {
		if len(s.idx) == 0 {
			return nil
		}
		return s.next.Push(&column.Batch{Cols: b.Cols[:width], Len: b.Len, Sel: s.idx})
	}
	return s.give(b, width)
}

// give pushes copies of the rows in idx.
func (s *repeatSink) give(b *column.Batch, width int) error {
	if len(s.idx) == 0 {
		return nil
	}
	s.out.Reset()
	made := &column.Batch{Len: len(s.idx), Cols: make([]*column.Vector, width)}
	for c := range made.Cols {
		var err error
		if made.Cols[c], err = column.Gather(s.out, b.Cols[c], s.idx); err != nil {
			return err
		}
	}
	s.idx = s.idx[:0]
	return s.next.Push(made)
}

func (s *repeatSink) Finish() error {
	s.out.Free()
	return s.next.Finish()
}
