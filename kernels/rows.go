package kernels

import "github.com/polybolos-db/polybolos/column"

// Reader reads an argument of a Function row by row, whatever its form.
type Reader[T any] struct {
	vals  []T
	codes []uint32
	mask  int // 0 for a constant, all ones otherwise
}

// Read makes a reader of v's values. T must be v's physical type.
func Read[T any](v *column.Vector) Reader[T] {
	r := Reader[T]{vals: column.Values[T](v.Target()), mask: -1}
	switch v.Form {
	case column.Constant:
		r.mask = 0
	case column.Dict:
		r.codes = v.Codes
	}
	return r
}

// At is row i's value.
func (r *Reader[T]) At(i int) T {
	if r.codes != nil {
		return r.vals[r.codes[i]]
	}
	return r.vals[i&r.mask]
}

// ReadBytes makes a reader of texts or binaries.
func ReadBytes(v *column.Vector) BytesReader { return BytesReader{Read[column.View](v)} }

// BytesReader reads texts and binaries.
type BytesReader struct{ r Reader[column.View] }

// At is row i's bytes, which must not be written.
func (b *BytesReader) At(i int) []byte {
	if b.r.codes != nil {
		return b.r.vals[b.r.codes[i]].Bytes()
	}
	return b.r.vals[i&b.r.mask].Bytes()
}

// BytesWriter writes a text or binary result.
type BytesWriter struct {
	views []column.View
	heap  Heap
}

// WriteBytes makes the writer of c.Out.
func (c *Call) WriteBytes() BytesWriter {
	return BytesWriter{views: column.Values[column.View](c.Out), heap: c.Heap}
}

// Set copies p as row i's value.
func (w *BytesWriter) Set(i int, p []byte) error {
	if len(p) > column.InlineLen {
		q, err := w.heap.Alloc(len(p))
		if err != nil {
			return err
		}
		copy(q, p)
		p = q
	}
	w.views[i] = column.MakeView(p)
	return nil
}

// Rows calls f for every row to compute and stops at the first error.
func (c *Call) Rows(f func(i int) error) error {
	if c.Sel == nil {
		for i := range c.Len {
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range c.Sel {
		if err := f(int(i)); err != nil {
			return err
		}
	}
	return nil
}

// SetNull makes row i of the result NULL.
func (c *Call) SetNull(i int) { c.Out.Valid.Clear(i) }
