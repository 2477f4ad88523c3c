package executor

import (
	"context"
	"fmt"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/join"
	"github.com/polybolos-db/polybolos/plan"
)

func init() {
	register(func(b *Builder, n *plan.HashJoin) (*Stream, error) {
		j, err := newHashJoin(b.Task, n)
		if err != nil {
			return nil, err
		}
		build, err := b.Build(n.Build)
		if err != nil {
			return nil, err
		}
		b.Break(build, (*joinBuild)(j))
		probe, err := b.Build(n.Probe)
		if err != nil {
			return nil, err
		}
		return j.attach(b, probe, j)
	})
}

// joinSide says whose column an output column is.
type joinSide uint8

const (
	fromProbe joinSide = iota
	fromBuild
	fromMark
)

// joinColumn is an output column: a probe column, a kept build column, or the mark.
type joinColumn struct {
	side joinSide
	col  int
}

// joined is what hash joins and nested-loop joins have in common: the kind, the columns, the build side's rows.
type joined struct {
	task    *Task
	kind    plan.JoinKind
	probe   []column.Field
	build   []column.Field
	outs    []joinColumn
	kept    []int // build columns that are kept
	place   []int // by build column: its position in kept, -1
	cond    *kernels.Program
	condIn  []joinColumn     // pair columns that cond reads, by position in the pair; others have col -1
	rows    *column.Appender // the build side, once sealed
	marks   *join.Marks      // which build rows have partners, for kinds that ask
	byChain bool             // only first rows of chains are marked
	table   *join.Table
	repeats []bool // by output column: build columns that are dictionaries where rows repeat; nil: none
	last    finishers
	side    buildSide
}

// newJoined lays out the columns. output lists positions among the kind's columns; keys are build columns to keep besides.
func newJoined(t *Task, kind plan.JoinKind, probe, build plan.Node, output []int, keys []int, cond expr.Expr) (*joined, error) {
	j := &joined{task: t, kind: kind, probe: probe.Fields(), build: build.Fields()}
	j.side.init(j)
	j.place = make([]int, len(j.build))
	for i := range j.place {
		j.place[i] = -1
	}
	for _, k := range keys {
		j.keep(k)
	}
	var all []joinColumn
	if kind != plan.BuildSemi && kind != plan.BuildAnti {
		for c := range j.probe {
			all = append(all, joinColumn{fromProbe, c})
		}
	}
	switch kind {
	case plan.ProbeSemi, plan.ProbeAnti, plan.NullAwareAnti:
	case plan.Mark:
		all = append(all, joinColumn{fromMark, 0})
	default:
		for c := range j.build {
			all = append(all, joinColumn{fromBuild, c})
		}
	}
	if output == nil {
		j.outs = all
	}
	for _, o := range output {
		if o < 0 || o >= len(all) {
			return nil, fmt.Errorf("executor: output column %d of a join with %d", o, len(all))
		}
		j.outs = append(j.outs, all[o])
	}
	for i, o := range j.outs {
		if o.side == fromBuild {
			j.outs[i].col = j.keep(o.col)
		}
	}
	if cond == nil {
		return j, nil
	}
	return j, j.compile(cond)
}

func (j *joined) keep(c int) int {
	if j.place[c] < 0 {
		j.place[c] = len(j.kept)
		j.kept = append(j.kept, c)
	}
	return j.place[c]
}

// compile prepares cond, which is over probe columns, then build columns.
func (j *joined) compile(cond expr.Expr) (err error) {
	types := append(fieldTypes(j.probe), fieldTypes(j.build)...)
	if j.cond, err = expr.Compile([]expr.Expr{cond}, types); err != nil {
		return err
	}
	j.condIn = make([]joinColumn, len(types))
	for i := range j.condIn {
		j.condIn[i].col = -1
	}
	expr.Walk(cond, func(e expr.Expr) bool {
		if r, ok := e.(*expr.Ref); ok && r.Index < len(j.probe) {
			j.condIn[r.Index] = joinColumn{fromProbe, r.Index}
		} else if ok {
			j.condIn[r.Index] = joinColumn{fromBuild, j.keep(r.Index - len(j.probe))}
		}
		return true
	})
	return nil
}

func (j *joined) keptTypes() []column.Type {
	types := make([]column.Type, len(j.kept))
	for i, c := range j.kept {
		types[i] = j.build[c].Type
	}
	return types
}

// marksBuild reports whether the kind asks which build rows have partners.
func (j *joined) marksBuild() bool {
	switch j.kind {
	case plan.BuildOuter, plan.FullOuter, plan.BuildSemi, plan.BuildAnti:
		return true
	}
	return false
}

// onlyBuild reports whether the kind gives build columns alone, after the probe side has ended.
func (j *joined) onlyBuild() bool { return j.kind == plan.BuildSemi || j.kind == plan.BuildAnti }

// joinOperator is the probing operator of a join.
type joinOperator interface {
	Operator
	joins() *joined
}

