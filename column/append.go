package column

import (
	"sync/atomic"
	"unsafe"

	"github.com/polybolos-db/polybolos/column/mem"
)

// ChunkRows is the number of rows in each chunk of an Appender but the last; a chunk is a batch that pipelines take as it is.
const (
	ChunkRows  = BatchRows
	chunkShift = 12
	chunkMask  = ChunkRows - 1
)

// Appender keeps rows in columns that grow: values and strings are copied into its arena, every vector becomes flat, and rows never move once
// their chunk is full. Row r lies in chunk r/ChunkRows at r%ChunkRows. It is used by one goroutine until it is complete, then any
// number may read it.
type Appender struct {
	arena  *mem.Arena
	types  []Type
	stores []*store // by column
	chunks []*chunk
	rows   int    // rows held
	spare  *chunk // empty, for what comes next: left by an append that was refused memory
	index  []atomic.Pointer[columnIndex]
}

// columnIndex is where a column's values are while there are so many rows. Joins gather a few rows from many chunks: finding all chunks for each batch would cost more than
// the rows do.
type columnIndex struct {
	chunks, rows int
	bases        []unsafe.Pointer // by chunk
	nulls        bool             // some value is NULL
}

func (ap *Appender) indexOf(col int) *columnIndex {
	if x := ap.index[col].Load(); x != nil && x.chunks == len(ap.chunks) && x.rows == ap.rows {
		return x
	}
	x := &columnIndex{chunks: len(ap.chunks), rows: ap.rows, bases: make([]unsafe.Pointer, len(ap.chunks))}
	for i, c := range ap.chunks {
		x.bases[i] = unsafe.Pointer(unsafe.SliceData(c.cols[col].data))
		x.nulls = x.nulls || c.cols[col].valid != nil
	}
	ap.index[col].Store(x)
	return x
}

// chunk is up to ChunkRows rows.
type chunk struct {
	cols []*builder
	n    int
}

// NewAppender makes an empty store of rows of the given types in a.
func NewAppender(a *mem.Arena, types []Type) *Appender {
	ap := &Appender{arena: a, types: types, stores: make([]*store, len(types)), index: make([]atomic.Pointer[columnIndex], len(types))}
	for i := range types {
		ap.stores[i] = newStore(a)
	}
	return ap
}

// Types are the columns' types.
func (ap *Appender) Types() []Type { return ap.types }

// Rows is the number of rows held. As long as nothing was adopted they are numbered from 0 without gaps.
func (ap *Appender) Rows() int { return ap.rows }

// Size is the number of bytes that the rows take, strings and unused room included; those of adopted rows are not counted.
func (ap *Appender) Size() int64 {
	var n int64
	for _, c := range ap.chunks {
		for k, w := range c.cols {
			if w.store == ap.stores[k] {
				n += w.size()
			}
		}
	}
	for _, s := range ap.stores {
		n += s.taken
	}
	return n
}

// End is one more than the greatest row number.
func (ap *Appender) End() int {
	if len(ap.chunks) == 0 {
		return 0
	}
	return (len(ap.chunks)-1)*ChunkRows + ap.chunks[len(ap.chunks)-1].n
}

// Append copies the selected rows of b, whose columns have the appender's types. A refusal of memory leaves the appender as it was: room for the rows' values
// is reserved first, and what their strings and lists take is Urgent (see mem.Class).
func (ap *Appender) Append(b *Batch) error { return ap.appendFrom(b, b.Sel, b.Rows()) }

// AppendRows copies the rows of b at the given physical indexes, whatever b's selection. NoRow gives a row of NULLs.
func (ap *Appender) AppendRows(b *Batch, rows []uint32) error {
	if rows == nil {
		return nil
	}
	return ap.appendFrom(b, rows, len(rows))
}

func (ap *Appender) appendFrom(b *Batch, rows []uint32, n int) error {
	if n == 0 {
		return nil
	}
	if ap.arena != nil {
		if err := ap.arena.Pressed(); err != nil {
			return err
		}
	}
	room := 0
	if k := len(ap.chunks); k > 0 {
		room = ChunkRows - ap.chunks[k-1].n
	}
	if n > room+ChunkRows {
		// A batch that is longer than batches are: piece by piece, each for itself.
		for lo := 0; lo < n; lo += ChunkRows {
			if err := ap.appendFrom(b, rowsOf(rows, lo, min(n, lo+ChunkRows)), min(n, lo+ChunkRows)-lo); err != nil {
				return err
			}
		}
		return nil
	}
	first := min(n, room)
	if first > 0 {
		if err := ap.chunks[len(ap.chunks)-1].reserve(first); err != nil {
			return err
		}
	}
	if n > first {
		if ap.spare == nil {
			ap.spare = ap.newChunk()
		}
		if err := ap.spare.reserve(n - first); err != nil {
			return err
		}
	}
	if ap.arena != nil {
		defer ap.arena.Urgent(ap.arena.Urgent(true))
	}
	if first > 0 {
		if err := ap.chunks[len(ap.chunks)-1].append(b, rows, 0, first); err != nil {
			return err
		}
		ap.rows += first
	}
	if n > first {
		ap.chunks, ap.spare = append(ap.chunks, ap.spare), nil
		if err := ap.chunks[len(ap.chunks)-1].append(b, rows, first, n); err != nil {
			return err
		}
		ap.rows += n - first
	}
	return nil
}

