package sort

import (
	"encoding/binary"
	"math"

	"github.com/polybolos-db/polybolos/column"
)

// encoder turns rows into keys. It belongs to one worker.
type encoder struct {
	*Layout
	hi, lo []uint64 // a column's values as unsigned numbers of the same order
}

// encode writes the keys of the selected rows of b, one behind another, into dst.
func (e *encoder) encode(dst []byte, b *column.Batch) {
	n := b.Rows()
	dst = dst[:n*e.width]
	clear(dst)
	e.hi, e.lo = sized(e.hi, n), sized(e.lo, n)
	for i := range e.parts {
		p := &e.parts[i]
		v := b.Cols[p.column]
		switch p.phys {
		case column.PhysNone:
		case column.PhysView:
			e.texts(dst, p, v, b.Sel, n)
		case column.PhysInt128, column.PhysInterval:
			e.wide(p, v, b.Sel)
			e.store(dst, p, e.hi, 8, 0)
			e.store(dst, p, e.lo, 8, 8)
		default:
			e.words(p, v, b.Sel)
			e.store(dst, p, e.lo, p.width, 0)
		}
		e.nulls(dst, p, v, b.Sel, n)
	}
}

func sized(s []uint64, n int) []uint64 {
	if cap(s) < n {
		return make([]uint64, n, max(n, column.BatchRows))
	}
	return s[:n]
}

// nulls writes the NULL bytes, and zeros for the values of NULL rows.
func (e *encoder) nulls(dst []byte, p *part, v *column.Vector, sel []uint32, n int) {
	for k := range n {
		row := k
		if sel != nil {
			row = int(sel[k])
		}
		at := k*e.width + p.off
		if v.IsNull(row) {
			dst[at] = p.null
			clear(dst[at+1 : at+1+p.width])
		} else {
			dst[at] = 1 - p.null
		}
	}
}

// store writes numbers of width bytes behind the NULL byte, skip bytes on.
func (e *encoder) store(dst []byte, p *part, nums []uint64, width, skip int) {
	var turn uint64
	if p.desc {
		turn = ^uint64(0)
	}
	at := p.off + 1 + skip
	switch width {
	case 1:
		for _, x := range nums {
			dst[at] = byte(x ^ turn)
			at += e.width
		}
	case 2:
		for _, x := range nums {
			binary.BigEndian.PutUint16(dst[at:], uint16(x^turn))
			at += e.width
		}
	case 4:
		for _, x := range nums {
			binary.BigEndian.PutUint32(dst[at:], uint32(x^turn))
			at += e.width
		}
	case 8:
		for _, x := range nums {
			binary.BigEndian.PutUint64(dst[at:], x^turn)
			at += e.width
		}
	}
}

// words makes e.lo of a column of up to 64 bits: unsigned in the value's width, the sign bit turned.
func (e *encoder) words(p *part, v *column.Vector, sel []uint32) {
	t := v.Target()
	switch p.phys {
	case column.PhysBool, column.PhysUint8:
		integers(e.lo, column.Values[uint8](t), v, sel, 0)
	case column.PhysInt8:
		integers(e.lo, column.Values[int8](t), v, sel, 1<<7)
	case column.PhysUint16:
		integers(e.lo, column.Values[uint16](t), v, sel, 0)
	case column.PhysInt16:
		integers(e.lo, column.Values[int16](t), v, sel, 1<<15)
	case column.PhysUint32:
		integers(e.lo, column.Values[uint32](t), v, sel, 0)
	case column.PhysInt32:
		integers(e.lo, column.Values[int32](t), v, sel, 1<<31)
	case column.PhysUint64:
		integers(e.lo, column.Values[uint64](t), v, sel, 0)
	case column.PhysInt64:
		integers(e.lo, column.Values[int64](t), v, sel, 1<<63)
	case column.PhysFloat32:
		floats32(e.lo, column.Values[float32](t), v, sel)
	case column.PhysFloat64:
		floats64(e.lo, column.Values[float64](t), v, sel)
	}
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

func integers[T integer](dst []uint64, values []T, v *column.Vector, sel []uint32, sign uint64) {
	if v.Form == column.Flat && sel == nil {
		for k := range dst {
			dst[k] = uint64(values[k]) ^ sign
		}
		return
	}
	each(dst, v, sel, func(i int) uint64 { return uint64(values[i]) ^ sign })
}

func floats32(dst []uint64, values []float32, v *column.Vector, sel []uint32) {
	each(dst, v, sel, func(i int) uint64 {
		f := values[i]
		if f != f {
			return math.MaxUint32
		}
		bits := math.Float32bits(f + 0) // -0 becomes 0
		if bits>>31 != 0 {
			return uint64(^bits)
		}
		return uint64(bits | 1<<31)
	})
}

func floats64(dst []uint64, values []float64, v *column.Vector, sel []uint32) {
	each(dst, v, sel, func(i int) uint64 {
		f := values[i]
		if f != f {
			return math.MaxUint64
		}
		bits := math.Float64bits(f + 0)
		if bits>>63 != 0 {
			return ^bits
		}
		return bits | 1<<63
	})
}

// each calls f with the place of every selected row's value; a dictionary without entries has NULL rows only.
func each(dst []uint64, v *column.Vector, sel []uint32, f func(i int) uint64) {
	if v.Form == column.Dict && v.Dictionary.Len == 0 {
		clear(dst)
		return
	}
	for k := range dst {
		row := k
		if sel != nil {
			row = int(sel[k])
		}
		dst[k] = f(v.Index(row))
	}
}

// wide makes e.hi and e.lo of a column of 128 bits. A uuid is unsigned.
func (e *encoder) wide(p *part, v *column.Vector, sel []uint32) {
	var at func(i int) column.Int128
	if p.phys == column.PhysInterval {
		values := column.Values[column.IntervalValue](v.Target())
		at = func(i int) column.Int128 { return values[i].Span() }
	} else {
		values := column.Values[column.Int128](v.Target())
		at = func(i int) column.Int128 { return values[i] }
	}
	sign := uint64(1) << 63
	if p.typ.Kind == column.UUID {
		sign = 0
	}
	each(e.hi, v, sel, func(i int) uint64 { return uint64(at(i).Hi) ^ sign })
	each(e.lo, v, sel, func(i int) uint64 { return at(i).Lo })
}

// texts writes the first bytes of strings and their lengths, of which only whether they go on behind the prefix counts beyond it.
func (e *encoder) texts(dst []byte, p *part, v *column.Vector, sel []uint32, n int) {
	views := column.Values[column.View](v.Target())
	for k := range n {
		row := k
		if sel != nil {
			row = int(sel[k])
		}
		if v.IsNull(row) {
			continue
		}
		s := views[v.Index(row)].Bytes()
		key := dst[k*e.width+p.off+1:][:prefixLen+1]
		copy(key[:prefixLen], s)
		key[prefixLen] = byte(min(len(s), prefixLen+1))
		if p.desc {
			for i := range key {
				key[i] = ^key[i]
			}
		}
	}
}
