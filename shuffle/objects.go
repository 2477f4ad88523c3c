package shuffle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/semaphore"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// ObjectsConfig says how outputs become objects. Zero values are the defaults.
type ObjectsConfig struct {
	URL    string          // s3://bucket/prefix: everything below it is the shuffle's
	S3     *objectstore.S3 // the service
	Codec  Codec           // LZ4
	Budget *mem.Budget     // of what is about to be written; nil: none

	Segment   int   // bytes of an output that are gathered before they are written
	ReadAhead int64 // bytes that all readers together have read ahead
	Requests  int64 // reads at once
	Log       *slog.Logger
}

// The defaults. A segment is a part of an upload: with 16 MiB an output of 100 partitions is read in pieces of 160 KB and more. Two segments of an output are on their way
// while a third is gathered.
const (
	DefaultSegment   = 16 << 20
	DefaultReadAhead = 64 << 20
	DefaultRequests  = 32

	segmentsUnderway = 2
)

// Objects is the store that keeps each output as one object in S3, whose layout api/shuffle/v1 describes. An object appears whole at its commit; when there is one of
// that name, the first stays. Who knows the URL reads the outputs of all writers, and they stay when their writer is gone.
type Objects struct {
	config   ObjectsConfig
	at       objectstore.Location // its key ends with a slash or is empty
	ahead    *semaphore.Weighted  // bytes read ahead
	requests *semaphore.Weighted
	leaving  sync.WaitGroup // goroutines that remove what was aborted

	mu        sync.Mutex
	manifests map[ID]*manifest
	used      map[string]time.Time // by job
}

// NewObjects makes a store. Nothing is sent yet; Check does.
func NewObjects(c ObjectsConfig) (*Objects, error) {
	at, err := objectstore.ParseS3(c.URL)
	if err != nil {
		return nil, err
	}
	if at.Key != "" && !strings.HasSuffix(at.Key, "/") {
		at.Key += "/"
	}
	if c.Codec == 0 {
		c.Codec = LZ4
	}
	if c.Segment == 0 {
		c.Segment = DefaultSegment
	}
	c.Segment = max(c.Segment, objectstore.MinPart)
	if c.ReadAhead == 0 {
		c.ReadAhead = DefaultReadAhead
	}
	if c.Requests == 0 {
		c.Requests = DefaultRequests
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Objects{
		config: c, at: at, ahead: semaphore.NewWeighted(c.ReadAhead), requests: semaphore.NewWeighted(c.Requests),
		manifests: map[ID]*manifest{}, used: map[string]time.Time{},
	}, nil
}

// Charge has what is about to be written charged to a budget. It is called before the first output is made.
func (s *Objects) Charge(b *mem.Budget) { s.config.Budget = b }

// URL is where the objects are.
func (s *Objects) URL() string { return s.at.String() }

// Check writes, reads and removes a small object, so that a wrong address, bucket or credential is noticed before a query meets it.
func (s *Objects) Check(ctx context.Context, who string) error {
	at := s.at
	at.Key += ".check/" + url.PathEscape(who)
	const content = "polybolos"
	err := s.config.S3.Replace(ctx, at, []byte(content))
	if err == nil {
		var tail []byte
		if tail, _, err = s.config.S3.ReadTail(ctx, at, len(content)+1); err == nil && string(tail) != content {
			err = fault.New(fault.DataCorrupted, "%s was written with %q and is read as %q", at, content, tail)
		}
	}
	if err == nil {
		err = s.config.S3.Delete(ctx, at)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	e := fault.Wrap(fault.CodeOf(err), err, "the shuffle store %s cannot be used", s.URL())
	if inner, ok := fault.As(err); ok {
		e.Hint = inner.Hint
	}
	return e
}

// Close waits until what was aborted is removed.
func (s *Objects) Close() { s.leaving.Wait() }

// location is the object of an output.
func (s *Objects) location(id ID) objectstore.Location {
	at := s.at
	at.Key += fmt.Sprintf("%s/%d-%d-%d", url.PathEscape(id.Job), id.Stage, id.Task, id.Attempt)
	return at
}

// folder is where the objects of a job are.
func (s *Objects) folder(job string) objectstore.Location {
	at := s.at
	at.Key += url.PathEscape(job) + "/"
	return at
}

// Blocks are the blocks of a partition, each of them read by a request of its own; Open reads many with fewer.
func (s *Objects) Blocks(ctx context.Context, id ID, partition int) ([]Block, error) {
	m, _, err := s.manifest(ctx, id)
	if err != nil {
		return nil, err
	}
	if partition < 0 || partition >= m.partitions {
		return nil, fmt.Errorf("shuffle: partition %d of output %v, which has %d", partition, id, m.partitions)
	}
	var out []Block
	for i := range m.blocks {
		if m.blocks[i].partition == partition {
			out = append(out, &storedBlock{store: s, id: id, m: m, b: &m.blocks[i]})
		}
	}
	return out, nil
}

// storedBlock is a block as the Store interface has it.
type storedBlock struct {
	store *Objects
	id    ID
	m     *manifest
	b     *objectBlock
}

// Read returns the block with its checksum.
func (b *storedBlock) Read(ctx context.Context) ([]byte, error) {
	stored := make([]byte, b.b.length)
	if _, err := b.store.config.S3.ReadAt(ctx, b.store.location(b.id), stored, b.b.offset); err != nil {
		return nil, missingObject(b.id, err)
	}
	if err := checkStored(b.id, stored, b.b); err != nil {
		return nil, err
	}
	raw := stored
	if b.b.raw != b.b.length {
		raw = make([]byte, b.b.raw, b.b.raw+checksumLen)
		if err := decompress(b.m.codec, stored, raw); err != nil {
			return nil, err
		}
	}
	return append(raw, Checksum(raw)...), nil
}

// missingObject says of an object that is not there that its output is not.
func missingObject(id ID, err error) error {
	if fault.CodeOf(err) == fault.UndefinedFile {
		return fault.Wrap(fault.UndefinedObject, err, "there is no shuffle output of job %s, stage %d, task %d, attempt %d", id.Job, id.Stage, id.Task, id.Attempt)
	}
	return err
}

// tailBytes is how much of an object's end is read for its manifest: small objects come whole with it.
const tailBytes = 64 << 10

// manifest finds where the blocks of an output are. A manifest that is not known here is read, and what was read with it is returned, too: the object's
// end, nil where the manifest was known.
func (s *Objects) manifest(ctx context.Context, id ID) (*manifest, []byte, error) {
	s.mu.Lock()
	m := s.manifests[id]
	s.used[id.Job] = time.Now()
	s.mu.Unlock()
	if m != nil {
		return m, nil, nil
	}
	if err := s.requests.Acquire(ctx, 1); err != nil {
		return nil, nil, context.Cause(ctx)
	}
	defer s.requests.Release(1)
	at := s.location(id)
	tail, size, err := s.config.S3.ReadTail(ctx, at, tailBytes)
	if err != nil {
		return nil, nil, missingObject(id, err)
	}
	n, err := endLength(id, tail, size)
	if err != nil {
		return nil, nil, err
	}
	if n > len(tail) {
		if tail, _, err = s.config.S3.ReadTail(ctx, at, n); err != nil {
			return nil, nil, missingObject(id, err)
		}
		if len(tail) != n {
			return nil, nil, damagedObject(id, "its manifest is cut short")
		}
	}
	if m, err = parseEnd(id, tail[len(tail)-n:], size); err != nil {
		return nil, nil, err
	}
	s.remember(id, m)
	return m, tail, nil
}

func (s *Objects) remember(id ID, m *manifest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manifests[id] = m
	s.used[id.Job] = time.Now()
}

// Forget frees what is known here of a job's objects; these stay.
func (s *Objects) Forget(job string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.manifests {
		if id.Job == job {
			delete(s.manifests, id)
		}
	}
	delete(s.used, job)
}

// Jobs are the jobs of which something is known here, with the time when they were last used.
func (s *Objects) Jobs() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]time.Time, len(s.used))
	for job, used := range s.used {
		out[job] = used
	}
	return out
}