// attach puts the probing operator behind the probe side and adds what the kind gives from the build side.
func (j *joined) attach(b *Builder, probe *Stream, op joinOperator) (*Stream, error) {
	if j.onlyBuild() {
		b.Break(probe, marker{op})
		return &Stream{Source: &markedRows{op: op, j: j}}, nil
	}
	if j.kind == plan.BuildOuter || j.kind == plan.FullOuter {
		// An empty probe side needs a worker as well, to give the build side's rows.
		if probe.Source != nil {
			probe.Source = atLeastOne{probe.Source}
		}
	}
	return probe.Then(op), nil
}

// runsIn says which stream's workers probe.
func (j *joined) runsIn(s *Stream) { j.last.stream = s }

// atLeastOne is a source that at least one worker asks.
type atLeastOne struct{ Source }

func (s atLeastOne) MaxWorkers() int { return max(1, s.Source.MaxWorkers()) }

func (s atLeastOne) pin(on bool) {
	if h, ok := s.Source.(holder); ok {
		h.pin(on)
	}
}

// Release passes on that the source has been read.
func (s atLeastOne) Release() {
	if r, ok := s.Source.(Releaser); ok {
		r.Release()
	}
}

// Report passes on what the source has to say.
func (s atLeastOne) Report() (int64, string) {
	if r, ok := s.Source.(Reporter); ok {
		return r.Report()
	}
	return 0, ""
}

// marker is the breaker of a probe side that only marks build rows.
type marker struct{ op joinOperator }

func (m marker) Worker(w *Worker) (Sink, error) { return m.op.Worker(w, nil) }

func (m marker) pin(on bool) { m.op.joins().pin(on) }

func (m marker) Seal(context.Context) error {
	m.op.joins().spread()
	return nil
}

func (j *joined) spread() {
	if j.byChain {
		j.marks.Spread(j.table)
	}
}

// finishers tells the last worker of a stream to finish.
type finishers struct {
	stream *Stream
	mu     sync.Mutex
	left   int
	known  bool
}

// start is called by every worker of the stream, before any rows: how many there are is fixed by then, though not before.
func (f *finishers) start(t *Task) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.known && f.stream != nil {
		f.known, f.left = true, max(1, min(t.Threads, f.stream.maxWorkers()))
	}
}

// done reports whether the caller is the last.
func (f *finishers) done() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left--
	return f.left == 0
}

// unmarked makes a batch of chunk i's rows whose mark is want, with NULL for probe columns; nil when there is none. Values stay where they are.
func (j *joined) unmarked(i int, want bool, sel []uint32) (*column.Batch, []uint32) {
	chunk := j.rows.Chunk(i)
	sel = sel[:0]
	for k := range chunk.Len {
		if j.marks.Get(uint32(i*column.ChunkRows+k)) == want {
			sel = append(sel, uint32(k))
		}
	}
	if len(sel) == 0 {
		return nil, sel
	}
	out := &column.Batch{Len: chunk.Len, Sel: sel}
	for _, o := range j.outs {
		if o.side == fromBuild {
			out.Cols = append(out.Cols, chunk.Cols[o.col])
		} else {
			out.Cols = append(out.Cols, column.NewNull(j.probe[o.col].Type, chunk.Len))
		}
	}
	return out, sel
}

// pushUnmarked pushes the build rows without partner.
func (j *joined) pushUnmarked(w *Worker, next Sink) error {
	j.spread()
	var sel []uint32
	for i := range j.rows.Chunks() {
		if err := w.Check(); err != nil {
			return err
		}
		var b *column.Batch
		if b, sel = j.unmarked(i, false, sel); b == nil {
			continue
		}
		if err := next.Push(b); err != nil {
			return err
		}
	}
	return nil
}

// markedRows is the source of BuildSemi's and BuildAnti's rows.
type markedRows struct {
	op    joinOperator
	j     *joined
	taken morsels
	once  sync.Once
}

func (s *markedRows) MaxWorkers() int {
	if x := s.j.side.spilled; x != nil {
		return x.maxWorkers()
	}
	return s.j.rows.Chunks()
}

func (s *markedRows) pin(on bool) { s.j.pin(on) }

// Release frees the build side.
func (s *markedRows) Release() { s.j.Release() }

func (s *markedRows) Worker(w *Worker) (Reader, error) {
	if x := s.j.side.spilled; x != nil {
		return newSpilledMarks(x, s.op, w)
	}
	s.once.Do(func() { s.taken.n = int64(s.j.rows.Chunks()) })
	return &markedReader{s: s}, nil
}

type markedReader struct {
	s   *markedRows
	sel []uint32
}

func (r *markedReader) Next(b *column.Batch) (bool, error) {
	for {
		i, ok := r.s.taken.take()
		if !ok {
			return false, nil
		}
		var made *column.Batch
		if made, r.sel = r.s.j.unmarked(i, r.s.j.kind == plan.BuildSemi, r.sel); made != nil {
			*b = *made
			return true, nil
		}
	}
}

func (r *markedReader) Close() error { return nil }
