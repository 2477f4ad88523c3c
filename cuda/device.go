package cuda

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/kernels"
)

// memoryShare is the part of a card's free memory that a pool may take when no limit is given: the driver and other processes need some.
const memoryShare = 0.85

// Options of a device.
type Options struct {
	MemoryLimit int64 // bytes of device memory, 0: a share of what is free
	PinnedLimit int64 // bytes of pinned host memory, 0: 2 GiB
}

// Device is one card.
type Device struct {
	driver.Device // for copies, streams and events; use Launch and the pools for the rest
	properties    driver.Properties
	Pool          *Pool
	Pinned        *PinnedPool

	mu        sync.Mutex
	modules   map[string]driver.Module
	functions map[string]driver.Function
	closing   []func()
	lost      atomic.Pointer[error]

	measured sync.Once
	memory   float64
	bus      float64
}

// Open opens the device of that number.
func Open(d driver.Driver, ordinal int, o Options) (*Device, error) {
	raw, err := d.Open(ordinal)
	if err != nil {
		return nil, err
	}
	free, _, err := raw.MemoryInfo()
	if err != nil {
		return nil, err
	}
	if o.MemoryLimit == 0 {
		o.MemoryLimit = int64(float64(free) * memoryShare)
	}
	if o.PinnedLimit == 0 {
		o.PinnedLimit = 2 << 30
	}
	out := &Device{Device: raw, properties: raw.Properties(), modules: map[string]driver.Module{}, functions: map[string]driver.Function{}}
	out.Pool = newPool(out, o.MemoryLimit)
	out.Pinned = newPinnedPool(out, o.PinnedLimit)
	return out, nil
}

// Properties describe the card.
func (d *Device) Properties() driver.Properties { return d.properties }

// Note remembers an error that means the loss of the device, and returns it as it is.
func (d *Device) Note(err error) error {
	if err != nil && driver.Lost(err) {
		d.lost.CompareAndSwap(nil, &err)
	}
	return err
}

// Err is why the device is gone; nil while it is there.
func (d *Device) Err() error {
	if p := d.lost.Load(); p != nil {
		return *p
	}
	return nil
}

// Function is a kernel, named after its family: the module is compiled when it is first needed.
func (d *Device) Function(family, name string) (driver.Function, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f, ok := d.functions[name]; ok {
		return f, nil
	}
	if err := d.Err(); err != nil {
		return 0, err
	}
	m, ok := d.modules[family]
	if !ok {
		image, err := kernels.PTX(family)
		if err != nil {
			return 0, fmt.Errorf("cuda: no module %s: %w", family, err)
		}
		if m, err = d.Load(family, image); err != nil {
			return 0, d.Note(err)
		}
		d.modules[family] = m
	}
	f, err := d.Device.Function(m, name, d.properties.SharedMemory)
	if err != nil {
		return 0, d.Note(err)
	}
	d.functions[name] = f
	return f, nil
}

// Run enqueues a kernel.
func (d *Device) Run(s driver.Stream, family, name string, grid, block, shared int, args ...uint64) error {
	f, err := d.Function(family, name)
	if err != nil {
		return err
	}
	return d.Note(d.Launch(driver.Launch{Function: f, Kernel: name, Grid: grid, Block: block, Shared: shared, Stream: s, Args: args}))
}

// Blocks is a grid for n items of which a block takes per at a time. Blocks go on until nothing is left; there are several times as many as a card runs at once, however
// many registers they take, so that the last ones to run are a small part of the work.
func (d *Device) Blocks(n, per int64) int { return d.BlocksOf(n, per, 32) }

// BlocksOf is a grid of at most so many blocks a multiprocessor: for kernels whose blocks begin with work of their own.
func (d *Device) BlocksOf(n, per, most int64) int {
	return int(max(1, min((n+per-1)/per, int64(d.properties.Multiprocessors)*most)))
}

// Closing has f called before the device is closed: it ends what works for the device, and gives back what that holds.
func (d *Device) Closing(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing = append(d.closing, f)
}

// Close gives back what the pools hold and the context.
func (d *Device) Close() error {
	d.mu.Lock()
	closing := d.closing
	d.closing = nil
	d.mu.Unlock()
	for _, f := range closing {
		f()
	}
	d.Pool.release(0)
	d.Pinned.release()
	for _, m := range d.modules {
		if err := d.Unload(m); err != nil {
			d.Note(err) //nolint:errcheck // the context ends anyway
		}
	}
	return d.Device.Close()
}
