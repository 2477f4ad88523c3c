package objectstore

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	slash "path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Folder is a folder out of which nothing leads: neither .. nor links reach what lies outside. Paths are relative to it, with slashes.
type Folder struct {
	root *os.Root
}

// OpenFolder opens an existing folder. Close it.
func OpenFolder(name string) (*Folder, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, failure(err, "open the folder", name)
	}
	return &Folder{root: root}, nil
}

// Close ends the use of the folder; open files stay open.
func (f *Folder) Close() error { return f.root.Close() }

// local refuses paths that lead out of the folder in words; what links do, the root refuses.
func local(name string) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fault.New(fault.InsufficientPrivilege, "%q leads out of the executor's folder", name)
	}
	return nil
}

// List returns the files of a path, a folder or a glob; their URLs are paths.
func (f *Folder) List(ctx context.Context, pattern string) ([]plan.File, error) {
	if err := local(pattern); err != nil {
		return nil, err
	}
	pattern = slash.Clean(pattern)
	info, err := f.root.Stat(pattern)
	var files []plan.File
	switch {
	case err == nil && info.Mode().IsRegular():
		return []plan.File{fileOf(pattern, info)}, nil
	case err == nil && info.IsDir():
		files, err = f.walk(ctx, pattern, []string{"**"})
	case err == nil:
		return nil, fault.New(fault.IOError, "%q is neither a file nor a folder", pattern)
	case strings.ContainsAny(pattern, "*?["):
		segments := strings.Split(pattern, "/")
		fixed := 0
		for fixed < len(segments)-1 && !strings.ContainsAny(segments[fixed], "*?[") {
			fixed++
		}
		for _, s := range segments[fixed:] {
			if _, err := filepath.Match(s, ""); err != nil {
				return nil, fault.Wrap(fault.InvalidParameterValue, err, "cannot match %q", pattern)
			}
		}
		files, err = f.walk(ctx, slash.Clean(strings.Join(segments[:fixed], "/")), segments[fixed:])
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, f.failure(err, "list", pattern)
	}
	if len(files) == 0 {
		return nil, fault.New(fault.UndefinedFile, "no file matches %q", pattern)
	}
	slices.SortFunc(files, func(a, b plan.File) int { return strings.Compare(a.URL, b.URL) })
	return files, nil
}

// walk collects the files below a folder whose paths from there match.
func (f *Folder) walk(ctx context.Context, folder string, segments []string) ([]plan.File, error) {
	var files []plan.File
	err := fs.WalkDir(f.root.FS(), folder, func(name string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil || name == folder {
			return err
		}
		relative := strings.TrimPrefix(name, folder+"/")
		parts := strings.Split(relative, "/")
		if !matches(segments, parts, d.IsDir()) || hidden(parts[len(parts)-1]) && slices.Contains(segments, "**") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		// A link counts as the file it leads to, and not at all when that lies elsewhere.
		info, err := f.root.Stat(name)
		if err == nil && info.Mode().IsRegular() {
			files = append(files, fileOf(name, info))
		}
		return nil
	})
	return files, err
}

// failure is that of the file system; a path that leads out is refused by name.
func (f *Folder) failure(err error, attempt, name string) error {
	if strings.Contains(err.Error(), "path escapes from parent") {
		return fault.New(fault.InsufficientPrivilege, "%q leads out of the executor's folder", name)
	}
	return failure(err, attempt, name)
}

// Open opens a file that was listed; it fails when the file has changed since.
func (f *Folder) Open(ctx context.Context, name string, listed plan.File) (storage.ReadFile, error) {
	if err := errors.Join(ctx.Err(), local(name)); err != nil {
		return nil, err
	}
	// Something else than a file, such as a pipe, would wait for a writer when it is opened.
	info, err := f.root.Stat(name)
	if err != nil {
		return nil, f.failure(err, "open", name)
	}
	if !info.Mode().IsRegular() {
		return nil, fault.New(fault.IOError, "cannot open %q: it is not a file", name)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, f.failure(err, "open", name)
	}
	if info, err = file.Stat(); err != nil {
		return nil, f.failure(errors.Join(err, file.Close()), "open", name)
	}
	if info.Size() != listed.Size || !info.ModTime().Equal(listed.ModTime) {
		changed := fault.New(fault.ObjectNotInState, "%q has changed since the statement began", name).WithHint("run the statement again")
		changed.Err = file.Close()
		return nil, changed
	}
	return &localFile{File: file, size: info.Size()}, nil
}

// Create makes a file under a hidden name in its folder, which is made when it is missing; Commit renames it.
func (f *Folder) Create(ctx context.Context, name string) (storage.WriteFile, error) {
	if err := errors.Join(ctx.Err(), local(name)); err != nil {
		return nil, err
	}
	folder, base := slash.Split(name)
	if info, err := f.root.Stat(name); err == nil && info.IsDir() {
		return nil, fault.New(fault.DuplicateFile, "cannot create file %q: it is a folder", name)
	}
	if folder != "" {
		if err := f.root.MkdirAll(slash.Clean(folder), 0o777); err != nil {
			return nil, f.failure(err, "create", name)
		}
	}
	hidden := folder + "." + base + "." + rand.Text()[:8] + ".part"
	file, err := f.root.OpenFile(hidden, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, f.failure(err, "create", name)
	}
	return &folderWriter{folder: f, file: file, name: name, hidden: hidden}, nil
}

// Remove deletes a file; a missing one is no error.
func (f *Folder) Remove(ctx context.Context, name string) error {
	if err := errors.Join(ctx.Err(), local(name)); err != nil {
		return err
	}
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.failure(err, "remove", name)
	}
	return nil
}

type folderWriter struct {
	folder       *Folder
	file         *os.File
	name, hidden string
}

func (w *folderWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	if err != nil {
		return n, failure(err, "write", w.name)
	}
	return n, nil
}

func (w *folderWriter) Commit() error {
	err := errors.Join(w.file.Sync(), w.file.Close())
	if err == nil {
		err = w.folder.root.Rename(w.hidden, w.name)
	}
	if err != nil {
		return failure(errors.Join(err, w.folder.root.Remove(w.hidden)), "write", w.name)
	}
	return nil
}

func (w *folderWriter) Abort() error {
	if err := errors.Join(w.file.Close(), w.folder.root.Remove(w.hidden)); err != nil {
		return failure(err, "remove", w.name)
	}
	return nil
}
