package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// Blobs keeps contents that never change, by the hexadecimal SHA-256 of each. It is safe for concurrent use.
type Blobs interface {
	// Put keeps a content and returns its name.
	Put(ctx context.Context, content []byte) (name string, err error)
	// Get returns a content; UndefinedObject when it is not there, DataCorrupted when it is not what it was.
	Get(ctx context.Context, name string) ([]byte, error)
	// Sweep removes contents that are not needed and were kept before a time.
	Sweep(ctx context.Context, before time.Time, needed func(name string) bool) error
}

// BlobName is the name of a content.
func BlobName(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func validBlobName(name string) bool {
	p, err := hex.DecodeString(name)
	return err == nil && len(p) == sha256.Size
}

func checkBlob(name string, content []byte) ([]byte, error) {
	if BlobName(content) != name {
		return nil, fault.New(fault.DataCorrupted, "the stored content %s is damaged", name)
	}
	return content, nil
}

func missingBlob(name string, err error) error {
	return fault.Wrap(fault.UndefinedObject, err, "the stored content %s is gone", name)
}

// MemoryBlobs are contents in this process.
type MemoryBlobs struct {
	mu   sync.Mutex
	byID map[string][]byte
}

// NewMemoryBlobs makes an empty one.
func NewMemoryBlobs() *MemoryBlobs { return &MemoryBlobs{byID: map[string][]byte{}} }

// Put keeps a content.
func (b *MemoryBlobs) Put(_ context.Context, content []byte) (string, error) {
	name := BlobName(content)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.byID[name] = append([]byte(nil), content...)
	return name, nil
}

// Get returns a content.
func (b *MemoryBlobs) Get(_ context.Context, name string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.byID[name]
	if !ok {
		return nil, missingBlob(name, nil)
	}
	return append([]byte(nil), content...), nil
}

// Sweep removes what is not needed.
func (b *MemoryBlobs) Sweep(_ context.Context, _ time.Time, needed func(string) bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name := range b.byID {
		if !needed(name) {
			delete(b.byID, name)
		}
	}
	return nil
}

// FileBlobs are files of a folder, which is made when it is needed.
type FileBlobs struct{ Folder string }

// Put keeps a content: it is on disk when Put returns.
func (b FileBlobs) Put(ctx context.Context, content []byte) (string, error) {
	name := BlobName(content)
	path := filepath.Join(b.Folder, name)
	if _, err := os.Stat(path); err == nil {
		now := time.Now()
		// One that is used again is not old.
		return name, b.failure(os.Chtimes(path, now, now))
	}
	if err := os.MkdirAll(b.Folder, 0o700); err != nil {
		return "", b.failure(err)
	}
	f, err := os.CreateTemp(b.Folder, ".new-*")
	if err != nil {
		return "", b.failure(err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close(), ctx.Err()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return "", b.failure(errors.Join(err, os.Remove(f.Name())))
	}
	return name, nil
}

func (b FileBlobs) failure(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.IOError, err, "keep a plan in %q", b.Folder)
}

// Get returns a content.
func (b FileBlobs) Get(_ context.Context, name string) ([]byte, error) {
	if !validBlobName(name) {
		return nil, missingBlob(name, nil)
	}
	content, err := os.ReadFile(filepath.Join(b.Folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missingBlob(name, err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.IOError, err, "read the stored content %s", name)
	}
	return checkBlob(name, content)
}

// Sweep removes what is not needed.
func (b FileBlobs) Sweep(ctx context.Context, before time.Time, needed func(string) bool) error {
	list, err := os.ReadDir(b.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return b.failure(err)
	}
	for _, e := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue
		}
		if validBlobName(e.Name()) && !needed(e.Name()) || strings.HasPrefix(e.Name(), ".new-") {
			if err := os.Remove(filepath.Join(b.Folder, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return b.failure(err)
			}
		}
	}
	return nil
}

// S3Blobs are objects below a prefix, which ends with a slash.
type S3Blobs struct {
	S3 *objectstore.S3
	At objectstore.Location
}

func (b S3Blobs) location(name string) objectstore.Location {
	return objectstore.Location{Bucket: b.At.Bucket, Key: b.At.Key + name}
}

// Put keeps a content.
func (b S3Blobs) Put(ctx context.Context, content []byte) (string, error) {
	name := BlobName(content)
	// It is written anew where it is there already, so that it is not old.
	return name, b.S3.Replace(ctx, b.location(name), content)
}

// Get returns a content.
func (b S3Blobs) Get(ctx context.Context, name string) ([]byte, error) {
	if !validBlobName(name) {
		return nil, missingBlob(name, nil)
	}
	content, _, err := b.S3.ReadTail(ctx, b.location(name), maxBlob)
	if fault.CodeOf(err) == fault.UndefinedFile {
		return nil, missingBlob(name, err)
	}
	if err != nil {
		return nil, err
	}
	return checkBlob(name, content)
}

// maxBlob bounds a content: larger plans are refused before they come here.
const maxBlob = 256 << 20

// Sweep removes what is not needed.
func (b S3Blobs) Sweep(ctx context.Context, before time.Time, needed func(string) bool) error {
	var old []string
	err := b.S3.Objects(ctx, b.At, func(o minio.ObjectInfo) error {
		if name := strings.TrimPrefix(o.Key, b.At.Key); validBlobName(name) && o.LastModified.Before(before) && !needed(name) {
			old = append(old, name)
		}
		return nil
	})
	for _, name := range old {
		if err != nil {
			return err
		}
		err = b.S3.Delete(ctx, b.location(name))
	}
	return err
}
