package spill

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/polybolos-db/polybolos/fault"
)

// prefix begins the names of the folders and of their locks.
const prefix = "polybolos-spill-"

// Dir is where a process spills. It may be used by many goroutines.
type Dir struct {
	base  string
	limit int64
	used  atomic.Int64

	mu     sync.Mutex
	path   string   // "": not made yet
	lock   *os.File // held as long as the folder is in use
	stores int64
	closed bool
}

// NewDir makes a Dir whose folder will lie in base ("": the system's temporary folder), of at most limit bytes (0: no limit).
func NewDir(base string, limit int64) *Dir {
	if base == "" {
		base = os.TempDir()
	}
	return &Dir{base: base, limit: limit}
}

// Used is the number of bytes in the files that there are.
func (d *Dir) Used() int64 { return d.used.Load() }

// Path is the folder, empty as long as nothing was spilled.
func (d *Dir) Path() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.path
}

// Folder names a folder of its own for something else that leaves memory; it is removed with d at the latest. Who uses it makes it.
func (d *Dir) Folder() (string, error) {
	base, err := d.open()
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stores++
	return filepath.Join(base, fmt.Sprintf("other-%d", d.stores)), nil
}

// open makes the folder unless it is there.
func (d *Dir) open() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return "", fault.New(fault.Internal, "the folder for spilled rows is closed")
	}
	if d.path != "" {
		return d.path, nil
	}
	Clean(d.base)
	for {
		path := filepath.Join(d.base, fmt.Sprintf("%s%016x", prefix, rand.Uint64()))
		lock, err := locked(path + ".lock")
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return "", failed(err, "make a folder for spilled rows", path)
		}
		if err := os.Mkdir(path, 0o700); err != nil {
			err = failed(err, "make a folder for spilled rows", path)
			return "", errors.Join(err, os.Remove(lock.Name()), lock.Close())
		}
		d.path, d.lock = path, lock
		return path, nil
	}
}

// locked makes a file that this process locks. os.ErrExist means that the name is taken, or that another process took the file for a dead one's.
func locked(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(os.ErrExist, f.Close())
	}
	own, err := f.Stat()
	if err == nil {
		var there os.FileInfo
		if there, err = os.Stat(name); err == nil && os.SameFile(own, there) {
			return f, nil
		}
	}
	return nil, errors.Join(os.ErrExist, f.Close())
}

// Clean removes from base what processes have left that do not live any more. What cannot be removed, another user's for example, stays.
func Clean(base string) {
	locks, _ := filepath.Glob(filepath.Join(base, prefix+"*.lock"))
	for _, name := range locks {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			if os.RemoveAll(strings.TrimSuffix(name, ".lock")) == nil {
				_ = os.Remove(name)
			}
		}
		_ = f.Close()
	}
}

// Close removes the folder; no store of it is in use.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.path == "" {
		return nil
	}
	err := errors.Join(os.RemoveAll(d.path), os.Remove(d.lock.Name()), d.lock.Close())
	d.path = ""
	if err != nil {
		return failed(err, "remove spilled rows", d.path)
	}
	return nil
}

// Take counts n more bytes of a file in the folder that the caller writes and removes; negative ones are given back, which never fails.
func (d *Dir) Take(n int64, name string) error {
	if n < 0 {
		d.used.Add(n)
		return nil
	}
	return d.take(n, name)
}

// take counts n more bytes.
func (d *Dir) take(n int64, name string) error {
	if used := d.used.Add(n); d.limit > 0 && used > d.limit {
		d.used.Add(-n)
		return fault.New(fault.DiskFull, "spilled rows would take more than the limit of %d bytes", d.limit).In("%s", name).
			WithHint("raise --spill-limit or --memory-limit, or make the query keep less")
	}
	return nil
}

// failed makes an error of the disk one with a code.
func failed(err error, what, name string) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.Wrap(fault.DiskFull, err, "%s", what).In("%s", name).
			WithHint("free space there, name another folder with --spill-dir, or raise --memory-limit")
	}
	return fault.Wrap(fault.IOError, err, "%s", what).In("%s", name)
}

// Store is the files of a task. It may be used by many goroutines. The zero of its bytes costs nothing: a folder is made with the first file.
type Store struct {
	dir     *Dir
	written atomic.Int64

	mu     sync.Mutex
	path   string
	files  map[*File]struct{}
	next   int
	closed bool
}

// NewStore makes an empty store.
func (d *Dir) NewStore() *Store { return &Store{dir: d, files: map[*File]struct{}{}} }

// Written is how many bytes were written in all.
func (s *Store) Written() int64 { return s.written.Load() }

// open makes a file of the store.
func (s *Store) open(f *File) (*os.File, error) {
	base, err := s.dir.open()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fault.New(fault.Internal, "the store of spilled rows is closed")
	}
	if s.path == "" {
		s.dir.mu.Lock()
		s.dir.stores++
		path := filepath.Join(base, fmt.Sprintf("task-%d", s.dir.stores))
		s.dir.mu.Unlock()
		if err := os.Mkdir(path, 0o700); err != nil {
			return nil, failed(err, "make a folder for spilled rows", path)
		}
		s.path = path
	}
	s.next++
	name := filepath.Join(s.path, fmt.Sprintf("rows-%d", s.next))
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, failed(err, "make a file for spilled rows", name)
	}
	s.files[f] = struct{}{}
	return file, nil
}

// Close removes all files. Readers and writers must have ended.
func (s *Store) Close() {
	s.mu.Lock()
	s.closed = true
	files, path := s.files, s.path
	s.files, s.path = nil, ""
	s.mu.Unlock()
	for f := range files {
		f.Remove()
	}
	if path != "" {
		// What stays goes with the folder of the process.
		_ = os.RemoveAll(path)
	}
}
