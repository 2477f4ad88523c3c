package executor

import (
	"context"
	"fmt"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/sort"
	"github.com/polybolos-db/polybolos/plan"
)

// sorter is the breaker that orders rows: every worker sorts a run, Seal merges them. A run that has no room in memory is spilled as sorted files; then all
// rows are, and whoever reads them merges the files (see spilledRuns).
type sorter struct {
	node   *plan.Sort
	task   *Task
	types  []column.Type
	sorter *sort.Sorter
	order  *mem.Arena // of the merged order
	state  *mem.Budget

	mu         sync.Mutex // of parts while workers begin, and of all once sealed; taken before the parts' own
	parts      []*sortPart
	size       int64
	sealed     bool
	pinned     bool
	closed     bool
	err        error // of a spill on behalf of somebody else
	registered *mem.Registration

	files spilledRuns
}

func init() {
	register(func(b *Builder, n *plan.Sort) (*Stream, error) {
		s, err := b.Build(n.Input)
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
		x, err := newSorter(b.Task, n, limit)
		if err != nil {
			return nil, err
		}
		b.Break(s, x)
		return &Stream{Source: sortSource{x}}, nil
	})
}

func newSorter(t *Task, n *plan.Sort, limit int64) (*sorter, error) {
	types := fieldTypes(n.Input.Fields())
	layout, err := sort.NewLayout(types, n.Keys)
	if err != nil {
		return nil, err
	}
	x := &sorter{node: n, task: t, types: types, sorter: sort.New(types, layout, limit), state: t.state()}
	x.order = mem.NewArena(x.state)
	x.files.x = x
	t.Defer(x.close)
	return x, nil
}

// close frees the rows.
func (x *sorter) close() {
	x.mu.Lock()
	registered := x.registered
	x.registered, x.closed = nil, true
	x.free()
	x.mu.Unlock()
	if registered != nil {
		registered.Close()
	}
	x.files.remove()
}

func (x *sorter) free() {
	for _, p := range x.parts {
		p.close()
	}
	x.sorter.Free()
	x.order.Free()
}

// sortPart is one worker's run.
type sortPart struct {
	x          *sorter
	state      *mem.Budget
	registered *mem.Registration

	mu  sync.Mutex // taken by the worker while it pushes, and by who spills
	run *sort.Run  // nil once closed
	err error
}

func (x *sorter) Worker(w *Worker) (Sink, error) {
	p := &sortPart{x: x, state: x.task.state()}
	p.run = x.sorter.NewRun(func() *mem.Arena { return mem.NewArena(p.state) })
	p.registered = x.task.Budget.Register(p)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.parts = append(x.parts, p)
	return &sortSink{p: p, w: w}, nil
}

func (p *sortPart) close() {
	p.registered.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run != nil {
		p.run.Free()
		p.run = nil
	}
}

// Held is what the run takes.
func (p *sortPart) Held() int64 { return p.state.Used() }

// Spill writes the run to files.
func (p *sortPart) Spill() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run == nil || p.err != nil {
		return false
	}
	before := p.state.Used()
	p.err = p.x.files.drain(p.run)
	return p.state.Used() < before
}

type sortSink struct {
	p *sortPart
	w *Worker
}

func (s *sortSink) step(f func() error) error {
	return grow(&s.p.mu, s.p.state, func() error {
		if s.p.err != nil {
			return s.p.err
		}
		return f()
	})
}

func (s *sortSink) Push(b *column.Batch) error {
	defer s.p.x.task.grown(s.p)
	return s.step(func() error { return s.p.run.Add(b, s.w.Check) })
}

// Finish sorts the run, or sends it after what has gone to files.
func (s *sortSink) Finish() error {
	p := s.p
	if p.x.files.any() {
		p.Spill()
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.err
	}
	p.mu.Lock()
	err := p.err
	if err == nil {
		if err = p.run.Finish(s.w.Check); mem.Refused(err) {
			err = p.x.files.drain(p.run)
		}
	}
	p.mu.Unlock()
	return err
}

