package remote

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/polybolos-db/polybolos/fault"
)

// folderPrefix begins the name of an executor's folder in the work folder, and lockName is the file in it that the executor holds locked while it lives.
const (
	folderPrefix = "polybolos-executor-"
	lockName     = "lock"
)

// folder is an executor's own folder.
type folder struct {
	path string
	lock *os.File
}

// newFolder makes a folder in the work folder and removes those that executors have left there which were killed.
func newFolder(workDir string) (*folder, error) {
	if err := os.MkdirAll(workDir, 0o700); err != nil {
		return nil, fault.Wrap(fault.IOError, err, "make the work folder")
	}
	removeLeft(workDir)
	path, err := os.MkdirTemp(workDir, folderPrefix)
	if err != nil {
		return nil, fault.Wrap(fault.IOError, err, "make a folder in the work folder")
	}
	lock, err := os.Create(filepath.Join(path, lockName))
	if err == nil {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		return nil, errors.Join(fault.Wrap(fault.IOError, err, "lock the executor's folder").In("%s", path), os.RemoveAll(path))
	}
	return &folder{path: path, lock: lock}, nil
}

// removeLeft removes folders whose lock nobody holds. One without a lock may be about to get it, and stays. What cannot be removed does no harm.
func removeLeft(workDir string) {
	left, err := filepath.Glob(filepath.Join(workDir, folderPrefix+"*", lockName))
	if err != nil {
		return
	}
	for _, name := range left {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			_ = os.RemoveAll(filepath.Dir(name))
		}
		_ = f.Close()
	}
}

// close removes the folder.
func (f *folder) close() error {
	err := os.RemoveAll(f.path)
	if err != nil {
		err = fault.Wrap(fault.IOError, err, "remove the executor's folder")
	}
	return errors.Join(err, f.lock.Close())
}
