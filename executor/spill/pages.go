package spill

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

const (
	// pagesShare of the limit, between leastPages and mostPages bytes, is what the mapped files of a process may have resident.
	pagesShare = 8
	leastPages = 1 << 20
	mostPages  = 32 << 20
	// zeroBytes is how much is written at once where a file system cannot reserve room.
	zeroBytes = 1 << 20
)

// Pages is memory in a file of the store: a mem.Source for arenas whose content is larger than memory and is read and written at any place. The system writes pages
// back and reads them as they are used; Trim keeps few of them resident. Any number of goroutines may use it.
type Pages struct {
	store *Store
	file  *File // for its place among the store's files
	most  int64 // bytes that may be resident
	base  int64 // what of other files was resident before

	mu     sync.Mutex
	size   int64 // of the file
	mapped map[*byte]extent
	closed bool
}

// extent is where a mapping lies in the file.
type extent struct {
	offset int64
	p      []byte
}

// NewPages makes a Pages without a file as yet. What it may have resident follows from b's limit.
func (s *Store) NewPages(b *mem.Budget) *Pages {
	p := &Pages{store: s, most: mostPages, mapped: map[*byte]extent{}}
	if limit := b.Tightest(); limit > 0 {
		p.most = min(max(limit/pagesShare, leastPages), mostPages)
	}
	p.base = max(0, fileResident())
	p.file = s.Create(nil)
	return p
}

// Map adds size bytes to the file, whose room on the disk is reserved, and maps them.
func (p *Pages) Map(size int) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fault.New(fault.Internal, "the pages of spilled rows are closed")
	}
	f := p.file
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		file, err := p.store.open(f)
		if err != nil {
			return nil, err
		}
		f.file = file
	}
	name := f.file.Name()
	if err := p.store.dir.take(int64(size), name); err != nil {
		return nil, err
	}
	if err := reserve(f.file, p.size, int64(size)); err != nil {
		p.store.dir.used.Add(-int64(size))
		return nil, failed(err, "reserve room for spilled rows", name)
	}
	m, err := unix.Mmap(int(f.file.Fd()), p.size, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		p.store.dir.used.Add(-int64(size))
		return nil, failed(err, "map spilled rows", name)
	}
	p.mapped[&m[0]] = extent{p.size, m}
	p.size += int64(size)
	f.size += int64(size)
	p.store.written.Add(int64(size))
	return m, nil
}

// reserve makes sure that the disk has room for n bytes from offset on: a page of a mapped file that has none would end the process when it is written.
func reserve(f *os.File, offset, n int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, offset, n)
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	zeros := make([]byte, min(n, zeroBytes))
	for n > 0 {
		k, err := f.WriteAt(zeros[:min(n, zeroBytes)], offset)
		if err != nil {
			return err
		}
		offset, n = offset+int64(k), n-int64(k)
	}
	return nil
}

// Unmap gives a mapping's room back.
func (p *Pages) Unmap(m []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x, ok := p.mapped[&m[0]]
	if !ok {
		return
	}
	delete(p.mapped, &m[0])
	_ = unix.Munmap(x.p)
	f := p.file
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return
	}
	// A file system that cannot punch holes has the room until the file is removed, and it stays counted.
	if unix.Fallocate(int(f.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, x.offset, int64(len(x.p))) == nil {
		p.store.dir.used.Add(-int64(len(x.p)))
		f.size -= int64(len(x.p))
	}
}

// Trim has the system take the pages back when more are resident than may be. It is to be called often: between two calls as many may become resident as are touched.
func (p *Pages) Trim() {
	if r := fileResident(); r >= 0 && r-p.base <= p.most {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.mapped {
		_ = unix.Madvise(x.p, unix.MADV_DONTNEED)
	}
}

// Bytes is how large the file is.
func (p *Pages) Bytes() int64 { return p.file.Bytes() }

// Written is how many bytes were mapped in all.
func (p *Pages) Written() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size
}

// Close unmaps all and removes the file. Nobody looks at what was mapped any more.
func (p *Pages) Close() {
	p.mu.Lock()
	for _, x := range p.mapped {
		_ = unix.Munmap(x.p)
	}
	p.mapped, p.closed = nil, true
	p.mu.Unlock()
	p.file.Remove()
}

// statm is the process's memory as the system counts it, open for as long as the process lives.
var statm struct {
	once sync.Once
	file *os.File
	page int64
}

// fileResident is how many bytes of files the process has resident, those of its program included; -1 when the system does not say.
func fileResident() int64 {
	statm.once.Do(func() {
		var err error
		if statm.file, err = os.Open("/proc/self/statm"); err != nil {
			statm.file = nil
		}
		statm.page = int64(os.Getpagesize())
	})
	if statm.file == nil {
		return -1
	}
	var buf [128]byte
	n, err := statm.file.ReadAt(buf[:], 0)
	if n == 0 && err != nil {
		return -1
	}
	fields := strings.Fields(string(buf[:n]))
	if len(fields) < 3 {
		return -1
	}
	pages, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return -1
	}
	return pages * statm.page
}
