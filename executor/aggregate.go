package executor

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/plan"
)

const (
	// mergedGroups is up to how many groups, over all workers, one goroutine merges: about a millisecond.
	mergedGroups = 16 << 10
	// partitionGroups is about how many groups a partition has, so that its table stays in a second-level cache.
	partitionGroups = 16 << 10
	maxPartitions   = 256
	// partialGroups is the size at which a partial aggregation looks whether it reduces: with less than partialFactor rows a group it passes on what
	// it has and starts anew.
	partialGroups = 64 << 10
	partialFactor = 4
)

func init() {
	register(func(b *Builder, n *plan.Aggregate) (*Stream, error) {
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		if err := checkSets(n); err != nil {
			return nil, err
		}
		if n.Mode == plan.AggPartial {
			return s.Then(&partialAggregate{n: n}), nil
		}
		br := newAggregation(b.Task, n)
		b.Break(s, br)
		return &Stream{Source: aggregated{br}}, nil
	})
}

func checkSets(n *plan.Aggregate) error {
	for _, set := range n.Sets {
		for _, k := range set {
			if k < 0 || k >= len(n.Keys) {
				return fmt.Errorf("executor: grouping set has key %d of %d", k, len(n.Keys))
			}
		}
	}
	return nil
}

// grouper brings batches into an aggregator as the plan node says: by its keys, by each of its grouping sets, or as partial states.
type grouper struct {
	n     *plan.Aggregate
	agg   *agg.Aggregator
	keys  []int            // of one grouping set, or of all rows
	extra []*column.Vector // grouping sets: a NULL for each key, then the grouping ids
	batch column.Batch
}

// keyTypes are the types of the columns that identify a group: the keys and, with grouping sets, the grouping id.
func keyTypes(n *plan.Aggregate) []column.Type {
	in := n.Input.Fields()
	var types []column.Type
	for _, k := range n.Keys {
		types = append(types, in[k].Type)
	}
	if hasGroupingID(n) {
		types = append(types, column.T(column.Int64))
	}
	return types
}

// hasGroupingID reports whether a grouping id follows the keys. A final aggregation may list it among its keys or leave it to the sets.
func hasGroupingID(n *plan.Aggregate) bool {
	if n.Mode == plan.AggFinal {
		return len(n.Out)-len(n.Aggs) > len(n.Keys)
	}
	return n.Sets != nil
}

func newGrouper(n *plan.Aggregate, budget *mem.Budget, a *mem.Arena) (*grouper, error) {
	g := &grouper{n: n}
	types := keyTypes(n)
	var err error
	if g.agg, err = agg.New(budget, types, n.Aggs); err != nil {
		return nil, err
	}
	g.keys = slices.Clone(n.Keys)
	if n.Mode == plan.AggFinal {
		if hasGroupingID(n) {
			g.keys = append(g.keys, len(n.Keys))
		}
		return g, nil
	}
	if n.Sets == nil {
		return g, nil
	}
	for _, t := range types[:len(n.Keys)] {
		g.extra = append(g.extra, column.NewNull(t, 0))
	}
	for _, set := range n.Sets {
		id, err := column.NewConstant(a, column.IntValue(column.T(column.Int64), groupingID(set, len(n.Keys))), 0)
		if err != nil {
			g.agg.Free()
			return nil, err
		}
		g.extra = append(g.extra, id)
	}
	return g, nil
}

// groupingID has bit k, counted from the highest of keys bits, for each key k that is not in the set.
func groupingID(set []int, keys int) int64 {
	var id int64
	for k := range keys {
		id <<= 1
		if !slices.Contains(set, k) {
			id |= 1
		}
	}
	return id
}

func (g *grouper) push(b *column.Batch) error {
	if g.n.Mode == plan.AggFinal {
		return g.agg.Absorb(b, g.keys, len(g.keys))
	}
	if g.n.Sets == nil {
		return g.agg.Update(b, g.keys)
	}
	g.widen(b)
	for i := range g.n.Sets {
		if err := g.agg.Update(&g.batch, g.setKeys(len(b.Cols), i)); err != nil {
			return err
		}
	}
	return nil
}

// widen makes the batch of b's columns and the constants that grouping sets need.
func (g *grouper) widen(b *column.Batch) {
	g.batch = column.Batch{Cols: append(append(g.batch.Cols[:0], b.Cols...), g.extra...), Len: b.Len, Sel: b.Sel}
	for _, v := range g.extra {
		v.Len = b.Len
	}
}

// setKeys are the key columns of grouping set i in a widened batch of cols columns of its own.
func (g *grouper) setKeys(cols, i int) []int {
	keys := len(g.n.Keys)
	g.keys = g.keys[:0]
	for k, c := range g.n.Keys {
		if !slices.Contains(g.n.Sets[i], k) {
			c = cols + k
		}
		g.keys = append(g.keys, c)
	}
	return append(g.keys, cols+keys+i)
}

// complete makes the groups exist that an aggregation has without any row: that of an empty grouping set.
func (g *grouper) complete() error {
	if g.n.Mode == plan.AggFinal {
		return nil
	}
	for i, set := range g.n.Sets {
		if len(set) > 0 {
			continue
		}
		in := column.Batch{Len: 1, Cols: make([]*column.Vector, len(g.n.Input.Fields()))}
		g.widen(&in)
		if err := g.agg.Touch(&g.batch, g.setKeys(len(in.Cols), i)); err != nil {
			return err
		}
	}
	return nil
}

// aggregation is the breaker of modes Single and Final. Every worker groups its rows in a table of its own. Few groups are
// merged into one table when the pipeline ends; many are merged partition by partition by the workers of the next pipeline, since no two
// partitions have a group in common.
type aggregation struct {
	n    *plan.Aggregate
	task *Task

	mu    sync.Mutex
	parts []*grouper

	partitions [][][]uint32 // by partition, by part: groups; nil: parts[0] has all groups
	morsels    morsels
	groups     int
}

