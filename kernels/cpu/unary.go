package cpu

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/simd"
)

// unary computes the negation or the absolute value.
func unary(op kernels.Op, dst, a *column.Vector, sel []uint32, n int) error {
	bad := false
	switch dst.Type.Physical() {
	case column.PhysInt8:
		bad = unaryInts[int8](op, dst, a, sel, n)
	case column.PhysInt16:
		bad = unaryInts[int16](op, dst, a, sel, n)
	case column.PhysInt32:
		bad = unaryInts[int32](op, dst, a, sel, n)
	case column.PhysInt64:
		bad = unaryInts[int64](op, dst, a, sel, n)
	case column.PhysFloat32:
		unaryFloats[float32](op, dst, a, sel, n)
	case column.PhysFloat64:
		unaryFloats[float64](op, dst, a, sel, n)
	case column.PhysInt128:
		d, x := column.Values[column.Int128](dst), column.Values[column.Int128](a)
		each(sel, n, func(i int) {
			d[i] = x[i]
			if op == kernels.OpNeg || x[i].Hi < 0 {
				d[i] = x[i].Neg()
			}
		})
	default:
		return fault.New(fault.Internal, "sign of %s", dst.Type)
	}
	if !bad {
		return nil
	}
	lo, _ := limits(dst.Type)
	return rowwise(sel, n, func(i int) error {
		if dst.Valid.Get(i) && intAt(a, i) == lo {
			return outOfRange(dst.Type)
		}
		return nil
	})
}

func unaryInts[T int8 | int16 | int32 | int64](op kernels.Op, dst, a *column.Vector, sel []uint32, n int) bool {
	d, x := column.Values[T](dst), column.Values[T](a)
	if sel == nil && op == kernels.OpNeg {
		return simd.Sub(d[:n], []T{0}, x, true, false)
	}
	var bad T
	step := func(v T) T {
		if op == kernels.OpNeg || v < 0 {
			// Only zero and the least value share the sign with their opposite.
			bad |= v & -v
			return -v
		}
		return v
	}
	if sel == nil {
		for i, v := range x[:n] {
			d[i] = step(v)
		}
		return bad < 0
	}
	for _, i := range sel {
		d[i] = step(x[i])
	}
	return bad < 0
}

func unaryFloats[T float](op kernels.Op, dst, a *column.Vector, sel []uint32, n int) {
	d, x := column.Values[T](dst), column.Values[T](a)
	each(sel, n, func(i int) {
		if op == kernels.OpNeg {
			d[i] = -x[i]
		} else {
			d[i] = T(math.Abs(float64(x[i])))
		}
	})
}

var dateParts = [...]simd.DatePart{
	kernels.OpExtractYear: simd.Year, kernels.OpExtractMonth: simd.Month, kernels.OpExtractDay: simd.Day, kernels.OpExtractQuarter: simd.Quarter,
}

// extract takes year, month, day or quarter of dates and timestamps; there is no year zero: 1 BC is -1. far says that some row, perhaps a NULL
// one, is of a year before 1901 or after 2099, as infinities are.
func extract(op kernels.Op, dst, a *column.Vector, sel []uint32, rows int) (far bool) {
	d, part := column.Values[int64](dst), dateParts[op]
	isDate := a.Type.Kind == column.Date
	if !dense(sel, rows) {
		for _, i := range sel {
			if isDate {
				far = simd.Part(d[i:i+1], column.Values[int32](a)[i:i+1], part) || far
			} else {
				far = simd.PartOfMicros(d[i:i+1], column.Values[int64](a)[i:i+1], part) || far
			}
		}
		return far
	}
	if isDate {
		return simd.Part(d[:rows], column.Values[int32](a), part)
	}
	return simd.PartOfMicros(d[:rows], column.Values[int64](a), part)
}
