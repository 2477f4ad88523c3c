package cuda

import (
	"fmt"
	"math/bits"
	"sync"

	"github.com/polybolos-db/polybolos/cuda/driver"
)

// leastBlock is the size of the smallest block of a pool.
const leastBlock = 4 << 10

// class rounds a size up so that blocks are used again: to one of four steps between powers of two.
func class(n int64) int64 {
	if n <= leastBlock {
		return leastBlock
	}
	step := int64(1) << (bits.Len64(uint64(n-1)) - 3)
	return (n + step - 1) / step * step
}

// Pool keeps device memory. It is safe for concurrent use.
type Pool struct {
	d     *Device
	limit int64

	mu   sync.Mutex
	free map[int64][]driver.Ptr
	idle int64 // bytes in free
	used int64 // bytes handed out
	peak int64
}

func newPool(d *Device, limit int64) *Pool {
	return &Pool{d: d, limit: limit, free: map[int64][]driver.Ptr{}}
}

// Buffer is device memory.
type Buffer struct {
	Ptr  driver.Ptr
	Size int64 // what was asked for
	pool *Pool
}

// Alloc gives memory of undefined content. It fails when the pool's limit or the card's memory is reached.
func (p *Pool) Alloc(n int64) (Buffer, error) {
	if n < 0 {
		return Buffer{}, fmt.Errorf("cuda: allocation of %d bytes", n)
	}
	size := class(n)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.d.Err(); err != nil {
		return Buffer{}, err
	}
	if l := p.free[size]; len(l) > 0 {
		p.free[size] = l[:len(l)-1]
		p.idle -= size
		p.take(size)
		return Buffer{l[len(l)-1], n, p}, nil
	}
	if p.used+size > p.limit {
		return Buffer{}, &driver.Error{Call: "allocation", Code: driver.CodeOutOfMemory, Device: p.d.properties.Ordinal,
			Text: fmt.Sprintf("%d bytes more than the %d in use would pass the limit of %d", size, p.used, p.limit)}
	}
	if p.used+p.idle+size > p.limit {
		p.drop(p.limit - p.used - size)
	}
	at, err := p.d.Device.Alloc(size)
	if driver.OutOfMemory(err) && p.idle > 0 {
		p.drop(0)
		at, err = p.d.Device.Alloc(size)
	}
	if err != nil {
		return Buffer{}, p.d.Note(err)
	}
	p.take(size)
	return Buffer{at, n, p}, nil
}

func (p *Pool) take(size int64) {
	p.used += size
	p.peak = max(p.peak, p.used)
}

// Free gives memory back, which no enqueued work may use any more. The zero Buffer is allowed.
func (b Buffer) Free() {
	if b.pool == nil {
		return
	}
	p, size := b.pool, class(b.Size)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used -= size
	p.idle += size
	p.free[size] = append(p.free[size], b.Ptr)
}

// drop gives idle memory to the driver until at most keep bytes are idle; the lock is held.
func (p *Pool) drop(keep int64) {
	for size, list := range p.free {
		for len(list) > 0 && p.idle > max(0, keep) {
			at := list[len(list)-1]
			list = list[:len(list)-1]
			p.idle -= size
			if err := p.d.Device.Free(at); err != nil {
				// Memory that cannot be freed is lost with the device.
				p.d.Note(err) //nolint:errcheck // remembered
			}
		}
		p.free[size] = list
	}
}

func (p *Pool) release(keep int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(keep)
}

// Used and Peak are the bytes handed out now and at most; Limit is the pool's.
func (p *Pool) Used() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

// Peak is the most bytes that were handed out at once.
func (p *Pool) Peak() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peak
}

// Limit is how many bytes the pool may hand out.
func (p *Pool) Limit() int64 { return p.limit }

// PinnedPool keeps pinned host memory, which takes the driver milliseconds to make. It is safe for concurrent use.
type PinnedPool struct {
	d     *Device
	limit int64
	mu    sync.Mutex
	free  map[int64][][]byte
	held  int64
}

func newPinnedPool(d *Device, limit int64) *PinnedPool {
	return &PinnedPool{d: d, limit: limit, free: map[int64][][]byte{}}
}

// Alloc gives n bytes of undefined content.
func (p *PinnedPool) Alloc(n int) ([]byte, error) {
	size := class(int64(n))
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.free[size]; len(l) > 0 {
		p.free[size] = l[:len(l)-1]
		return l[len(l)-1][:n], nil
	}
	if p.held+size > p.limit {
		p.drop()
	}
	if p.held+size > p.limit {
		return nil, &driver.Error{Call: "pinned allocation", Code: driver.CodeOutOfMemory, Device: p.d.properties.Ordinal,
			Text: fmt.Sprintf("%d bytes more than the %d held would pass the limit of %d", size, p.held, p.limit)}
	}
	b, err := p.d.AllocPinned(int(size))
	if err != nil {
		return nil, p.d.Note(err)
	}
	p.held += size
	return b[:n], nil
}

// Free gives memory back that no copy uses any more.
func (p *PinnedPool) Free(b []byte) {
	if cap(b) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	b = b[:cap(b)]
	p.free[int64(len(b))] = append(p.free[int64(len(b))], b)
}

func (p *PinnedPool) drop() {
	for size, list := range p.free {
		for _, b := range list {
			p.held -= size
			if err := p.d.FreePinned(b); err != nil {
				p.d.Note(err) //nolint:errcheck // remembered
			}
		}
		delete(p.free, size)
	}
}

func (p *PinnedPool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop()
}
