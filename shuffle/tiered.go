package shuffle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// Tiered is the store that keeps blocks in memory as long as its budget gives some, and then in files of a folder: one file an output. Blocks may be read
// while their job is dropped: a read then fails, or has its bytes.
type Tiered struct {
	budget *mem.Budget
	folder string
	disk   func(bytes int64, name string) error // counts what the files take, and gives it back where bytes are negative; nil: without limit

	mu      sync.Mutex
	outputs map[ID]*tieredOutput
	used    map[string]time.Time // by job: when it was last written or read
}

// NewTiered makes an empty store. Blocks in memory are charged to budget, whose refusals send them to files in folder, which is made when it is needed.
func NewTiered(budget *mem.Budget, folder string) *Tiered {
	return &Tiered{budget: budget, folder: folder, outputs: map[ID]*tieredOutput{}, used: map[string]time.Time{}}
}

// LimitDisk has take asked before bytes are written to the file of that name, which stay unwritten when it fails; freed ones are given back as a negative
// number, which never fails. It is called before the first output is created.
func (s *Tiered) LimitDisk(take func(bytes int64, name string) error) { s.disk = take }

// DiskLimit counts bytes of files up to a limit; what would be more is DiskFull.
func DiskLimit(limit int64) func(bytes int64, name string) error {
	var used atomic.Int64
	return func(bytes int64, name string) error {
		if now := used.Add(bytes); now > limit && bytes > 0 {
			used.Add(-bytes)
			return fault.New(fault.DiskFull, "outputs would take more than the limit of %d bytes on disk", limit).In("%s", name).
				WithHint("raise --output-disk or --output-memory, or keep outputs in an object store with --shuffle-url")
		}
		return nil
	}
}

// tieredOutput is an output whose first blocks are in an arena and whose others are in a file.
type tieredOutput struct {
	store *Tiered
	id    ID

	mu        sync.RWMutex
	arena     *mem.Arena
	file      *os.File // nil: all is in memory
	size      int64    // of the file
	blocks    [][]tieredBlock
	committed bool
	freed     bool
}

// tieredBlock is a block in memory, or a part of the output's file.
type tieredBlock struct {
	out    *tieredOutput
	memory []byte // nil: in the file
	offset int64
	length int
}

// Create begins an output.
func (s *Tiered) Create(_ context.Context, id ID, partitions int) (Output, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outputs[id] != nil {
		return nil, fmt.Errorf("shuffle: output %v exists", id)
	}
	out := &tieredOutput{store: s, id: id, arena: mem.NewArena(s.budget), blocks: make([][]tieredBlock, partitions)}
	s.outputs[id] = out
	s.used[id.Job] = time.Now()
	return out, nil
}

// Blocks are the blocks of a partition.
func (s *Tiered) Blocks(_ context.Context, id ID, partition int) ([]Block, error) {
	s.mu.Lock()
	out := s.outputs[id]
	if out != nil {
		s.used[id.Job] = time.Now()
	}
	s.mu.Unlock()
	if out == nil {
		return nil, missing(id)
	}
	out.mu.RLock()
	defer out.mu.RUnlock()
	if !out.committed || out.freed {
		return nil, missing(id)
	}
	if partition < 0 || partition >= len(out.blocks) {
		return nil, fmt.Errorf("shuffle: partition %d of output %v, which has %d", partition, id, len(out.blocks))
	}
	blocks := make([]Block, len(out.blocks[partition]))
	for i := range blocks {
		blocks[i] = &out.blocks[partition][i]
	}
	return blocks, nil
}

// Drop frees all outputs of a job.
func (s *Tiered) Drop(job string) {
	var dropped []*tieredOutput
	s.mu.Lock()
	for id, out := range s.outputs {
		if id.Job == job {
			dropped = append(dropped, out)
			delete(s.outputs, id)
		}
	}
	delete(s.used, job)
	s.mu.Unlock()
	for _, out := range dropped {
		out.free()
	}
}

