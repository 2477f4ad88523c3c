package executor

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/kernels/join"
	"github.com/polybolos-db/polybolos/kernels/sort"
	"github.com/polybolos-db/polybolos/kernels/window"
	"github.com/polybolos-db/polybolos/plan"
)

func init() {
	register(func(b *Builder, n *plan.AsOfJoin) (*Stream, error) {
		j, err := newAsOf(b.Task, n)
		if err != nil {
			return nil, err
		}
		build, err := b.Build(n.Build)
		if err != nil {
			return nil, err
		}
		b.Break(build, asOfBuild{j})
		probe, err := b.Build(n.Probe)
		if err != nil {
			return nil, err
		}
		return j.attach(b, probe, j)
	})
}

// asOfJoin finds for each probe row the build row with equal keys whose bound is nearest. The build side is sorted by keys and bound; a hash table leads
// from keys to their rows, which lie together, and a binary search from a bound to the row.
type asOfJoin struct {
	*joined
	n      *plan.AsOfJoin
	keys   []int // positions in kept
	bound  int
	sorter *sort.Sorter
	bounds bounds
	groups *column.Appender   // the keys of each group, in the order of the rows
	starts hash.Slice[uint32] // by group: its first row
	ends   hash.Slice[uint32] // by group: behind its last row whose bound is not NULL
	size   atomic.Int64
}

func newAsOf(t *Task, n *plan.AsOfJoin) (*asOfJoin, error) {
	kind := plan.Inner
	if n.Outer {
		kind = plan.ProbeOuter
	}
	keep := append(append([]int{}, n.BuildKeys...), n.BuildBound)
	common, err := newJoined(t, kind, n.Probe, n.Build, n.Output, keep, nil)
	if err != nil {
		return nil, err
	}
	j := &asOfJoin{joined: common, n: n, bound: common.place[n.BuildBound]}
	var order []kernels.SortKey
	for _, k := range n.BuildKeys {
		j.keys = append(j.keys, j.place[k])
		order = append(order, kernels.SortKey{Column: j.place[k]})
	}
	layout, err := sort.NewLayout(j.keptTypes(), append(order, kernels.SortKey{Column: j.bound}))
	if err != nil {
		return nil, err
	}
	j.sorter = sort.New(j.keptTypes(), layout, -1)
	return j, nil
}

func (j *asOfJoin) joins() *joined { return j.joined }

// asOfBuild is an as-of join as the breaker of its build side.
type asOfBuild struct{ *asOfJoin }

func (j asOfBuild) Worker(w *Worker) (Sink, error) {
	return &asOfCollector{asOfJoin: j.asOfJoin, w: w, run: j.sorter.NewRun(w.Task.NewArena)}, nil
}

// asOfCollector sorts a worker's share of the build side.
type asOfCollector struct {
	*asOfJoin
	w   *Worker
	run *sort.Run
	in  column.Batch
}

func (s *asOfCollector) Push(b *column.Batch) error {
	s.in = column.Batch{Cols: s.in.Cols[:0], Len: b.Len, Sel: b.Sel}
	for _, k := range s.kept {
		s.in.Cols = append(s.in.Cols, b.Cols[k])
	}
	return s.run.Add(&s.in, s.w.Check)
}

func (s *asOfCollector) Finish() error { return s.run.Finish(s.w.Check) }

// Seal lays the rows down in order and finds the groups.
func (j asOfBuild) Seal(ctx context.Context) error {
	check := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	order := j.task.NewArena()
	defer order.Free()
	parallel := func(n int, f func(i int) error) error {
		return j.task.Parallel(ctx, j.n, n, func(_ context.Context, i int) error { return f(i) })
	}
	if err := j.sorter.Merge(order, parallel, check); err != nil {
		return err
	}
	arena := j.task.NewArena()
	if err := j.lay(arena, check); err != nil {
		return err
	}
	j.sorter.Free()
	table, err := join.Build(ctx, j.task.Budget, j.groups, positions(len(j.keys)), j.n.NullSafe, j.task.Threads)
	if err != nil {
		return err
	}
	j.table = table
	j.task.Defer(table.Free)
	j.size.Store(arena.Size() + table.Size())
	return nil
}

