package mem

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// Align is the alignment of every buffer, in bytes: a cache line and an AVX-512 register.
	Align = 64
	// minChunk is the size of an arena's first mapped chunk; each next one doubles up to maxChunk, so small queries stay small
	// and large ones map rarely.
	minChunk = 64 << 10
	maxChunk = 4 << 20
	// cachedChunk chunks are kept for reuse up to maxCached bytes in the process: a fresh mapping costs a page fault per 4 KB.
	maxCached = 256 << 20
)

// Poison overwrites memory on Reset and Free, so that tests see reads of memory that is no longer owned. Set it before first use.
var Poison bool

const poisonByte = 0xDB

// Arena is a bump allocator over mapped memory, owned by one goroutine at a time.
type Arena struct {
	budget *Budget
	chunks [][]byte // all mapped chunks; the last one is the current
	off    int      // first free byte in the current chunk
	next   int      // size of the next regular chunk
	parts  []*Arena // freed with it
	source Source   // nil: anonymous memory charged to the budget

	urgent  bool
	pressed error // what an allocation was refused before it became urgent
}

// NewArena makes an empty arena charged to b (which may be nil: not counted).
func NewArena(b *Budget) *Arena { return &Arena{budget: b, next: minChunk} }

// Source gives chunks of another kind of memory than what budgets count: pages of a file, which the system can write back.
type Source interface {
	// Map gives size bytes of undefined content.
	Map(size int) ([]byte, error)
	// Unmap takes back what Map gave.
	Unmap(p []byte)
}

// NewArenaOn makes an empty arena whose chunks come from s. They are not charged to b, which is what others who are given the arena charge theirs to.
func NewArenaOn(b *Budget, s Source) *Arena { return &Arena{budget: b, next: minChunk, source: s} }

// Child makes an arena for what must be reset more often. It is of the same kind and budget, and freed when a is reset or freed.
func (a *Arena) Child() *Arena {
	c := NewArenaOn(a.budget, a.source)
	a.parts = append(a.parts, c)
	return c
}

func (a *Arena) freeChildren() {
	for _, c := range a.parts {
		c.Free()
	}
	a.parts = nil
}

// Urgent says whether what is allocated from now on may take the last of the budget's limit where it would be refused: for the end of a step that cannot be
// taken back once it has begun, such as the strings of a batch whose other values are already kept. It returns what was said before.
func (a *Arena) Urgent(on bool) (before bool) {
	before, a.urgent = a.urgent, on
	return before
}

// Pressed returns, once, the refusal that an urgent allocation did not heed: the next step should not begin before memory is given back.
func (a *Arena) Pressed() error {
	err := a.pressed
	a.pressed = nil
	return err
}

// Budget is the budget that the arena is charged to.
func (a *Arena) Budget() *Budget { return a.budget }

// Alloc returns n bytes at a 64-byte boundary, with capacity n, of undefined content. n = 0 gives an empty slice.
// It fails with the budget's refusal, or when the system has no memory.
func (a *Arena) Alloc(n int) ([]byte, error) {
	if n < 0 {
		return nil, fmt.Errorf("mem: allocation of %d bytes", n)
	}
	if n == 0 {
		return nil, nil
	}
	size := (n + Align - 1) &^ (Align - 1)
	if len(a.chunks) > 0 {
		cur := a.chunks[len(a.chunks)-1]
		if a.off+size <= len(cur) {
			p := cur[a.off : a.off+n : a.off+n]
			a.off += size
			return p, nil
		}
	}
	chunk := a.next
	if size > chunk/4 {
		// A large buffer gets a chunk of its own, placed before the current one so that the current one's rest stays usable.
		c, err := a.chunk(size, size)
		if err != nil {
			return nil, err
		}
		if len(a.chunks) == 0 {
			a.chunks = append(a.chunks, c)
			a.off = size
		} else {
			last := len(a.chunks) - 1
			a.chunks = append(a.chunks, a.chunks[last])
			a.chunks[last] = c
		}
		return c[:n:n], nil
	}
	c, err := a.chunk(chunk, size)
	if err != nil {
		return nil, err
	}
	a.next = min(2*a.next, maxChunk)
	a.chunks = append(a.chunks, c)
	a.off = size
	return c[:n:n], nil
}

// AllocZero is Alloc with the bytes set to zero.
func (a *Arena) AllocZero(n int) ([]byte, error) {
	p, err := a.Alloc(n)
	clear(p)
	return p, err
}

// Copy puts a copy of p into the arena.
func (a *Arena) Copy(p []byte) ([]byte, error) {
	q, err := a.Alloc(len(p))
	if err != nil {
		return nil, err
	}
	copy(q, p)
	return q, nil
}

