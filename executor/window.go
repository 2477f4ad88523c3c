package executor

import (
	"context"
	"fmt"
	"math/bits"
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/window"
	"github.com/polybolos-db/polybolos/plan"
)

const (
	// windowRows is about how many rows of small partitions are worked on at once.
	windowRows = 4 * column.BatchRows
	// startRows is how many rows a worker looks through at once for where partitions begin.
	startRows = 16 * column.BatchRows
)

// windowed is the breaker of window functions: it sorts the rows by partition and order. The workers of the next pipeline take partitions in turn and
// compute the functions over each.
type windowed struct {
	*sorter
	n      *plan.Window
	starts []uint32 // where partitions begin, ascending
	blocks []int    // where blocks of partitions begin in starts, and their number behind
	morsel morsels
	mapped atomic.Int64 // bytes of files for partitions that had no room in memory
}

func init() {
	register(func(b *Builder, n *plan.Window) (*Stream, error) {
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		var keys []kernels.SortKey
		for _, c := range n.Partition {
			keys = append(keys, kernels.SortKey{Column: c})
		}
		keys = append(keys, n.Order...)
		order, err := newSorter(b.Task, &plan.Sort{Info: n.Info, Input: n.Input, Keys: keys, Count: -1}, -1)
		if err != nil {
			return nil, err
		}
		x := &windowed{n: n, sorter: order}
		b.Break(s, x)
		return &Stream{Source: windowSource{x}}, nil
	})
}

// Seal merges the runs and finds the partitions.
func (x *windowed) Seal(ctx context.Context) error {
	if err := x.sorter.Seal(ctx); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.files.any() {
		return nil
	}
	rows := x.sorter.sorter.Rows()
	if rows == 0 {
		return nil
	}
	err := x.partitions(ctx, rows)
	for mem.Refused(err) && x.state.Relieve() {
		err = x.partitions(ctx, rows)
	}
	if mem.Refused(err) {
		return x.sealSpilled(ctx)
	}
	if err != nil {
		return err
	}
	begin := uint32(0)
	for p, s := range x.starts {
		if p == 0 || s-begin >= windowRows {
			x.blocks = append(x.blocks, p)
			begin = s
		}
	}
	x.morsel.n = int64(len(x.blocks))
	x.blocks = append(x.blocks, len(x.starts))
	return nil
}

// partitions finds where partitions begin, range by range.
func (x *windowed) partitions(ctx context.Context, rows int) error {
	if len(x.n.Partition) == 0 {
		x.starts = []uint32{0}
		return nil
	}
	marks := mem.NewArena(x.state)
	defer marks.Free()
	begins, err := column.AllocSlice[uint64](marks, column.BitmapWords(rows))
	if err != nil {
		return err
	}
	err = x.task.Parallel(ctx, x.n, (rows+startRows-1)/startRows, func(_ context.Context, i int) error {
		return x.mark(column.Bitmap(begins), i*startRows, min(rows, (i+1)*startRows))
	})
	if err != nil {
		return err
	}
	total := 0
	for _, w := range begins {
		total += bits.OnesCount64(w)
	}
	if x.starts, err = column.AllocSlice[uint32](x.order, total); err != nil {
		return err
	}
	at := 0
	for k, w := range begins {
		for ; w != 0; w &= w - 1 {
			x.starts[at] = uint32(64*k + bits.TrailingZeros64(w))
			at++
		}
	}
	return nil
}

// mark sets the bits of the rows from lo to hi-1 that begin a partition; the words are those rows' alone.
func (x *windowed) mark(begins column.Bitmap, lo, hi int) error {
	clear(begins[lo/64 : column.BitmapWords(hi)])
	scratch := mem.NewArena(x.task.Budget)
	defer scratch.Free()
	from := max(0, lo-1) // the row before tells whether the first one begins a partition
	cols := make([]*column.Vector, len(x.n.Partition))
	for k, c := range x.n.Partition {
		var err error
		if cols[k], err = x.sorter.sorter.Column(scratch, c, from, hi-from); err != nil {
			return err
		}
	}
	if lo == 0 {
		begins.Set(0)
	}
	for _, k := range window.Starts(nil, cols, 1, hi-from) {
		begins.Set(int(k) + from)
	}
	return nil
}

// Report says how many partitions there are.
func (x *windowed) Report() (int64, string) {
	size, detail := x.size, fmt.Sprintf("%d rows in %d partitions", x.sorter.sorter.Rows(), len(x.starts))
	if x.files.any() {
		size, detail = x.sorter.Report()
	}
	if n := x.mapped.Load(); n > 0 {
		detail += ", large partitions spilled " + formatBytes(n)
	}
	return size, detail
}

