package executor

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

// recursion is the breaker of a recursion's seed. When the seed is there it runs the step, again and again, on what the round before found, each
// round as a task of its own whose memory ends with it; it is the source of all that was found.
type recursion struct {
	n     *plan.Recursion
	task  *Task
	step  plan.Node // with what no round changes read from memory
	rows  *Rows     // found so far
	found *round    // by the round at hand
	met   *metKeys  // the rows found so far, nil with ALL
	count int       // rounds
	kept  *rowsPart // of rows: all rounds write there
	// enough, when positive, is how many rows are read at most: a LIMIT above ends the rounds.
	enough int64
}

// round is the rows that one round found.
type round struct {
	r    *recursion
	mu   sync.Mutex
	rows *Rows
	part *rowsPart
}

func init() {
	register(func(b *Builder, n *plan.Recursion) (*Stream, error) {
		r := &recursion{n: n, task: b.Task, rows: NewRows(b.Task, n.Out, false)}
		r.kept = r.rows.part()
		r.enough = b.enough[n]
		if !n.All {
			m, err := newMetKeys(b.Task, r.rows.types, positions(len(r.rows.types)), true)
			if err != nil {
				return nil, err
			}
			r.met = m
		}
		seed, err := b.Build(n.Seed)
		if err != nil {
			return nil, err
		}
		if r.step, err = b.constant(n.Step); err != nil {
			return nil, err
		}
		r.found = r.newRound()
		b.Task.Defer(func() { r.found.rows.close() })
		b.Break(seed, r)
		return &Stream{Source: r.rows.Source()}, nil
	})
	register(func(b *Builder, n *plan.WorkingTable) (*Stream, error) {
		found := b.Task.working[n.Table]
		if found == nil {
			return nil, fmt.Errorf("executor: recursion %d is not around its working table", n.Table)
		}
		return &Stream{Source: found.rows.Source()}, nil
	})
	register(func(_ *Builder, n *keptNode) (*Stream, error) { return &Stream{Source: n.rows.Source()}, nil })
}

// keptNode is a part of a step that is the same in every round.
type keptNode struct {
	plan.Info
	rows *Rows
	out  []column.Field
}

func (n *keptNode) Fields() []column.Field { return n.out }
func (n *keptNode) Inputs() []plan.Node    { return nil }

// constant is n with its largest parts that read no working table computed once, before the first round.
func (b *Builder) constant(n plan.Node) (plan.Node, error) {
	if !plan.ReadsWork(n) {
		switch n.(type) {
		case *plan.SharedRead, *plan.Values, *plan.Series, *keptNode:
			return n, nil
		}
		s, err := b.Build(n)
		if err != nil {
			return nil, err
		}
		rows := NewRows(b.Task, n.Fields(), false)
		above := b.node
		b.node = n
		b.Break(s, rows)
		b.node = above
		return &keptNode{Info: *n.Meta(), rows: rows, out: n.Fields()}, nil
	}
	return plan.MapInputs(n, b.constant)
}

func (r *recursion) newRound() *round {
	rows := NewRows(r.task, r.n.Out, false)
	return &round{r: r, rows: rows, part: rows.ownPart()}
}

// Worker makes a worker's end.
func (r *recursion) Worker(*Worker) (Sink, error) { return r.found, nil }

// Seal runs the rounds.
func (r *recursion) Seal(ctx context.Context) error {
	last := r.found
	if err := last.settle(ctx); err != nil {
		return err
	}
	for last.rows.count() > 0 && (r.enough <= 0 || r.rows.count() < r.enough) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.count++
		r.found = r.newRound()
		err := r.runStep(ctx, last)
		last.rows.close()
		if err != nil {
			return err
		}
		last = r.found
	}
	return nil
}

// runStep runs the step as a task of its own.
func (r *recursion) runStep(ctx context.Context, last *round) error {
	t := r.task
	working := maps.Clone(t.working)
	if working == nil {
		working = map[int]*round{}
	}
	working[r.n.Table] = last
	step := &Task{
		Stage: t.Stage, Partition: t.Partition, Threads: t.Threads, Budget: t.Budget, Settings: t.Settings, Splits: t.Splits,
		Exchanges: t.Exchanges, Measure: t.Measure, Progress: t.Progress, Spill: t.Spill, shared: t.shared, working: working,
		early: t.early, earlyShare: t.earlyShare,
	}
	defer func() {
		step.release()
		t.absorb(step)
	}()
	b := &Builder{Task: step, Ctx: ctx}
	s, err := b.Build(r.step)
	if err != nil {
		return err
	}
	b.node = r.n
	b.Break(s, collected{r})
	for _, p := range b.pipelines {
		if err := p.run(ctx, step); err != nil {
			return err
		}
	}
	return r.found.settle(ctx)
}

// Report is the number of rounds.
func (r *recursion) Report() (int64, string) {
	held, spilled := r.rows.Report()
	if r.met != nil && r.met.bytes > 0 {
		spilled = "spilled " + formatBytes(r.met.bytes+r.kept.spilledBytes())
	}
	if spilled != "" {
		spilled = ", " + spilled
	}
	return held, fmt.Sprintf("%d rounds%s", r.count, spilled)
}

// collected is the breaker of a round.
type collected struct{ r *recursion }

func (c collected) Worker(*Worker) (Sink, error) { return c.r.found, nil }
func (c collected) Seal(context.Context) error   { return nil }

// Push keeps the rows that are new, for the next round and for the result.
func (f *round) Push(b *column.Batch) error {
	if b.Rows() == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if m := f.r.met; m != nil {
		waits := m.spilled()
		if !waits {
			sel, w, err := m.take(b)
			if err != nil {
				return err
			}
			if !w && len(sel) == 0 {
				return nil
			}
			if waits = w; !w {
				b = &column.Batch{Cols: b.Cols, Len: b.Len, Sel: sel}
			}
		}
		if waits {
			return m.wait(b)
		}
	}
	return f.keep(b)
}

// keep keeps rows that are new.
func (f *round) keep(b *column.Batch) error {
	if err := f.part.Push(b); err != nil {
		return err
	}
	return f.r.kept.Push(b)
}

// settle ends the round: it keeps the new ones of the rows that had to wait.
func (f *round) settle(ctx context.Context) error {
	if f.r.met == nil || !f.r.met.spilled() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.r.met.settle(ctx, func() error { return nil }, f.keep)
}

// Finish has nothing to hand over.
func (f *round) Finish() error { return nil }

// absorb adds what a task within this one has measured.
func (t *Task) absorb(o *Task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, s := range o.stats {
		if t.stats == nil {
			t.stats = map[int]*plan.NodeStats{}
		}
		at := t.stats[id]
		if at == nil {
			at = &plan.NodeStats{}
			t.stats[id] = at
		}
		at.Rows += s.Rows
		at.Batches += s.Batches
		at.Time += s.Time
		at.Memory = max(at.Memory, s.Memory)
		if s.Detail != "" {
			at.Detail = s.Detail
		}
	}
}
