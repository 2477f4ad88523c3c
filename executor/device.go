package executor

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/plan"
)

// The values of the setting device.
const (
	deviceAuto = "auto"
	deviceCPU  = "cpu"
)

// devices are this process's, found when they are first asked for.
var devices struct {
	once sync.Once
	mu   sync.Mutex
	list []kernels.Device
	next atomic.Uint64
}

// Devices finds the devices of this process, once, and says what it found in one line of log, which may be nil.
func Devices(log *slog.Logger) []kernels.Device {
	devices.once.Do(func() {
		found := kernels.FindDevices(log)
		devices.mu.Lock()
		defer devices.mu.Unlock()
		devices.list = append(devices.list, found...)
	})
	devices.mu.Lock()
	defer devices.mu.Unlock()
	return append([]kernels.Device(nil), devices.list...)
}

// UseDevices replaces the process's devices, for tests and embedders, and returns what puts back those before.
func UseDevices(list ...kernels.Device) func() {
	Devices(nil)
	devices.mu.Lock()
	defer devices.mu.Unlock()
	before := devices.list
	devices.list = list
	return func() {
		devices.mu.Lock()
		defer devices.mu.Unlock()
		devices.list = before
	}
}

// device is the next device of a kind ("auto": of any) that is not lost; the devices take turns.
func device(kind string) (kernels.Device, error) {
	list := Devices(nil)
	var lost error
	for range list {
		d := list[int(devices.next.Add(1)%uint64(len(list)))]
		if kind != deviceAuto && d.Info().Kind != kind {
			continue
		}
		if err := d.Err(); err != nil {
			lost = err
			continue
		}
		return d, nil
	}
	if lost != nil {
		return nil, kernels.Unsupportedf("the device is lost: %v", lost)
	}
	return nil, kernels.Unsupportedf("there is no device")
}

// placement is where an aggregation runs, and what of the nodes below it with it.
type placement struct {
	aggregation kernels.Aggregation // nil: on the CPU
	base        plan.Node           // whose rows the device takes
	note        string              // for EXPLAIN; "" when there is no question
}

// place decides where n runs. cores is how many workers the task has.
func place(n *plan.Aggregate, setting string, cores int) (out placement) {
	if setting == "" {
		setting = deviceAuto
	}
	if setting == deviceCPU || setting == deviceAuto && len(Devices(nil)) == 0 {
		return out
	}
	p, base, err := devicePipeline(n)
	var d kernels.Device
	if err == nil {
		d, err = device(setting)
	}
	var prepared kernels.Aggregation
	if err == nil {
		prepared, err = d.Aggregation(p)
	}
	var u *kernels.Unsupported
	switch {
	case errors.As(err, &u):
		out.note = "on the CPU: " + u.Reason
		return out
	case err != nil:
		out.note = "on the CPU: " + err.Error()
		return out
	}
	if setting == deviceAuto {
		w := prepared.Work()
		w.Rows, w.Groups = p.Rows, p.Groups
		if onCPU, onDevice := kernels.CPUTime(w, cores), kernels.DeviceTime(w, d.Info(), cores); onCPU <= onDevice {
			out.note = "on the CPU: estimated " + onCPU.String() + ", on the device " + onDevice.String()
			return out
		}
	}
	return placement{prepared, base, "on " + prepared.Describe()}
}

// devicePipeline is n and the filters and projections below it as a device's pipeline, and the node that they begin with.
func devicePipeline(n *plan.Aggregate) (*kernels.Pipeline, plan.Node, error) {
	switch {
	case n.Mode == plan.AggFinal:
		return nil, nil, kernels.Unsupportedf("partial states are merged by the CPU")
	case n.Sets != nil:
		return nil, nil, kernels.Unsupportedf("grouping sets have no kernel")
	}
	var chain []plan.Node
	base := n.Input
	for {
		switch x := base.(type) {
		case *plan.Filter:
			chain, base = append(chain, x), x.Input
			continue
		case *plan.Project:
			chain, base = append(chain, x), x.Input
			continue
		}
		break
	}
	p := &kernels.Pipeline{Inputs: fieldTypes(base.Fields()), Keys: n.Keys, Aggs: n.Aggs, Rows: max(0, base.Meta().Rows), Groups: max(0, n.Meta().Rows)}
	for i := len(chain) - 1; i >= 0; i-- {
		var s kernels.Step
		var err error
		switch x := chain[i].(type) {
		case *plan.Filter:
			s.Filter, err = expr.Compile([]expr.Expr{x.Cond}, fieldTypes(x.Input.Fields()))
		case *plan.Project:
			s.Project, err = expr.Compile(x.Exprs, fieldTypes(x.Input.Fields()))
		}
		if err != nil {
			return nil, nil, err
		}
		p.Steps = append(p.Steps, s)
	}
	return p, base, nil
}

// partialFields are the columns of n's partial states: the keys, then the states' columns.
func partialFields(n *plan.Aggregate) []column.Field {
	in := n.Input.Fields()
	var out []column.Field
	for _, k := range n.Keys {
		out = append(out, column.Field{Name: in[k].Name, Type: in[k].Type})
	}
	for _, a := range n.Aggs {
		for _, t := range agg.PartialTypes(a) {
			out = append(out, column.Field{Name: a.Op.String(), Type: t})
		}
	}
	return out
}

// Place notes at p's nodes where this process would run them. cores is how many workers a task would have.
func Place(p *plan.Plan, cores int) {
	if p.Settings.Threads > 0 {
		cores = p.Settings.Threads
	}
	for _, s := range p.Stages {
		for _, root := range append([]plan.Node{s.Root}, s.Shared...) {
			note(root, p.Settings.Device, cores)
		}
	}
}

func note(n plan.Node, setting string, cores int) {
	// What repeats stays on the CPU.
	if _, ok := n.(*plan.Recursion); ok {
		return
	}
	if a, ok := n.(*plan.Aggregate); ok {
		a.Meta().Note = place(a, setting, cores).note
	}
	for _, in := range n.Inputs() {
		note(in, setting, cores)
	}
}
