package spill

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

const (
	// leastBuffer and mostBuffer bound what a Writer buffers; between them it is a part of the memory limit. Enough that blocks of several files are worth a
	// read each.
	leastBuffer = 128 << 10
	mostBuffer  = 4 << 20
	bufferShare = 128
)

// Writer appends rows to files, one of them for each partition. It belongs to one goroutine.
type Writer struct {
	files  []*File
	buffer *mem.Arena // rows that wait
	block  *mem.Arena // of the block being written
	parts  []*column.Appender
	limit  int64
	rows   int // waiting
}

// NewWriter makes a writer of rows of the files' types, with its buffers charged to b.
func NewWriter(b *mem.Budget, files ...*File) *Writer {
	w := &Writer{files: files, buffer: mem.NewArena(b), block: mem.NewArena(b), parts: make([]*column.Appender, len(files)), limit: mostBuffer}
	if most := b.Tightest(); most > 0 {
		w.limit = min(max(most/bufferShare, leastBuffer), mostBuffer)
	}
	return w
}

// Write appends the selected rows of b to file p.
func (w *Writer) Write(p int, b *column.Batch) error {
	n := b.Rows()
	if n == 0 {
		return nil
	}
	if n >= column.ChunkRows/4 && b.Sel == nil && direct(b) {
		if err := w.flush(p); err != nil {
			return err
		}
		return w.put(p, b)
	}
	if w.parts[p] == nil {
		w.parts[p] = column.NewAppender(w.buffer, w.files[p].types)
	}
	if err := w.parts[p].Append(b); err != nil {
		return err
	}
	w.rows += n
	if w.buffer.Size() >= w.limit {
		return w.Flush()
	}
	return nil
}

// WriteBlock appends the dense batch b to file p as a block of its own: what is read at once then.
func (w *Writer) WriteBlock(p int, b *column.Batch) error {
	if b.Sel == nil && direct(b) {
		return w.put(p, b)
	}
	defer w.buffer.Reset()
	rows := column.NewAppender(w.buffer, w.files[p].types)
	if err := rows.Append(b); err != nil {
		return err
	}
	for i := range rows.Chunks() {
		if err := w.put(p, rows.Chunk(i)); err != nil {
			return err
		}
	}
	return nil
}

// Split appends the selected rows of b, the k-th of them to file parts[k].
func (w *Writer) Split(b *column.Batch, parts []uint8, sel [][]uint32) error {
	for p := range sel {
		sel[p] = sel[p][:0]
	}
	for k, p := range parts[:b.Rows()] {
		sel[p] = append(sel[p], uint32(b.Row(k)))
	}
	for p, rows := range sel {
		if len(rows) == 0 {
			continue
		}
		if err := w.Write(p, &column.Batch{Cols: b.Cols, Len: b.Len, Sel: rows}); err != nil {
			return err
		}
	}
	return nil
}

func direct(b *column.Batch) bool {
	for _, v := range b.Cols {
		if !encodable(v) {
			return false
		}
	}
	return true
}

// Flush writes what waits.
func (w *Writer) Flush() error {
	if w.rows == 0 {
		return nil
	}
	for p := range w.parts {
		if err := w.flush(p); err != nil {
			return err
		}
	}
	clear(w.parts)
	w.buffer.Reset()
	w.rows = 0
	return nil
}

// flush writes what waits for file p.
func (w *Writer) flush(p int) error {
	rows := w.parts[p]
	w.parts[p] = nil
	if rows == nil {
		return nil
	}
	for i := range rows.Chunks() {
		if err := w.put(p, rows.Chunk(i)); err != nil {
			return err
		}
	}
	return nil
}

// put writes a block.
func (w *Writer) put(p int, b *column.Batch) error {
	size := 0
	for _, v := range b.Cols {
		size += sizeOf(v, b.Len)
	}
	w.block.Reset()
	buf, err := w.block.Alloc(size)
	if err != nil {
		return err
	}
	e := encoder{p: buf}
	for _, v := range b.Cols {
		e.vector(v, b.Len)
	}
	return w.files[p].append(buf, b.Len)
}

// Close gives the memory back; what waits is lost unless Flush has run.
func (w *Writer) Close() {
	w.buffer.Free()
	w.block.Free()
	clear(w.parts)
	w.rows = 0
}
