package executor

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
)

// Stream is a pipeline under construction: where the rows of a plan node come out. Its rows come from Source, or from all of Inputs when Source is nil
// (a union), and pass the operators in order.
type Stream struct {
	Source    Source
	Inputs    []*Stream
	Operators []Operator

	source plan.Node   // whose the source is
	nodes  []plan.Node // whose each operator is
}

// Pipeline is a stream that ends in a breaker, to be run once.
type Pipeline struct {
	Stream
	Breaker Breaker
	node    plan.Node // whose the breaker is
}

// Then appends an operator.
func (s *Stream) Then(op Operator) *Stream {
	s.Operators = append(s.Operators, op)
	return s
}

// claim gives n what no node has claimed before.
func (s *Stream) claim(n plan.Node) {
	if s.source == nil {
		s.source = n
	}
	for len(s.nodes) < len(s.Operators) {
		s.nodes = append(s.nodes, n)
	}
}

// maxWorkers is how many workers are of use.
func (s *Stream) maxWorkers() int {
	if s.Source != nil {
		return s.Source.MaxWorkers()
	}
	n := 1
	for _, in := range s.Inputs {
		n = max(n, in.maxWorkers())
	}
	return n
}

// Enough is implemented by operators that at some moment want no more rows from any worker.
type Enough interface {
	// Enough is asked between batches.
	Enough() bool
}

// run runs the pipeline on up to the task's number of workers; everything that it depends on is complete.
func (p *Pipeline) run(ctx context.Context, t *Task) error {
	if err := p.cut(ctx, t); err != nil {
		return err
	}
	workers := max(1, min(t.Threads, p.maxWorkers()))
	group, workCtx := errgroup.WithContext(ctx)
	for id := range workers {
		group.Go(func() error { return p.work(workCtx, t, id) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := p.seal(ctx, t); err != nil {
		return err
	}
	p.release()
	return nil
}

// Releaser is implemented by sources and operators that hold memory which nobody reads once their pipeline has run: a sorted run, a hash table. What they
// do not release the task does at its end.
type Releaser interface {
	Release()
}

// release frees what the source and the operators of s hold; the breaker has copied the rows that it keeps.
func (s *Stream) release() {
	if r, ok := s.Source.(Releaser); ok {
		r.Release()
	}
	for _, op := range s.Operators {
		if r, ok := op.(Releaser); ok {
			r.Release()
		}
	}
	for _, in := range s.Inputs {
		in.release()
	}
}

func (p *Pipeline) seal(ctx context.Context, t *Task) (err error) {
	at := p.node
	defer recovered(&err, &at)
	start := t.now()
	err = p.Breaker.Seal(ctx)
	t.record(p.node, plan.NodeStats{Time: t.since(start)})
	if err == nil {
		t.report(p)
	}
	return err
}

// work is one worker's life: build the chain of sinks, pump the sources into it, finish it.
func (p *Pipeline) work(ctx context.Context, t *Task, id int) (err error) {
	w := &Worker{ID: id, Ctx: ctx, Task: t, Arena: mem.NewArena(t.Budget), at: p.node}
	defer w.Arena.Free()
	defer recovered(&err, &w.at)
	// A fault on arena memory is a defect of ours like any other panic; it must not end the process.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	sink, err := p.Breaker.Worker(w)
	if err != nil {
		return err
	}
	end := &boundary{w: w, next: sink, to: p.node}
	defer func() { t.record(p.node, plan.NodeStats{Time: end.time}) }()
	if err := p.pump(w, end); err != nil && !errors.Is(err, ErrDone) {
		return err
	}
	if err := end.Finish(); !errors.Is(err, ErrDone) {
		return err
	}
	return nil
}

// pump pushes the rows of s, as far as this worker gets them, through the operators into end, which it does not finish. It returns ErrDone when end
// wants no more.
func (s *Stream) pump(w *Worker, end Sink) error {
	w.streams = append(w.streams, s)
	defer func() { w.streams = w.streams[:len(w.streams)-1] }()
	above := w.at
	last := &joint{next: end}
	chain := make([]*boundary, len(s.Operators)+1)
	chain[len(s.Operators)] = &boundary{w: w, next: last, to: above}
	for i := len(s.Operators) - 1; i >= 0; i-- {
		w.at = s.nodes[i]
		sink, err := s.Operators[i].Worker(w, chain[i+1])
		if err != nil {
			return err
		}
		chain[i] = &boundary{w: w, next: sink, to: s.nodes[i]}
	}
	defer s.account(w, chain)
	w.at = s.source
	if err := s.feed(w, chain[0]); err != nil && !errors.Is(err, ErrDone) {
		return err
	}
	if err := chain[0].Finish(); err != nil && !errors.Is(err, ErrDone) {
		return err
	}
	w.at = above
	if last.done {
		return ErrDone
	}
	return nil
}

// feed pushes the rows of the inputs, or of the source, into first.
func (s *Stream) feed(w *Worker, first *boundary) error {
	if s.Source != nil {
		return s.read(w, first)
	}
	for _, in := range s.Inputs {
		// An input without rows still ends its operators, on one worker.
		if w.ID >= max(1, in.maxWorkers()) {
			continue
		}
		if err := in.pump(w, first); err != nil {
			return err
		}
	}
	return nil
}

// read pushes the source's batches into first.
func (s *Stream) read(w *Worker, first *boundary) (err error) {
	reader, err := s.Source.Worker(w)
	if err != nil {
		return err
	}
	defer func() {
		if e := reader.Close(); e != nil && (err == nil || errors.Is(err, ErrDone)) {
			err = e
		}
	}()
	var took time.Duration
	defer func() { w.Task.record(s.source, plan.NodeStats{Time: took}) }()
	var b column.Batch
	for !w.enough() {
		if err := w.Check(); err != nil {
			return err
		}
		start := w.Task.now()
		more, err := reader.Next(&b)
		took += w.Task.since(start)
		if err != nil || !more {
			return err
		}
		if err := first.Push(&b); err != nil {
			return err
		}
	}
	return nil
}

// joint ends a stream that others may follow into the same sink: it does not pass Finish on, and remembers that no more is wanted.
type joint struct {
	next Sink
	done bool
}

func (j *joint) Push(b *column.Batch) error {
	err := j.next.Push(b)
	j.done = j.done || errors.Is(err, ErrDone)
	return err
}

func (j *joint) Finish() error { return nil }
