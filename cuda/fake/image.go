package fake

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/emulator"
	"github.com/polybolos-db/polybolos/cuda/kernels"
	"github.com/polybolos-db/polybolos/cuda/kernels/host"
)

// image is a loaded module.
type image struct {
	entries  map[string]bool
	emulated *emulator.Module // nil: the host has all of its kernels
}

// function is a kernel: one compiled for the host, or PTX.
type function struct {
	host     host.Kernel
	emulated *emulator.Kernel
}

// registers is what every kernel is said to take.
const registers = 64

// Load takes PTX. It is only read where the emulator runs it.
func (d *Device) Load(name string, text []byte) (driver.Module, error) {
	if err := d.enter("cuModuleLoadData"); err != nil {
		return 0, err
	}
	defer d.mu.Unlock()
	if d.faults.Image || !bytes.Contains(text, []byte(".version")) {
		return 0, d.fail("cuModuleLoadData", name, driver.CodeInvalidPTX, "a PTX JIT compilation failed")
	}
	i := image{entries: map[string]bool{}}
	emulate := d.config.Emulate
	for _, entry := range kernels.Entries(text) {
		i.entries[entry] = true
		if _, ok := host.Find(entry); !ok {
			emulate = true
		}
	}
	if emulate {
		var err error
		if i.emulated, err = emulator.Parse(text); err != nil {
			return 0, d.fail("cuModuleLoadData", name, driver.CodeInvalidPTX, "a PTX JIT compilation failed: "+err.Error())
		}
	}
	m := driver.Module(d.handle())
	d.modules[m] = i
	return m, nil
}

// Unload forgets a module.
func (d *Device) Unload(m driver.Module) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.modules, m)
	return nil
}

// Function finds a kernel of the module.
func (d *Device) Function(m driver.Module, name string, _ int) (driver.Function, error) {
	if err := d.enter("cuModuleGetFunction"); err != nil {
		return 0, err
	}
	defer d.mu.Unlock()
	i := d.modules[m]
	var k function
	found := i.entries[name]
	if i.emulated != nil {
		k.emulated = i.emulated.Kernel(name)
		found = k.emulated != nil
	} else if found {
		k.host, found = host.Find(name)
	}
	if !found {
		return 0, d.fail("cuModuleGetFunction", name, driver.CodeNotFound, "named symbol not found")
	}
	f := driver.Function(d.handle())
	d.functions[f] = k
	return f, nil
}

// Resources says the same registers of every kernel; of those that are emulated the rest is their own.
func (d *Device) Resources(f driver.Function) (driver.Resources, error) {
	if err := d.enter("cuFuncGetAttribute"); err != nil {
		return driver.Resources{}, err
	}
	defer d.mu.Unlock()
	k, ok := d.functions[f]
	if !ok {
		return driver.Resources{}, d.fail("cuFuncGetAttribute", "", driver.CodeInvalidValue, "invalid resource handle")
	}
	out := driver.Resources{Threads: 1024, Registers: registers}
	if e := k.emulated; e != nil {
		out.Threads, out.Shared, out.Local = e.Threads(), e.Shared(), e.Local()
	}
	return out, nil
}

// Launch runs a kernel when its turn comes.
func (d *Device) Launch(l driver.Launch) error {
	if err := d.enter("cuLaunchKernel"); err != nil {
		return err
	}
	defer d.mu.Unlock()
	d.counts.launch++
	k, ok := d.functions[l.Function]
	most, shared := 1024, 0
	if k.emulated != nil {
		ok = len(l.Args) == k.emulated.Params()
		most, shared = k.emulated.Threads(), k.emulated.Shared()
	}
	if !ok || l.Grid <= 0 || l.Block <= 0 || l.Block > most || shared+l.Shared > d.Properties().SharedMemory || len(l.Args) > driver.MaxArgs {
		return d.fail("cuLaunchKernel", l.Kernel, driver.CodeInvalidValue, fmt.Sprintf("invalid argument: %+v", l))
	}
	if d.faults.Launch > 0 && d.counts.launch >= d.faults.Launch {
		return d.enqueue("cuLaunchKernel", l.Stream, work{do: func() { d.illegal("cuLaunchKernel", l.Kernel) }})
	}
	l.Args = append([]uint64(nil), l.Args...)
	seed := d.random.Uint64()
	return d.enqueue("cuLaunchKernel", l.Stream, work{do: func() { d.run(k, l, seed) }})
}

// run runs a kernel now; an error of it loses the device.
func (d *Device) run(k function, l driver.Launch, seed uint64) {
	var err error
	if k.emulated != nil {
		err = k.emulated.Run(l.Grid, l.Block, l.Shared, l.Args, emulator.Options{
			Seed: seed, Interleave: d.config.Interleave, Races: d.config.Races, Weak: d.config.Weak, Memory: d.allocation,
		})
	} else {
		err = k.host.Run(l.Grid, l.Block, l.Shared, l.Args, host.Options{Seed: seed, Interleave: d.config.Interleave})
	}
	if err == nil {
		return
	}
	code, text := driver.CodeLaunchFailed, err.Error()
	var fault *emulator.Fault
	if errors.As(err, &fault) {
		switch fault.Kind {
		case emulator.FaultAddress:
			code, text = driver.CodeIllegalAddress, "an illegal memory access was encountered: "+text
		case emulator.FaultMisaligned:
			code, text = driver.CodeMisalignedAddress, "misaligned address: "+text
		}
	}
	d.lost = d.fail("cuLaunchKernel", l.Kernel, code, text)
}

// allocation is the device memory that has an address.
func (d *Device) allocation(address uint64) (start uint64, memory []byte) {
	for at, whole := range d.blocks {
		if size := d.size(at); address >= uint64(at) && address-uint64(at) < uint64(size) {
			end := len(whole) - page
			return uint64(at), whole[end-size : end]
		}
	}
	return 0, nil
}
