package executor

import (
	"context"
	"fmt"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/plan"
)

// aggregation is the breaker of modes Single and Final. Every worker groups its rows in a table of its own. Few groups are
// merged into one table when the pipeline ends; many are merged partition by partition by the workers of the next pipeline, since no two
// partitions have a group in common. A table that has no room in memory is spilled, its groups spread over files by the hash of their keys; then all
// tables are, and the next pipeline reads the files (see spilledGroups).
type aggregation struct {
	n    *plan.Aggregate
	task *Task

	mu    sync.Mutex // of parts while workers begin, and of all once the pipeline is sealed; taken before the others
	parts []*aggregationPart

	filesMu sync.Mutex
	files   []*spill.File // nil: nothing is spilled
	bytes   int64         // spilled

	partitions [][][]uint32 // by partition, by part: groups; nil: parts[0] has all groups
	morsels    morsels
	groups     int
	spilled    *spilledGroups // reads files, once sealed
	sealed     bool
	pinned     bool
	registered *mem.Registration
}

func newAggregation(t *Task, n *plan.Aggregate) *aggregation {
	a := &aggregation{n: n, task: t}
	t.Defer(a.close)
	return a
}

func (a *aggregation) close() {
	if a.registered != nil {
		a.registered.Close()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pinned = true
	for _, p := range a.parts {
		p.close()
	}
}

// aggregationPart is one worker's table.
type aggregationPart struct {
	a          *aggregation
	state      *mem.Budget
	registered *mem.Registration

	mu  sync.Mutex // taken by the worker while it pushes, and by who spills
	g   *grouper   // nil once closed
	err error      // of a spill on behalf of somebody else
}

// Worker makes a worker's table, which lives until the task ends.
func (a *aggregation) Worker(w *Worker) (Sink, error) {
	p := &aggregationPart{a: a, state: a.task.state()}
	var err error
	if p.g, err = newGrouper(a.n, p.state, w.Arena); err != nil {
		return nil, err
	}
	p.registered = a.task.Budget.Register(p)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.parts = append(a.parts, p)
	return groupSink{p}, nil
}

func (p *aggregationPart) close() {
	p.registered.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.g != nil {
		p.g.agg.Free()
		p.g = nil
	}
}

// Held is what the table takes.
func (p *aggregationPart) Held() int64 { return p.state.Used() }

// Spill writes the table to the aggregation's files and empties it.
func (p *aggregationPart) Spill() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.g == nil || p.err != nil {
		return false
	}
	before := p.state.Used()
	p.err = p.spill()
	return p.state.Used() < before
}

// spill does so; the caller holds the lock.
func (p *aggregationPart) spill() error {
	if p.g.agg.Groups() == 0 {
		return nil
	}
	if err := spillGroups(p.a.task, p.g.agg.Spill, p.a.partitioned(), 1); err != nil {
		return err
	}
	return p.g.restart(p.state)
}

// partitioned are the files for spilled groups.
func (a *aggregation) partitioned() []*spill.File {
	a.filesMu.Lock()
	defer a.filesMu.Unlock()
	if a.files == nil {
		a.files = a.task.store().CreateAll(agg.SpillTypes(keyTypes(a.n), a.n.Aggs), a.task.fanOut())
	}
	return a.files
}

// spillFunc is Spill or SpillTuples of an aggregator.
type spillFunc = func(b *mem.Budget, f func(b *column.Batch, hashes []uint64) error) error

// spillGroups writes the groups of an aggregator to files by the hash of their keys. level says how many times the groups of these files were spread: each time other
// bits decide.
func spillGroups(t *Task, groups spillFunc, files []*spill.File, level int) error {
	w := spill.NewWriter(t.urgent(), files...)
	defer w.Close()
	s := newSplitter(len(files), level)
	err := groups(t.urgent(), func(b *column.Batch, hashes []uint64) error { return w.Split(b, s.parts(hashes), s.sel) })
	if err != nil {
		return err
	}
	return w.Flush()
}

type groupSink struct{ p *aggregationPart }

func (s groupSink) Push(b *column.Batch) error {
	return s.step(func() error { return s.p.g.push(b) })
}

func (s groupSink) Finish() error { return s.step(s.p.g.complete) }