// Jobs are the jobs that have outputs, with the time when one of them was last written or read.
func (s *Tiered) Jobs() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]time.Time{}
	for id := range s.outputs {
		out[id.Job] = s.used[id.Job]
	}
	return out
}

// Close frees all outputs and removes the folder.
func (s *Tiered) Close() error {
	for job := range s.Jobs() {
		s.Drop(job)
	}
	if err := os.RemoveAll(s.folder); err != nil {
		return fault.Wrap(fault.IOError, err, "remove the shuffle's folder").In("%s", s.folder)
	}
	return nil
}

// Put copies a block into the arena, or writes it to the file where the budget gives no more.
func (o *tieredOutput) Put(_ context.Context, partition int, block []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.committed || o.freed {
		return fmt.Errorf("shuffle: output %v has ended", o.id)
	}
	p, err := o.arena.Copy(block)
	if err == nil {
		o.blocks[partition] = append(o.blocks[partition], tieredBlock{out: o, memory: p, length: len(p)})
		return nil
	}
	if fault.CodeOf(err) != fault.OutOfMemory {
		return err
	}
	if o.file == nil {
		if o.file, err = o.store.create(o.id); err != nil {
			return err
		}
	}
	if err := o.take(int64(len(block))); err != nil {
		return err
	}
	if _, err := o.file.WriteAt(block, o.size); err != nil {
		return errors.Join(failed(err, "write a shuffle block", o.file.Name()), o.take(-int64(len(block))))
	}
	o.blocks[partition] = append(o.blocks[partition], tieredBlock{out: o, offset: o.size, length: len(block)})
	o.size += int64(len(block))
	return nil
}

// take counts bytes of the output's file.
func (o *tieredOutput) take(bytes int64) error {
	if o.store.disk == nil {
		return nil
	}
	return o.store.disk(bytes, o.file.Name())
}

// failed makes an error of the disk one with a code.
func failed(err error, what, name string) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.Wrap(fault.DiskFull, err, "%s", what).In("%s", name).
			WithHint("free space there, name another folder with --work-dir, raise --output-memory, or keep outputs in an object store with --shuffle-url")
	}
	return fault.Wrap(fault.IOError, err, "%s", what).In("%s", name)
}

// create makes the file of an output.
func (s *Tiered) create(id ID) (*os.File, error) {
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return nil, failed(err, "make a folder for the shuffle", s.folder)
	}
	f, err := os.CreateTemp(s.folder, fmt.Sprintf("stage%d-task%d-attempt%d-*", id.Stage, id.Task, id.Attempt))
	if err != nil {
		return nil, failed(err, "make a file for the shuffle", s.folder)
	}
	return f, nil
}

// Commit makes the output visible.
func (o *tieredOutput) Commit(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.freed {
		return missing(o.id)
	}
	o.committed = true
	return nil
}

// Abort frees the output; a committed one stays.
func (o *tieredOutput) Abort() {
	o.mu.Lock()
	committed := o.committed
	o.mu.Unlock()
	if committed {
		return
	}
	o.store.mu.Lock()
	if o.store.outputs[o.id] == o {
		delete(o.store.outputs, o.id)
	}
	o.store.mu.Unlock()
	o.free()
}

func (o *tieredOutput) free() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.freed = true
	o.blocks = nil
	o.arena.Free()
	if o.file != nil {
		// What cannot be removed now goes with the folder.
		_ = errors.Join(o.file.Close(), os.Remove(o.file.Name()), o.take(-o.size))
		o.file = nil
	}
}

// Read returns a copy of the block.
func (b *tieredBlock) Read(context.Context) ([]byte, error) {
	b.out.mu.RLock()
	defer b.out.mu.RUnlock()
	if b.out.freed {
		return nil, missing(b.out.id)
	}
	p := make([]byte, b.length)
	if b.memory != nil {
		copy(p, b.memory)
		return p, nil
	}
	if _, err := b.out.file.ReadAt(p, b.offset); err != nil {
		return nil, fault.Wrap(fault.IOError, err, "read a shuffle block").In("%s", filepath.Base(b.out.file.Name()))
	}
	return p, nil
}
