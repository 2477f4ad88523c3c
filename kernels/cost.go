package kernels

import "time"

// Work is what a pipeline has to do, for the cost functions.
type Work struct {
	Rows         float64 // of the source
	Bytes        float64 // that a device would have to be given, a row
	Instructions float64 // of the programs, a row
	States       float64 // aggregate states that a row goes into
	Groups       float64
}

// Costs of the CPU's kernels on one core, in nanoseconds, from `polybolos bench kernels` on a core with AVX-512; without it they are
// up to three times as high, which shifts the choice in a device's favor and never makes it wrong.
const (
	cpuInstruction = 0.5 // one operation on one row
	cpuState       = 1.0 // one aggregate's state, groups in cache
	cpuLookup      = 2.0 // finding a row's group, groups in cache
	cpuMiss        = 12  // finding it in a table beyond the caches
	cachedGroups   = 64 << 10
)

// What a device costs besides its bandwidths.
const (
	stageByte     = 0.10 // ns a byte and core: copying a column into pinned memory
	launch        = 20 * time.Microsecond
	deviceOp      = 0.0008 // ns a row and instruction on a large card
	deviceGroup   = 0.1    // ns a row, where groups are beyond a block's shared memory
	defaultBus    = 10e9   // bytes a second, before it was measured
	groupTransfer = 60.0   // ns to bring one group back and merge it on the host
	startRun      = 300 * time.Microsecond
)

// CPUTime is how long the work takes on that many cores.
func CPUTime(w Work, cores int) time.Duration {
	row := w.Instructions*cpuInstruction + w.States*cpuState
	if w.Groups > 1 {
		row += cpuLookup
	}
	if w.Groups > cachedGroups {
		row += cpuMiss
	}
	return time.Duration(w.Rows * row / float64(max(1, cores)))
}

// DeviceTime is how long it takes on a device whose rows are staged by that many cores. Staging, transfer and computing overlap: the slowest counts.
func DeviceTime(w Work, d DeviceInfo, cores int) time.Duration {
	bus := d.BusBandwidth
	if bus == 0 {
		bus = defaultBus
	}
	stage := w.Rows * w.Bytes * stageByte / float64(max(1, cores))
	transfer := w.Rows * w.Bytes / bus * 1e9
	row := (w.Instructions + w.States) * deviceOp
	if w.Groups > 4096 {
		row += deviceGroup
	}
	compute := w.Rows * row
	return startRun + launch + time.Duration(max(stage, transfer, compute)+w.Groups*groupTransfer)
}