// rowsOf is rows lo to hi-1 of rows, nil standing for all in order.
func rowsOf(rows []uint32, lo, hi int) []uint32 {
	if rows != nil {
		return rows[lo:hi]
	}
	out := make([]uint32, hi-lo)
	for i := range out {
		out[i] = uint32(lo + i)
	}
	return out
}

// reserve makes room for the values of n more rows.
func (c *chunk) reserve(n int) error {
	for _, w := range c.cols {
		if err := w.reserve(n); err != nil {
			return err
		}
	}
	return nil
}

// append copies rows lo to hi-1 of b, or of those listed.
func (c *chunk) append(b *Batch, rows []uint32, lo, hi int) error {
	for k, w := range c.cols {
		if err := w.appendRows(b.Cols[k], rows, lo, hi); err != nil {
			return mem.Final(err)
		}
	}
	c.n += hi - lo
	return nil
}

func (ap *Appender) newChunk() *chunk {
	add := &chunk{cols: make([]*builder, len(ap.types))}
	for c, s := range ap.stores {
		add.cols[c] = newBuilder(s, ap.types[c])
		if len(ap.chunks) > 0 {
			// What filled one chunk will likely fill another: take it whole instead of growing into it.
			add.cols[c].least = ChunkRows
		}
	}
	return add
}

// Adopt takes over the chunks of other, which has the same types and must not be appended to any more; its arena stays its owner's and must live
// as long as ap. The first adopted row's number is returned, a multiple of ChunkRows: rows then have gaps in their numbers.
func (ap *Appender) Adopt(other *Appender) (first int) {
	if other.rows == 0 {
		return ap.End()
	}
	first = len(ap.chunks) * ChunkRows
	ap.chunks = append(ap.chunks, other.chunks...)
	ap.rows += other.rows
	return first
}

// Chunks is the number of chunks.
func (ap *Appender) Chunks() int { return len(ap.chunks) }

// Chunk is chunk i as a batch: valid until the next Append to it and as long as the arena. Row k of it is row i*ChunkRows+k.
func (ap *Appender) Chunk(i int) *Batch {
	c := ap.chunks[i]
	b := &Batch{Cols: make([]*Vector, len(c.cols)), Len: c.n}
	for k, w := range c.cols {
		b.Cols[k] = w.vector()
	}
	return b
}

// IsNull reports whether column col of a row is NULL.
func (ap *Appender) IsNull(col int, row uint32) bool {
	w := ap.chunks[row>>chunkShift].cols[col]
	return !w.valid.Get(int(row & chunkMask))
}

// Chunked is column col's values by chunk, for lookups by row number: row r is at [r/ChunkRows][r%ChunkRows]. T must have the physical type's size.
// The result is valid until the next Append.
func Chunked[T any](ap *Appender, col int) [][]T {
	out := make([][]T, len(ap.chunks))
	for i, c := range ap.chunks {
		out[i] = SliceOf[T](c.cols[col].data)[:c.n]
	}
	return out
}

// Gather makes a vector in a from the rows of column col with the given numbers, NULL where a number is NoRow. Strings are not copied.
func (ap *Appender) Gather(a *mem.Arena, col int, rows []uint32) (*Vector, error) {
	out := &Vector{}
	if err := ap.GatherInto(out, a, col, rows); err != nil {
		return nil, err
	}
	return out, nil
}

// GatherInto is Gather into a vector that the caller has, whatever it was before: nothing but values in a is allocated for columns that are not nested.
func (ap *Appender) GatherInto(out *Vector, a *mem.Arena, col int, rows []uint32) error {
	t := ap.types[col]
	if t.Kind == Null {
		*out = *NewNull(t, len(rows))
		return nil
	}
	if t.Kind.IsNested() {
		v, err := ap.gatherNested(a, col, rows)
		if err != nil {
			return err
		}
		*out = *v
		return nil
	}
	data, err := a.Alloc(len(rows) * t.Width())
	if err != nil {
		return err
	}
	*out = Vector{Type: t, Len: len(rows), Data: data}
	x := ap.indexOf(col)
	switch t.Width() {
	case 1:
		gatherChunks[uint8](out, x, rows)
	case 2:
		gatherChunks[uint16](out, x, rows)
	case 4:
		gatherChunks[uint32](out, x, rows)
	case 8:
		gatherChunks[uint64](out, x, rows)
	case 16:
		gatherChunks[Int128](out, x, rows)
	}
	for k, r := range rows {
		if r != NoRow && (!x.nulls || !ap.IsNull(col, r)) {
			continue
		}
		if out.Valid == nil {
			if out.Valid, err = AllocBitmap(a, len(rows)); err != nil {
				return err
			}
		}
		out.Valid.Clear(k)
	}
	return nil
}

func gatherChunks[T any](out *Vector, x *columnIndex, rows []uint32) {
	var zero T
	dst, bases := Values[T](out), x.bases
	for k, r := range rows {
		if r == NoRow {
			dst[k] = zero
			continue
		}
		dst[k] = *(*T)(unsafe.Add(bases[r>>chunkShift], uintptr(r&chunkMask)*unsafe.Sizeof(zero)))
	}
}

func (ap *Appender) gatherNested(a *mem.Arena, col int, rows []uint32) (*Vector, error) {
	w := newBuilder(newStore(a), ap.types[col])
	for _, r := range rows {
		var err error
		if r == NoRow {
			err = w.appendNulls(1)
		} else {
			at := int(r & chunkMask)
			err = w.appendRows(ap.chunks[r>>chunkShift].cols[col].vector(), nil, at, at+1)
		}
		if err != nil {
			return nil, err
		}
	}
	return w.vector(), nil
}
