package kernels

import (
	"context"
	"errors"
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// Device is a processor with memory of its own that can run some pipelines in place of the CPU. It is safe for concurrent use.
type Device interface {
	// Info describes the device.
	Info() DeviceInfo
	// Err is why the device can no longer be used; nil while it can.
	Err() error
	// Aggregation prepares a pipeline that ends in a grouping. An *Unsupported says what the device cannot do.
	Aggregation(p *Pipeline) (Aggregation, error)
}

// DeviceInfo is what is known of a device. Bandwidths are bytes a second, measured, or 0 before they were.
type DeviceInfo struct {
	Kind            string // "cuda"
	Ordinal         int
	Name            string
	Capability      string // such as "9.0"
	Memory          int64  // bytes
	Multiprocessors int
	MemoryBandwidth float64 // of its own memory, reads and writes together
	BusBandwidth    float64 // from pinned host memory
}

// String names the device for people.
func (i DeviceInfo) String() string {
	return fmt.Sprintf("%s:%d %s, compute capability %s, %.1f GiB, %d multiprocessors", i.Kind, i.Ordinal, i.Name, i.Capability, float64(i.Memory)/(1<<30), i.Multiprocessors)
}

// Aggregation is a prepared pipeline that ends in a grouping. It is immutable and may run many times.
type Aggregation interface {
	// Describe says for EXPLAIN what runs on the device.
	Describe() string
	// Work is what a row costs, for the cost functions; the number of rows and groups is the caller's to add.
	Work() Work
	// Start begins a run whose host memory is charged to the budget. The caller closes it.
	Start(budget *mem.Budget) (AggregationRun, error)
}

// AggregationRun is one run. Workers push their rows at the same time; then Finish is called once, then Next until it gives nothing. An error that is a
// *DeviceError says that the device gave up: nothing of the run counts, and the CPU can do the same work from its beginning.
type AggregationRun interface {
	// Worker makes a worker's end. Its Push takes a batch of the pipeline's input, valid until it returns; Finish hands over what is left.
	Worker() (AggregationWorker, error)
	// Finish waits for the device.
	Finish(ctx context.Context) error
	// Next is a dense batch, allocated in a, of groups: the keys, then the columns of the aggregates' partial states (see package agg). A group may come
	// several times. nil means that all have come.
	Next(a *mem.Arena) (*column.Batch, error)
	// Report says what the device did, for EXPLAIN ANALYZE.
	Report() string
	// Close gives everything back, whatever the run has come to.
	Close()
}

// AggregationWorker takes one worker's rows.
type AggregationWorker interface {
	Push(b *column.Batch) error
	Finish() error
}

// Unsupported says what a device cannot do, in words for EXPLAIN.
type Unsupported struct{ Reason string }

func (u *Unsupported) Error() string { return u.Reason }

// Unsupportedf makes an *Unsupported.
func Unsupportedf(format string, args ...any) error {
	return &Unsupported{fmt.Sprintf(format, args...)}
}

// DeviceError is a device's refusal in the middle of work: it was lost, ran out of memory, or met a value that the CPU has to judge (an overflow, a
// division by zero). The CPU does the work instead.
type DeviceError struct {
	Device string
	Err    error
}

func (e *DeviceError) Error() string { return fmt.Sprintf("device %s: %v", e.Device, e.Err) }

func (e *DeviceError) Unwrap() error { return e.Err }

// GaveUp reports whether err comes from a device that gave its work back.
func GaveUp(err error) bool {
	var e *DeviceError
	return errors.As(err, &e)
}
