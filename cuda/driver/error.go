package driver

import (
	"errors"
	"fmt"
)

// The codes of the driver's errors that this project distinguishes.
const (
	CodeInvalidValue      = 1
	CodeOutOfMemory       = 2
	CodeNotInitialized    = 3
	CodeNoDevice          = 100
	CodeInvalidDevice     = 101
	CodeInvalidImage      = 200
	CodeNoBinary          = 209
	CodeInvalidPTX        = 218
	CodeNotFound          = 500
	CodeNotReady          = 600
	CodeIllegalAddress    = 700
	CodeMisalignedAddress = 716
	CodeLaunchFailed      = 719
	CodeUnknown           = 999
)

// Error is a failed call of the driver.
type Error struct {
	Call   string // such as cuMemAlloc
	Kernel string // the kernel or module that it was about, "" for none
	Code   int
	Text   string // the driver's own words
	Device int
}

// Error names call, kernel, device, code and the driver's text.
func (e *Error) Error() string {
	what := e.Call
	if e.Kernel != "" {
		what += " of " + e.Kernel
	}
	if e.Code == CodeNoDevice {
		return e.Text // there is none to name
	}
	return fmt.Sprintf("%s on CUDA device %d: error %d, %s", what, e.Device, e.Code, e.Text)
}

// OutOfMemory reports whether err says that the device has no memory left.
func OutOfMemory(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == CodeOutOfMemory
}

// Lost reports whether err leaves the device unusable for this process: a fault in a kernel, an uncorrectable error, a card that fell off the bus.
func Lost(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case CodeInvalidValue, CodeOutOfMemory, CodeNotInitialized, CodeNoDevice, CodeInvalidDevice, CodeInvalidImage, CodeNoBinary, CodeInvalidPTX, CodeNotFound, CodeNotReady:
		return false
	}
	return e.Code != 0
}
