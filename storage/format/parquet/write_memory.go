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

// The library finds the entries of a dictionary that it writes in a hash table on the Go heap, which its allocator does not see: 16 to 24 bytes for each slot, between two and eight
// slots for each entry. It is bounded by the size of the dictionary, at which a column goes on without one: at most 13 MB for each column of a file under
// mostDictionary, 3.1 MB under nestedDictionary. These stay below the powers of two at which the table would grow fourfold.
const (
	mostDictionary   = 1<<20 - 64<<10
	nestedDictionary = 240 << 10
	leastDictionary  = 30 << 10
	dictionaryShare  = 2048
)

// dictionaryLimit is how many bytes a dictionary may have in files whose writers are charged to b.
func dictionaryLimit(b *mem.Budget) int64 {
	limit := b.Tightest()
	if limit == 0 {
		return mostDictionary
	}
	return min(max(limit/dictionaryShare*15/16, leastDictionary), mostDictionary)
}

// charged is the library's allocator for a writer. What lies on the Go heap is charged to a budget; the interface cannot refuse, so a refusal is noted, memory is taken
// from the last of the limit, and when that is refused too the error is kept until the batch being written is taken.
type charged struct {
	arrowmem.Allocator

	mu      sync.Mutex
	budget  *mem.Budget
	sizes   map[*byte]int64
	used    int64
	pressed bool
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
		c.pressed = true
		if err := c.budget.ReserveUrgent(size); err != nil {
			if c.refused == nil {
				c.refused = err
			}
			return b
		}
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

// wasPressed reports, once, that memory was refused and taken nevertheless.
func (c *charged) wasPressed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.pressed
	c.pressed = false
	return was
}

// close gives back what the library has left to the collector.
func (c *charged) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.budget.Release(c.used)
	clear(c.sizes)
	c.used = 0
}

// Held is how many bytes of the row group are charged.
func (w *nestedWriter) Held() int64 {
	n, _ := w.memory.held()
	return n
}

// Pressed reports, once, that memory was short.
func (w *nestedWriter) Pressed() bool { return w.memory.wasPressed() }

// Flush ends the row group, if it has rows.
func (w *nestedWriter) Flush() (err error) {
	defer recovered(&err)
	if w.rows > 0 {
		w.out.NewBufferedRowGroup()
		w.rows = 0
	}
	return w.failure(nil)
}
