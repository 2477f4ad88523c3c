package ops

import (
	"encoding/binary"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/opcode"
)

// submit sends a chunk: it is copied, and its program launched behind the copy. The chunk belongs to the run from now on.
func (r *run) submit(c *chunk) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = r.launch(c)
	}
	if r.err != nil {
		r.free = append(r.free, c)
		return r.err
	}
	r.flying = append(r.flying, c)
	return nil
}

func (r *run) launch(c *chunk) error {
	if err := r.fit(uint64(c.rows)); err != nil {
		return err
	}
	clean := true
	for _, n := range c.nulls {
		clean = clean && !n
	}
	prog, err := r.program(clean)
	if err != nil {
		return err
	}
	addresses := make([][2]uint64, len(r.p.sources))
	for i := range addresses {
		addresses[i][0] = uint64(c.device.Ptr) + uint64(r.shape.data[i])
		if c.nulls[i] {
			addresses[i][1] = uint64(c.device.Ptr) + uint64(r.shape.valid[i])
		}
	}
	shared, cache := r.head(c, prog, addresses)
	if err := r.send(c); err != nil {
		return r.d.Note(err)
	}
	if err := r.enqueue(c, prog, shared, cache, uint64(c.rows)); err != nil {
		return err
	}
	return r.d.Note(r.d.Record(c.done, r.computes))
}

// enqueue launches the program of a chunk's job over rows rows, behind the copies so far. shared and cache are head's.
func (r *run) enqueue(c *chunk, p *program, shared int, cache bool, rows uint64) error {
	if err := r.d.Record(r.copied, r.copies); err != nil {
		return r.d.Note(err)
	}
	if err := r.d.Wait(r.computes, r.copied); err != nil {
		return r.d.Note(err)
	}
	k, err := r.native(p, cache)
	switch {
	case err != nil:
	case k != nil:
		r.kernel = k
		r.compiled++
		err = k.launch(r.d, r.computes, uint64(c.device.Ptr), rows)
	default:
		err = p.launch(r.d, r.computes, shared, uint64(c.device.Ptr), rows)
	}
	if err != nil {
		return err
	}
	r.launches++
	r.rows += int64(rows)
	r.table.unseen += rows
	return nil
}

// send enqueues the copies of a chunk's rows.
func (r *run) send(c *chunk) error {
	part := func(at, n int) error {
		r.bytes += int64(n)
		return r.d.CopyIn(c.device.Ptr+driver.Ptr(at), c.host[at:at+n], r.copies)
	}
	if err := part(0, r.shape.cols+16*len(r.p.sources)); err != nil {
		return err
	}
	for i, w := range r.shape.width {
		if err := part(r.shape.data[i], w*c.rows); err != nil {
			return err
		}
		if c.nulls[i] {
			if err := part(r.shape.valid[i], 8*column.BitmapWords(c.rows)); err != nil {
				return err
			}
		}
	}
	return nil
}

// head writes the chunk's job with the addresses of its columns (values and validity), and returns the shared memory that a block of the interpreter needs, in bytes, and
// whether groups of a hash table are so few that blocks should keep states of them.
func (r *run) head(c *chunk, p *program, addresses [][2]uint64) (shared int, cache bool) {
	t := r.table
	put := func(at int, w uint64) { binary.LittleEndian.PutUint64(c.host[at:], w) }
	for i, a := range addresses {
		put(r.shape.cols+16*i, a[0])
		put(r.shape.cols+16*i+8, a[1])
	}
	states := r.p.states.words
	block := t.cellsFor(states, t.known)
	// Temporaries come first, then their validity, then the states.
	words := p.units * tile
	valid := words
	words += (p.units*tileThreads + 7) / 8
	place := words
	words += block.words
	job := [opcode.JobSize]uint64{
		opcode.JobCode: uint64(p.buffer.Ptr), opcode.JobCodes: uint64(len(p.code) / 2), opcode.JobCols: uint64(c.device.Ptr) + uint64(r.shape.cols),
		opcode.JobConsts: uint64(p.buffer.Ptr) + uint64(p.consts), opcode.JobTrouble: uint64(r.flags.Ptr), opcode.JobValid: uint64(valid), opcode.JobCells: uint64(place),
		opcode.JobCellMode: block.mode, opcode.JobCellCount: block.count, opcode.JobCopies: block.copies, opcode.JobWords: uint64(states), opcode.JobKinds: uint64(p.buffer.Ptr) + uint64(p.kind),
		opcode.JobTable: uint64(t.buffer.Ptr), opcode.JobStride: uint64(t.stride), opcode.JobStates: uint64(t.first), opcode.JobKeys: uint64(r.p.words), opcode.JobKeytemp: uint64(p.keyUnit * tile),
		opcode.JobGroups: uint64(r.flags.Ptr) + 8,
	}
	if block.mode == opcode.CellsCache {
		job[opcode.JobOwners] = uint64(place) + block.count*uint64(states)
	}
	if !t.dense {
		job[opcode.JobShift], job[opcode.JobMask] = t.shift(), t.slots-1
	}
	for i, w := range job {
		put(8*i, w)
	}
	return words * 8, block.mode == opcode.CellsCache
}

// program is the program of the table's layout on the device.
func (r *run) program(clean bool) (*program, error) {
	if p := r.programs[clean]; p != nil {
		return p, nil
	}
	compiled, err := r.p.generate(r.table.layout, clean)
	if err != nil {
		return nil, err
	}
	p := &program{compiled: compiled, clean: clean}
	kinds := r.p.states.kinds()
	p.consts = int64(len(compiled.code) * 8)
	p.kind = p.consts + int64(len(compiled.consts)*8)
	host, err := r.d.Pinned.Alloc(int(p.kind) + len(kinds))
	if err != nil {
		return nil, err
	}
	copy(host, column.BytesOf(compiled.code))
	copy(host[p.consts:], column.BytesOf(compiled.consts))
	copy(host[p.kind:], kinds)
	defer r.d.Pinned.Free(host)
	if p.buffer, err = r.d.Pool.Alloc(int64(len(host))); err != nil {
		return nil, err
	}
	r.programs[clean] = p
	// It is copied where it is used, and the pinned memory is free again afterwards.
	if err := r.d.CopyIn(p.buffer.Ptr, host, r.computes); err != nil {
		return nil, r.d.Note(err)
	}
	return p, r.d.Note(r.d.Synchronize(r.computes))
}
