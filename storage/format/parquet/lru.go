package parquet

import (
	"container/list"
	"sync"
)

// lru keeps what was used last, up to a bound in bytes. It is safe for concurrent use.
type lru[K comparable, V any] struct {
	limit int

	mu      sync.Mutex
	entries map[K]*list.Element
	order   list.List // of *lruEntry, last used first
	bytes   int
}

type lruEntry[K comparable, V any] struct {
	key   K
	value V
	size  int
}

func newLRU[K comparable, V any](limit int) *lru[K, V] {
	return &lru[K, V]{limit: limit, entries: map[K]*list.Element{}}
}

func (c *lru[K, V]) get(key K) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok {
		return v, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruEntry[K, V]).value, true
}

// put keeps v, of size bytes, unless it alone would take more than half of what may be kept.
func (c *lru[K, V]) put(key K, v V, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[key]; ok || size > c.limit/2 {
		return
	}
	c.entries[key] = c.order.PushFront(&lruEntry[K, V]{key, v, size})
	c.bytes += size
	for c.bytes > c.limit {
		old := c.order.Remove(c.order.Back()).(*lruEntry[K, V])
		delete(c.entries, old.key)
		c.bytes -= old.size
	}
}
