package cuda

import (
	"errors"
	"fmt"

	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/kernels"
)

// Sizes of the copies that measure bandwidth: long enough to hide the launch, short enough to take milliseconds.
const (
	memoryCopy  = 256 << 20
	busCopy     = 64 << 20
	copyRepeats = 4
)

// Bandwidth measures, once, the bytes a second of copies within the device (read and written bytes together) and from pinned host memory. What could
// not be measured is 0.
func (d *Device) Bandwidth() (memory, bus float64) {
	d.measured.Do(func() {
		if err := d.measure(); err != nil {
			d.Note(err) //nolint:errcheck // an estimate takes the figures' place
		}
	})
	return d.memory, d.bus
}

func (d *Device) measure() (err error) {
	size := min(memoryCopy, d.Pool.Limit()/64)
	a, err := d.Pool.Alloc(size)
	if err != nil {
		return err
	}
	defer a.Free()
	b, err := d.Pool.Alloc(size)
	if err != nil {
		return err
	}
	defer b.Free()
	s, err := d.NewStream()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Synchronize(s), d.FreeStream(s)) }()
	seconds, err := d.time(s, func() error { return d.CopyWithin(a.Ptr, b.Ptr, size, s) })
	if err != nil {
		return err
	}
	d.memory = 2 * float64(size) / seconds
	host := int(min(busCopy, size))
	pinned, err := d.Pinned.Alloc(host)
	if err != nil {
		return err
	}
	defer d.Pinned.Free(pinned)
	if seconds, err = d.time(s, func() error { return d.CopyIn(a.Ptr, pinned, s) }); err != nil {
		return err
	}
	d.bus = float64(host) / seconds
	return nil
}

// time is how long one of several repetitions takes, after one that warms up.
func (d *Device) time(s driver.Stream, f func() error) (seconds float64, err error) {
	from, err := d.NewEvent()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.FreeEvent(from)) }()
	to, err := d.NewEvent()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.FreeEvent(to)) }()
	if err := f(); err != nil {
		return 0, err
	}
	if err := d.Record(from, s); err != nil {
		return 0, err
	}
	for range copyRepeats {
		if err := f(); err != nil {
			return 0, err
		}
	}
	if err := d.Record(to, s); err != nil {
		return 0, err
	}
	if err := d.Await(to); err != nil {
		return 0, err
	}
	ms, err := d.Elapsed(from, to)
	if err != nil || ms <= 0 {
		return 0, errors.Join(err, fmt.Errorf("cuda: a copy took %g ms", ms))
	}
	return float64(ms) / 1e3 / copyRepeats, nil
}

// Time is how long one repetition of f's work in s takes, in seconds.
func (d *Device) Time(s driver.Stream, f func() error) (float64, error) { return d.time(s, f) }

// Describe is what the executor and people are told of the device; measured bandwidths only when they were asked for before.
func (d *Device) Describe(measure bool) kernels.DeviceInfo {
	p := d.properties
	info := kernels.DeviceInfo{Kind: "cuda", Ordinal: p.Ordinal, Name: p.Name, Capability: fmt.Sprintf("%d.%d", p.Major, p.Minor), Memory: p.Memory, Multiprocessors: p.Multiprocessors}
	if measure {
		info.MemoryBandwidth, info.BusBandwidth = d.Bandwidth()
	}
	return info
}

// Detect opens all devices of a driver that the kernels can run on. The error, with no device, says why there is none.
func Detect(drv driver.Driver, o Options) ([]*Device, error) {
	n, err := drv.Devices()
	if err != nil {
		return nil, err
	}
	var out []*Device
	var errs []error
	for i := range n {
		d, err := Open(drv, i, o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if p := d.Properties(); p.Major < leastMajor {
			errs = append(errs, fmt.Errorf("device %d, %s, has compute capability %d.%d; %d.0 is needed", i, p.Name, p.Major, p.Minor, leastMajor))
			errs = append(errs, d.Close())
			continue
		}
		out = append(out, d)
	}
	if len(out) == 0 && errors.Join(errs...) == nil {
		errs = append(errs, errors.New("the driver has no devices"))
	}
	if len(out) > 0 {
		return out, nil
	}
	return nil, errors.Join(errs...)
}

// leastMajor is the compute capability that the kernels are compiled for: independent threads, votes and matches with masks.
const leastMajor = 7
