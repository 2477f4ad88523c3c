package executor

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/agg"
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
	table *agg.Table
	cols  []int
	count int // rounds
	state *mem.Budget
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
	ids  []uint32
	sel  []uint32
	seen []bool // by new tuple
}

func init() {
	register(func(b *Builder, n *plan.Recursion) (*Stream, error) {
		r := &recursion{n: n, task: b.Task, rows: NewRows(b.Task, n.Out, false), state: b.Task.state()}
		r.kept = r.rows.part()
		r.enough = b.enough[n]
		if !n.All {
			t, err := agg.NewTable(r.state, r.rows.types)
			if err != nil {
				return nil, err
			}
			b.Task.Defer(t.Free)
			r.table = t
			for i := range r.rows.types {
				r.cols = append(r.cols, i)
			}
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
		Exchanges: t.Exchanges, Measure: t.Measure, Progress: t.Progress, shared: t.shared, working: working,
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
	return nil
}

// Report is the number of rounds.
func (r *recursion) Report() (int64, string) {
	held, spilled := r.rows.Report()
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
	if f.r.table != nil {
		known := f.r.table.Len()
		f.ids = sizedRows(f.ids, b.Rows())
		// Rows that are known cannot leave memory: any later one may be the same.
		if err := grow(unlocked{}, f.r.state, func() error { return f.r.table.Find(b, f.r.cols, f.ids) }); err != nil {
			return err
		}
		f.seen = falses(f.seen, f.r.table.Len()-known)
		f.sel = f.sel[:0]
		for k, id := range f.ids {
			if fresh := int(id) - known; fresh >= 0 && !f.seen[fresh] {
				f.seen[fresh] = true
				f.sel = append(f.sel, uint32(b.Row(k)))
			}
		}
		b = &column.Batch{Cols: b.Cols, Len: b.Len, Sel: f.sel}
		if len(f.sel) == 0 {
			return nil
		}
	}
	if err := f.part.Push(b); err != nil {
		return err
	}
	return f.r.kept.Push(b)
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