// Drop is Forget: an executor frees what it holds of a job. The objects go with Remove, which one process calls for all.
func (s *Objects) Drop(job string) { s.Forget(job) }

// Remove deletes the objects of a job, and returns how many there were.
func (s *Objects) Remove(ctx context.Context, job string) (int, error) {
	s.Forget(job)
	return s.config.S3.DeleteAll(ctx, s.folder(job))
}

// Stored is what a job has in the store.
type Stored struct {
	Job     string
	Objects int
	Bytes   int64
	Changed time.Time // of the newest object
}

// jobOf is the job of an object, and false for objects of another kind.
func (s *Objects) jobOf(key string) (string, bool) {
	name, _, ok := strings.Cut(strings.TrimPrefix(key, s.at.Key), "/")
	job, err := url.PathUnescape(name)
	return job, ok && err == nil && !strings.HasPrefix(name, ".")
}

// List tells what is stored, by job.
func (s *Objects) List(ctx context.Context) ([]Stored, error) {
	var out []Stored
	err := s.config.S3.Objects(ctx, s.at, func(o minio.ObjectInfo) error {
		job, ok := s.jobOf(o.Key)
		if !ok {
			return nil
		}
		if n := len(out); n == 0 || out[n-1].Job != job {
			out = append(out, Stored{Job: job})
		}
		last := &out[len(out)-1]
		last.Objects++
		last.Bytes += o.Size
		if o.LastModified.After(last.Changed) {
			last.Changed = o.LastModified
		}
		return nil
	})
	return out, err
}

// Sweep removes the objects of jobs that wanted refuses, and returns their number. Objects that did not change since a time are offered as old.
func (s *Objects) Sweep(ctx context.Context, since time.Time, wanted func(job string, old bool) bool) (int, error) {
	list, err := s.List(ctx)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, j := range list {
		if wanted(j.Job, j.Changed.Before(since)) {
			continue
		}
		n, err := s.Remove(ctx, j.Job)
		removed += n
		if err = errors.Join(err, s.config.S3.DeleteUploads(ctx, s.folder(j.Job))); err != nil {
			return removed, err
		}
		s.config.Log.Info("removed shuffle objects that no job needs", "job", j.Job, "objects", n, "bytes", j.Bytes)
	}
	return removed, nil
}
