package spill

import (
	"errors"
	"hash/crc32"
	"os"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// File is rows on disk, in the order in which their blocks were written. Several Writers may append at once; blocks are read when no more come.
type File struct {
	store *Store
	types []column.Type

	mu     sync.Mutex
	file   *os.File // nil as long as there is no row
	blocks []block
	size   int64
	rows   int64
}

// block is where a block lies.
type block struct {
	offset int64
	length int
	rows   int
	sum    uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Create makes an empty file for rows of the given types. The disk is first asked for room with the first row.
func (s *Store) Create(types []column.Type) *File { return &File{store: s, types: types} }

// CreateAll makes n empty files.
func (s *Store) CreateAll(types []column.Type, n int) []*File {
	files := make([]*File, n)
	for i := range files {
		files[i] = s.Create(types)
	}
	return files
}

// Types are the columns' types.
func (f *File) Types() []column.Type { return f.types }

// Rows is how many rows were written.
func (f *File) Rows() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rows
}

// Bytes is how many bytes were written.
func (f *File) Bytes() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size
}

// Blocks is how many blocks were written.
func (f *File) Blocks() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.blocks)
}

// append writes a block.
func (f *File) append(p []byte, rows int) error {
	f.mu.Lock()
	if f.file == nil {
		file, err := f.store.open(f)
		if err != nil {
			f.mu.Unlock()
			return err
		}
		f.file = file
	}
	file := f.file
	if err := f.store.dir.take(int64(len(p)), file.Name()); err != nil {
		f.mu.Unlock()
		return err
	}
	b := block{offset: f.size, length: len(p), rows: rows, sum: crc32.Checksum(p, castagnoli)}
	f.blocks = append(f.blocks, b)
	f.size += int64(len(p))
	f.rows += int64(rows)
	f.mu.Unlock()
	f.store.written.Add(int64(len(p)))
	if _, err := file.WriteAt(p, b.offset); err != nil {
		return failed(err, "write spilled rows", file.Name())
	}
	return nil
}

// Read reads block i into a: a dense batch of flat vectors.
func (f *File) Read(i int, a *mem.Arena) (*column.Batch, error) {
	f.mu.Lock()
	b, file := f.blocks[i], f.file
	f.mu.Unlock()
	p, err := a.Alloc(b.length)
	if err != nil {
		return nil, err
	}
	if _, err := file.ReadAt(p, b.offset); err != nil {
		return nil, failed(err, "read spilled rows", file.Name())
	}
	if crc32.Checksum(p, castagnoli) != b.sum {
		return nil, fault.New(fault.DataCorrupted, "spilled rows at byte %d have another checksum than when they were written", b.offset).In("%s", file.Name())
	}
	d := decoder{p: p}
	out := &column.Batch{Len: b.rows}
	for _, t := range f.types {
		out.Cols = append(out.Cols, d.vector(t, b.rows))
	}
	return out, nil
}

// Remove gives the disk's room back; the file is empty then. Errors leave the rest to the end of the store.
func (f *File) Remove() {
	f.mu.Lock()
	file, size := f.file, f.size
	f.file, f.blocks, f.size, f.rows = nil, nil, 0, 0
	f.mu.Unlock()
	if file == nil {
		return
	}
	f.store.dir.used.Add(-size)
	f.store.mu.Lock()
	delete(f.store.files, f)
	f.store.mu.Unlock()
	_ = errors.Join(os.Remove(file.Name()), file.Close())
}

// Reader gives a file's rows block by block. It belongs to one goroutine.
type Reader struct {
	file  *File
	arena *mem.Arena
	next  int
}

// NewReader makes a reader of f from its start, with its buffer charged to b.
func (f *File) NewReader(b *mem.Budget) *Reader { return &Reader{file: f, arena: mem.NewArena(b)} }

// Next returns the next block, valid until the next call or Close; nil at the end.
func (r *Reader) Next() (*column.Batch, error) {
	if r.next >= r.file.Blocks() {
		return nil, nil
	}
	r.arena.Reset()
	r.next++
	return r.file.Read(r.next-1, r.arena)
}

// Close gives the reader's memory back.
func (r *Reader) Close() { r.arena.Free() }
