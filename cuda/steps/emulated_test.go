package steps

import (
	"os"
	"testing"
)

// emulate says that the kernels run as PTX.
var emulate bool

// All tests run twice where there is no card: with the kernels compiled for the host, and with their PTX, where a race between two threads is an error, too.
func TestMain(m *testing.M) {
	code := m.Run()
	if real == nil && code == 0 {
		emulate = true
		code = m.Run()
	}
	os.Exit(code)
}
