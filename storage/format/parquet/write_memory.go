package parquet

import (
	"sync"
	"unsafe"

	arrowmem "github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/polybolos-db/polybolos/column/mem"
)

// maxGroupBytes is what a row group may take in memory, encoded, before it ends with fewer rows than it should have: wide rows must not make it grow
// without a bound. Row groups of this size are what other programs make at most by default.
const maxGroupBytes = 128 << 20

// charged is the library's allocator for a writer. What lies on the Go heap is charged to a budget; the interface cannot refuse, so a refusal is kept until
// the batch being written is taken.
type charged struct {
	arrowmem.Allocator

	mu      sync.Mutex
	budget  *mem.Budget
	sizes   map[*byte]int64
	used    int64
	refused error
}

func newCharged() *charged {
	return &charged{Allocator: arrowmem.NewGoAllocator(), sizes: map[*byte]int64{}}
}

// account notes that b is held.
func (c *charged) account(b []byte) []byte {
	if cap(b) == 0 {
		return b
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	size := int64(cap(b))
	if err := c.budget.Reserve(size); err != nil {
		if c.refused == nil {
			c.refused = err
		}
		return b
	}
	c.sizes[unsafe.SliceData(b)] = size
	c.used += size
	return b
}

func (c *charged) release(b []byte) {
	if cap(b) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := unsafe.SliceData(b)
	if size, ok := c.sizes[at]; ok {
		delete(c.sizes, at)
		c.used -= size
		c.budget.Release(size)
	}
}

func (c *charged) Allocate(size int) []byte { return c.account(c.Allocator.Allocate(size)) }

func (c *charged) Reallocate(size int, b []byte) []byte {
	c.release(b)
	return c.account(c.Allocator.Reallocate(size, b))
}

func (c *charged) Free(b []byte) {
	c.release(b)
	c.Allocator.Free(b)
}

// held is how many bytes are charged, and the first refusal.
func (c *charged) held() (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used, c.refused
}

// close gives back what the library has left to the collector.
func (c *charged) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.budget.Release(c.used)
	clear(c.sizes)
	c.used = 0
}
