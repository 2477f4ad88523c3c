package spill

import (
	"encoding/binary"
	"unsafe"

	"github.com/polybolos-db/polybolos/column"
)

// A column in a block: eight bytes that say whether there are NULLs; then the validity's words; then the values, those of strings as views whose tails are offsets
// into the bytes that follow, in front of which stands their number; then a nested type's children, each after its number of rows. All begins at a
// multiple of align bytes.
const align = 16

func padded(n int) int { return (n + align - 1) &^ (align - 1) }

// encodable reports whether v can be written as it is.
func encodable(v *column.Vector) bool { return v.Form == column.Flat && v.Type.Nested == nil }

// sizeOf is how many bytes the first n rows of v take in a block.
func sizeOf(v *column.Vector, n int) int {
	size := align
	if v.Type.Kind == column.Null {
		return size
	}
	if v.Valid != nil {
		size += padded(8 * column.BitmapWords(n))
	}
	size += padded(n * v.Type.Width())
	if v.Type.Physical() == column.PhysView {
		size += align
		long := 0
		for _, x := range column.Values[column.View](v)[:n] {
			if !x.IsInline() {
				long += int(x.Len)
			}
		}
		size += padded(long)
	}
	for _, c := range v.Children {
		size += align + sizeOf(c, c.Len)
	}
	return size
}

// encoder fills a block.
type encoder struct {
	p  []byte
	at int
}

// take is the next n bytes, and moves on to the next aligned place.
func (e *encoder) take(n int) []byte {
	out := e.p[e.at : e.at+n]
	clear(e.p[e.at+n : e.at+padded(n)])
	e.at += padded(n)
	return out
}

func (e *encoder) number(n uint64) { binary.LittleEndian.PutUint64(e.take(8), n) }

// vector writes the first n rows of v, which is flat, with children that are flat and hold the elements of its lists one after another.
func (e *encoder) vector(v *column.Vector, n int) {
	if v.Type.Kind == column.Null {
		e.number(0)
		return
	}
	if v.Valid == nil {
		e.number(0)
	} else {
		e.number(1)
		words := column.BitmapWords(n)
		copy(e.take(8*words), column.BytesOf([]uint64(v.Valid[:words])))
	}
	width := v.Type.Width()
	data := e.take(n * width)
	copy(data, v.Data[:n*width])
	if v.Type.Physical() == column.PhysView {
		e.strings(column.Values[column.View](v)[:n], data)
	}
	for _, c := range v.Children {
		e.number(uint64(c.Len))
		e.vector(c, c.Len)
	}
}

// strings writes the bytes of long strings and, into data, where they are.
func (e *encoder) strings(views []column.View, data []byte) {
	out := column.SliceOf[column.View](data)
	head := e.take(8)
	start := e.at
	for i := range views {
		if views[i].IsInline() {
			continue
		}
		out[i].Tail = uint64(e.at - start)
		e.at += copy(e.p[e.at:], views[i].Bytes())
	}
	n := e.at - start
	binary.LittleEndian.PutUint64(head, uint64(n))
	e.at = start
	e.take(n)
}

// decoder reads a block whose checksum is right, so its content is what was written.
type decoder struct {
	p  []byte
	at int
}

func (d *decoder) take(n int) []byte {
	out := d.p[d.at : d.at+n : d.at+n]
	d.at += padded(n)
	return out
}

func (d *decoder) number() int { return int(binary.LittleEndian.Uint64(d.take(8))) }

// vector reads n rows. Values stay where they are.
func (d *decoder) vector(t column.Type, n int) *column.Vector {
	valid := d.number() == 1
	if t.Kind == column.Null {
		return column.NewNull(t, n)
	}
	v := &column.Vector{Type: t, Form: column.Flat, Len: n}
	if valid {
		v.Valid = column.Bitmap(column.SliceOf[uint64](d.take(8 * column.BitmapWords(n))))
	}
	v.Data = d.take(n * t.Width())
	if t.Physical() == column.PhysView {
		bytes := d.take(d.number())
		base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(bytes))))
		views := column.SliceOf[column.View](v.Data)
		for i := range views {
			if !views[i].IsInline() {
				views[i].Tail += base
			}
		}
	}
	if t.Nested != nil {
		for _, f := range t.Nested.Fields {
			rows := d.number()
			v.Children = append(v.Children, d.vector(f.Type, rows))
		}
	}
	return v
}
