package objectstore

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Place is an executor that shares a folder. Name need not be unique.
type Place struct{ Name, Address string }

// Places is how a process reaches the folders of executors. Paths are relative to the folder, with slashes.
type Places interface {
	// Find returns the places of a name, or all where it is empty. Gone is the error when there was one of that name that may come back.
	Find(ctx context.Context, name string) ([]Place, error)
	// List is Store.List of a place; the URLs of the files are their paths.
	List(ctx context.Context, at Place, pattern string) ([]plan.File, error)
	// Read fills p with a part of a file that was listed.
	Read(ctx context.Context, at Place, path string, file plan.File, p []byte, offset int64) error
	// Remove deletes a file; a missing one is no error.
	Remove(ctx context.Context, at Place, path string) error
}

// Gone is the error of finding an executor that was there, and the one of reaching one that does not answer: it is worth Patience to wait for it.
type Gone struct {
	Patience time.Duration
	Err      error
}

func (e *Gone) Error() string { return e.Err.Error() }
func (e *Gone) Unwrap() error { return e.Err }

// Executors is the files in the folders of executors, which local://NAME/path names: NAME is the executor's, and without it all executors are meant. On the executor itself
// they are read from its disk, elsewhere through Places. Files are created on the executor of this process alone.
type Executors struct {
	Name   string
	Folder *Folder // this process's; nil: it shares none
	Places Places
	Log    *slog.Logger
}

var _ storage.Store = (*Executors)(nil)

// ErrNoFile is the cause when no executor has a file of a pattern.
var ErrNoFile = errors.New("no executor has a file that matches")

var executors atomic.Pointer[Executors]

// UseExecutors sets what local:// means in this process; nil: nothing.
func UseExecutors(x *Executors) { executors.Store(x) }

func theExecutors() (storage.Store, error) {
	if x := executors.Load(); x != nil {
		return x, nil
	}
	return nil, fault.New(fault.FeatureNotSupported, "local:// names files on the executors of a cluster, and there is none here").
		WithHint("plain paths name files of this machine")
}

// splitLocal takes a URL apart.
func splitLocal(url string) (name, path string, err error) {
	rest, ok := strings.CutPrefix(url, plan.LocalScheme)
	name, path, found := strings.Cut(rest, "/")
	if !ok || !found || strings.Contains(path, "://") {
		return "", "", fault.New(fault.InvalidParameterValue, "%q does not have the form local://NAME/path, or local:///path for all executors", url)
	}
	if path = strings.Trim(path, "/"); path == "" {
		path = "."
	}
	return name, path, nil
}

// here reports whether files of that name lie on this process's executor.
func (x *Executors) here(name string) bool { return x.Folder != nil && name == x.Name }

