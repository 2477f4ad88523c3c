package executor

import (
	"context"
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/join"
	"github.com/polybolos-db/polybolos/plan"
)

func init() {
	register(func(b *Builder, n *plan.NestedLoopJoin) (*Stream, error) {
		common, err := newJoined(b.Task, n.Kind, n.Probe, n.Build, n.Output, nil, n.Cond)
		if err != nil {
			return nil, err
		}
		j := &nestedLoop{joined: common}
		j.side.drop = j.drop
		build, err := b.Build(n.Build)
		if err != nil {
			return nil, err
		}
		b.Break(build, loopBuild{j, n})
		probe, err := b.Build(n.Probe)
		if err != nil {
			return nil, err
		}
		return j.attach(b, probe, j)
	})
}

// nestedLoop joins on any condition by trying every pair: a whole probe batch against one build row, or a whole chunk of the build side against one probe
// row, whichever takes fewer steps. The single row is a constant for the condition, so no pair is copied to be tested.
type nestedLoop struct{ *joined }

func (j *nestedLoop) joins() *joined { return j.joined }

// mark makes the marks of the rows, for kinds that ask.
func (j *nestedLoop) mark(b *mem.Budget) (err error) {
	if j.marksBuild() {
		j.marks, err = join.NewMarks(b, j.rows.End())
	}
	return err
}

func (j *nestedLoop) drop(bool) {
	if j.marks != nil {
		j.marks.Free()
		j.marks = nil
	}
	j.rows = nil
}

// part is the join without a build side, for a part of it.
func (j *joined) part() *joined {
	return &joined{task: j.task, kind: j.kind, probe: j.probe, build: j.build, outs: j.outs, kept: j.kept, place: j.place, cond: j.cond, condIn: j.condIn}
}

// loopBuild is a nested loop as the breaker of its build side.
type loopBuild struct {
	j *nestedLoop
	n plan.Node
}

func (l loopBuild) Worker(*Worker) (Sink, error) { return l.j.side.worker(), nil }

func (l loopBuild) Seal(ctx context.Context) error {
	err := l.j.side.seal(ctx, l.n, func() error { return l.j.mark(l.j.side.state) })
	if err == nil && l.j.side.spilled == nil {
		l.j.side.register()
	}
	return err
}

// Report is the size of the build side.
func (l loopBuild) Report() (int64, string) {
	if x := l.j.side.spilled; x != nil {
		return 0, fmt.Sprintf("build rows %d, spilled %s", x.rows, formatBytes(x.bytes))
	}
	return l.j.rows.Size(), fmt.Sprintf("build rows %d", l.j.rows.Rows())
}

// Worker makes a worker's end of the probe side.
func (j *nestedLoop) Worker(w *Worker, next Sink) (Sink, error) {
	j.last.start(w.Task)
	return newLoopSink(j.joined, w, next)
}

func newLoopSink(j *joined, w *Worker, next Sink) (*loopSink, error) {
	m, err := newMatcher(j, w, next)
	if err != nil {
		return nil, err
	}
	return &loopSink{matcher: m, dense: w.Task.NewArena(), one: w.Task.NewArena()}, nil
}

// blockProber makes a worker's part of a spilled join.
func (j *nestedLoop) blockProber(w *Worker, next Sink) (blockProber, error) {
	s, err := newLoopSink(j.joined.part(), w, next)
	if err != nil {
		return nil, err
	}
	return &loopBlock{s}, nil
}

// loopBlock joins blocks of a spilled build side.
type loopBlock struct{ s *loopSink }

func (l *loopBlock) turn(_ context.Context, b *mem.Budget, rows *column.Appender) error {
	part := &nestedLoop{joined: l.s.j.part()}
	part.rows = rows
	if err := part.mark(b); err != nil {
		return err
	}
	l.s.j = part.joined
	return nil
}

func (l *loopBlock) free()                       { (&nestedLoop{joined: l.s.j}).drop(true) }
func (l *loopBlock) build() *joined              { return l.s.j }
func (l *loopBlock) unmarked() error             { return l.s.j.pushUnmarked(l.s.w, l.s.next) }
func (l *loopBlock) whole(b *column.Batch) error { return l.s.Push(b) }

func (l *loopBlock) held(b *column.Batch, at int, flags *rowFlags) error {
	l.s.hold = true
	defer func() { l.s.hold = false }()
	if err := l.s.Push(b); err != nil {
		return err
	}
	return l.s.note(b, at, flags)
}

func (l *loopBlock) rest(b *column.Batch, at int, flags *rowFlags) error {
	return l.s.rest(b, at, flags)
}

func (l *loopBlock) close() {
	l.s.dense.Free()
	l.s.one.Free()
	l.s.matcher.free()
}