// windowSource gives the rows with the functions' values, block by block.
type windowSource struct{ *windowed }

// MaxWorkers is asked when the partitions are known; files are read in order.
func (s windowSource) MaxWorkers() int {
	if s.files.any() {
		return 1
	}
	return int(s.morsel.n)
}

func (s windowSource) Worker(w *Worker) (Reader, error) {
	if s.err != nil {
		return nil, s.err
	}
	if s.files.any() {
		return newSpilledWindow(s.windowed, w), nil
	}
	state := w.Task.state()
	return &windowReader{windowed: s.windowed, w: w, large: paged{w: w}, state: state, block: mem.NewArena(state), out: mem.NewArena(w.Task.Budget)}, nil
}

// windowReader computes a block at a time and gives it batch by batch.
type windowReader struct {
	*windowed
	w      *Worker
	large  paged // of a block whose values have no room in memory
	state  *mem.Budget
	block  *mem.Arena // of the functions' values over the block at hand
	out    *mem.Arena // of the batch given
	values []*column.Vector
	first  int // row of the order at which the block begins
	at     int // rows of the block given
	rows   int // rows of the block
}

func (r *windowReader) Next(b *column.Batch) (bool, error) {
	if r.at == r.rows {
		more, err := r.take()
		if !more || err != nil {
			return false, err
		}
	}
	if err := r.large.check(); err != nil {
		return false, err
	}
	n := min(column.BatchRows, r.rows-r.at)
	r.out.Reset()
	rows, err := r.sorter.sorter.Read(r.out, r.first+r.at, n)
	if err != nil {
		return false, err
	}
	*b = *rows
	for _, v := range r.values {
		part, err := column.Slice(r.out, v, r.at, n)
		if err != nil {
			return false, err
		}
		b.Cols = append(b.Cols, part)
	}
	r.at += n
	return true, nil
}

// take computes the next block.
func (r *windowReader) take() (more bool, err error) {
	i, ok := r.morsel.take()
	if !ok {
		return false, nil
	}
	r.start()
	partitions := r.starts[r.blocks[i]:r.blocks[i+1]]
	r.first, r.at = int(partitions[0]), 0
	end := r.sorter.sorter.Rows()
	if i+2 < len(r.blocks) {
		end = int(r.starts[r.blocks[i+1]])
	}
	r.rows = end - r.first
	starts := make([]uint32, len(partitions))
	for k, p := range partitions {
		starts[k] = p - partitions[0]
	}
	if !r.large.used() {
		err := r.large.grow(r.state, func() error {
			r.block.Reset()
			return r.compute(starts)
		})
		if !outOfMemory(err) {
			return true, err
		}
		r.block.Free()
		r.block = r.large.arena()
	}
	return true, r.compute(starts)
}

// start makes the block's arena an empty one in memory.
func (r *windowReader) start() {
	if r.large.used() {
		r.block.Free()
		r.mapped.Add(r.large.close())
		r.block = mem.NewArena(r.state)
	}
	r.block.Reset()
}

// compute computes the functions over the block.
func (r *windowReader) compute(starts []uint32) (err error) {
	block := &window.Block{
		Rows: r.rows, Starts: starts, Keys: r.n.Order, Arena: r.block, Check: r.large.check, Paged: r.large.used(), Column: r.column,
	}
	r.values, err = block.Compute(r.n.Functions)
	return err
}

// column is an input column of the block.
func (r *windowReader) column(c int) (*column.Vector, error) {
	if !r.large.used() {
		return r.sorter.sorter.Column(r.block, c, r.first, r.rows)
	}
	out, err := column.NewFiller(r.block, r.types[c], r.rows)
	if err != nil {
		return nil, err
	}
	scratch := mem.NewArena(r.w.Task.Budget)
	defer scratch.Free()
	for at := 0; at < r.rows; at += column.BatchRows {
		scratch.Reset()
		n := min(column.BatchRows, r.rows-at)
		v, err := r.sorter.sorter.Column(scratch, c, r.first+at, n)
		if err != nil {
			return nil, err
		}
		if err := out.Add(v, nil, 0, n); err != nil {
			return nil, err
		}
		if err := r.large.check(); err != nil {
			return nil, err
		}
	}
	return out.Vector(), nil
}

func (r *windowReader) Close() error {
	r.block.Free()
	r.out.Free()
	r.mapped.Add(r.large.close())
	return nil
}
