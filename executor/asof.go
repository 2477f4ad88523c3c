package executor

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/kernels/join"
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
// from keys to their rows, which lie together, and a binary search from a bound to the row. Rows and bounds that have no room in memory lie in a mapped file; the keys
// and their table stay in memory.
type asOfJoin struct {
	*joined
	n      *plan.AsOfJoin
	keys   []int // positions in kept
	bound  int
	order  *sorter // nil once the rows are laid
	bounds bounds
	groups *column.Appender   // the keys of each group, in the order of the rows
	starts hash.Slice[uint32] // by group: its first row
	ends   hash.Slice[uint32] // by group: behind its last row whose bound is not NULL
	size   atomic.Int64

	state   *mem.Budget
	laid    *mem.Arena   // of rows and bounds
	known   *mem.Arena   // of groups
	pages   *spill.Pages // nil: rows and bounds are in memory
	spilled int64
	mu      sync.Mutex // of what follows, and of rows and bounds until a pipeline reads them
	sealed  bool
	pinned  bool
	closed  bool
	err     error // of a spill on behalf of somebody else

	registered *mem.Registration
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
	j := &asOfJoin{joined: common, n: n, bound: common.place[n.BuildBound], state: t.state()}
	j.laid, j.known = mem.NewArena(j.state), mem.NewArena(j.state)
	j.starts.Budget, j.ends.Budget = j.state, j.state
	var order []kernels.SortKey
	for _, k := range n.BuildKeys {
		j.keys = append(j.keys, j.place[k])
		order = append(order, kernels.SortKey{Column: j.place[k]})
	}
	fields := make([]column.Field, len(j.kept))
	for i, c := range j.kept {
		fields[i] = j.build[c]
	}
	rows := &plan.Values{Info: n.Info, Out: fields}
	j.order, err = newSorter(t, &plan.Sort{Info: n.Info, Input: rows, Keys: append(order, kernels.SortKey{Column: j.bound}), Count: -1}, -1)
	t.Defer(j.Release)
	return j, err
}

func (j *asOfJoin) joins() *joined { return j.joined }

// Release frees the build side.
func (j *asOfJoin) Release() {
	j.mu.Lock()
	registered := j.registered
	j.registered, j.closed = nil, true
	if j.table != nil {
		j.table.Free()
		j.table = nil
	}
	j.rows, j.groups = nil, nil
	j.starts.Free()
	j.ends.Free()
	j.known.Free()
	j.laid.Free()
	if j.pages != nil {
		j.pages.Close()
		j.pages = nil
	}
	j.mu.Unlock()
	if registered != nil {
		registered.Close()
	}
}

// pin keeps the rows where they are, or lets them go.
func (j *asOfJoin) pin(on bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pinned = on
}

// idle reports whether the rows can leave memory.
func (j *asOfJoin) idle() bool {
	return j.sealed && !j.pinned && !j.closed && j.pages == nil && j.err == nil
}

// Held is what the rows and their bounds take until they are read.
func (j *asOfJoin) Held() int64 {
	if !j.mu.TryLock() {
		return 0
	}
	defer j.mu.Unlock()
	if !j.idle() {
		return 0
	}
	return j.laid.Size()
}

// Spill moves rows and bounds to a file.
func (j *asOfJoin) Spill() bool {
	if !j.mu.TryLock() {
		return false
	}
	defer j.mu.Unlock()
	if !j.idle() {
		return false
	}
	j.err = j.move()
	return j.err == nil
}

func (j *asOfJoin) move() error {
	pages := j.task.store().NewPages(j.task.Budget)
	laid := mem.NewArenaOn(j.task.Budget, pages)
	rows := column.NewAppender(laid, j.keptTypes())
	for i := range j.rows.Chunks() {
		if err := rows.Append(j.rows.Chunk(i)); err != nil {
			pages.Close()
			return err
		}
		pages.Trim()
	}
	moved, err := j.bounds.copyTo(laid)
	if err != nil {
		pages.Close()
		return err
	}
	moved.finish(rows, j.bound)
	j.laid.Free()
	j.pages, j.laid, j.rows, j.bounds, j.spilled = pages, laid, rows, moved, pages.Bytes()
	return nil
}

// asOfBuild is an as-of join as the breaker of its build side.
type asOfBuild struct{ *asOfJoin }

func (j asOfBuild) Worker(w *Worker) (Sink, error) {
	s, err := j.order.Worker(w)
	return &asOfCollector{asOfJoin: j.asOfJoin, next: s}, err
}

// asOfCollector sorts a worker's share of the build side.
type asOfCollector struct {
	*asOfJoin
	next Sink
	in   column.Batch
}

func (s *asOfCollector) Push(b *column.Batch) error {
	s.in = column.Batch{Cols: s.in.Cols[:0], Len: b.Len, Sel: b.Sel}
	for _, k := range s.kept {
		s.in.Cols = append(s.in.Cols, b.Cols[k])
	}
	return s.next.Push(&s.in)
}

func (s *asOfCollector) Finish() error { return s.next.Finish() }

// Seal lays the rows down in order and finds the groups.
func (j asOfBuild) Seal(ctx context.Context) error {
	if err := j.order.Seal(ctx); err != nil {
		return err
	}
	j.order.pin(true)
	if j.order.err != nil {
		return j.order.err
	}
	check := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	err := error(nil)
	if !j.order.files.any() {
		if err = j.layFromMemory(check); outOfMemory(err) {
			j.order.mu.Lock()
			err = j.order.sealSpilled(ctx)
			j.order.mu.Unlock()
		}
	}
	if err == nil && j.order.files.any() {
		err = j.layFromFiles(check)
	}
	if err != nil {
		return err
	}
	j.order.close()
	j.order = nil
	table, err := join.Build(ctx, j.task.Budget, j.groups, positions(len(j.keys)), j.n.NullSafe, j.task.Threads)
	if err != nil {
		return err
	}
	j.table = table
	j.size.Store(j.state.Used() + table.Size())
	j.mu.Lock()
	j.sealed = true
	if j.pages == nil {
		j.registered = j.task.Budget.Register(j.asOfJoin)
	}
	j.mu.Unlock()
	return nil
}

func positions(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// Report is the size of the build side.
func (j asOfBuild) Report() (int64, string) {
	detail := fmt.Sprintf("build rows %d in %d groups", j.rows.Rows(), len(j.ends.S))
	if j.spilled > 0 {
		detail += ", spilled " + formatBytes(j.spilled)
	}
	return j.size.Load(), detail
}

// Worker makes a worker's end of the probe side.
func (j *asOfJoin) Worker(w *Worker, next Sink) (Sink, error) {
	j.last.start(w.Task)
	if j.err != nil {
		return nil, j.err
	}
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
	rows   []uint32
}

func (s *asOfSink) Finish() error { return s.finish() }

// pagedProbes is how many probe rows go at once to build rows in a file: each may touch a page of every column.
const pagedProbes = 128

func (s *asOfSink) Push(b *column.Batch) error {
	if s.j.pages == nil {
		return s.push(b)
	}
	for lo := 0; lo < b.Rows(); lo += pagedProbes {
		hi := min(lo+pagedProbes, b.Rows())
		s.rows = s.rows[:0]
		for k := lo; k < hi; k++ {
			s.rows = append(s.rows, uint32(b.Row(k)))
		}
		s.j.pages.Trim()
		if err := s.push(&column.Batch{Cols: b.Cols, Len: b.Len, Sel: s.rows}); err != nil {
			return err
		}
	}
	return nil
}

func (s *asOfSink) push(b *column.Batch) error {
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