// chunk makes one of size bytes, or of need bytes where only the last of the limit is left: that is for what is needed, not for what may come.
func (a *Arena) chunk(size, need int) ([]byte, error) {
	size = roundChunk(size)
	if a.source != nil {
		return a.source.Map(size)
	}
	if err := a.budget.Reserve(int64(size)); err != nil {
		if !a.urgent {
			return nil, err
		}
		if a.pressed == nil {
			a.pressed = err
		}
		size = roundChunk(need)
		if err := a.budget.ReserveUrgent(int64(size)); err != nil {
			return nil, err
		}
	}
	c, err := chunks.get(size)
	if err != nil {
		a.budget.Release(int64(size))
		return nil, err
	}
	return c, nil
}

// Reset invalidates every buffer and keeps the largest regular chunk for what comes next.
func (a *Arena) Reset() {
	a.freeChildren()
	if len(a.chunks) == 0 {
		return
	}
	last := len(a.chunks) - 1
	for _, c := range a.chunks[:last] {
		a.drop(c)
	}
	keep := a.chunks[last]
	if Poison {
		poison(keep[:a.off])
	}
	a.chunks = append(a.chunks[:0], keep)
	a.off, a.pressed = 0, nil
}

// Free invalidates every buffer and gives all memory back. The arena can be used again.
func (a *Arena) Free() {
	a.freeChildren()
	for _, c := range a.chunks {
		a.drop(c)
	}
	a.chunks, a.off, a.next, a.pressed = nil, 0, minChunk, nil
}

// Size is the number of mapped bytes that the arena holds.
func (a *Arena) Size() int64 {
	var n int64
	for _, c := range a.chunks {
		n += int64(len(c))
	}
	return n
}

func (a *Arena) drop(c []byte) {
	if Poison {
		poison(c)
	}
	if a.source != nil {
		a.source.Unmap(c)
		return
	}
	a.budget.Release(int64(len(c)))
	chunks.put(c)
}

// poison fills p with poisonByte, by copies that double.
func poison(p []byte) {
	if len(p) == 0 {
		return
	}
	p[0] = poisonByte
	for done := 1; done < len(p); done *= 2 {
		copy(p[done:], p[:done])
	}
}

// chunkCache keeps unused chunks by power-of-two size for the whole process, bounded by maxCached bytes, and by the process's limit together with what is in
// use.
type chunkCache struct {
	mu     sync.Mutex
	free   map[int][][]byte
	cached int
	mapped atomic.Int64
	limit  atomic.Int64 // of mapped bytes, 0: none
}

// SetMappedLimit keeps the process's mapped bytes below limit (0: no limit) as far as they are unused: beyond it, unused chunks go back to the system instead
// of being kept for reuse. Budgets bound what is in use.
func SetMappedLimit(limit int64) { chunks.limit.Store(limit) }

var chunks = chunkCache{free: map[int][][]byte{}}

// roundChunk rounds a chunk's size so that chunks are interchangeable: to a power of two below maxChunk, to pages above.
func roundChunk(n int) int {
	if n >= maxChunk {
		return (n + 4095) &^ 4095
	}
	size := minChunk
	for size < n {
		size *= 2
	}
	return size
}

func (c *chunkCache) get(size int) ([]byte, error) {
	c.mu.Lock()
	if l := c.free[size]; len(l) > 0 {
		p := l[len(l)-1]
		c.free[size] = l[:len(l)-1]
		c.cached -= size
		c.mu.Unlock()
		return p, nil
	}
	var drop [][]byte
	if limit := c.limit.Load(); limit > 0 {
		drop = c.evict(c.mapped.Load() + int64(size) - limit)
	}
	c.mu.Unlock()
	for _, p := range drop {
		c.unmap(p)
	}
	p, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("mem: map %d bytes: %w", size, err)
	}
	c.mapped.Add(int64(size))
	return p, nil
}

func (c *chunkCache) put(p []byte) {
	size := len(p)
	c.mu.Lock()
	// Only sizes that come again are worth keeping.
	limit := c.limit.Load()
	if size <= maxChunk && c.cached+size <= maxCached && (limit == 0 || c.mapped.Load() <= limit) {
		c.free[size] = append(c.free[size], p)
		c.cached += size
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	c.unmap(p)
}

// evict takes at least n bytes of unused chunks, as far as there are any, off the lists, the largest first. The caller holds mu and unmaps them.
func (c *chunkCache) evict(n int64) [][]byte {
	var out [][]byte
	for size := maxChunk; size >= minChunk && n > 0; size /= 2 {
		l := c.free[size]
		for len(l) > 0 && n > 0 {
			out = append(out, l[len(l)-1])
			l = l[:len(l)-1]
			c.cached -= size
			n -= int64(size)
		}
		c.free[size] = l
	}
	return out
}

func (c *chunkCache) unmap(p []byte) {
	c.mapped.Add(-int64(len(p)))
	// The chunk came whole from Mmap, so Munmap cannot refuse it.
	if err := unix.Munmap(p); err != nil {
		panic(fmt.Sprintf("mem: unmap %d bytes at %p: %v", len(p), unsafe.SliceData(p), err))
	}
}
