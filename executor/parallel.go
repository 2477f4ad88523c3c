package executor

import (
	"context"
	"runtime/debug"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/polybolos-db/polybolos/plan"
)

// Parallel runs f(0) to f(n-1) on up to the task's number of workers and waits for them: work of a breaker's Seal on behalf of node n. It returns the first
// error, a panic's included; after one no further call begins. f checks ctx when it works long.
func (t *Task) Parallel(ctx context.Context, node plan.Node, n int, f func(ctx context.Context, i int) error) error {
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range min(n, max(1, t.Threads)) {
		group.Go(func() (err error) {
			defer recovered(&err, &node)
			defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
			for {
				i := int(next.Add(1) - 1)
				if i >= n {
					return nil
				}
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if err := f(ctx, i); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}