// absorb takes the listed groups of g, which are few: a refusal of memory is final.
func (s groupSink) absorb(g *grouper, list []uint32) error {
	if len(list) == 0 {
		return nil
	}
	return s.step(func() error {
		before := s.p.state.SetClass(mem.Urgent)
		defer s.p.state.SetClass(before)
		return mem.Final(s.p.g.agg.Merge(g.agg, list))
	})
}

func (s groupSink) step(f func() error) error {
	defer s.p.a.task.grown(s.p)
	return grow(&s.p.mu, s.p.state, func() error {
		if s.p.err != nil {
			return s.p.err
		}
		return f()
	})
}

// Seal merges what is little and cuts what is much.
func (a *aggregation) Seal(ctx context.Context) error {
	for _, p := range a.parts {
		p.registered.Close()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	spilled, more := false, int64(0)
	for i, p := range a.parts {
		// A spill that began before the registration was closed is over when the lock is free.
		p.mu.Lock()
		err := p.err
		p.mu.Unlock()
		if err != nil {
			return err
		}
		a.groups += p.g.agg.Groups()
		if i > 0 {
			more += p.state.Used()
		}
	}
	a.filesMu.Lock()
	spilled = a.files != nil
	a.filesMu.Unlock()
	few := len(a.parts) == 1 || a.groups <= mergedGroups || len(keyTypes(a.n)) == 0
	switch {
	case spilled || few && more > a.task.Budget.Free():
		return a.sealSpilled(ctx)
	case few:
		if err := a.mergeAll(ctx); err != nil {
			return err
		}
	default:
		if err := a.cut(ctx); err != nil {
			return err
		}
	}
	a.sealed = true
	a.registered = a.task.Budget.Register(a)
	return nil
}

// mergeAll makes parts[0] the only part.
func (a *aggregation) mergeAll(ctx context.Context) error {
	whole := a.parts[0].g.agg
	// There is room, or little to merge.
	a.parts[0].state.SetClass(mem.Urgent)
	for _, p := range a.parts[1:] {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := whole.Merge(p.g.agg, nil); err != nil {
			return err
		}
		p.close()
	}
	a.parts = a.parts[:1]
	a.groups = whole.Groups()
	a.morsels.n = int64((a.groups + column.BatchRows - 1) / column.BatchRows)
	return nil
}

// cut lists the groups by partition, for the workers of the next pipeline.
func (a *aggregation) cut(ctx context.Context) error {
	n := min(maxPartitions, max(2*len(a.parts), a.groups/partitionGroups))
	lists := make([][][]uint32, len(a.parts))
	err := a.task.Parallel(ctx, a.n, len(a.parts), func(_ context.Context, i int) error {
		lists[i] = a.parts[i].g.agg.Partition(n)
		return nil
	})
	if err != nil {
		return err
	}
	a.partitions = make([][][]uint32, n)
	for p := range a.partitions {
		for _, l := range lists {
			a.partitions[p] = append(a.partitions[p], l[p])
		}
	}
	a.morsels.n = int64(n)
	return nil
}

// sealSpilled sends what is still in memory after what was spilled. The caller holds mu.
func (a *aggregation) sealSpilled(ctx context.Context) error {
	err := a.task.Parallel(ctx, a.n, len(a.parts), func(_ context.Context, i int) error {
		p := a.parts[i]
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.err == nil {
			p.err = p.spill()
		}
		return p.err
	})
	if err != nil {
		return err
	}
	for _, p := range a.parts {
		p.close()
	}
	a.partitions, a.groups = nil, 0
	for _, f := range a.files {
		a.bytes += f.Bytes()
	}
	a.spilled = newSpilledGroups(a.task, a.n, a.files)
	a.sealed = true
	return nil
}

// Held is what the tables take between the pipeline that fills them and the one that reads them.
func (a *aggregation) Held() int64 {
	if !a.mu.TryLock() {
		return 0
	}
	defer a.mu.Unlock()
	if !a.sealed || a.pinned || a.spilled != nil || !a.spillable() {
		return 0
	}
	var n int64
	for _, p := range a.parts {
		n += p.state.Used()
	}
	return n
}

// spillable reports whether spilling can help: a group alone is no smaller on disk.
func (a *aggregation) spillable() bool { return a.groups > 1 }

// Spill writes the tables to files.
func (a *aggregation) Spill() bool {
	if !a.mu.TryLock() {
		return false
	}
	defer a.mu.Unlock()
	if !a.sealed || a.pinned || a.spilled != nil || !a.spillable() {
		return false
	}
	if err := a.sealSpilled(context.Background()); err != nil {
		// The parts keep the error for who reads them.
		return false
	}
	return true
}

// pin keeps the tables where they are, or lets them go.
func (a *aggregation) pin(on bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pinned = on
}

// written is how many bytes were spilled, once all is read.
func (a *aggregation) written() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.spilled == nil {
		return 0
	}
	return a.bytes + a.spilled.bytes.Load()
}

