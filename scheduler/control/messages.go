package control

import (
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
	"github.com/polybolos-db/polybolos/shuffle"
)

func taskMessage(t core.Task) *controlv1.Task {
	return &controlv1.Task{Job: string(t.Job), Stage: uint32(t.Stage), Index: uint32(t.Index), Attempt: uint32(t.Attempt)}
}

// report is what a status says.
func report(from core.ExecutorID, st *controlv1.TaskStatus) jobs.Report {
	t := st.GetTask()
	r := jobs.Report{
		Task:     core.Task{Job: core.JobID(t.GetJob()), Stage: int(t.GetStage()), Index: int(t.GetIndex()), Attempt: int(t.GetAttempt())},
		Executor: from, Retryable: st.GetRetryable(), OutOfMemory: st.GetOutOfMemory(), Durable: st.GetStored() || st.GetInline() != nil, Inline: st.GetInline(), Sizes: st.GetPartitionBytes(), Stats: map[int]plan.NodeStats{},
	}
	for _, f := range st.GetFilters() {
		// One that cannot be read lets nothing be left out: its stage's filter never becomes complete.
		if f, err := filterOf(f); err == nil {
			r.Filters = append(r.Filters, f)
		}
	}
	if f := st.GetFault(); f != nil {
		r.Err = faultOf(f)
	}
	for _, o := range st.GetMissing() {
		r.Missing = append(r.Missing, shuffle.ID{Job: o.GetJob(), Stage: int(o.GetStage()), Task: int(o.GetTask()), Attempt: int(o.GetAttempt())})
	}
	for id, s := range st.GetStats() {
		r.Stats[int(id)] = plan.NodeStats{
			Rows: s.GetRows(), Batches: s.GetBatches(), Time: time.Duration(s.GetNanoseconds()), Memory: s.GetMemory(), Detail: s.GetDetail(),
		}
	}
	return r
}

// filterOf is what a message says of the values of a column.
func filterOf(m *controlv1.KeyFilter) (jobs.KeyFilter, error) {
	f := jobs.KeyFilter{Filter: int(m.GetFilter()), Any: m.GetAny(), Bloom: m.GetBloom()}
	if n := len(f.Bloom); n > jobs.MaxBloom || n&(n-1) != 0 || n%8 != 0 {
		return f, fault.New(fault.DataCorrupted, "a filter of %d bytes", n)
	}
	if len(m.GetLeast()) == 0 || len(m.GetGreatest()) == 0 {
		return f, nil
	}
	least, err := plan.UnmarshalValue(m.GetLeast())
	if err != nil {
		return f, err
	}
	greatest, err := plan.UnmarshalValue(m.GetGreatest())
	f.Least, f.Greatest = &least, &greatest
	return f, err
}

func filterMessage(f jobs.KeyFilter) *controlv1.KeyFilter {
	m := &controlv1.KeyFilter{Filter: uint32(f.Filter), Any: f.Any, Bloom: f.Bloom}
	if f.Least == nil || f.Greatest == nil {
		return m
	}
	least, err := plan.MarshalValue(*f.Least)
	greatest, gerr := plan.MarshalValue(*f.Greatest)
	if err == nil && gerr == nil {
		m.Least, m.Greatest = least, greatest
	}
	return m
}

// The names of the figures that executors measure.
const (
	ScanRate    = "scan_bytes_per_second"    // decoded by one thread
	HashRate    = "hash_rows_per_second"     // by one thread
	NetworkRate = "network_bytes_per_second" // received
)

// capabilities are an executor's as the core sees them.
func capabilities(c *controlv1.Capabilities) core.Capabilities {
	out := core.Capabilities{
		Name: c.GetName(), Slots: int(c.GetSlots()), Memory: c.GetMemoryLimit(), Group: c.GetGroup(), Scan: rate(c, ScanRate), Hash: rate(c, HashRate), Network: rate(c, NetworkRate),
	}
	for _, name := range slices.Sorted(maps.Keys(c.GetLabels())) {
		out.Labels = append(out.Labels, core.Label{Name: name, Value: c.GetLabels()[name]})
	}
	for _, d := range c.GetDevices() {
		out.Devices = append(out.Devices, core.Device{Memory: d.GetMemory(), Bandwidth: max(0, d.GetBandwidth())})
	}
	return out
}

// rate is a measured figure; zero where it was not measured, or is none.
func rate(c *controlv1.Capabilities, name string) float64 {
	v := c.GetCalibration()[name]
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0
	}
	return v
}

// faultOf is the error that an executor met.
func faultOf(f *controlv1.Fault) error {
	e := fault.New(fault.Code(f.GetCode()), "%s", f.GetMessage())
	e.Detail, e.Hint, e.Position, e.Where = f.GetDetail(), f.GetHint(), int(f.GetPosition()), f.GetWhere()
	if c := f.GetCause(); c != "" {
		e.Err = errors.New(c)
	}
	return e
}