// List returns the files on one executor or on all. Those of executors with the same name must be the same, since any of them may read them.
func (x *Executors) List(ctx context.Context, pattern string) ([]plan.File, error) {
	name, path, err := splitLocal(pattern)
	if err != nil {
		return nil, err
	}
	var places []Place
	err = x.patiently(ctx, func() (err error) {
		places, err = x.Places.Find(ctx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	type answer struct {
		files []plan.File
		err   error
	}
	answers := make([]answer, len(places))
	done := make(chan struct{})
	for i, p := range places {
		go func() {
			defer func() { done <- struct{}{} }()
			answers[i].err = x.patiently(ctx, func() (err error) {
				answers[i].files, err = x.Places.List(ctx, p, path)
				return err
			})
		}()
	}
	for range places {
		<-done
	}
	var out []plan.File
	of := map[string][]plan.File{}
	var missing error
	for i, a := range answers {
		if a.err != nil && (fault.CodeOf(a.err) != fault.UndefinedFile || name != "") {
			return nil, a.err
		}
		if a.err != nil {
			missing = a.err
			continue
		}
		n := places[i].Name
		if other, ok := of[n]; ok {
			if !slices.EqualFunc(other, a.files, sameFile) {
				return nil, fault.New(fault.ObjectNotInState, "two executors are called %q, and their folders do not hold the same files", n).
					WithHint("start them with different names: polybolos executor --name")
			}
			continue
		}
		of[n] = a.files
		for _, f := range a.files {
			f.URL = plan.LocalScheme + n + "/" + f.URL
			out = append(out, f)
		}
	}
	if len(out) == 0 && missing != nil {
		return nil, fault.Wrap(fault.UndefinedFile, ErrNoFile, "cannot find %q", pattern)
	}
	slices.SortFunc(out, func(a, b plan.File) int { return strings.Compare(a.URL, b.URL) })
	return out, nil
}

func sameFile(a, b plan.File) bool {
	return a.URL == b.URL && a.Size == b.Size && a.ModTime.Equal(b.ModTime)
}

// The pauses between attempts to reach an executor.
const firstPause, longestPause = 50 * time.Millisecond, time.Second

// patiently repeats what fails because an executor is gone, as long as it may come back.
func (x *Executors) patiently(ctx context.Context, do func() error) error {
	begun := time.Now()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := do()
		var gone *Gone
		if !errors.As(err, &gone) || time.Since(begun)+pause > gone.Patience {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Open opens a listed file: on this executor's disk, or for reading through another's.
func (x *Executors) Open(ctx context.Context, file plan.File) (storage.ReadFile, error) {
	name, path, err := splitLocal(file.URL)
	if err != nil {
		return nil, err
	}
	if x.here(name) {
		x.log("reading a file where it lies", file.URL)
		return x.Folder.Open(ctx, path, file)
	}
	x.log("reading a file of another executor", file.URL)
	return &peerFile{store: x, ctx: ctx, name: name, path: path, file: file}, nil
}

func (x *Executors) log(what, url string) {
	if x.Log != nil {
		x.Log.Debug(what, "file", url)
	}
}

// Create makes a file in this executor's folder.
func (x *Executors) Create(ctx context.Context, url string) (storage.WriteFile, error) {
	name, path, err := splitLocal(url)
	if err != nil {
		return nil, err
	}
	switch {
	case x.Folder == nil:
		return nil, fault.New(fault.ObjectNotInState, "cannot create %q: this executor shares no folder", url).
			WithHint("start every executor with --local-dir DIR")
	case name != "" && name != x.Name:
		return nil, fault.New(fault.FeatureNotSupported, "cannot create %q on executor %q", url, x.Name).WithHint("local:///path writes on every executor what its tasks make")
	}
	return x.Folder.Create(ctx, path)
}

// Remove deletes a file.
func (x *Executors) Remove(ctx context.Context, url string) error {
	name, path, err := splitLocal(url)
	if err != nil {
		return err
	}
	if x.Folder != nil && (name == "" || name == x.Name) {
		return x.Folder.Remove(ctx, path)
	}
	places, err := x.Places.Find(ctx, name)
	for _, p := range places {
		err = errors.Join(err, x.Places.Remove(ctx, p, path))
	}
	return err
}

// peerFile is a file on another executor.
type peerFile struct {
	store *Executors
	ctx   context.Context
	name  string
	path  string
	file  plan.File
}

func (f *peerFile) Size() int64  { return f.file.Size }
func (f *peerFile) Close() error { return nil }

// ReadAhead asks for large reads, several at once: each is a request to the executor.
func (f *peerFile) ReadAhead() storage.ReadAhead { return storage.ReadAhead{} }

// failure names the file. That its executor is gone stays to be seen.
func (f *peerFile) failure(err error) error {
	named := err
	if e, ok := fault.As(err); ok && e.Where == "" {
		named = e.In("%s", f.file.URL)
	}
	var gone *Gone
	if errors.As(err, &gone) {
		return &Gone{Patience: gone.Patience, Err: named}
	}
	return named
}

// ReadAt reads a range in one request, repeated while the executor may come back.
func (f *peerFile) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset >= f.file.Size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), f.file.Size-offset)
	err := f.store.patiently(f.ctx, func() error {
		places, err := f.store.Places.Find(f.ctx, f.name)
		if err != nil {
			return err
		}
		for _, at := range places {
			if err = f.store.Places.Read(f.ctx, at, f.path, f.file, p[:n], offset); err == nil {
				return nil
			}
		}
		return err
	})
	switch {
	case err != nil && f.ctx.Err() != nil:
		return 0, f.ctx.Err()
	case err != nil:
		return 0, f.failure(err)
	case n < int64(len(p)):
		return int(n), io.EOF
	}
	return int(n), nil
}
