package executor

import (
	"context"
	"fmt"
	"sync"

	"github.com/polybolos-db/polybolos/kernels/hash"
)

// fileQueue shares out what was spilled to the workers of a pipeline, who may add to it. A worker waits as long as another one that works on something may
// add more.
type fileQueue[T any] struct {
	mu      sync.Mutex
	changed chan struct{} // closed and made anew when something was added or done
	items   []queued[T]
	working int
}

// queued is a file, or files that belong together, and how many times their rows were spread.
type queued[T any] struct {
	item  T
	level int
}

func newFileQueue[T any](items []T) *fileQueue[T] {
	q := &fileQueue[T]{changed: make(chan struct{})}
	for _, x := range items {
		q.items = append(q.items, queued[T]{x, 1})
	}
	return q
}

// take gives the next item; ok is false when there is none and none can come. done is to be called when it is worked off.
func (q *fileQueue[T]) take(ctx context.Context) (item T, level int, ok bool, err error) {
	for {
		q.mu.Lock()
		if n := len(q.items); n > 0 {
			next := q.items[n-1]
			q.items = q.items[:n-1]
			q.working++
			q.mu.Unlock()
			return next.item, next.level, true, nil
		}
		if q.working == 0 {
			q.mu.Unlock()
			return item, 0, false, nil
		}
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return item, 0, false, context.Cause(ctx)
		}
	}
}

// add puts more items in front, so that what was begun is ended first.
func (q *fileQueue[T]) add(items []T, level int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, x := range items {
		q.items = append(q.items, queued[T]{x, level})
	}
	q.signal()
}

// done ends what a worker has taken.
func (q *fileQueue[T]) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.working--
	q.signal()
}

func (q *fileQueue[T]) signal() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// unlocked is the lock of what one goroutine alone uses.
type unlocked struct{}

func (unlocked) Lock()   {}
func (unlocked) Unlock() {}

// partitionOf is which of n partitions a hash belongs to: one of n*m is one of n's, cut in m.
func partitionOf(h uint64, n int) int { return hash.Partition(h, n) }

// formatBytes is n in the unit that keeps it short.
func formatBytes(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f kB", float64(n)/(1<<10))
}
