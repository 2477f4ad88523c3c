package executor

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/sort"
	"github.com/polybolos-db/polybolos/plan"
)

// sorter is the breaker that orders rows: every worker sorts a run, Seal merges them.
type sorter struct {
	node   *plan.Sort
	task   *Task
	sorter *sort.Sorter
	order  *mem.Arena // of the merged order
	size   atomic.Int64
}

func init() {
	register(func(b *Builder, n *plan.Sort) (*Stream, error) {
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		types := fieldTypes(n.Input.Fields())
		layout, err := sort.NewLayout(types, n.Keys)
		if err != nil {
			return nil, err
		}
		limit := int64(-1)
		if n.Count >= 0 {
			limit = n.Count + n.Offset
			if limit < 0 {
				limit = -1 // beyond all rows there can be
			}
		}
		x := &sorter{node: n, task: b.Task, sorter: sort.New(types, layout, limit)}
		b.Break(s, x)
		return &Stream{Source: x.source()}, nil
	})
}

func (x *sorter) Worker(w *Worker) (Sink, error) {
	return &sortSink{sorter: x, w: w, run: x.sorter.NewRun(w.Task.NewArena)}, nil
}

type sortSink struct {
	*sorter
	w   *Worker
	run *sort.Run
}

func (s *sortSink) Push(b *column.Batch) error { return s.run.Add(b, s.w.Check) }

func (s *sortSink) Finish() error {
	s.size.Add(s.run.Size())
	return s.run.Finish(s.w.Check)
}

// Seal merges the runs.
func (x *sorter) Seal(ctx context.Context) error {
	x.order = x.task.NewArena()
	parallel := func(n int, f func(i int) error) error {
		return x.task.Parallel(ctx, x.node, n, func(_ context.Context, i int) error { return f(i) })
	}
	check := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	return x.sorter.Merge(x.order, parallel, check)
}

// Report says how much was sorted.
func (x *sorter) Report() (int64, string) {
	return x.size.Load() + x.order.Size(), fmt.Sprintf("%d rows kept", x.sorter.Rows())
}

func (x *sorter) source() Source { return sortSource{x} }

// sortSource gives the ordered rows to one worker.
type sortSource struct{ *sorter }

func (s sortSource) MaxWorkers() int { return 1 }

// Release frees the rows.
func (s sortSource) Release() {
	s.sorter.sorter.Free()
	s.order.Free()
}

func (s sortSource) Worker(w *Worker) (Reader, error) {
	end := s.sorter.sorter.Rows()
	if s.node.Count >= 0 {
		end = int(min(int64(end), max(s.node.Offset+s.node.Count, s.node.Count)))
	}
	return &sortReader{sorter: s.sorter, arena: mem.NewArena(w.Task.Budget), at: int(min(s.node.Offset, int64(end))), end: end}, nil
}

type sortReader struct {
	*sorter
	arena   *mem.Arena
	at, end int
}

func (r *sortReader) Next(b *column.Batch) (bool, error) {
	n := min(column.BatchRows, r.end-r.at)
	if n <= 0 {
		return false, nil
	}
	r.arena.Reset()
	out, err := r.sorter.sorter.Read(r.arena, r.at, n)
	if err != nil {
		return false, err
	}
	r.at += n
	*b = *out
	return true, nil
}

func (r *sortReader) Close() error {
	r.arena.Free()
	return nil
}
