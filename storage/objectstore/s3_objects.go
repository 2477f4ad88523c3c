package objectstore

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/polybolos-db/polybolos/fault"
)

// S3 is an S3 service. It is safe for concurrent use. Requests that fail for a reason that passes are repeated with pauses. Errors have the codes
// UndefinedFile (no such object), UndefinedObject (no such bucket), InvalidAuthorization (credentials refused), InsufficientPrivilege, DiskFull, ConnectionFailure (not reached)
// and IOError.
type S3 struct {
	core        minio.Core
	endpoint    string
	credentials *credentials.Credentials
	transport   *http.Transport
}

// Endpoint is the service's URL.
func (s *S3) Endpoint() string { return s.endpoint }

// Close ends idle connections.
func (s *S3) Close() { s.transport.CloseIdleConnections() }

// Location is a place in S3: a bucket, and a key or the begin of keys.
type Location struct{ Bucket, Key string }

// String is the place as a URL.
func (l Location) String() string { return "s3://" + l.Bucket + "/" + l.Key }

// ParseS3 takes a URL s3://bucket/key apart; the key may be empty.
func ParseS3(url string) (Location, error) {
	rest, ok := strings.CutPrefix(url, "s3://")
	bucket, key, _ := strings.Cut(rest, "/")
	if !ok || bucket == "" || strings.ContainsAny(bucket, " ?#@:\x00") {
		return Location{}, fault.New(fault.InvalidParameterValue, "%q is not of the form s3://bucket/name", url)
	}
	return Location{bucket, key}, nil
}

// Put writes a small object that must not exist, in one request. The content is that of all chunks in order. It reports whether there was an
// object already, which is then left as it is.
func (s *S3) Put(ctx context.Context, at Location, chunks [][]byte) (existed bool, err error) {
	body := newChunkReader(chunks)
	o := minio.PutObjectOptions{DisableContentSha256: true, ContentType: "application/octet-stream"}
	o.SetMatchETagExcept("*")
	_, err = s.core.PutObject(ctx, at.Bucket, at.Key, body, body.size, "", "", o)
	if isConditionFailed(err) {
		return true, nil
	}
	return false, s.failure(ctx, err, "write", at.String())
}

// Replace writes a small object, whether it exists or not.
func (s *S3) Replace(ctx context.Context, at Location, content []byte) error {
	body := newChunkReader([][]byte{content})
	_, err := s.core.PutObject(ctx, at.Bucket, at.Key, body, body.size, "", "", minio.PutObjectOptions{DisableContentSha256: true})
	return s.failure(ctx, err, "write", at.String())
}

// MinPart is the smallest size of a part of an upload but the last.
const MinPart = 5 << 20

// Upload is an object written in parts, which appears when it is completed. Parts may be put at the same time.
type Upload struct {
	s3 *S3
	at Location
	id string
}

// NewUpload begins one.
func (s *S3) NewUpload(ctx context.Context, at Location) (*Upload, error) {
	id, err := s.core.NewMultipartUpload(ctx, at.Bucket, at.Key, minio.PutObjectOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return nil, s.failure(ctx, err, "write", at.String())
	}
	return &Upload{s3: s, at: at, id: id}, nil
}

// Part writes part number n, from 1, and returns its tag for Complete.
func (u *Upload) Part(ctx context.Context, n int, chunks [][]byte) (tag string, err error) {
	body := newChunkReader(chunks)
	p, err := u.s3.core.PutObjectPart(ctx, u.at.Bucket, u.at.Key, u.id, n, body, body.size, minio.PutObjectPartOptions{DisableContentSha256: true})
	return p.ETag, u.s3.failure(ctx, err, "write", u.at.String())
}

// Complete makes the object of all parts, whose tags are in order, unless there is one of the name: then it reports that.
func (u *Upload) Complete(ctx context.Context, tags []string) (existed bool, err error) {
	parts := make([]minio.CompletePart, len(tags))
	for i, t := range tags {
		parts[i] = minio.CompletePart{PartNumber: i + 1, ETag: t}
	}
	var o minio.PutObjectOptions
	o.SetMatchETagExcept("*")
	_, err = u.s3.core.CompleteMultipartUpload(ctx, u.at.Bucket, u.at.Key, u.id, parts, o)
	if isConditionFailed(err) {
		return true, u.Abort(ctx)
	}
	return false, u.s3.failure(ctx, err, "write", u.at.String())
}

