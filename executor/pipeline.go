package executor

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// Pipeline is a source, operators and a breaker, to be run once.
type Pipeline struct {
	Source    Source
	Operators []Operator
	Breaker   Breaker
}

// Stream is a pipeline under construction: where the rows of a plan node come out.
type Stream struct {
	Source    Source
	Operators []Operator
}

// Then appends an operator.
func (s *Stream) Then(op Operator) *Stream {
	s.Operators = append(s.Operators, op)
	return s
}

// run runs the pipeline on up to the task's number of workers; everything that it depends on is complete.
func (p *Pipeline) run(ctx context.Context, t *Task) error {
	workers := max(1, min(t.Threads, p.Source.MaxWorkers()))
	group, ctx := errgroup.WithContext(ctx)
	for id := range workers {
		group.Go(func() error { return p.work(ctx, t, id) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return p.Breaker.Seal(ctx)
}

// work is one worker's life: build the chain of sinks, pump the source into it, finish it.
func (p *Pipeline) work(ctx context.Context, t *Task, id int) (err error) {
	w := &Worker{ID: id, Ctx: ctx, Task: t, Arena: mem.NewArena(t.Budget)}
	defer w.Arena.Free()
	sink, err := p.Breaker.Worker(w)
	if err != nil {
		return err
	}
	for i := len(p.Operators) - 1; i >= 0; i-- {
		if sink, err = p.Operators[i].Worker(w, sink); err != nil {
			return err
		}
	}
	reader, err := p.Source.Worker(w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	var b column.Batch
	for {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		more, err := reader.Next(&b)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if b.Rows() == 0 {
			continue
		}
		if err := sink.Push(&b); errors.Is(err, ErrDone) {
			break
		} else if err != nil {
			return err
		}
	}
	return sink.Finish()
}