// Report says how many groups the tables of the workers have.
func (a *aggregation) Report() (int64, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.spilled != nil {
		return 0, "groups spilled: " + formatBytes(a.bytes)
	}
	var size int64
	for _, p := range a.parts {
		size += p.state.Used()
	}
	return size, fmt.Sprintf("groups %d", a.groups)
}

// aggregated is the source of an aggregation's groups.
type aggregated struct{ *aggregation }

// Report is that of the breaker.
func (s aggregated) Report() (int64, string) {
	if s.spilled != nil {
		return 0, fmt.Sprintf("groups %d, spilled %s", s.spilled.groups.Load(), formatBytes(s.bytes+s.spilled.bytes.Load()))
	}
	return s.aggregation.Report()
}

// MaxWorkers is the number of morsels: ranges of groups, or partitions.
func (s aggregated) MaxWorkers() int {
	if s.spilled != nil {
		return len(s.files)
	}
	return int(s.morsels.n)
}

func (s aggregated) Worker(w *Worker) (Reader, error) {
	for _, p := range s.parts {
		if p.err != nil {
			return nil, p.err
		}
	}
	if s.spilled != nil {
		return s.spilled.worker(w), nil
	}
	return &groupReader{a: s.aggregation, out: w.Task.NewArena(), state: w.Task.state(), w: w}, nil
}

// Release frees the tables once they are read.
func (s aggregated) Release() { s.close() }

// groupReader emits groups.
type groupReader struct {
	a      *aggregation
	w      *Worker
	state  *mem.Budget
	out    *mem.Arena
	merged *agg.Aggregator // the partition at hand
	next   int             // first group of merged that is not out
}

func (r *groupReader) Next(b *column.Batch) (bool, error) {
	r.out.Reset()
	if r.a.partitions == nil {
		i, ok := r.a.morsels.take()
		if !ok {
			return false, nil
		}
		return true, emitGroups(b, r.a.parts[0].g.agg, r.out, i*column.BatchRows)
	}
	for r.merged == nil || r.next >= r.merged.Groups() {
		i, ok := r.a.morsels.take()
		if !ok {
			r.drop()
			return false, nil
		}
		if err := grow(unlocked{}, r.state, func() error { return r.merge(i) }); err != nil {
			return false, err
		}
	}
	r.next += column.BatchRows
	return true, emitGroups(b, r.merged, r.out, r.next-column.BatchRows)
}

func emitGroups(b *column.Batch, g *agg.Aggregator, out *mem.Arena, lo int) error {
	made, err := g.Emit(out, lo, min(lo+column.BatchRows, g.Groups()), false)
	if err != nil {
		return err
	}
	*b = *made
	return nil
}

// merge makes partition i, from the start whenever it is called.
func (r *groupReader) merge(i int) (err error) {
	r.drop()
	if r.merged, err = agg.New(r.state, keyTypes(r.a.n), r.a.n.Aggs); err != nil {
		return err
	}
	r.next = 0
	groups := 0
	for _, list := range r.a.partitions[i] {
		groups += len(list)
	}
	// The parts stay until all is read.
	r.merged.BorrowStrings()
	if err := r.merged.Reserve(groups); err != nil {
		return err
	}
	for k, list := range r.a.partitions[i] {
		if err := r.w.Check(); err != nil {
			return err
		}
		if err := r.merged.MergePartition(r.a.parts[k].g.agg, i, list); err != nil {
			return err
		}
	}
	return nil
}

func (r *groupReader) drop() {
	if r.merged != nil {
		r.merged.Free()
		r.merged = nil
	}
}

func (r *groupReader) Close() error {
	r.drop()
	r.out.Free()
	return nil
}
