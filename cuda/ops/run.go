package ops

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/cpu"
)

// run is one run of an aggregation: kernels.AggregationRun.
type run struct {
	d      *cuda.Device
	cache  *kernelCache
	p      *plan
	o      Options
	strict bool // what the driver does not compile is an error
	budget *mem.Budget
	shape  chunkShape
	texts  []*interner // by source

	mu       sync.Mutex
	err      error // the first failure; everything fails with it
	closed   bool
	workers  []*worker
	copies   driver.Stream
	computes driver.Stream
	copied   driver.Event
	chunks   int      // made
	free     []*chunk // with no work on them
	flying   []*chunk // oldest first
	table    *table
	programs map[bool]*program // of the table's layout, by clean
	status   []byte            // pinned: trouble, groups
	flags    cuda.Buffer       // the same on the device
	out      results

	rows, launches, flushes int64
	bytes                   int64
	most                    uint64 // slots of the largest table
	compiled                int64  // launches of compiled kernels
	kernel                  *kernel
	refused                 error // why there was none
}

// program is a compiled program on the device: code, constants, kinds of states.
type program struct {
	*compiled
	buffer       cuda.Buffer
	consts, kind int64 // offsets
	clean        bool
	native       [2]native // without and with a cache of groups in shared memory
}

// native is a program's kernel.
type native struct {
	asked bool
	k     *kernel
}

// free gives back what the program holds; its launches have ended.
func (p *program) free(c *kernelCache) {
	p.buffer.Free()
	for _, n := range p.native {
		c.release(n.k)
	}
}

// flagBytes is the size of the flags: u32 trouble, u32 groups copied, u64 slots taken.
const flagBytes = 16

func newRun(device *Device, p *plan, o Options, budget *mem.Budget) (_ *run, err error) {
	d := device.d
	r := &run{d: d, cache: device.kernels, strict: o.Compile == CompileAlways, p: p, o: o, budget: budget, shape: newShape(p.sources, o.ChunkRows), texts: make([]*interner, len(p.sources)), programs: map[bool]*program{}}
	r.out.arena = mem.NewArena(budget)
	defer func() {
		if err != nil {
			r.Close()
			err = r.gaveUp(err)
		}
	}()
	for i, s := range p.sources {
		if s.text {
			r.texts[i] = newInterner(budget)
		}
	}
	if r.copies, err = d.NewStream(); err != nil {
		return nil, err
	}
	if r.computes, err = d.NewStream(); err != nil {
		return nil, err
	}
	if r.copied, err = d.NewEvent(); err != nil {
		return nil, err
	}
	if r.status, err = d.Pinned.Alloc(flagBytes); err != nil {
		return nil, err
	}
	if r.flags, err = d.Pool.Alloc(flagBytes); err != nil {
		return nil, err
	}
	return r, d.Note(d.Fill(r.flags.Ptr, 0, flagBytes, r.computes))
}

