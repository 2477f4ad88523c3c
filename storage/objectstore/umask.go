package objectstore

import (
	"io/fs"
	"sync"
	"syscall"
)

// umask is the process's mask for new files. It can only be read by setting it, so that is done once.
var umask = sync.OnceValue(func() fs.FileMode {
	mask := syscall.Umask(0o077)
	syscall.Umask(mask)
	return fs.FileMode(mask)
})