// Abort removes the parts.
func (u *Upload) Abort(ctx context.Context) error {
	err := u.s3.core.AbortMultipartUpload(ctx, u.at.Bucket, u.at.Key, u.id)
	if minio.ToErrorResponse(err).Code == "NoSuchUpload" {
		return nil
	}
	return u.s3.failure(ctx, err, "write", u.at.String())
}

// isConditionFailed says that an object is there that must not be.
func isConditionFailed(err error) bool {
	return err != nil && minio.ToErrorResponse(err).Code == "PreconditionFailed"
}

// ReadAt fills p from an offset of an object.
func (s *S3) ReadAt(ctx context.Context, at Location, p []byte, offset int64) (minio.ObjectInfo, error) {
	var info minio.ObjectInfo
	if len(p) == 0 {
		return info, nil
	}
	var o minio.GetObjectOptions
	if err := o.SetRange(offset, offset+int64(len(p))-1); err != nil {
		return info, fault.Wrap(fault.Internal, err, "read %s", at)
	}
	// A connection that breaks in the middle is no answer of the service, so the client does not repeat it.
	var err error
	for range bodyTries {
		var body io.ReadCloser
		if body, info, _, err = s.core.GetObject(ctx, at.Bucket, at.Key, o); err != nil {
			break
		}
		_, err = io.ReadFull(body, p)
		if err = errors.Join(err, body.Close()); err == nil || ctx.Err() != nil {
			break
		}
	}
	return info, s.failure(ctx, err, "read", at.String())
}

// bodyTries is how often an answer is asked for whose body ended early.
const bodyTries = 3

// ReadTail reads the last bytes of an object, at most so many, and tells its size.
func (s *S3) ReadTail(ctx context.Context, at Location, most int) (tail []byte, size int64, err error) {
	var o minio.GetObjectOptions
	if err := o.SetRange(0, -int64(most)); err != nil {
		return nil, 0, fault.Wrap(fault.Internal, err, "read %s", at)
	}
	for range bodyTries {
		var body io.ReadCloser
		var header http.Header
		if body, _, header, err = s.core.GetObject(ctx, at.Bucket, at.Key, o); err != nil {
			break
		}
		tail, err = io.ReadAll(io.LimitReader(body, int64(most)))
		if err = errors.Join(err, body.Close()); err != nil {
			if ctx.Err() != nil {
				break
			}
			continue
		}
		size = int64(len(tail))
		if _, total, ok := strings.Cut(header.Get("Content-Range"), "/"); ok {
			if size, err = strconv.ParseInt(total, 10, 64); err != nil || size < int64(len(tail)) {
				err = fault.New(fault.DataCorrupted, "the service says %q of the size of %s", header.Get("Content-Range"), at)
			}
		}
		break
	}
	return tail, size, s.failure(ctx, err, "read", at.String())
}

// Objects calls f with every object whose key begins with that of at, in order.
func (s *S3) Objects(ctx context.Context, at Location, f func(minio.ObjectInfo) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for o := range s.core.Client.ListObjects(ctx, at.Bucket, minio.ListObjectsOptions{Prefix: at.Key, Recursive: true}) {
		if o.Err != nil {
			return s.failure(ctx, o.Err, "list", at.String())
		}
		if err := f(o); err != nil {
			return err
		}
	}
	return s.failure(ctx, ctx.Err(), "list", at.String())
}

// Folders are the names that follow at's key up to the next slash.
func (s *S3) Folders(ctx context.Context, at Location) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var out []string
	for o := range s.core.Client.ListObjects(ctx, at.Bucket, minio.ListObjectsOptions{Prefix: at.Key}) {
		if o.Err != nil {
			return nil, s.failure(ctx, o.Err, "list", at.String())
		}
		if name, ok := strings.CutSuffix(strings.TrimPrefix(o.Key, at.Key), "/"); ok {
			out = append(out, name)
		}
	}
	return out, s.failure(ctx, ctx.Err(), "list", at.String())
}

// Delete removes an object; a missing one is no error.
func (s *S3) Delete(ctx context.Context, at Location) error {
	err := s.core.RemoveObject(ctx, at.Bucket, at.Key, minio.RemoveObjectOptions{})
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil
	}
	return s.failure(ctx, err, "remove", at.String())
}

