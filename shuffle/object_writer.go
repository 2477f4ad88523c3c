package shuffle

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// objectOutput gathers blocks into segments. In a segment the blocks of a partition are neighbours, so that they are read in one request. An output of one segment is
// written in one request at its commit; a larger one is an upload, whose parts are the segments.
type objectOutput struct {
	store *Objects
	id    ID
	ctx   context.Context // of the parts on their way
	stop  context.CancelCauseFunc
	parts *errgroup.Group

	mu       sync.Mutex
	gathered segment
	upload   *objectstore.Upload // nil: all is in the first segment
	tags     []string            // of the parts, by number - 1; written by the goroutines of parts under tagMu
	tagMu    sync.Mutex
	written  *manifest
	ended    bool
}

// segment is blocks that are not yet on their way.
type segment struct {
	arena  *mem.Arena
	blocks []gatheredBlock
	size   int
}

type gatheredBlock struct {
	partition int
	stored    []byte // in the arena
	raw       int
	checksum  uint32
}

// Create begins an output.
func (s *Objects) Create(ctx context.Context, id ID, partitions int) (Output, error) {
	own, stop := context.WithCancelCause(ctx)
	g := &errgroup.Group{}
	g.SetLimit(segmentsUnderway)
	s.mu.Lock()
	s.used[id.Job] = time.Now()
	s.mu.Unlock()
	return &objectOutput{
		store: s, id: id, ctx: own, stop: stop, parts: g, gathered: segment{arena: mem.NewArena(s.config.Budget)},
		written: &manifest{codec: s.config.Codec, partitions: partitions},
	}, nil
}

// Put compresses a block and adds it to the segment.
func (o *objectOutput) Put(ctx context.Context, partition int, block []byte) error {
	raw, err := Stream(block)
	if err != nil {
		return err
	}
	c, ok := compressors.Get().(*compressor)
	if !ok {
		return fault.New(fault.Internal, "the pool of compressors holds something else")
	}
	defer compressors.Put(c)
	stored, err := c.compress(o.store.config.Codec, raw)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return fmt.Errorf("shuffle: output %v has ended", o.id)
	}
	if partition < 0 || partition >= o.written.partitions {
		return fmt.Errorf("shuffle: partition %d of output %v, which has %d", partition, o.id, o.written.partitions)
	}
	kept, err := o.gathered.arena.Copy(stored)
	if fault.CodeOf(err) == fault.OutOfMemory {
		if err = o.makeRoom(ctx); err == nil {
			kept, err = o.gathered.arena.Copy(stored)
		}
	}
	if err != nil {
		return err
	}
	o.gathered.blocks = append(o.gathered.blocks, gatheredBlock{
		partition: partition, stored: kept, raw: len(raw), checksum: crc32.Checksum(kept, castagnoli),
	})
	if o.gathered.size += len(kept); o.gathered.size >= o.store.config.Segment {
		return o.flush(ctx)
	}
	return nil
}

// makeRoom waits for the memory of segments that are on their way, this one among them if it is large enough for a part.
func (o *objectOutput) makeRoom(ctx context.Context) error {
	if o.gathered.size >= objectstore.MinPart {
		if err := o.flush(ctx); err != nil {
			return err
		}
	}
	return o.parts.Wait()
}

// seal orders a segment by partition, notes its blocks in the manifest, and returns its bytes.
func (o *objectOutput) seal() [][]byte {
	slices.SortStableFunc(o.gathered.blocks, func(a, b gatheredBlock) int { return a.partition - b.partition })
	chunks := make([][]byte, 0, len(o.gathered.blocks)+2)
	if len(o.written.blocks) == 0 {
		chunks = append(chunks, []byte(objectMagic))
	}
	for _, b := range o.gathered.blocks {
		o.written.add(b.partition, len(b.stored), b.raw, b.checksum)
		chunks = append(chunks, b.stored)
	}
	return chunks
}

// flush sends the segment on its way as a part of the upload, and waits while too many are. o.mu is held.
func (o *objectOutput) flush(ctx context.Context) error {
	if o.upload == nil {
		u, err := o.store.config.S3.NewUpload(ctx, o.store.location(o.id))
		if err != nil {
			return err
		}
		o.upload = u
	}
	chunks, arena := o.seal(), o.gathered.arena
	o.gathered = segment{arena: mem.NewArena(o.store.config.Budget)}
	o.tagMu.Lock()
	o.tags = append(o.tags, "")
	n := len(o.tags)
	o.tagMu.Unlock()
	o.parts.Go(func() error {
		defer arena.Free()
		tag, err := o.upload.Part(o.ctx, n, chunks)
		o.tagMu.Lock()
		defer o.tagMu.Unlock()
		o.tags[n-1] = tag
		return err
	})
	return nil
}

// Commit writes what is left and makes the object visible. Where there is an object of this attempt already, that one counts.
func (o *objectOutput) Commit(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return fmt.Errorf("shuffle: output %v has ended", o.id)
	}
	chunks := o.seal()
	end, err := o.written.end(o.id)
	if err != nil {
		return err
	}
	chunks = append(chunks, end)
	var existed bool
	if o.upload == nil {
		existed, err = o.store.config.S3.Put(ctx, o.store.location(o.id), chunks)
	} else {
		existed, err = o.complete(ctx, chunks)
	}
	if err != nil {
		return err
	}
	o.ended = true
	o.gathered.arena.Free()
	o.stop(nil)
	if !existed {
		o.store.remember(o.id, o.written)
	}
	return nil
}

func (o *objectOutput) complete(ctx context.Context, last [][]byte) (existed bool, err error) {
	if err := o.parts.Wait(); err != nil {
		return false, err
	}
	tag, err := o.upload.Part(ctx, len(o.tags)+1, last)
	if err != nil {
		return false, err
	}
	return o.upload.Complete(ctx, append(o.tags, tag))
}

// abortTime is how long the removal of an upload's parts may take; what it leaves goes with the job.
const abortTime = 10 * time.Second

// Abort frees the output; a committed one stays. The parts of an upload are removed meanwhile.
func (o *objectOutput) Abort() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return
	}
	o.ended = true
	o.stop(errAbortedOutput)
	_ = o.parts.Wait()
	o.gathered.arena.Free()
	if o.upload == nil {
		return
	}
	o.store.leaving.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(o.ctx), abortTime)
		defer cancel()
		if err := o.upload.Abort(ctx); err != nil {
			o.store.config.Log.Warn("parts of a shuffle object stay until their job ends", "error", err)
		}
	})
}

var errAbortedOutput = errors.New("the output was aborted")