// gaveUp makes err the device's refusal, unless it is something that the query ends with anyway.
func (r *run) gaveUp(err error) error {
	if err == nil || kernels.GaveUp(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var e *driver.Error
	var u *kernels.Unsupported
	// Without room for it here, the CPU does the work, which can spill.
	if errors.As(err, &e) || errors.As(err, &u) || errors.Is(err, errTrouble) || fault.CodeOf(err) == fault.OutOfMemory {
		return &kernels.DeviceError{Device: fmt.Sprintf("cuda:%d", r.d.Properties().Ordinal), Err: r.d.Note(err)}
	}
	return err
}

// errTrouble is a value that the CPU has to judge.
var errTrouble = errors.New("a value that may be out of range is left to the CPU")

// Worker makes a worker's end.
func (r *run) Worker() (kernels.AggregationWorker, error) {
	w := &worker{r: r, stager: stager{shape: &r.shape, sources: r.p.sources, texts: make([]*numbers, len(r.p.sources))}}
	for i, t := range r.texts {
		if t != nil {
			w.stager.texts[i] = &numbers{t: t, known: map[uint64][]uint32{}}
		}
	}
	if r.p.host != nil {
		w.arena = mem.NewArena(r.budget)
		var err error
		if w.evaluator, err = cpu.NewEvaluator(r.p.host, w.arena); err != nil {
			w.arena.Free()
			return nil, err
		}
		w.made = make([]*column.Vector, len(r.p.host.Outputs))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.workers = append(r.workers, w)
	return w, nil
}

// worker stages one worker's rows.
type worker struct {
	r         *run
	stager    stager
	arena     *mem.Arena
	evaluator *cpu.Evaluator
	made      []*column.Vector
	c         *chunk
}

// Push copies b's selected rows into chunks and sends those that are full.
func (w *worker) Push(b *column.Batch) error {
	n := b.Rows()
	if n == 0 {
		return nil
	}
	if w.evaluator != nil {
		if err := w.evaluator.Eval(b, w.made); err != nil {
			return err
		}
	}
	for from := 0; from < n; {
		if w.c == nil {
			var err error
			if w.c, err = w.r.chunk(); err != nil {
				return w.r.gaveUp(err)
			}
		}
		rows := min(n-from, w.r.shape.capacity-w.c.rows)
		for i, s := range w.r.p.sources {
			v := (*column.Vector)(nil)
			if s.host {
				v = w.made[s.index]
			} else {
				v = b.Cols[s.index]
			}
			if err := w.stager.put(w.c, i, v, b.Sel, from, rows); err != nil {
				return w.r.gaveUp(err)
			}
		}
		w.c.rows += rows
		from += rows
		if w.c.rows == w.r.shape.capacity {
			if err := w.send(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *worker) send() error {
	c := w.c
	w.c = nil
	err := w.r.submit(c)
	return w.r.gaveUp(err)
}

// Finish sends the last rows.
func (w *worker) Finish() error {
	if w.c != nil && w.c.rows > 0 {
		return w.send()
	}
	if w.c != nil {
		w.r.mu.Lock()
		defer w.r.mu.Unlock()
		w.r.free = append(w.r.free, w.c)
		w.c = nil
	}
	return nil
}

// chunk gives an empty chunk: one that is free, a new one, or the one that has flown longest.
func (r *run) chunk() (*chunk, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return nil, r.err
	}
	if n := len(r.free); n > 0 {
		c := r.free[n-1]
		r.free = r.free[:n-1]
		return c.clear(), nil
	}
	if len(r.flying) > 0 {
		if done, err := r.d.Done(r.flying[0].done); err != nil {
			return nil, r.d.Note(err)
		} else if done || r.chunks >= r.o.chunks() {
			return r.land()
		}
	}
	return r.newChunk()
}

// land waits for the oldest chunk that flies.
func (r *run) land() (*chunk, error) {
	c := r.flying[0]
	r.flying = r.flying[1:]
	if err := r.d.Await(c.done); err != nil {
		r.free = append(r.free, c)
		return nil, r.d.Note(err)
	}
	return c.clear(), nil
}

func (c *chunk) clear() *chunk {
	c.rows = 0
	clear(c.nulls)
	return c
}

func (r *run) newChunk() (*chunk, error) {
	if err := r.budget.Reserve(int64(r.shape.size)); err != nil {
		return nil, err
	}
	c := &chunk{nulls: make([]bool, len(r.p.sources))}
	fail := func(err error) (*chunk, error) {
		r.drop(c)
		return nil, err
	}
	r.chunks++
	var err error
	if c.host, err = r.d.Pinned.Alloc(r.shape.size); err != nil {
		return fail(err)
	}
	if c.device, err = r.d.Pool.Alloc(int64(r.shape.size)); err != nil {
		return fail(err)
	}
	if c.done, err = r.d.NewEvent(); err != nil {
		return fail(r.d.Note(err))
	}
	return c, nil
}

func (r *run) drop(c *chunk) {
	r.d.Pinned.Free(c.host)
	c.device.Free()
	if c.done != 0 {
		r.d.Note(r.d.FreeEvent(c.done)) //nolint:errcheck // remembered
	}
	r.budget.Release(int64(r.shape.size))
}

// Finish waits for all chunks and brings the groups back.
func (r *run) Finish(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if r.err == nil {
		r.err = r.flush()
	}
	return r.gaveUp(r.err)
}

// Report says what the device did.
func (r *run) Report() string {
	s := fmt.Sprintf("on cuda:%d, %d rows in %d launches", r.d.Properties().Ordinal, r.rows, r.launches)
	switch {
	case r.compiled > 0:
		s += fmt.Sprintf(" (%d compiled, in %d ms)", r.compiled, r.kernel.took.Milliseconds())
	case r.refused != nil:
		s += fmt.Sprintf(" (interpreted: %v)", r.refused)
	}
	s += fmt.Sprintf(", %d bytes copied", r.bytes)
	if r.flushes > 1 {
		s += fmt.Sprintf(", groups brought back %d times", r.flushes)
	}
	return s
}

// Close gives everything back. Work that is under way ends first.
func (r *run) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	for _, s := range []driver.Stream{r.copies, r.computes} {
		if s != 0 {
			r.d.Note(r.d.Synchronize(s)) //nolint:errcheck // remembered; what it ran is of no more interest
			r.d.Note(r.d.FreeStream(s))  //nolint:errcheck // remembered
		}
	}
	if r.copied != 0 {
		r.d.Note(r.d.FreeEvent(r.copied)) //nolint:errcheck // remembered
	}
	for _, w := range r.workers {
		if w.arena != nil {
			w.arena.Free()
		}
		if w.c != nil {
			r.free = append(r.free, w.c)
		}
	}
	for _, c := range append(r.free, r.flying...) {
		r.drop(c)
	}
	r.free, r.flying = nil, nil
	for _, p := range r.programs {
		p.free(r.cache)
	}
	if r.table != nil {
		r.table.buffer.Free()
	}
	r.d.Pinned.Free(r.status)
	r.flags.Free()
	for _, t := range r.texts {
		if t != nil {
			t.free()
		}
	}
	r.out.arena.Free()
}
