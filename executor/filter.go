package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/cpu"
	"github.com/polybolos-db/polybolos/plan"
)

// filter passes the rows where a condition is true.
type filter struct{ program *kernels.Program }

// compactBelow is the share of a batch's rows under which the rest is copied together: what follows then works on dense vectors instead of touching
// a cache line for every row.
const compactBelow = 0.25

func init() {
	register(func(b *Builder, n *plan.Filter) (*Stream, error) {
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		f, err := newFilter(n.Cond, fieldTypes(n.Input.Fields()))
		if err != nil {
			return nil, err
		}
		return s.Then(f), nil
	})
}

func newFilter(cond expr.Expr, inputs []column.Type) (*filter, error) {
	program, err := expr.Compile([]expr.Expr{cond}, inputs)
	if err != nil {
		return nil, err
	}
	return &filter{program: program}, nil
}

func (f *filter) Worker(w *Worker, next Sink) (Sink, error) {
	evaluator, err := cpu.NewEvaluator(f.program, w.Arena)
	if err != nil {
		return nil, err
	}
	return &filterSink{evaluator: evaluator, next: next, dense: w.Task.NewArena()}, nil
}

type filterSink struct {
	evaluator *cpu.Evaluator
	next      Sink
	out       column.Batch
	dense     *mem.Arena // of a compacted batch
}

func (s *filterSink) Push(b *column.Batch) error {
	sel, err := s.evaluator.Select(b)
	if err != nil {
		return err
	}
	if sel != nil && len(sel) == 0 {
		return nil
	}
	s.out = column.Batch{Cols: b.Cols, Len: b.Len, Sel: sel}
	out, err := compactFew(s.dense, &s.out)
	if err != nil {
		return err
	}
	return s.next.Push(out)
}

// compactFew makes b dense in a, which it resets, when few of its rows are left.
func compactFew(a *mem.Arena, b *column.Batch) (*column.Batch, error) {
	if b.Sel == nil || float64(len(b.Sel)) >= compactBelow*float64(b.Len) {
		return b, nil
	}
	a.Reset()
	return column.Compact(a, b)
}

func (s *filterSink) Finish() error {
	s.dense.Free()
	return s.next.Finish()
}