// Seal merges the runs.
func (x *sorter) Seal(ctx context.Context) error {
	for _, p := range x.parts {
		p.registered.Close()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range x.parts {
		// A spill that began before the registration was closed is over when the lock is free.
		p.mu.Lock()
		err := p.err
		x.size += p.run.Size()
		p.mu.Unlock()
		if err != nil {
			return err
		}
	}
	x.sealed = true
	if x.files.any() {
		return x.sealSpilled(ctx)
	}
	parallel := func(n int, f func(i int) error) error {
		return x.task.Parallel(ctx, x.node, n, func(_ context.Context, i int) error { return f(i) })
	}
	check := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	err := x.sorter.Merge(x.order, parallel, check)
	if mem.Refused(err) {
		return x.sealSpilled(ctx)
	}
	if err == nil {
		x.size += x.order.Size()
		x.registered = x.task.Budget.Register(x)
	}
	return err
}

// sealSpilled sends what is in memory after the rest. The caller holds mu.
func (x *sorter) sealSpilled(ctx context.Context) error {
	if x.sorter.Merged() {
		if err := x.files.write(x); err != nil {
			return err
		}
	} else {
		err := x.task.Parallel(ctx, x.node, len(x.parts), func(_ context.Context, i int) error {
			p := x.parts[i]
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.err == nil {
				p.err = x.files.drain(p.run)
			}
			return p.err
		})
		if err != nil {
			return err
		}
	}
	x.free()
	return x.files.narrow(ctx)
}

// Held is what the order takes until it is read.
func (x *sorter) Held() int64 {
	if !x.mu.TryLock() {
		return 0
	}
	defer x.mu.Unlock()
	if !x.idle() {
		return 0
	}
	n := x.state.Used()
	for _, p := range x.parts {
		n += p.state.Used()
	}
	return n
}

func (x *sorter) idle() bool {
	return x.sealed && !x.pinned && !x.closed && x.err == nil && !x.files.any()
}

// Spill writes the order to a file.
func (x *sorter) Spill() bool {
	if !x.mu.TryLock() {
		return false
	}
	defer x.mu.Unlock()
	if !x.idle() {
		return false
	}
	x.err = x.sealSpilled(context.Background())
	return x.err == nil
}

// pin keeps the order where it is, or lets it go.
func (x *sorter) pin(on bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.pinned = on
}

// Release frees the rows.
func (x *sorter) Release() { x.close() }

// Report says how much was sorted.
func (x *sorter) Report() (int64, string) {
	if x.files.any() {
		return x.size, fmt.Sprintf("%d rows kept, spilled %s", x.files.rows(), formatBytes(x.files.written.Load()))
	}
	return x.size, fmt.Sprintf("%d rows kept", x.sorter.Rows())
}

// rows is how many rows there are, once sealed.
func (x *sorter) rows() int64 {
	if x.files.any() {
		return x.files.rows()
	}
	return int64(x.sorter.Rows())
}

// sortSource gives the ordered rows to one worker.
type sortSource struct{ *sorter }

func (s sortSource) MaxWorkers() int { return 1 }

func (s sortSource) Worker(w *Worker) (Reader, error) {
	if s.err != nil {
		return nil, s.err
	}
	end := s.rows()
	if s.node.Count >= 0 {
		end = min(end, max(s.node.Offset+s.node.Count, s.node.Count))
	}
	r := &sortReader{sorter: s.sorter, arena: mem.NewArena(w.Task.Budget), at: min(s.node.Offset, end), end: end}
	if s.files.any() {
		r.at = 0
		r.skip = min(s.node.Offset, end)
		r.stream = s.files.open(w)
	}
	return r, nil
}

type sortReader struct {
	*sorter
	arena   *mem.Arena
	at, end int64
	stream  *runStream // of spilled runs; nil: the order is in memory
	skip    int64      // rows of the stream before those that are wanted
}

func (r *sortReader) Next(b *column.Batch) (bool, error) {
	if r.stream != nil {
		return r.nextSpilled(b)
	}
	n := int(min(column.BatchRows, r.end-r.at))
	if n <= 0 {
		return false, nil
	}
	r.arena.Reset()
	out, err := r.sorter.sorter.Read(r.arena, int(r.at), n)
	if err != nil {
		return false, err
	}
	r.at += int64(n)
	*b = *out
	return true, nil
}

func (r *sortReader) nextSpilled(b *column.Batch) (bool, error) {
	for r.at < r.end {
		r.arena.Reset()
		out, err := r.stream.Next(r.arena, int(min(column.BatchRows, r.end-r.at)))
		if out == nil || err != nil {
			return false, err
		}
		from := min(max(0, r.skip-r.at), int64(out.Len))
		r.at += int64(out.Len)
		if from == int64(out.Len) {
			continue
		}
		*b = *out
		for k := from; from > 0 && k < int64(out.Len); k++ {
			b.Sel = append(b.Sel, uint32(k))
		}
		return true, nil
	}
	return false, nil
}

func (r *sortReader) Close() error {
	r.arena.Free()
	if r.stream != nil {
		r.stream.close()
	}
	return nil
}