func positions(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// lay copies the rows in order and notes where groups begin.
func (j *asOfJoin) lay(arena *mem.Arena, check func() error) (err error) {
	total := j.sorter.Rows()
	j.rows = column.NewAppender(arena, j.keptTypes())
	types := make([]column.Type, len(j.keys))
	for i, k := range j.keys {
		types[i] = j.keptTypes()[k]
	}
	j.groups = column.NewAppender(arena, types)
	j.starts.Budget, j.ends.Budget = j.task.Budget, j.task.Budget
	j.task.Defer(j.starts.Free)
	j.task.Defer(j.ends.Free)
	if j.bounds, err = newBounds(arena, j.keptTypes()[j.bound], total); err != nil {
		return err
	}
	scratch := j.task.NewArena()
	defer scratch.Free()
	for at := 0; at < total; {
		if err := check(); err != nil {
			return err
		}
		scratch.Reset()
		// The row before tells whether the first one begins a group.
		from := max(0, at-1)
		n := min(column.BatchRows, total-from)
		b, err := j.sorter.Read(scratch, from, n)
		if err != nil {
			return err
		}
		if err := j.layBatch(b, at-from, at); err != nil {
			return err
		}
		at = from + n
	}
	j.bounds.finish(j.rows, j.bound)
	return nil
}

// layBatch takes the rows of b from skip on, the first of which is row at of the order.
func (j *asOfJoin) layBatch(b *column.Batch, skip, at int) error {
	cols := make([]*column.Vector, len(j.keys))
	for i, k := range j.keys {
		cols[i] = b.Cols[k]
	}
	var starts []uint32
	if skip == 0 {
		starts = append(starts, 0)
	}
	if len(cols) > 0 {
		starts = window.Starts(starts, cols, 1, b.Len)
	}
	if err := j.groups.AppendRows(&column.Batch{Cols: cols, Len: b.Len}, starts); err != nil {
		return err
	}
	known := len(j.starts.S)
	if err := errors.Join(j.starts.Resize(known+len(starts)), j.ends.Resize(known+len(starts))); err != nil {
		return err
	}
	for i, s := range starts {
		first := uint32(int(s) - skip + at)
		j.starts.S[known+i], j.ends.S[known+i] = first, first
	}
	bound := b.Cols[j.bound]
	value := j.bounds.reader(bound)
	g := known - 1 // the group that the row before the first start belongs to
	next := 0
	for k := skip; k < b.Len; k++ {
		for next < len(starts) && int(starts[next]) <= k {
			next++
		}
		row := at + k - skip
		j.bounds.set(row, value, k)
		if !bound.IsNull(k) {
			j.ends.S[g+next] = uint32(row) + 1
		}
	}
	rows := make([]uint32, b.Len-skip)
	for i := range rows {
		rows[i] = uint32(skip + i)
	}
	return j.rows.AppendRows(b, rows)
}

// Report is the size of the build side.
func (j asOfBuild) Report() (int64, string) {
	return j.size.Load(), fmt.Sprintf("build rows %d in %d groups", j.rows.Rows(), len(j.ends.S))
}

// Worker makes a worker's end of the probe side.
func (j *asOfJoin) Worker(w *Worker, next Sink) (Sink, error) {
	j.last.start(w.Task)
	m, err := newMatcher(j.joined, w, next)
	if err != nil {
		return nil, err
	}
	return &asOfSink{matcher: m, j: j, prober: join.NewProber(j.table)}, nil
}

// asOfSink is one worker's part of the probe side.
type asOfSink struct {
	matcher
	j      *asOfJoin
	prober *join.Prober
	heads  []uint32
}

func (s *asOfSink) Finish() error { return s.finish() }

func (s *asOfSink) Push(b *column.Batch) error {
	n := b.Rows()
	if n == 0 {
		return nil
	}
	j := s.j
	groups := s.prober.Heads(b, j.n.ProbeKeys)
	s.heads = sizedRows(s.heads, n)
	bound := b.Cols[j.n.ProbeBound]
	value := j.bounds.reader(bound)
	for k, g := range groups {
		s.heads[k] = 0
		r := b.Row(k)
		if g == 0 || bound.IsNull(r) {
			continue
		}
		lo, hi := j.starts.S[g-1], j.ends.S[g-1]
		var at uint32
		switch j.n.Op {
		case expr.Ge, expr.Lt:
			at = j.bounds.search(lo, hi, value, r, true) // the first row that is greater
		case expr.Gt, expr.Le:
			at = j.bounds.search(lo, hi, value, r, false) // the first row that is not less
		default:
			return fault.New(fault.Internal, "as-of join by %s", j.n.Op)
		}
		if j.n.Op == expr.Ge || j.n.Op == expr.Gt {
			// The row before has the greatest bound on the other side; its number plus one is at.
			if at > lo {
				s.heads[k] = at
			}
		} else if at < hi {
			s.heads[k] = at + 1
		}
	}
	return s.pushAligned(b, s.heads, j.n.Outer)
}
