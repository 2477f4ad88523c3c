package emulator

import (
	"encoding/binary"
	"fmt"
)

// Kernel is an entry of a module.
type Kernel struct {
	name       string
	module     *Module
	code       []inst
	constants  []constant
	slots      int
	params     []param
	paramBytes int
	threads    int   // most of a block, 0: any
	shared     int   // bytes of its variables
	local      int   // bytes of each thread
	dynamic    int32 // slot of the address of what comes behind them
}

type constant struct {
	slot  int32
	value uint64
}

type param struct{ at, size int }

// Name is the entry's name.
func (k *Kernel) Name() string { return k.name }

// Shared is how many bytes of shared memory the kernel's variables take in each block.
func (k *Kernel) Shared() int { return k.shared }

// Local is how many bytes of memory each thread has besides its registers.
func (k *Kernel) Local() int { return k.local }

// Params is how many parameters the kernel takes.
func (k *Kernel) Params() int { return len(k.params) }

// Instructions is how many instructions it has.
func (k *Kernel) Instructions() int { return len(k.code) }

// Threads is the most threads that a block may have.
func (k *Kernel) Threads() int {
	if k.threads > 0 {
		return min(k.threads, maxThreads)
	}
	return maxThreads
}

const (
	maxThreads = 1024
	warp       = 32
	// defaultSteps is what an endless loop may take, some two minutes.
	defaultSteps = 1 << 33
)

// Options say how a kernel runs.
type Options struct {
	Seed uint64 // of all choices
	// Interleave is after how many atomic or volatile accesses, about, a thread lets others run; it also does so now and then anywhere. 0: only where it
	// waits, and after very many steps.
	Interleave uint32
	// Memory is the allocation that has an address, and where it begins; nothing when none has it. It is asked from the goroutine of Run, and what it
	// gave must stay until Run is done.
	Memory func(address uint64) (start uint64, bytes []byte)
	// Steps is after how many instructions of all threads a run ends in a Fault; 0: 2³³.
	Steps uint64
	// Resident is how many blocks run at once; 0: 2.
	Resident int
	// Weak lets others see a thread's stores to global memory later than it did them, and in another order where they are to different places, until a
	// fence, a barrier, a releasing access or its end; and lets its loads that are neither volatile nor atomic miss what others did after its last fence, barrier
	// or acquiring access. A card may do as much: a store and a flag behind it need a fence between them, and so do a flag and a load of what it guards.
	Weak bool
	// Races reports conflicting accesses of threads of a block.
	Races bool
}

// FaultKind is what went wrong.
type FaultKind int

// The kinds of faults.
const (
	FaultLaunch     FaultKind = iota + 1 // the launch does not fit the kernel
	FaultAddress                         // an access outside of all memory
	FaultMisaligned                      // an address that is no multiple of the access's size
	FaultSync                            // threads wait for ever, or meet where they may not
	FaultTrap                            // the kernel asked for its end
	FaultSteps                           // it takes too long
	FaultRace                            // two threads access the same place without a barrier between
)

// Fault is how a kernel ended that did not reach its end.
type Fault struct {
	Kind   FaultKind
	Kernel string
	Block  int // -1: no block
	Thread int // within its block
	Line   int // of the PTX
	Text   string
}

// Error names kernel, block, thread and line.
func (f *Fault) Error() string {
	if f.Block < 0 {
		return fmt.Sprintf("kernel %s: %s", f.Kernel, f.Text)
	}
	return fmt.Sprintf("kernel %s, block %d, thread %d, PTX line %d: %s", f.Kernel, f.Block, f.Thread, f.Line, f.Text)
}

// Run runs a kernel to its end: grid blocks of block threads, with shared bytes of dynamic shared memory besides the kernel's own. args are words, of which
// each parameter takes its size. The error is a *Fault. Runs of one module must not overlap.
func (k *Kernel) Run(grid, block, shared int, args []uint64, o Options) error {
	refuse := func(format string, args ...any) error {
		return &Fault{Kind: FaultLaunch, Kernel: k.name, Block: -1, Text: fmt.Sprintf(format, args...)}
	}
	switch {
	case grid <= 0 || grid > 1<<31-1 || block <= 0 || block > k.Threads():
		return refuse("%d blocks of %d threads, at most %d", grid, block, k.Threads())
	case shared < 0 || k.shared+shared > maxMemory:
		return refuse("%d bytes of shared memory besides %d", shared, k.shared)
	case len(args) != len(k.params):
		return refuse("%d arguments for %d parameters", len(args), len(k.params))
	}
	params := make([]byte, k.paramBytes+8)
	for i, p := range k.params {
		if p.size > 8 {
			return refuse("parameter %d has %d bytes", i, p.size)
		}
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], args[i])
		copy(params[p.at:p.at+p.size], word[:])
	}
	all := k.shared
	if shared > 0 {
		all = alignUp(k.shared, 16) + shared
	}
	return newMachine(k, grid, block, all, params[:k.paramBytes], o).run()
}
