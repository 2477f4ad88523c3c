package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/cpu"
	"github.com/polybolos-db/polybolos/plan"
)

// project computes columns. When all of them are columns of the input there is nothing to compute.
type project struct {
	program *kernels.Program
	columns []int // instead of a program: positions in the input
}

func init() {
	register(func(b *Builder, n *plan.Project) (*Stream, error) {
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		if columns, ok := references(n.Exprs); ok {
			return s.Then(&project{columns: columns}), nil
		}
		program, err := expr.Compile(n.Exprs, fieldTypes(n.Input.Fields()))
		if err != nil {
			return nil, err
		}
		return s.Then(&project{program: program}), nil
	})
}

// references are the columns that exprs name, when they are nothing else.
func references(exprs []expr.Expr) ([]int, bool) {
	columns := make([]int, len(exprs))
	for i, e := range exprs {
		ref, ok := e.(*expr.Ref)
		if !ok {
			return nil, false
		}
		columns[i] = ref.Index
	}
	return columns, true
}

func (p *project) Worker(w *Worker, next Sink) (Sink, error) {
	if p.program == nil {
		return &pickSink{columns: p.columns, next: next, out: column.Batch{Cols: make([]*column.Vector, len(p.columns))}}, nil
	}
	evaluator, err := cpu.NewEvaluator(p.program, w.Arena)
	if err != nil {
		return nil, err
	}
	return &projectSink{evaluator: evaluator, next: next, out: column.Batch{Cols: make([]*column.Vector, len(p.program.Outputs))}}, nil
}

type projectSink struct {
	evaluator *cpu.Evaluator
	next      Sink
	out       column.Batch
}

func (s *projectSink) Push(b *column.Batch) error {
	if err := s.evaluator.Eval(b, s.out.Cols); err != nil {
		return err
	}
	s.out.Len, s.out.Sel = b.Len, b.Sel
	return s.next.Push(&s.out)
}

func (s *projectSink) Finish() error { return s.next.Finish() }

// pickSink passes some of the columns.
type pickSink struct {
	columns []int
	next    Sink
	out     column.Batch
}

func (s *pickSink) Push(b *column.Batch) error {
	for i, c := range s.columns {
		s.out.Cols[i] = b.Cols[c]
	}
	s.out.Len, s.out.Sel = b.Len, b.Sel
	return s.next.Push(&s.out)
}

func (s *pickSink) Finish() error { return s.next.Finish() }