func newAggregation(t *Task, n *plan.Aggregate) *aggregation {
	a := &aggregation{n: n, task: t}
	t.Defer(func() {
		for _, p := range a.parts {
			p.agg.Free()
		}
	})
	return a
}

func (a *aggregation) add(arena *mem.Arena) (*grouper, error) {
	g, err := newGrouper(a.n, a.task.Budget, arena)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.parts = append(a.parts, g)
	return g, nil
}

// Worker makes a worker's table, which lives until the task ends.
func (a *aggregation) Worker(w *Worker) (Sink, error) {
	g, err := a.add(w.Arena)
	if err != nil {
		return nil, err
	}
	return groupSink{g}, nil
}

type groupSink struct{ g *grouper }

func (s groupSink) Push(b *column.Batch) error { return s.g.push(b) }

func (s groupSink) Finish() error { return s.g.complete() }

// Seal merges what is little and cuts what is much.
func (a *aggregation) Seal(ctx context.Context) error {
	whole := a.parts[0]
	for _, p := range a.parts {
		a.groups += p.agg.Groups()
	}
	split := len(a.parts) > 1 && a.groups > mergedGroups
	for _, x := range a.n.Aggs {
		// A distinct aggregate's tuples are not partitioned: every partition would go through all of them.
		split = split && !x.Distinct
	}
	if !split {
		for _, p := range a.parts[1:] {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := whole.agg.Merge(p.agg, nil); err != nil {
				return err
			}
			p.agg.Free()
		}
		a.parts = a.parts[:1]
		a.groups = whole.agg.Groups()
		a.morsels.n = int64((a.groups + column.BatchRows - 1) / column.BatchRows)
		return nil
	}
	n := min(maxPartitions, max(2*len(a.parts), a.groups/partitionGroups))
	lists := make([][][]uint32, len(a.parts))
	var group errgroup.Group
	for i, p := range a.parts {
		group.Go(func() error {
			lists[i] = p.agg.Partition(n)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
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

// Report says how many groups the tables of the workers have.
func (a *aggregation) Report() (int64, string) {
	var size int64
	for _, p := range a.parts {
		size += p.agg.Size()
	}
	return size, fmt.Sprintf("groups %d", a.groups)
}

// aggregated is the source of an aggregation's groups.
type aggregated struct{ a *aggregation }

// MaxWorkers is the number of morsels: ranges of groups, or partitions.
func (s aggregated) MaxWorkers() int { return int(s.a.morsels.n) }

func (s aggregated) Worker(w *Worker) (Reader, error) {
	return &groupReader{a: s.a, out: w.Task.NewArena(), w: w}, nil
}

// groupReader emits groups.
type groupReader struct {
	a      *aggregation
	w      *Worker
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
		g := r.a.parts[0].agg
		return true, emitGroups(b, g, r.out, i*column.BatchRows)
	}
	for r.merged == nil || r.next >= r.merged.Groups() {
		more, err := r.merge()
		if !more || err != nil {
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

// merge takes the next partition.
func (r *groupReader) merge() (more bool, err error) {
	r.drop()
	i, ok := r.a.morsels.take()
	if !ok {
		return false, nil
	}
	if r.merged, err = agg.New(r.a.task.Budget, keyTypes(r.a.n), r.a.n.Aggs); err != nil {
		return false, err
	}
	r.next = 0
	groups := 0
	for _, list := range r.a.partitions[i] {
		groups += len(list)
	}
	if err := r.merged.Reserve(groups); err != nil {
		return false, err
	}
	for k, list := range r.a.partitions[i] {
		if err := r.w.Check(); err != nil {
			return false, err
		}
		if err := r.merged.Merge(r.a.parts[k].agg, list); err != nil {
			return false, err
		}
	}
	return true, nil
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

// partialAggregate is mode Partial, within a pipeline: every worker emits states of its own groups.
type partialAggregate struct{ n *plan.Aggregate }

func (p *partialAggregate) Worker(w *Worker, next Sink) (Sink, error) {
	s := &partialSink{n: p.n, w: w, next: next, out: w.Task.NewArena()}
	w.Task.Defer(s.drop)
	return s, s.restart()
}

type partialSink struct {
	n    *plan.Aggregate
	w    *Worker
	next Sink
	out  *mem.Arena
	g    *grouper
	rows int // since the last restart
}

func (s *partialSink) drop() {
	if s.g != nil {
		s.g.agg.Free()
		s.g = nil
	}
}

func (s *partialSink) restart() (err error) {
	s.drop()
	s.rows = 0
	s.g, err = newGrouper(s.n, s.w.Task.Budget, s.w.Arena)
	return err
}

func (s *partialSink) Push(b *column.Batch) error {
	if err := s.g.push(b); err != nil {
		return err
	}
	s.rows += b.Rows()
	if groups := s.g.agg.Groups(); groups < partialGroups || s.rows > groups*partialFactor {
		return nil
	}
	if err := s.flush(); err != nil {
		return err
	}
	return s.restart()
}

func (s *partialSink) flush() error {
	for lo := 0; lo < s.g.agg.Groups(); lo += column.BatchRows {
		s.out.Reset()
		b, err := s.g.agg.Emit(s.out, lo, min(lo+column.BatchRows, s.g.agg.Groups()), true)
		if err != nil {
			return err
		}
		if err := s.next.Push(b); err != nil {
			return err
		}
	}
	return nil
}

func (s *partialSink) Finish() error {
	if err := s.g.complete(); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.drop()
	s.out.Free()
	return s.next.Finish()
}
