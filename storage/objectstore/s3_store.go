package objectstore

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

var _ storage.Store = (*S3)(nil)

// uploadPart is the size of the parts in which a file of unknown size is written: with 10 000 parts a file may have 160 GB.
const uploadPart = 16 << 20

// List returns the objects of a name, a folder (all names that begin with it and a slash) or a glob.
func (s *S3) List(ctx context.Context, pattern string) ([]plan.File, error) {
	at, err := ParseS3(pattern)
	if err != nil {
		return nil, err
	}
	if at.Key != "" && !strings.HasSuffix(at.Key, "/") {
		info, err := s.core.StatObject(ctx, at.Bucket, at.Key, minio.StatObjectOptions{})
		if err == nil {
			return []plan.File{s3File(at, info)}, nil
		}
		// The answer to HEAD has no body: whether it is the bucket that is missing, the listing says.
		if code := minio.ToErrorResponse(err).Code; code != minio.NoSuchKey && code != minio.NoSuchBucket {
			return nil, s.failure(ctx, err, "find", pattern)
		}
	}
	files, err := s.matching(ctx, at)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		if strings.ContainsAny(at.Key, "*?[") {
			return nil, fault.New(fault.UndefinedFile, "no file matches %q", pattern)
		}
		return nil, fault.New(fault.UndefinedFile, "cannot find %q at %s: there is no object of that name, and none below it", pattern, s.endpoint)
	}
	sort.Slice(files, func(i, j int) bool { return files[i].URL < files[j].URL })
	return files, nil
}

// matching are the objects below a folder, or those that match a glob. Hidden names are left out as they are in the file system.
func (s *S3) matching(ctx context.Context, at Location) ([]plan.File, error) {
	segments := strings.Split(strings.TrimSuffix(at.Key, "/"), "/")
	fixed := 0
	for fixed < len(segments) && !strings.ContainsAny(segments[fixed], "*?[") {
		fixed++
	}
	for _, g := range segments[fixed:] {
		if _, err := filepath.Match(g, ""); err != nil {
			return nil, fault.Wrap(fault.InvalidParameterValue, err, "cannot match %q", at.String())
		}
	}
	root := strings.Join(segments[:fixed], "/")
	if root != "" {
		root += "/"
	}
	globs := segments[fixed:]
	if len(globs) == 0 {
		globs = []string{"**"}
	}
	var files []plan.File
	err := s.Objects(ctx, Location{at.Bucket, root}, func(o minio.ObjectInfo) error {
		if name := strings.TrimPrefix(o.Key, root); name != "" && !strings.HasSuffix(name, "/") && matches(globs, strings.Split(name, "/"), false) {
			files = append(files, s3File(Location{at.Bucket, o.Key}, o))
		}
		return nil
	})
	return files, err
}

// s3File describes an object. Services tell its time of change in a listing more finely than elsewhere, so only the seconds count.
func s3File(at Location, o minio.ObjectInfo) plan.File {
	return plan.File{URL: at.String(), Size: o.Size, ModTime: o.LastModified.UTC().Truncate(time.Second)}
}

// s3Reader reads an object by ranges. Each range's answer tells whether the object is still the one that was listed.
type s3Reader struct {
	s3   *S3
	ctx  context.Context
	at   Location
	file plan.File
}

// Open opens a listed object. Nothing is read yet.
func (s *S3) Open(ctx context.Context, file plan.File) (storage.ReadFile, error) {
	at, err := ParseS3(file.URL)
	if err != nil {
		return nil, err
	}
	return &s3Reader{s3: s, ctx: ctx, at: at, file: file}, nil
}

func (r *s3Reader) Size() int64  { return r.file.Size }
func (r *s3Reader) Close() error { return nil }

// ReadAhead asks for large reads, several at once, with the usual bounds.
func (r *s3Reader) ReadAhead() storage.ReadAhead { return storage.ReadAhead{} }

// ReadAt reads a range in one request.
func (r *s3Reader) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset >= r.file.Size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), r.file.Size-offset)
	info, err := r.s3.ReadAt(r.ctx, r.at, p[:n], offset)
	if err != nil {
		return 0, err
	}
	if n > 0 && !info.LastModified.UTC().Truncate(time.Second).Equal(r.file.ModTime) {
		return 0, fault.New(fault.ObjectNotInState, "%q has changed since the statement began", r.file.URL).WithHint("run the statement again")
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// Create makes an object that appears, whole, at Commit. What is written goes out in parts while it is made.
func (s *S3) Create(ctx context.Context, url string) (storage.WriteFile, error) {
	at, err := ParseS3(url)
	if err != nil {
		return nil, err
	}
	if at.Key == "" || strings.HasSuffix(at.Key, "/") {
		return nil, fault.New(fault.InvalidParameterValue, "%q names no object", url)
	}
	// The file is open until its Commit or Abort: whoever creates it may end before.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r, w := io.Pipe()
	out := &s3Writer{pipe: w, cancel: cancel, done: make(chan struct{})}
	go func() {
		_, err := s.core.Client.PutObject(ctx, at.Bucket, at.Key, r, -1, minio.PutObjectOptions{PartSize: uploadPart, DisableContentSha256: true})
		err = s.failure(ctx, err, "write", url)
		// Whoever still writes is told why nobody reads.
		if err != nil {
			_ = r.CloseWithError(err)
		}
		out.err = err
		close(out.done)
	}()
	return out, nil
}

type s3Writer struct {
	pipe   *io.PipeWriter
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing is sent any more; then err is set
	err    error
}

var errAborted = errors.New("the file was not completed")

// Buffer is the part that is collected before it goes out.
func (w *s3Writer) Buffer() int64 { return uploadPart }

func (w *s3Writer) Write(p []byte) (int, error) { return w.pipe.Write(p) }

func (w *s3Writer) Commit() error {
	defer w.cancel()
	if err := w.pipe.Close(); err != nil {
		return err
	}
	<-w.done
	return w.err
}

// Abort leaves nothing: the client removes the parts of an upload whose content ends with an error.
func (w *s3Writer) Abort() error {
	err := w.pipe.CloseWithError(errAborted)
	// Its error says that the content ended early, which was meant.
	<-w.done
	w.cancel()
	return err
}

// Remove deletes an object; a missing one is no error.
func (s *S3) Remove(ctx context.Context, url string) error {
	at, err := ParseS3(url)
	if err != nil {
		return err
	}
	return s.Delete(ctx, at)
}
