package ops

import (
	"fmt"
	"strings"
	"sync"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/kernels"
)

// Options of a device's runs. The zero value is for production.
type Options struct {
	ChunkRows int // rows of a chunk, 0: by their size
	Chunks    int // chunks that a run may have, 0: 6
	Compile   Compile
}

func (o Options) chunks() int {
	if o.Chunks == 0 {
		return 6
	}
	return o.Chunks
}

// Device runs pipelines on a card: kernels.Device.
type Device struct {
	d       *cuda.Device
	o       Options
	kernels *kernelCache
	once    sync.Once
	info    kernels.DeviceInfo
}

// NewDevice makes the pipelines' view of d. What it compiles is kept until d is closed.
func NewDevice(d *cuda.Device, o Options) *Device {
	return &Device{d: d, o: o, kernels: newKernelCache(d)}
}

// Info describes the card; the first call measures its bandwidths.
func (d *Device) Info() kernels.DeviceInfo {
	d.once.Do(func() { d.info = d.d.Describe(true) })
	return d.info
}

// Err is why the card is gone.
func (d *Device) Err() error { return d.d.Err() }

// Card is the device underneath.
func (d *Device) Card() *cuda.Device { return d.d }

// Aggregation prepares a pipeline.
func (d *Device) Aggregation(p *kernels.Pipeline) (kernels.Aggregation, error) {
	if err := d.Err(); err != nil {
		return nil, kernels.Unsupportedf("the device is gone: %v", err)
	}
	prepared, err := prepare(p)
	if err != nil {
		return nil, err
	}
	if need, most := prepared.units*(tile*8+tileThreads)+cellBytes+reservedShared, d.d.Properties().SharedMemory; need > most {
		return nil, kernels.Unsupportedf("the pipeline's temporaries take %d bytes of shared memory, and %d is the most", need, most)
	}
	return &aggregation{d, prepared}, nil
}

// reservedShared is what the program kernel and the driver take of a block's shared memory themselves.
const reservedShared = 6 << 10

type aggregation struct {
	d *Device
	p *plan
}

// Describe says what is on the device and what the host computes for it.
func (a *aggregation) Describe() string {
	info := a.d.d.Properties()
	s := fmt.Sprintf("cuda:%d: %s", info.Ordinal, a.p.pipeline)
	if a.p.host != nil {
		s += fmt.Sprintf("; %d columns computed by the CPU", len(a.p.host.Outputs))
	}
	var texts int
	for _, x := range a.p.sources {
		if x.text {
			texts++
		}
	}
	if texts > 0 {
		s += fmt.Sprintf("; %d text columns numbered", texts)
	}
	return strings.TrimSpace(s)
}

// Start begins a run.
func (a *aggregation) Start(budget *mem.Budget) (kernels.AggregationRun, error) {
	return newRun(a.d, a.p, a.d.o, budget)
}

// Work counts instructions, states and bytes of a row.
func (a *aggregation) Work() kernels.Work {
	w := kernels.Work{States: float64(len(a.p.pipeline.Aggs)), Instructions: float64(a.p.instructions)}
	for _, s := range a.p.sources {
		if s.text {
			w.Bytes += 4
		} else {
			w.Bytes += float64(s.typ.Width())
		}
	}
	return w
}
