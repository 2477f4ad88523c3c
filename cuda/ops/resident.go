package ops

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/opcode"
	"github.com/polybolos-db/polybolos/kernels"
)

// Resident is a column that lies on the device: its values, and its validity or 0.
type Resident struct{ Values, Valid driver.Ptr }

// ResidentRun is a run whose rows lie on the device: no copy to wait for. cols are the pipeline's columns; those that it does not read may be zero. It
// is for data that stays on a card, and for measuring the kernels. The caller closes the run, after Finish and Next.
func (d *Device) ResidentRun(p *kernels.Pipeline, cols []Resident, rows int) (*ResidentRun, error) {
	prepared, err := d.Aggregation(p)
	if err != nil {
		return nil, err
	}
	a, ok := prepared.(*aggregation)
	if !ok || a.p.host != nil {
		return nil, kernels.Unsupportedf("the pipeline needs the host")
	}
	r, err := newRun(d, a.p, Options{ChunkRows: 64, Compile: d.atOnce()}, nil)
	if err != nil {
		return nil, err
	}
	r.strict = d.o.Compile == CompileAlways
	out := &ResidentRun{run: r, rows: uint64(rows)}
	for _, s := range a.p.sources {
		if s.text {
			r.Close()
			return nil, kernels.Unsupportedf("texts do not lie on the device")
		}
		c := cols[s.index]
		out.nulls = out.nulls || c.Valid != 0
		out.addresses = append(out.addresses, [2]uint64{uint64(c.Values), uint64(c.Valid)})
	}
	return out, nil
}

// ResidentRun is described with the method that makes it.
type ResidentRun struct {
	*run
	addresses [][2]uint64
	rows      uint64
	nulls     bool
	c         *chunk
	sent      []byte // the job on the device
}

// Launch enqueues the program over all rows once. groups is how many groups there can be at most.
func (r *ResidentRun) Launch(groups uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.fit(min(r.rows, groups)); err != nil {
		return err
	}
	prog, err := r.program(!r.nulls)
	if err != nil {
		return err
	}
	if r.c == nil {
		if r.c, err = r.newChunk(); err != nil {
			return err
		}
		r.free = append(r.free, r.c) // closed with the run
	}
	shared, cache := r.head(r.c, prog, r.addresses)
	if job := r.c.host[:r.shape.cols+16*len(r.addresses)]; !bytes.Equal(job, r.sent) {
		// What runs still reads the job before; and the copy is done before another is written in its place.
		if err := errors.Join(r.d.Note(r.d.Synchronize(r.computes)), r.d.Note(r.d.CopyIn(r.c.device.Ptr, job, r.copies)), r.d.Note(r.d.Synchronize(r.copies))); err != nil {
			return err
		}
		r.sent = append(r.sent[:0], job...)
	}
	err = r.enqueue(r.c, prog, shared, cache, r.rows)
	r.table.unseen = 0
	r.table.known = max(r.table.known, min(r.rows, groups))
	return err
}

// Stream is where the program runs.
func (r *ResidentRun) Stream() driver.Stream { return r.computes }

// Projection computes a pipeline's steps, without a grouping, into columns on the device.
type Projection struct {
	d       *Device
	sources []source
	outs    []column.Type
	code    *compiled
}

// Projection prepares a pipeline whose keys and aggregates are ignored. Results are columns of the rows' number, defined at the rows that pass the filters.
func (d *Device) Projection(p *kernels.Pipeline) (*Projection, error) {
	g := newGraph(p)
	l := newLowering(p)
	l.whole = true
	roots, err := l.roots(g, g.columns, &states{})
	if err != nil {
		return nil, err
	}
	seen := map[*node]bool{}
	for _, n := range roots {
		l.collect(n, seen)
	}
	if len(l.host.program.Outputs) > 0 {
		return nil, kernels.Unsupportedf("the projection needs the host")
	}
	clear(seen)
	for _, n := range roots {
		n.count(seen)
	}
	for _, s := range g.steps {
		l.step(s)
	}
	out := &Projection{d: d, sources: l.sources}
	width := map[int]opcode.Op{1: opcode.Out1, 2: opcode.Out2, 4: opcode.Out4, 8: opcode.Out8, 16: opcode.Out16}
	for i, n := range g.columns {
		op, ok := width[n.typ.Width()]
		if !ok || classOf(n.typ) == classNone || n.typ.Kind == column.Float32 {
			return nil, kernels.Unsupportedf("a projection to type %s has no kernel", n.typ)
		}
		at := len(out.sources) + i
		if !l.product(opcode.Outprod, n, uint32(at)) {
			l.load(n)
			l.emit(op, operand{}, uint16(at), 0, 0)
			l.read(n)
		}
		out.outs = append(out.outs, n.typ)
	}
	l.emit(opcode.Outmask, operand{}, uint16(len(out.sources)+len(out.outs)), 0, 0)
	switch {
	case l.failed != nil:
		return nil, l.failed
	case len(l.code) > 2*maxCode:
		return nil, kernels.Unsupportedf("the projection takes %d instructions, and %d is the most", len(l.code)/2, maxCode)
	case (len(l.units))*(tile*8+tileThreads)+reservedShared > d.d.Properties().SharedMemory:
		return nil, kernels.Unsupportedf("the projection's temporaries take too much shared memory")
	}
	for _, s := range out.sources {
		if s.text {
			return nil, kernels.Unsupportedf("texts do not lie on the device")
		}
	}
	out.code = &compiled{code: l.code, consts: l.consts, units: len(l.units)}
	return out, nil
}

