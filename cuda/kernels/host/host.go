package host

// The compiler reads the sources of the parent folder. Importing the package that embeds them makes the build notice their changes.

//#cgo CXXFLAGS: -std=c++17 -O2 -fno-strict-aliasing -fno-exceptions -Wno-unknown-pragmas -Wno-attributes
//#include <stdlib.h>
//#include "fibers.h"
import "C"

import (
	"fmt"
	"sync"
	"unsafe"

	_ "github.com/polybolos-db/polybolos/cuda/kernels" // see above
)

// Kernel is a kernel that was compiled for the host.
type Kernel struct {
	name     string
	function unsafe.Pointer
}

// Find is the kernel of that name; ok is false when there is none.
func Find(name string) (k Kernel, ok bool) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	k = Kernel{name, C.pb_find_kernel(c)}
	return k, k.function != nil
}

// MaxArgs is how many words a kernel may take.
const MaxArgs = 16

var mu sync.Mutex // the runner's state is the process's

// Options choose the order in which threads run: the seed of all choices, and after how many atomic operations, about, a thread lets others run (0: never).
type Options struct {
	Seed       uint64
	Interleave uint32
}

// Run runs a kernel to its end: grid blocks of block threads with shared bytes of dynamic shared memory. args are words; addresses are of memory outside
// of the Go heap. The error says which thread broke a rule of blocks and warps.
func (k Kernel) Run(grid, block, shared int, args []uint64, o Options) error {
	if len(args) > MaxArgs {
		return fmt.Errorf("kernel %s: %d arguments", k.name, len(args))
	}
	var words [MaxArgs]C.ulonglong
	for i, a := range args {
		words[i] = C.ulonglong(a)
	}
	mu.Lock()
	defer mu.Unlock()
	if message := C.pb_run_kernel(k.function, C.uint(grid), C.uint(block), C.uint(shared), &words[0], C.ulonglong(o.Seed), C.uint(o.Interleave)); message != nil {
		return fmt.Errorf("kernel %s: %s", k.name, C.GoString(message))
	}
	return nil
}
