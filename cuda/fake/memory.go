package fake

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/polybolos-db/polybolos/cuda/driver"
)

const (
	align = 256
	page  = 4096
)

// mapped is memory of n bytes that ends at a page that must not be touched, filled with noise.
func mapped(n int) (whole []byte, at uintptr, err error) {
	size := (n + page - 1) / page * page
	whole, err = unix.Mmap(-1, 0, size+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, 0, err
	}
	if err := unix.Mprotect(whole[size:], unix.PROT_NONE); err != nil {
		return nil, 0, err
	}
	p := whole[size-n : size]
	for i := range p {
		p[i] = 0xDB
	}
	return whole, uintptr(unsafe.Pointer(unsafe.SliceData(whole))) + uintptr(size-n), nil
}

func (d *Device) unmap(at uintptr) {
	if err := unix.Munmap(d.blocks[at]); err != nil {
		panic(err)
	}
	delete(d.blocks, at)
}

// MemoryInfo counts what is allocated.
func (d *Device) MemoryInfo() (free, total int64, err error) {
	if err := d.enter("cuMemGetInfo"); err != nil {
		return 0, 0, err
	}
	defer d.mu.Unlock()
	return d.config.Memory - d.used, d.config.Memory, nil
}

// Alloc allocates memory that is noise.
func (d *Device) Alloc(bytes int64) (driver.Ptr, error) {
	if err := d.enter("cuMemAlloc"); err != nil {
		return 0, err
	}
	defer d.mu.Unlock()
	d.counts.alloc++
	size := max(align, (bytes+align-1)/align*align)
	if bytes <= 0 || d.used+size > d.config.Memory || d.faults.Alloc > 0 && d.counts.alloc >= d.faults.Alloc {
		return 0, d.fail("cuMemAlloc", "", driver.CodeOutOfMemory, "out of memory")
	}
	whole, at, err := mapped(int(size))
	if err != nil {
		return 0, d.fail("cuMemAlloc", "", driver.CodeOutOfMemory, err.Error())
	}
	d.blocks[at] = whole
	d.used += size
	return driver.Ptr(at), nil
}

// Free frees memory when all work that might use it is done, as the real call does.
func (d *Device) Free(p driver.Ptr) error {
	if err := d.enter("cuMemFree"); err != nil {
		return err
	}
	defer d.mu.Unlock()
	d.drain()
	if _, ok := d.blocks[uintptr(p)]; !ok {
		return d.fail("cuMemFree", "", driver.CodeInvalidValue, "invalid argument")
	}
	d.used -= int64(d.size(uintptr(p)))
	d.unmap(uintptr(p))
	return nil
}

// AllocPinned allocates host memory.
func (d *Device) AllocPinned(bytes int) ([]byte, error) {
	if err := d.enter("cuMemHostAlloc"); err != nil {
		return nil, err
	}
	defer d.mu.Unlock()
	p, err := unix.Mmap(-1, 0, max(bytes, 1), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, d.fail("cuMemHostAlloc", "", driver.CodeOutOfMemory, err.Error())
	}
	d.pinned++
	return p, nil
}

// FreePinned frees it; a lost device keeps nobody from that.
func (d *Device) FreePinned(p []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drain()
	d.pinned--
	return unix.Munmap(p[:max(len(p), 1)])
}

// size is how many bytes an allocation has.
func (d *Device) size(at uintptr) int {
	whole := d.blocks[at]
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(whole))) + uintptr(len(whole)-page) - at)
}

// bytes is device memory as a slice; nothing when it is not all of one allocation.
func (d *Device) bytes(p driver.Ptr, n int) []byte {
	for at, whole := range d.blocks {
		end := uintptr(unsafe.Pointer(unsafe.SliceData(whole))) + uintptr(len(whole)-page)
		if uintptr(p) >= at && uintptr(p)+uintptr(n) <= end {
			offset := uintptr(p) - uintptr(unsafe.Pointer(unsafe.SliceData(whole)))
			return whole[offset : offset+uintptr(n)]
		}
	}
	return nil
}
