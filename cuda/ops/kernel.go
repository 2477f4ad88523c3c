package ops

import (
	"fmt"
	"time"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/codegen"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

// Compile says when pipelines are compiled.
type Compile uint8

const (
	// CompileAuto compiles beside a run that has more than a few chunks; the interpreter works on chunks until the kernel is there.
	CompileAuto Compile = iota
	// CompileAlways waits for the compiled kernel, and fails where the driver refuses it.
	CompileAlways
	// CompileNever leaves everything to the interpreter.
	CompileNever
)

// kernel is a compiled pipeline on its way to the device, or there.
type kernel struct {
	codegen.Kernel
	ready    chan struct{} // closed when what follows is known
	module   driver.Module
	function driver.Function
	blocks   int64 // that a multiprocessor runs at once
	took     time.Duration
	err      error

	users int    // of the cache: who may launch it
	last  uint64 // when somebody began to
}

// done reports whether the driver has compiled the kernel, or refused it.
func (k *kernel) done() bool {
	select {
	case <-k.ready:
		return true
	default:
		return false
	}
}

// load compiles the kernel for the device.
func (k *kernel) load(d *cuda.Device) {
	defer close(k.ready)
	begun := time.Now()
	if k.module, k.err = d.Load(codegen.Entry, k.Text); k.err != nil {
		return
	}
	var resources driver.Resources
	if k.function, k.err = d.Device.Function(k.module, codegen.Entry, d.Properties().SharedMemory); k.err == nil {
		resources, k.err = d.Resources(k.function)
	}
	if k.err == nil && resources.Threads < k.Threads {
		k.err = fmt.Errorf("the kernel takes blocks of %d threads, and has %d", resources.Threads, k.Threads)
	}
	if k.err != nil {
		d.Note(d.Unload(k.module)) //nolint:errcheck // the error that counts is k's
		return
	}
	k.blocks = resident(d.Properties(), resources, k.Threads, k.Shared)
	k.took = time.Since(begun)
}

// What a multiprocessor of every card has that runs the kernels (compute capability 7.0 to 12.0), or somewhat less.
const (
	registersOfMultiprocessor = 64 << 10
	threadsOfMultiprocessor   = 1024
	mostThreads               = 2048
	driverShared              = 1 << 10 // the driver's, of each block
)

// resident is how many blocks of a kernel a multiprocessor runs at once.
func resident(p driver.Properties, r driver.Resources, threads, shared int) int64 {
	most := mostThreads
	if p.Major == 7 && p.Minor == 5 {
		most = threadsOfMultiprocessor
	} else if p.Major == 8 && p.Minor > 0 || p.Major == 12 {
		most = 1536
	}
	registers := (max(r.Registers, 1) + 7) / 8 * 8
	n := min(most/threads, registersOfMultiprocessor/(registers*threads), (p.SharedMemory+driverShared)/(shared+r.Shared+driverShared))
	return int64(max(1, n))
}

// launch enqueues the kernel over rows rows of a job.
func (k *kernel) launch(d *cuda.Device, s driver.Stream, job, rows uint64) error {
	return d.Note(d.Launch(driver.Launch{Function: k.function, Kernel: codegen.Entry, Grid: d.BlocksOf(int64(rows), int64(k.Tile), k.blocks), Block: k.Threads,
		Shared: k.Shared, Stream: s, Args: []uint64{job, rows}}))
}
