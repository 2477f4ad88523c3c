package executor

import (
	"context"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
)

// buildOnDevice makes the stream of an aggregation that runs on a device with the filters and projections below it: a pipeline that ends in the device, and
// its partial states as the source of another that merges them, as those of other tasks are merged. ok is false when the CPU is to do it.
func buildOnDevice(b *Builder, n *plan.Aggregate) (s *Stream, ok bool, err error) {
	t := b.Task
	if t.working != nil || t.gaveUp != "" {
		return nil, false, nil
	}
	where := place(n, t.Settings.Device, t.Threads)
	if where.aggregation == nil {
		return nil, false, nil
	}
	base, err := b.Build(where.base)
	if err != nil {
		return nil, false, err
	}
	d := &onDevice{task: t, aggregation: where.aggregation}
	t.Defer(d.close)
	b.Break(base, d)
	groups := &Stream{Source: deviceGroups{d}}
	if n.Mode == plan.AggPartial {
		return groups, true, nil
	}
	keys := make([]int, len(n.Keys))
	for i := range keys {
		keys[i] = i
	}
	final := *n
	// The partial states are no node's rows.
	final.Mode, final.Keys, final.Input = plan.AggFinal, keys, &plan.Values{Info: plan.Info{ID: -1}, Out: partialFields(n)}
	groups.source = final.Input
	br := newAggregation(t, &final)
	b.Break(groups, br)
	return &Stream{Source: deviceResult{aggregated{br}, d}}, true, nil
}

// deviceResult is the source of the groups that a device has found.
type deviceResult struct {
	aggregated
	d *onDevice
}

// Report adds what the device did.
func (s deviceResult) Report() (int64, string) {
	memory, detail := s.aggregated.Report()
	return memory, detail + ", " + s.d.report
}

// onDevice is the breaker whose rows go to a device.
type onDevice struct {
	task        *Task
	aggregation kernels.Aggregation
	mu          sync.Mutex
	run         kernels.AggregationRun // nil as long as no worker has come
	report      string
}

// Worker makes a worker's end of the device's run. Workers are made at the same time.
func (d *onDevice) Worker(*Worker) (Sink, error) {
	run, err := d.started()
	if err != nil {
		return nil, err
	}
	return run.Worker()
}

// started is the run, which the first worker begins.
func (d *onDevice) started() (kernels.AggregationRun, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run != nil {
		return d.run, nil
	}
	run, err := d.aggregation.Start(d.task.Budget)
	if err == nil {
		d.run = run
	}
	return run, err
}

// Seal waits for the device.
func (d *onDevice) Seal(ctx context.Context) error {
	if err := d.run.Finish(ctx); err != nil {
		return err
	}
	d.report = d.run.Report()
	return nil
}

// Report says what the device did.
func (d *onDevice) Report() (int64, string) { return 0, d.report }

func (d *onDevice) close() {
	if d.run != nil {
		d.run.Close()
		d.run = nil
	}
}

// deviceGroups is the source of the partial states that a device has brought back.
type deviceGroups struct{ d *onDevice }

func (s deviceGroups) MaxWorkers() int { return 1 }

func (s deviceGroups) Worker(w *Worker) (Reader, error) {
	return &deviceGroupReader{d: s.d, out: w.Task.NewArena()}, nil
}

// Release gives back what the run holds, once its groups are read.
func (s deviceGroups) Release() { s.d.close() }

type deviceGroupReader struct {
	d   *onDevice
	out *mem.Arena
}

func (r *deviceGroupReader) Next(b *column.Batch) (bool, error) {
	r.out.Reset()
	made, err := r.d.run.Next(r.out)
	if err != nil || made == nil {
		return false, err
	}
	*b = *made
	return true, nil
}

func (r *deviceGroupReader) Close() error {
	r.out.Free()
	return nil
}
