package kernels

import (
	"log/slog"
	"sync"
)

// finders look for devices; they are registered by packages that drive some kind of them.
var finders struct {
	sync.Mutex
	list []Finder
}

// Finder looks for the devices of one kind.
type Finder struct {
	Kind string
	// Find opens the devices that there are. Without any it gives the reason, in one sentence.
	Find func() ([]Device, error)
}

// RegisterDevices adds a finder, from an init or in a test; the function it returns takes it back.
func RegisterDevices(f Finder) func() {
	finders.Lock()
	defer finders.Unlock()
	entry := f
	finders.list = append(finders.list, entry)
	at := len(finders.list) - 1
	return func() {
		finders.Lock()
		defer finders.Unlock()
		finders.list[at].Find = nil
	}
}

// DeviceKinds are the kinds that this binary can drive.
func DeviceKinds() []string {
	finders.Lock()
	defer finders.Unlock()
	var out []string
	for _, f := range finders.list {
		if f.Find != nil {
			out = append(out, f.Kind)
		}
	}
	return out
}

// FindDevices asks all finders, and says in log's one line a kind what came of it. log may be nil.
func FindDevices(log *slog.Logger) []Device {
	finders.Lock()
	list := append([]Finder(nil), finders.list...)
	finders.Unlock()
	var out []Device
	for _, f := range list {
		if f.Find == nil {
			continue
		}
		found, err := f.Find()
		if log != nil && err != nil {
			log.Info("no "+f.Kind+" device, queries run on the CPU", "reason", err.Error())
		}
		for _, d := range found {
			if log != nil {
				log.Info("found a device", "device", d.Info().String())
			}
		}
		out = append(out, found...)
	}
	return out
}