// DeleteAll removes all objects whose keys begin with that of at, and unfinished uploads of them. It returns how many objects there were.
func (s *S3) DeleteAll(ctx context.Context, at Location) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := 0
	list := make(chan minio.ObjectInfo)
	var listed error
	go func() {
		defer close(list)
		listed = s.Objects(ctx, at, func(o minio.ObjectInfo) error {
			select {
			case list <- o:
				n++
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	var failed error
	for e := range s.core.RemoveObjects(ctx, at.Bucket, list, minio.RemoveObjectsOptions{}) {
		if failed == nil {
			failed = s.failure(ctx, e.Err, "remove", Location{at.Bucket, e.ObjectName}.String())
		}
	}
	cancelled := ctx.Err()
	cancel()
	for range list {
		n-- // listed and not removed
	}
	if err := errors.Join(failed, cancelled); err != nil {
		return n, err
	}
	return n, listed
}

// DeleteUploads removes unfinished uploads of keys that begin with that of at.
func (s *S3) DeleteUploads(ctx context.Context, at Location) error {
	for u := range s.core.ListIncompleteUploads(ctx, at.Bucket, at.Key, true) {
		if u.Err != nil {
			return s.failure(ctx, u.Err, "list uploads of", at.String())
		}
		if err := s.core.AbortMultipartUpload(ctx, at.Bucket, u.Key, u.UploadID); err != nil && minio.ToErrorResponse(err).Code != "NoSuchUpload" {
			return s.failure(ctx, err, "remove", Location{at.Bucket, u.Key}.String())
		}
	}
	return s.failure(ctx, ctx.Err(), "list uploads of", at.String())
}

// failure turns an error of the service into one that names the place and what was attempted.
func (s *S3) failure(ctx context.Context, err error, attempt, place string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	answer := minio.ToErrorResponse(err)
	wrap := func(code fault.Code, hint string, args ...any) error {
		e := fault.Wrap(code, err, "cannot %s %s at %s", attempt, place, s.endpoint)
		if hint != "" {
			e = e.WithHint(hint, args...)
		}
		return e
	}
	var network net.Error
	switch {
	case answer.Code == minio.NoSuchKey:
		return wrap(fault.UndefinedFile, "")
	case answer.Code == minio.NoSuchBucket:
		return wrap(fault.UndefinedObject, "the bucket does not exist: make it, or name another")
	case answer.Code == "InvalidAccessKeyId" || answer.Code == "SignatureDoesNotMatch" || answer.Code == "InvalidToken" || answer.Code == "ExpiredToken":
		return wrap(fault.InvalidAuthorization, "the service refuses the credentials: check the access key and the secret key")
	case answer.Code == "AccessDenied" || answer.StatusCode == http.StatusForbidden:
		if v, cerr := s.credentials.GetWithContext(nil); cerr != nil || v.AccessKeyID == "" {
			return wrap(fault.InvalidAuthorization, "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give them as flags")
		}
		return wrap(fault.InsufficientPrivilege, "the credentials do not permit it")
	case answer.Code == "XMinioStorageFull" || answer.Code == "XMinioAdminBucketQuotaExceeded" || answer.Code == "QuotaExceeded" || answer.StatusCode == http.StatusInsufficientStorage:
		return wrap(fault.DiskFull, "the service has no room left")
	case answer.StatusCode == 0 && errors.As(err, &network):
		return wrap(fault.ConnectionFailure, "is the service running, and the endpoint right?")
	}
	return wrap(fault.IOError, "")
}

// chunkReader reads chunks one after another, and can begin again, which lets a request be repeated.
type chunkReader struct {
	chunks [][]byte
	size   int64
	next   int
	rest   []byte
}

func newChunkReader(chunks [][]byte) *chunkReader {
	r := &chunkReader{chunks: chunks}
	for _, c := range chunks {
		r.size += int64(len(c))
	}
	return r
}

func (r *chunkReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		for len(r.rest) == 0 {
			if r.next == len(r.chunks) {
				if n == 0 {
					return 0, io.EOF
				}
				return n, nil
			}
			r.rest = r.chunks[r.next]
			r.next++
		}
		k := copy(p[n:], r.rest)
		n += k
		r.rest = r.rest[k:]
	}
	return n, nil
}

// Seek goes to any place from the start or, as is asked to find the size, to the end.
func (r *chunkReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekEnd:
		offset += r.size
	default:
		offset += r.size - r.left()
	}
	if offset < 0 || offset > r.size {
		return 0, errors.New("seek outside of the content")
	}
	r.next, r.rest = 0, nil
	for at := offset; at > 0; {
		c := r.chunks[r.next]
		r.next++
		if at < int64(len(c)) {
			r.rest = c[at:]
			break
		}
		at -= int64(len(c))
	}
	return offset, nil
}

// left is how many bytes are still to be read.
func (r *chunkReader) left() int64 {
	n := int64(len(r.rest))
	for _, c := range r.chunks[r.next:] {
		n += int64(len(c))
	}
	return n
}
