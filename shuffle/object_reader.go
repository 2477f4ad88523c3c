package shuffle

import (
	"context"
	"fmt"
	"sync"
	"unsafe"

	"golang.org/x/sync/errgroup"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// pieceBytes is about how much is read in one request: enough that a request's fixed cost is small beside it, and little enough that several fit into
// memory.
const pieceBytes = 4 << 20

// piecesAhead is how many pieces a reader has on their way before they are asked for.
const piecesAhead = 4

// ObjectReader reads partitions of several objects, in pieces: neighbouring blocks, read with one request. The next pieces are read while a piece is worked
// on, as far as the store's bounds permit. It is safe for concurrent use.
type ObjectReader struct {
	store  *Objects
	ctx    context.Context
	fields []column.Field
	pieces []*piece

	mu   sync.Mutex
	next int // the first piece that is not on its way
}

// piece is neighbouring blocks of an object.
type piece struct {
	id     ID
	m      *manifest
	blocks []objectBlock
	offset int64
	length int

	once  sync.Once
	freed sync.Once
	done  chan struct{} // closed when data or err is there
	data  []byte
	arena *mem.Arena // of data; nil: data came with the manifest
	held  int64      // bytes of the store's semaphore
	err   error
}

// Open finds the blocks of the partitions in [from, to) of all the outputs, whose manifests are read at the same time. What is read ahead is freed at the end of ctx, which must be that
// of the task. An error names its output through LostOutput.
func (s *Objects) Open(ctx context.Context, outputs []ID, from, to int, fields []column.Field) (*ObjectReader, error) {
	lists := make([][]*piece, len(outputs))
	g, own := errgroup.WithContext(ctx)
	g.SetLimit(int(s.config.Requests))
	for i, id := range outputs {
		g.Go(func() error {
			m, tail, err := s.manifest(own, id)
			if err != nil {
				return lost(own, err, id)
			}
			if from < 0 || to > m.partitions {
				return fmt.Errorf("shuffle: partitions %d to %d of output %v, which has %d", from, to-1, id, m.partitions)
			}
			lists[i] = pieces(id, m, from, to, tail)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	r := &ObjectReader{store: s, ctx: ctx, fields: fields}
	for _, l := range lists {
		r.pieces = append(r.pieces, l...)
	}
	return r, nil
}

// pieces cuts partitions of an object into requests. What lies within the tail, which was read already, needs none.
func pieces(id ID, m *manifest, from, to int, tail []byte) []*piece {
	var out []*piece
	var size int64
	if n := len(m.blocks); n > 0 {
		size = m.blocks[n-1].offset + int64(m.blocks[n-1].length)
	}
	if tail != nil {
		// The tail ends with the manifest and the footer.
		if end, err := endLength(id, tail, size+int64(len(tail))); err == nil {
			tail = tail[:max(0, len(tail)-end)]
		}
	}
	for _, b := range m.blocks {
		if b.partition < from || b.partition >= to {
			continue
		}
		if n := len(out); n > 0 {
			p := out[n-1]
			if p.offset+int64(p.length) == b.offset && p.length+b.length <= pieceBytes {
				p.blocks = append(p.blocks, b)
				p.length += b.length
				continue
			}
		}
		out = append(out, &piece{id: id, m: m, blocks: []objectBlock{b}, offset: b.offset, length: b.length, done: make(chan struct{})})
	}
	for _, p := range out {
		if begin := size - int64(len(tail)); p.offset >= begin && len(tail) > 0 {
			p.once.Do(func() {
				// A copy: a small piece must not keep the whole tail.
				p.data = append([]byte(nil), tail[p.offset-begin:p.offset-begin+int64(p.length)]...)
				close(p.done)
			})
		}
	}
	return out
}

// Blocks is how many pieces there are.
func (r *ObjectReader) Blocks() int { return len(r.pieces) }

// Read decodes piece i into a.
func (r *ObjectReader) Read(ctx context.Context, i int, a *mem.Arena) ([]*column.Batch, error) {
	p := r.pieces[i]
	r.readAhead(i)
	// What waits for room is read now: somebody needs it.
	p.once.Do(func() { r.fetch(p, a.Budget()) })
	select {
	case <-p.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer p.free(r.store)
	if p.err != nil {
		return nil, lost(ctx, p.err, p.id)
	}
	var out []*column.Batch
	scratch := mem.NewArena(a.Budget())
	defer scratch.Free()
	data := p.data
	for k := range p.blocks {
		b := &p.blocks[k]
		batches, err := r.decode(p, b, data[:b.length], scratch, a)
		if err != nil {
			return nil, lost(ctx, err, p.id)
		}
		data = data[b.length:]
		out = append(out, batches...)
	}
	return out, nil
}

func (r *ObjectReader) decode(p *piece, b *objectBlock, stored []byte, scratch, a *mem.Arena) ([]*column.Batch, error) {
	if err := checkStored(p.id, stored, b); err != nil {
		return nil, err
	}
	raw := stored
	// The bytes of Arrow values must lie at addresses that their types permit.
	if compressed := b.raw != b.length; compressed || misaligned(stored) {
		scratch.Reset()
		var err error
		if raw, err = scratch.Alloc(b.raw); err != nil {
			return nil, err
		}
		if !compressed {
			copy(raw, stored)
		} else if err := decompress(p.m.codec, stored, raw); err != nil {
			return nil, err
		}
	}
	return decode(raw, r.fields, a)
}

// misaligned reports whether p does not begin where 64-bit values may lie, as the parts of an Arrow stream are aligned to its begin.
func misaligned(p []byte) bool { return uintptr(unsafe.Pointer(unsafe.SliceData(p)))%8 != 0 }

// readAhead sets the pieces after i on their way, in order, as far as there is room for what they bring.
func (r *ObjectReader) readAhead(i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = max(r.next, i+1)
	for ; r.next < len(r.pieces) && r.next <= i+piecesAhead; r.next++ {
		p := r.pieces[r.next]
		select {
		case <-p.done:
			continue
		default:
		}
		if !r.store.ahead.TryAcquire(int64(p.length)) {
			return
		}
		started := false
		p.once.Do(func() {
			started = true
			p.held = int64(p.length)
			// The semaphore bounds it: the budget of a task that may not come to it is not asked.
			go r.fetch(p, nil)
		})
		if !started {
			r.store.ahead.Release(int64(p.length))
		}
	}
}

// fetch reads a piece.
func (r *ObjectReader) fetch(p *piece, budget *mem.Budget) {
	defer close(p.done)
	p.arena = mem.NewArena(budget)
	if p.data, p.err = p.arena.Alloc(p.length); p.err == nil {
		if p.err = r.store.requests.Acquire(r.ctx, 1); p.err == nil {
			_, p.err = r.store.config.S3.ReadAt(r.ctx, r.store.location(p.id), p.data, p.offset)
			p.err = missingObject(p.id, p.err)
			r.store.requests.Release(1)
		}
	}
	if p.held > 0 {
		// A piece that nobody asks for is freed with its task.
		context.AfterFunc(r.ctx, func() { p.free(r.store) })
	}
}

// free gives back what a piece holds.
func (p *piece) free(s *Objects) {
	<-p.done
	p.freed.Do(func() {
		if p.arena != nil {
			p.arena.Free()
		}
		p.data = nil
		s.ahead.Release(p.held)
	})
}

// LostOutput is an error of reading an output that its store cannot give.
type LostOutput struct {
	Output ID
	Err    error
}

func (e *LostOutput) Error() string { return e.Err.Error() }
func (e *LostOutput) Unwrap() error { return e.Err }

// lost says which output cannot be read, where the error is the output's own and making it again may help: it is not there or damaged.
func lost(ctx context.Context, err error, id ID) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	switch fault.CodeOf(err) {
	case fault.UndefinedObject, fault.DataCorrupted:
		return &LostOutput{Output: id, Err: err}
	}
	return err
}
