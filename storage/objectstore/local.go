package objectstore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// ErrEmptyFolder is the cause when a folder exists and holds no files: a table whose columns are declared may begin so.
var ErrEmptyFolder = errors.New("the folder is empty")

// Local is the local file system.
type Local struct{}

// path is the file system's name of a local URL.
func path(url string) string { return strings.TrimPrefix(url, "file://") }

// failure turns an error of the file system into one that names the file and what was attempted.
func failure(err error, attempt, name string) error {
	cause := err
	var pe *fs.PathError
	if errors.As(err, &pe) {
		cause = pe.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fault.Wrap(fault.UndefinedFile, cause, "cannot %s %q", attempt, name)
	case errors.Is(err, syscall.ENOSPC):
		return fault.Wrap(fault.DiskFull, cause, "cannot %s %q", attempt, name)
	}
	return fault.Wrap(fault.IOError, cause, "cannot %s %q", attempt, name)
}

// List returns the files of a file's path, a folder or a glob; paths become absolute. A name that exists is never taken for a glob.
func (Local) List(ctx context.Context, pattern string) ([]plan.File, error) {
	if pattern == "" {
		return nil, fault.New(fault.UndefinedFile, "the name of a file or folder must not be empty")
	}
	name, err := filepath.Abs(path(pattern))
	if err != nil {
		return nil, failure(err, "find", pattern)
	}
	info, err := os.Stat(name)
	var files []plan.File
	switch {
	case err == nil && info.Mode().IsRegular():
		return []plan.File{fileOf(name, info)}, nil
	case err == nil && info.IsDir():
		files, err = walk(ctx, name, nil)
	case err == nil:
		return nil, fault.New(fault.IOError, "%q is neither a file nor a folder", pattern)
	case strings.ContainsAny(name, "*?["):
		files, err = glob(ctx, name)
	default:
		return nil, failure(err, "find", pattern)
	}
	if err != nil {
		if _, ok := fault.As(err); ok || ctx.Err() != nil {
			return nil, err
		}
		return nil, failure(err, "list", pattern)
	}
	if len(files) == 0 {
		if info != nil {
			return nil, fault.Wrap(fault.UndefinedFile, ErrEmptyFolder, "cannot find files in %q", pattern)
		}
		return nil, fault.New(fault.UndefinedFile, "no file matches %q", pattern)
	}
	sort.Slice(files, func(i, j int) bool { return files[i].URL < files[j].URL })
	return files, nil
}

func fileOf(name string, info fs.FileInfo) plan.File {
	return plan.File{URL: name, Size: info.Size(), ModTime: info.ModTime().UTC()}
}

func hidden(name string) bool { return name[0] == '.' || name[0] == '_' }

// walk collects the regular files below root that match accepts (nil: all), leaving out hidden names below root unless match is given.
func walk(ctx context.Context, root string, match func(relative string, dir bool) bool) ([]plan.File, error) {
	var files []plan.File
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if name == root {
			return nil
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		refused := match == nil && hidden(d.Name()) || match != nil && !match(relative, d.IsDir())
		if d.IsDir() {
			if refused {
				return filepath.SkipDir
			}
			return nil
		}
		if refused {
			return nil
		}
		// A link counts as the file it leads to.
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed since it was listed
		}
		if err != nil {
			return err
		}
		if info.Mode().IsRegular() {
			files = append(files, fileOf(name, info))
		}
		return nil
	})
	return files, err
}

// glob collects the files that match an absolute pattern, segment by segment; ** stands for any number of folders.
func glob(ctx context.Context, pattern string) ([]plan.File, error) {
	segments := strings.Split(filepath.ToSlash(pattern), "/")
	fixed := 0
	for fixed < len(segments)-1 && !strings.ContainsAny(segments[fixed], "*?[") {
		fixed++
	}
	root := strings.Join(segments[:fixed], "/") + "/"
	segments = segments[fixed:]
	for _, s := range segments {
		if _, err := filepath.Match(s, ""); err != nil {
			return nil, fault.Wrap(fault.InvalidParameterValue, err, "cannot match %q", pattern)
		}
	}
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return walk(ctx, filepath.Clean(root), func(relative string, dir bool) bool {
		return matches(segments, strings.Split(filepath.ToSlash(relative), "/"), dir)
	})
}

