package shell

import (
	"errors"
	"syscall"
)

// isPipe reports whether err is about a reader, such as head, that has seen enough.
func isPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
