package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/window"
)

// spilledWindow computes window functions over rows that come in order from files: partitions are collected, as many as make a block, and worked on together. A block
// that has no room in memory, one large partition, is worked on in a mapped file.
type spilledWindow struct {
	*windowed
	w      *Worker
	stream *runStream
	large  paged // of a block that has no room

	in    *mem.Arena    // of batch
	batch *column.Batch // read from the stream
	from  int           // rows of batch that are in blocks
	ended bool

	state  *mem.Budget
	keep   *mem.Arena // of rows
	rows   *column.Appender
	starts []uint32
	values []*column.Vector
	block  *mem.Arena // of values
	out    *mem.Arena
	chunk  int // the next of rows to be given
}

func newSpilledWindow(x *windowed, w *Worker) *spilledWindow {
	r := &spilledWindow{windowed: x, w: w, stream: x.files.open(w), in: mem.NewArena(w.Task.Budget), out: mem.NewArena(w.Task.Budget), state: w.Task.state()}
	r.large.w = w
	r.begin()
	return r
}

// begin frees the block before, and makes an empty one in memory.
func (r *spilledWindow) begin() {
	for _, a := range []*mem.Arena{r.keep, r.block} {
		if a != nil {
			a.Free()
		}
	}
	r.values = nil
	r.mapped.Add(r.large.close())
	r.keep, r.block = mem.NewArena(r.state), mem.NewArena(r.state)
	r.rows = column.NewAppender(r.keep, r.types)
	if r.w.Task.early && r.w.Task.earlyShare == 1 {
		r.keep = r.large.arena()
		r.rows = column.NewAppender(r.keep, r.types)
	}
}

// enlarge moves the block's rows to a file.
func (r *spilledWindow) enlarge() error {
	keep := r.large.arena()
	rows := column.NewAppender(keep, r.types)
	for i := range r.rows.Chunks() {
		if err := rows.Append(r.rows.Chunk(i)); err != nil {
			return err
		}
		if err := r.large.check(); err != nil {
			return err
		}
	}
	r.keep.Free()
	r.keep, r.rows = keep, rows
	return nil
}

func (r *spilledWindow) Next(b *column.Batch) (bool, error) {
	for r.chunk >= r.rows.Chunks() {
		more, err := r.collect()
		if !more || err != nil {
			return false, err
		}
		if err := r.compute(); err != nil {
			return false, err
		}
	}
	if err := r.large.check(); err != nil {
		return false, err
	}
	*b = *r.rows.Chunk(r.chunk)
	r.out.Reset()
	for _, v := range r.values {
		part, err := column.Slice(r.out, v, r.chunk*column.ChunkRows, b.Len)
		if err != nil {
			return false, err
		}
		b.Cols = append(b.Cols, part)
	}
	r.chunk++
	return true, nil
}

// collect makes rows the next block: whole partitions.
func (r *spilledWindow) collect() (more bool, err error) {
	r.begin()
	r.starts, r.chunk = r.starts[:0], 0
	for {
		if err := r.large.check(); err != nil {
			return false, err
		}
		if r.batch == nil || r.from == r.batch.Len {
			if r.ended {
				return r.rows.Rows() > 0, nil
			}
			r.in.Reset()
			r.from = 0
			if r.batch, err = r.stream.Next(r.in, column.BatchRows); err != nil {
				return false, err
			}
			if r.batch == nil {
				r.ended = true
				continue
			}
		}
		full, err := r.take()
		if full || err != nil {
			return true, err
		}
	}
}

// take moves rows of the batch to the block, up to where a partition begins when the block has enough.
func (r *spilledWindow) take() (full bool, err error) {
	b := r.batch
	begin, err := r.begins()
	if err != nil {
		return false, err
	}
	var starts []uint32
	if begin {
		starts = append(starts, uint32(r.from))
	}
	if len(r.n.Partition) > 0 {
		cols := make([]*column.Vector, len(r.n.Partition))
		for i, c := range r.n.Partition {
			cols[i] = b.Cols[c]
		}
		starts = window.Starts(starts, cols, r.from+1, b.Len)
	}
	end := b.Len
	base := r.rows.Rows() - r.from
	for _, s := range starts {
		if base+int(s) >= windowRows {
			end, full = int(s), true
			break
		}
		r.starts = append(r.starts, uint32(base+int(s)))
	}
	sel := make([]uint32, 0, end-r.from)
	for k := r.from; k < end; k++ {
		sel = append(sel, uint32(k))
	}
	r.from = end
	if int64(r.rows.Rows()+len(sel)) > mostPartition {
		return false, tooLarge(r.n)
	}
	keep := func() error { return r.rows.AppendRows(b, sel) }
	if !r.large.used() {
		before := r.rows.Rows()
		if err = r.large.grow(r.state, keep); !outOfMemory(err) {
			return full, err
		}
		sel = sel[r.rows.Rows()-before:]
		if err := r.enlarge(); err != nil {
			return false, err
		}
	}
	return full, keep()
}

// begins reports whether the batch's next row begins a partition.
func (r *spilledWindow) begins() (bool, error) {
	last := r.rows.Rows() - 1
	if last < 0 {
		return true, nil
	}
	r.out.Reset()
	var cols []*column.Vector
	for _, c := range r.n.Partition {
		two := column.NewCollector(r.out, r.types[c])
		before, err := r.rows.Gather(r.out, c, []uint32{uint32(last)})
		if err != nil {
			return false, err
		}
		if err := two.Add(before, 0); err != nil {
			return false, err
		}
		if err := two.Add(r.batch.Cols[c], r.from); err != nil {
			return false, err
		}
		cols = append(cols, two.Vector())
	}
	return len(cols) > 0 && len(window.Starts(nil, cols, 1, 2)) > 0, nil
}

// compute computes the functions over the block: in memory when its rows are there and the values have room, otherwise in a file.
func (r *spilledWindow) compute() error {
	if !r.large.used() {
		err := r.large.grow(r.state, func() error {
			r.block.Free()
			return r.computeIn()
		})
		if !outOfMemory(err) {
			return err
		}
		if err := r.enlarge(); err != nil {
			return err
		}
	}
	r.block.Free()
	r.block = r.large.arena()
	return r.computeIn()
}

func (r *spilledWindow) computeIn() (err error) {
	block := &window.Block{
		Rows: r.rows.Rows(), Starts: r.starts, Keys: r.n.Order, Arena: r.block, Check: r.large.check, Paged: r.large.used(),
		Column: func(c int) (*column.Vector, error) { return r.rows.Column(r.block, c, r.large.check) },
	}
	r.values, err = block.Compute(r.n.Functions)
	return err
}

func (r *spilledWindow) Close() error {
	r.stream.close()
	r.in.Free()
	r.out.Free()
	r.keep.Free()
	r.block.Free()
	r.mapped.Add(r.large.close())
	return nil
}
