package cpu

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/simd"
)

// sparse is the share of a batch's rows, 1 in so many, below which only selected rows are computed: row by row costs some 10 times as much as all of them at once.
const sparse = 8

// dense reports whether all n rows are to be computed, also those that sel leaves out.
func dense(sel []uint32, n int) bool { return sel == nil || len(sel)*sparse >= n }

// mask is 0 for a constant operand, whose only value every row reads, and all ones otherwise.
func mask(constant bool) int {
	if constant {
		return 0
	}
	return -1
}

// numbers computes a op b of numbers of up to 64 bits and gathers evidence of failure: true means that some row, perhaps a NULL one, overflowed, or is infinite or NaN.
func numbers[T simd.Number](op kernels.Op, dst, a, b *column.Vector, sel []uint32, n int) (bad bool) {
	d, x, y := column.Values[T](dst), column.Values[T](a), column.Values[T](b)
	ac, bc := a.Form == column.Constant, b.Form == column.Constant
	if dense(sel, n) {
		d := d[:n]
		switch op {
		case kernels.OpAdd:
			bad = simd.Add(d, x, y, ac, bc)
		case kernels.OpSub:
			bad = simd.Sub(d, x, y, ac, bc)
		default:
			bad = simd.Mul(d, x, y, ac, bc)
		}
		if sel == nil || !bad {
			return bad
		}
		// What is not selected may be anything.
	}
	am, bm := mask(ac), mask(bc)
	var zero T
	switch {
	case T(1)/2 != zero:
		return floatRows(op, d, x, y, am, bm, sel)
	case dst.Type.Width() == 8 && zero-1 < zero:
		return int64Rows(op, column.Values[int64](dst), column.Values[int64](a), column.Values[int64](b), am, bm, sel)
	case dst.Type.Width() == 8:
		return uint64Rows(op, column.Values[uint64](dst), column.Values[uint64](a), column.Values[uint64](b), am, bm, sel)
	}
	return narrowRows(op, d, x, y, am, bm, sel)
}

// narrowRows computes integers whose sums and products fit 64 bits.
func narrowRows[T simd.Number](op kernels.Op, d, a, b []T, am, bm int, sel []uint32) bool {
	var bad int64
	switch op {
	case kernels.OpAdd:
		for _, k := range sel {
			i := int(k)
			s := int64(a[i&am]) + int64(b[i&bm])
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	case kernels.OpSub:
		for _, k := range sel {
			i := int(k)
			s := int64(a[i&am]) - int64(b[i&bm])
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	default:
		for _, k := range sel {
			i := int(k)
			s := int64(a[i&am]) * int64(b[i&bm])
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	}
	return bad != 0
}

func int64Rows(op kernels.Op, d, a, b []int64, am, bm int, sel []uint32) bool {
	var bad int64
	switch op {
	case kernels.OpAdd:
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			s := x + y
			d[i] = s
			bad |= (x ^ s) & (y ^ s)
		}
		return bad < 0
	case kernels.OpSub:
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			s := x - y
			d[i] = s
			bad |= (x ^ y) & (x ^ s)
		}
		return bad < 0
	}
	for _, k := range sel {
		i := int(k)
		p := column.MulInt64(a[i&am], b[i&bm])
		d[i] = int64(p.Lo)
		bad |= p.Hi ^ int64(p.Lo)>>63
	}
	return bad != 0
}

func uint64Rows(op kernels.Op, d, a, b []uint64, am, bm int, sel []uint32) bool {
	var bad uint64
	switch op {
	case kernels.OpAdd:
		for _, k := range sel {
			i := int(k)
			s, carry := bits.Add64(a[i&am], b[i&bm], 0)
			d[i] = s
			bad |= carry
		}
	case kernels.OpSub:
		for _, k := range sel {
			i := int(k)
			s, borrow := bits.Sub64(a[i&am], b[i&bm], 0)
			d[i] = s
			bad |= borrow
		}
	default:
		for _, k := range sel {
			i := int(k)
			hi, lo := bits.Mul64(a[i&am], b[i&bm])
			d[i] = lo
			bad |= hi
		}
	}
	return bad != 0
}

// floatRows adds up r-r, which is zero for every finite result: a NaN or infinity anywhere makes the sum one.
func floatRows[T simd.Number](op kernels.Op, d, a, b []T, am, bm int, sel []uint32) bool {
	var bad T
	switch op {
	case kernels.OpAdd:
		for _, k := range sel {
			i := int(k)
			s := a[i&am] + b[i&bm]
			d[i] = s
			bad += s - s
		}
	case kernels.OpSub:
		for _, k := range sel {
			i := int(k)
			s := a[i&am] - b[i&bm]
			d[i] = s
			bad += s - s
		}
	default:
		for _, k := range sel {
			i := int(k)
			s := a[i&am] * b[i&bm]
			d[i] = s
			bad += s - s
		}
	}
	return bad != 0
}