// Bound is a projection with its columns: Launch may be called many times, Free once.
type Bound struct {
	p      *Projection
	s      driver.Stream
	rows   int
	buffer []byte
	memory driver.Ptr
	shared int
	free   func()
	flags  driver.Ptr
	kernel *kernel // nil: the interpreter
}

// Bind names the columns: cols by the pipeline's input, outs with validity (memory for a bit a row, or 0 where NULLs are of no interest), and mask, a bit a row: it passed.
func (p *Projection) Bind(s driver.Stream, cols []Resident, rows int, outs []Resident, mask driver.Ptr) (*Bound, error) {
	d := p.d.d
	columns := len(p.sources) + len(outs) + 1
	at := opcode.JobSize*8 + 16*columns
	code, consts := at, at+len(p.code.code)*8
	flags := consts + len(p.code.consts)*8
	host, err := d.Pinned.Alloc(flags + 8)
	if err != nil {
		return nil, err
	}
	device, err := d.Pool.Alloc(int64(flags + 8))
	if err != nil {
		d.Pinned.Free(host)
		return nil, err
	}
	clear(host)
	put := func(at int, w uint64) { binary.LittleEndian.PutUint64(host[at:], w) }
	var all []Resident
	for _, x := range p.sources {
		all = append(all, cols[x.index])
	}
	all = append(append(all, outs...), Resident{Values: mask})
	for i, c := range all {
		put(opcode.JobSize*8+16*i, uint64(c.Values))
		put(opcode.JobSize*8+16*i+8, uint64(c.Valid))
	}
	copy(host[code:], column.BytesOf(p.code.code))
	copy(host[consts:], column.BytesOf(p.code.consts))
	base := uint64(device.Ptr)
	words := p.code.units * tile
	put(8*opcode.JobCode, base+uint64(code))
	put(8*opcode.JobCodes, uint64(len(p.code.code)/2))
	put(8*opcode.JobCols, base+opcode.JobSize*8)
	put(8*opcode.JobConsts, base+uint64(consts))
	put(8*opcode.JobTrouble, base+uint64(flags))
	put(8*opcode.JobValid, uint64(words))
	b := &Bound{p: p, s: s, rows: rows, buffer: host, memory: device.Ptr, shared: 8*words + (p.code.units*tileThreads+7)/8*8, flags: device.Ptr + driver.Ptr(flags)}
	b.free = func() {
		d.Pinned.Free(host)
		device.Free()
		p.d.kernels.release(b.kernel)
	}
	if err := b.compile(all[:len(p.sources)]); err != nil {
		b.free()
		return nil, err
	}
	if err := errors.Join(d.Note(d.CopyIn(device.Ptr, host, s)), d.Note(d.Synchronize(s))); err != nil {
		b.free()
		return nil, err
	}
	return b, nil
}

// Launch enqueues the projection.
func (b *Bound) Launch() error {
	if b.kernel != nil {
		return b.kernel.launch(b.p.d.d, b.s, uint64(b.memory), uint64(b.rows))
	}
	return b.p.code.launch(b.p.d.d, b.s, b.shared, uint64(b.memory), uint64(b.rows))
}

// Trouble waits, and reports whether a value was met that the CPU has to judge.
func (b *Bound) Trouble() (bool, error) {
	d := b.p.d.d
	word := b.buffer[len(b.buffer)-8:]
	err := errors.Join(d.Note(d.CopyOut(word, b.flags, b.s)), d.Note(d.Synchronize(b.s)))
	return binary.LittleEndian.Uint64(word) != 0, err
}

// Free gives back what the projection holds; its work has ended.
func (b *Bound) Free() { b.free() }