// matches reports whether parts match the segments or, for a folder, may begin something that does.
func matches(segments, parts []string, dir bool) bool {
	if len(parts) == 0 {
		return dir || len(segments) == 0 || len(segments) == 1 && segments[0] == "**"
	}
	if len(segments) == 0 {
		return false
	}
	if segments[0] == "**" {
		return matches(segments[1:], parts, dir) || !hidden(parts[0]) && matches(segments, parts[1:], dir)
	}
	if hidden(parts[0]) && !hidden(segments[0]) {
		return false
	}
	ok, err := filepath.Match(segments[0], parts[0])
	return err == nil && ok && matches(segments[1:], parts[1:], dir)
}

type localFile struct {
	*os.File
	size int64
}

func (f *localFile) Size() int64 { return f.size }

// Open opens a listed file; it fails when the file has changed since it was listed.
func (Local) Open(ctx context.Context, file plan.File) (storage.ReadFile, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.Open(path(file.URL))
	if err != nil {
		return nil, failure(err, "open", file.URL)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a file")
	}
	if err != nil {
		return nil, failure(errors.Join(err, f.Close()), "open", file.URL)
	}
	if info.Size() != file.Size || !info.ModTime().Equal(file.ModTime) {
		changed := fault.New(fault.ObjectNotInState, "%q has changed since the statement began: it had %d bytes of %s, now %d bytes of %s", file.URL,
			file.Size, file.ModTime.UTC().Format("2006-01-02 15:04:05.999"), info.Size(), info.ModTime().UTC().Format("2006-01-02 15:04:05.999")).
			WithHint("run the statement again")
		if err := f.Close(); err != nil {
			changed.Err = err
		}
		return nil, changed
	}
	return &localFile{File: f, size: info.Size()}, nil
}

// Create makes a file under a hidden name in the same folder, which is made when it is missing; Commit renames it to url.
func (Local) Create(ctx context.Context, url string) (storage.WriteFile, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name, err := filepath.Abs(path(url))
	if err != nil {
		return nil, failure(err, "create", url)
	}
	folder, base := filepath.Split(name)
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil, fault.New(fault.DuplicateFile, "cannot create file %q: it is a folder", url)
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, failure(err, "create", url)
	}
	f, err := os.CreateTemp(folder, "."+base+".*.part")
	if err != nil {
		return nil, failure(err, "create", url)
	}
	// CreateTemp keeps files private; what is committed follows the usual rule for new files.
	if err := f.Chmod(0o666 &^ umask()); err != nil {
		return nil, failure(errors.Join(err, f.Close(), os.Remove(f.Name())), "create", url)
	}
	return &localWriter{File: f, url: url, name: name}, nil
}

type localWriter struct {
	*os.File
	url, name string
	ended     bool
}

func (w *localWriter) Write(p []byte) (int, error) {
	n, err := w.File.Write(p)
	if err != nil {
		return n, failure(err, "write", w.url)
	}
	return n, nil
}

// ReadFrom hides os.File's own, whose errors would not name the file.
func (w *localWriter) ReadFrom(r io.Reader) (int64, error) { return io.Copy(struct{ io.Writer }{w}, r) }

// End closes the file: many may wait for their Commit.
func (w *localWriter) End() error {
	if w.ended {
		return nil
	}
	w.ended = true
	if err := errors.Join(w.Sync(), w.File.Close()); err != nil {
		return failure(err, "write", w.url)
	}
	return nil
}

func (w *localWriter) Commit() error {
	err := w.End()
	if err == nil {
		err = os.Rename(w.File.Name(), w.name)
	}
	if err != nil {
		return failure(errors.Join(err, os.Remove(w.File.Name())), "write", w.url)
	}
	return nil
}

func (w *localWriter) Abort() error {
	var err error
	if !w.ended {
		w.ended, err = true, w.File.Close()
	}
	if err = errors.Join(err, os.Remove(w.File.Name())); err != nil {
		return failure(err, "remove", w.url)
	}
	return nil
}

// Remove deletes a file; a missing one is no error.
func (Local) Remove(ctx context.Context, url string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.Remove(path(url)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure(err, "remove", url)
	}
	return nil
}
