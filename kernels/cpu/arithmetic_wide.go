package cpu

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/simd"
)

// These loops are for results whose type has room for every digit that the operands' types allow: nothing can overflow.

// mulLow is a*b modulo 2^128.
func mulLow(a, b column.Int128) column.Int128 {
	hi, lo := bits.Mul64(a.Lo, b.Lo)
	return column.Int128{Lo: lo, Hi: int64(hi + uint64(a.Hi)*b.Lo + a.Lo*uint64(b.Hi))}
}

// addWiden sums decimals of up to 18 digits.
func addWiden(d []column.Int128, a, b []int64, ac, bc bool, sel []uint32, n int) {
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			d[i] = column.Int128FromInt64(x).Add(column.Int128FromInt64(y))
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			d[i] = column.Int128FromInt64(x).Add(column.Int128FromInt64(y))
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			d[i] = column.Int128FromInt64(x).Add(column.Int128FromInt64(y))
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			d[i] = column.Int128FromInt64(x).Add(column.Int128FromInt64(y))
		}
	}
}

// subWiden subtracts decimals of up to 18 digits.
func subWiden(d []column.Int128, a, b []int64, ac, bc bool, sel []uint32, n int) {
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			d[i] = column.Int128FromInt64(x).Sub(column.Int128FromInt64(y))
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			d[i] = column.Int128FromInt64(x).Sub(column.Int128FromInt64(y))
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			d[i] = column.Int128FromInt64(x).Sub(column.Int128FromInt64(y))
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			d[i] = column.Int128FromInt64(x).Sub(column.Int128FromInt64(y))
		}
	}
}

// mulWiden multiplies decimals of up to 18 digits.
func mulWiden(d []column.Int128, a, b []int64, ac, bc bool, sel []uint32, n int) {
	if sel == nil && simd.Current() >= fastArithmetic && !(ac && bc) {
		simd.MulWideInt64(column.SliceOf[uint64](column.BytesOf(d[:n])), a, b, ac, bc)
		return
	}
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			d[i] = column.MulInt64(x, y)
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			d[i] = column.MulInt64(x, y)
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			d[i] = column.MulInt64(x, y)
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			d[i] = column.MulInt64(x, y)
		}
	}
}

// addWide sums wide decimals.
func addWide(d, a, b []column.Int128, ac, bc bool, sel []uint32, n int) {
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			d[i] = x.Add(y)
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			d[i] = x.Add(y)
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			d[i] = x.Add(y)
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			d[i] = x.Add(y)
		}
	}
}

// subWide subtracts wide decimals.
func subWide(d, a, b []column.Int128, ac, bc bool, sel []uint32, n int) {
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			d[i] = x.Sub(y)
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			d[i] = x.Sub(y)
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			d[i] = x.Sub(y)
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			d[i] = x.Sub(y)
		}
	}
}

// mulWide multiplies wide decimals.
func mulWide(d, a, b []column.Int128, ac, bc bool, sel []uint32, n int) {
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			d[i] = mulLow(x, y)
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			d[i] = mulLow(x, y)
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			d[i] = mulLow(x, y)
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			d[i] = mulLow(x, y)
		}
	}
}
