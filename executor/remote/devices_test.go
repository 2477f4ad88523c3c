package remote

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/kernels"
)

// fragile is a device that can be lost.
type fragile struct {
	name string
	lost atomic.Bool
}

func (d *fragile) Info() kernels.DeviceInfo { return kernels.DeviceInfo{Kind: "test", Name: d.name} }

func (d *fragile) Err() error {
	if d.lost.Load() {
		return errors.New("fell off the bus")
	}
	return nil
}

func (d *fragile) Aggregation(*kernels.Pipeline) (kernels.Aggregation, error) {
	return nil, kernels.Unsupportedf("it computes nothing")
}

func TestALostDeviceIsTakenBack(t *testing.T) {
	a, b := &fragile{name: "a"}, &fragile{name: "b"}
	defer executor.UseDevices(a, b)()
	s, address := startScript(t)
	stop := startExecutor(t, address)
	if d := (<-s.polls).GetCapabilities().GetDevices(); len(d) != 2 {
		t.Fatalf("registered with %v", d)
	}
	if r := <-s.polls; r.GetCapabilities() != nil {
		t.Errorf("registered, and still %v", r)
	}
	a.lost.Store(true)
	told := 0
	for range 6 {
		if c := (<-s.polls).GetCapabilities(); c != nil {
			told++
			if d := c.GetDevices(); len(d) != 1 || d[0].GetName() != "b" || c.GetSlots() != 1 {
				t.Errorf("told %v", c)
			}
		}
	}
	if told == 0 {
		t.Error("the scheduler was not told")
	}
	if r := <-s.polls; r.GetCapabilities() != nil {
		t.Errorf("told again: %v", r)
	}
	left := s.drain()
	if err := stop(); err != nil {
		t.Error(err)
	}
	<-left
}
