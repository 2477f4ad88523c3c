package fake

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/polybolos-db/polybolos/cuda/driver"
)

// Config describes a machine.
type Config struct {
	Devices    int    // 0: one; -1: none
	Memory     int64  // bytes of each device, 0: 1 GiB
	Seed       uint64 // of all orders
	Interleave uint32 // after how many atomic operations, about, a thread lets others run; 0: 16
	Version    int    // 0: 13000
	Emulate    bool   // kernels of every module run as PTX, not only those that were not compiled for the host
	Races      bool   // races of kernels that run as PTX are errors
	Weak       bool   // their stores are seen late, and in any order that the device's memory model allows
}

// Faults says when things go wrong, each counted from 1 on a device; 0: never.
type Faults struct {
	Alloc  int  // this allocation and all later ones fail for want of memory
	Launch int  // this launch ends in an illegal access, which a later call reports; the device is lost then
	Call   int  // from this call on, every one fails: the card is gone
	Image  bool // modules are refused
}

// Driver is a machine with devices.
type Driver struct {
	config  Config
	devices []*Device
}

// New makes a machine.
func New(c Config) *Driver {
	if c.Devices == 0 {
		c.Devices = 1
	}
	if c.Memory == 0 {
		c.Memory = 1 << 30
	}
	if c.Interleave == 0 {
		c.Interleave = 16
	}
	if c.Version == 0 {
		c.Version = 13000
	}
	d := &Driver{config: c}
	for i := range c.Devices {
		d.devices = append(d.devices, &Device{
			ordinal: i, config: c, random: rand.New(rand.NewPCG(c.Seed, uint64(i))),
			blocks: map[uintptr][]byte{}, streams: map[driver.Stream]*stream{}, events: map[driver.Event]*event{},
			modules: map[driver.Module]image{}, functions: map[driver.Function]function{},
		})
	}
	return d
}

// Version is the configured one.
func (d *Driver) Version() (int, error) { return d.config.Version, nil }

// Devices is how many there are.
func (d *Driver) Devices() (int, error) {
	if len(d.devices) == 0 {
		return 0, &driver.Error{Call: "cuDeviceGetCount", Code: driver.CodeNoDevice, Text: "no CUDA-capable device is detected"}
	}
	return len(d.devices), nil
}

// Open gives a device; all callers share it.
func (d *Driver) Open(ordinal int) (driver.Device, error) {
	if ordinal < 0 || ordinal >= len(d.devices) {
		return nil, &driver.Error{Call: "cuDeviceGet", Code: driver.CodeInvalidDevice, Text: "invalid device ordinal", Device: ordinal}
	}
	return d.devices[ordinal], nil
}

// Device is a device, for its faults and counters.
func (d *Driver) Device(ordinal int) *Device { return d.devices[ordinal] }

// Device is one fake device.
type Device struct {
	ordinal int
	config  Config

	mu        sync.Mutex
	random    *rand.Rand
	faults    Faults
	counts    struct{ alloc, launch, call int }
	lost      *driver.Error
	blocks    map[uintptr][]byte // by address
	used      int64
	pinned    int
	next      uintptr // handle
	streams   map[driver.Stream]*stream
	events    map[driver.Event]*event
	modules   map[driver.Module]image
	functions map[driver.Function]function
	now       float32 // milliseconds that launches and copies seemed to take
}

// SetFaults arms faults; counting begins anew.
func (d *Device) SetFaults(f Faults) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = f
	d.counts.alloc, d.counts.launch, d.counts.call = 0, 0, 0
}

// Leaks is what has not been given back: bytes of device memory, pinned buffers, streams and events.
func (d *Device) Leaks() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.used == 0 && d.pinned == 0 && len(d.streams) == 0 && len(d.events) == 0 {
		return ""
	}
	return fmt.Sprintf("%d bytes of device memory, %d pinned buffers, %d streams, %d events", d.used, d.pinned, len(d.streams), len(d.events))
}

// Launches is how many kernels have been launched since SetFaults.
func (d *Device) Launches() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts.launch
}

func (d *Device) fail(call, kernel string, code int, text string) *driver.Error {
	return &driver.Error{Call: call, Kernel: kernel, Code: code, Text: text, Device: d.ordinal}
}

// enter begins a call: it fails when the device is lost, or is to be lost now. The lock is held when it succeeds.
func (d *Device) enter(call string) error {
	d.mu.Lock()
	d.counts.call++
	if d.faults.Call > 0 && d.counts.call >= d.faults.Call && d.lost == nil {
		d.lost = d.fail(call, "", driver.CodeUnknown, "GPU has fallen off the bus")
	}
	if d.lost != nil {
		lost := *d.lost
		d.mu.Unlock()
		lost.Call = call
		return &lost
	}
	return nil
}

func (d *Device) handle() uintptr {
	d.next++
	return d.next
}

// Properties describe a small card.
func (d *Device) Properties() driver.Properties {
	return driver.Properties{Ordinal: d.ordinal, Name: "Fake", Major: 7, Minor: 0, Memory: d.config.Memory, Multiprocessors: 2, SharedMemory: 96 << 10}
}

// Close forgets everything.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for p := range d.blocks {
		d.unmap(p)
	}
	clear(d.streams)
	clear(d.events)
	return nil
}
