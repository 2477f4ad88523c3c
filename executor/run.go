package executor

import (
	"context"

	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
)

// RunTask runs a task: the shared subplans of its stage, then its root, whose rows out takes. All memory of the task is given back when it returns, except
// what out keeps in arenas of its own. It returns what was measured by node when the task measures, also when it fails; the error is
// the first one of any worker, or the context's cause.
func RunTask(ctx context.Context, t *Task, out Breaker) (map[int]plan.NodeStats, error) {
	defer t.release()
	if share := spillEarly.Load(); share != nil {
		t.early, t.earlyShare = true, *share
	}
	err := t.run(ctx, out)
	stats := make(map[int]plan.NodeStats, len(t.stats))
	for id, s := range t.stats {
		stats[id] = *s
	}
	return stats, err
}

// run runs the task, and a second time on the CPU alone when a device gives its work back: that happens before the last pipeline begins, so that out has
// seen nothing of it.
func (t *Task) run(ctx context.Context, out Breaker) error {
	err := t.attempt(ctx, out)
	if !kernels.GaveUp(err) || ctx.Err() != nil {
		return err
	}
	t.release()
	t.mu.Lock()
	t.gaveUp, t.stats, t.spilled = err.Error(), nil, nil
	t.mu.Unlock()
	return t.attempt(ctx, out)
}

func (t *Task) attempt(ctx context.Context, out Breaker) error {
	pipelines, err := t.build(ctx, out)
	if err != nil {
		return err
	}
	for _, p := range pipelines {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := p.run(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// build makes the pipelines of the task in the order in which they run.
func (t *Task) build(ctx context.Context, out Breaker) (_ []*Pipeline, err error) {
	b := &Builder{Task: t, Ctx: ctx, inOrder: true}
	defer recovered(&err, &b.node)
	for i, n := range t.Stage.Shared {
		// Shared subplans read only earlier ones.
		s, err := b.Build(n)
		if err != nil {
			return nil, err
		}
		rows := NewRows(t, n.Fields(), isOrdered(n))
		t.shared = append(t.shared[:i:i], rows)
		b.node = n
		b.Break(s, rows)
		b.node = nil
	}
	s, err := b.Build(t.Stage.Root)
	if err != nil {
		return nil, err
	}
	b.Break(s, out)
	return b.pipelines, nil
}

// isOrdered reports whether the rows of n come in an order that somebody asked for.
func isOrdered(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Sort, *plan.Values, *plan.Series:
		return true
	case *plan.Limit:
		return isOrdered(n.Input)
	case *plan.Project:
		return isOrdered(n.Input)
	case *plan.Filter:
		return isOrdered(n.Input)
	}
	return false
}
