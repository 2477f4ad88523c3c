package control

import (
	"testing"
	"time"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
)

// An executor that lost a device says so with a later poll; polls that come late, or again, bring nothing back.
func TestLostDevicesAreTold(t *testing.T) {
	s, c := serve(t, Config{Timeout: time.Hour, Wait: 10 * time.Millisecond})
	two := capable()
	two.Devices = []*controlv1.Device{{Name: "a", Bandwidth: 1e12}, {Name: "b", Bandwidth: 1e12}}
	one := capable()
	one.Devices = two.Devices[:1]
	for i, x := range []struct {
		told *controlv1.Capabilities
		want int
	}{{two, 2}, {nil, 2}, {one, 1}, {two, 1}, {nil, 1}, {capable(), 0}} {
		poll(t, c, &controlv1.PollRequest{Executor: "x", Capabilities: x.told})
		if got := s.Executors(); len(got) != 1 || len(got[0].Capabilities.GetDevices()) != x.want {
			t.Errorf("poll %d: %v, want %d devices", i, got, x.want)
		}
	}
	if len(two.GetDevices()) != 2 {
		t.Error("a request was changed")
	}
}
