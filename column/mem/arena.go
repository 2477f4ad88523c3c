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
}

// NewArena makes an empty arena charged to b (which may be nil: not counted).
func NewArena(b *Budget) *Arena { return &Arena{budget: b, next: minChunk} }

// Child makes an arena for what must be reset more often. It is charged to the same budget, and freed when a is reset or freed.
func (a *Arena) Child() *Arena {
	c := NewArena(a.budget)
	a.parts = append(a.parts, c)
	return c
}

func (a *Arena) freeChildren() {
	for _, c := range a.parts {
		c.Free()
	}
	a.parts = nil
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
		c, err := a.chunk(size)
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
	c, err := a.chunk(chunk)
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

func (a *Arena) chunk(size int) ([]byte, error) {
	size = roundChunk(size)
	if err := a.budget.Reserve(int64(size)); err != nil {
		return nil, err
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
	a.off = 0
}

// Free invalidates every buffer and gives all memory back. The arena can be used again.
func (a *Arena) Free() {
	a.freeChildren()
	for _, c := range a.chunks {
		a.drop(c)
	}
	a.chunks, a.off, a.next = nil, 0, minChunk
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
	a.budget.Release(int64(len(c)))
	chunks.put(c)
}

func poison(p []byte) {
	for i := range p {
		p[i] = poisonByte
	}
}

// chunkCache keeps unused chunks by power-of-two size for the whole process, bounded by maxCached bytes.
type chunkCache struct {
	mu     sync.Mutex
	free   map[int][][]byte
	cached int
	mapped atomic.Int64
}

var chunks = chunkCache{free: map[int][][]byte{}}

// Mapped is the number of bytes that the process has mapped for arenas, whether in use or cached.
func Mapped() int64 { return chunks.mapped.Load() }

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
	c.mu.Unlock()
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
	if size <= maxChunk && c.cached+size <= maxCached {
		c.free[size] = append(c.free[size], p)
		c.cached += size
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	c.mapped.Add(-int64(size))
	// The chunk came whole from Mmap, so Munmap cannot refuse it.
	if err := unix.Munmap(p); err != nil {
		panic(fmt.Sprintf("mem: unmap %d bytes at %p: %v", size, unsafe.SliceData(p), err))
	}
}
