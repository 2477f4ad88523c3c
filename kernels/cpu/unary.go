package cpu

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
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

// Shifts that make every day of the range positive: the days and years of 82 cycles of 400 years.
const (
	shiftDays  = 719468 + 146097*82
	shiftYears = 400 * 82
)

// civil is the year (0 is 1 BC), month and day of a day since 1970-01-01 within about 32000 BC and 2.9 million AD, by multiplications only
// (C. Neri and L. Schneider, "Euclidean affine functions and their application to calendar algorithms", 2022).
func civil(days int32) (year int64, month, day uint32) {
	n := uint32(days) + shiftDays
	n1 := 4*n + 3
	century, rest := n1/146097, n1%146097|3
	p := 2939745 * uint64(rest)
	yearOfCentury, dayOfYear := uint32(p>>32), uint32(p)/2939745/4
	n3 := 2141*dayOfYear + 197913
	month, day = n3>>16, n3&0xffff/2141+1
	year = int64(100*century+yearOfCentury) - shiftYears
	if dayOfYear >= 306 {
		// The year began in March so far.
		year++
		month -= 12
	}
	return year, month, day
}

// datePart is year, month or day; there is no year zero: 1 BC is -1.
func datePart(op kernels.Op, days int32) int64 {
	y, m, d := civil(days)
	switch op {
	case kernels.OpExtractYear:
		if y <= 0 {
			y--
		}
		return y
	case kernels.OpExtractMonth:
		return int64(m)
	}
	return int64(d)
}

// extract takes year, month or day of dates and timestamps.
func extract(op kernels.Op, dst, a *column.Vector, sel []uint32, n int) error {
	d := column.Values[int64](dst)
	if a.Type.Kind == column.Date {
		x := column.Values[int32](a)
		if sel == nil {
			for i, v := range x[:n] {
				d[i] = datePart(op, v)
			}
			return nil
		}
		for _, i := range sel {
			d[i] = datePart(op, x[i])
		}
		return nil
	}
	x := column.Values[int64](a)
	each(sel, n, func(i int) { d[i] = datePart(op, dayOf(x[i])) })
	return nil
}

// dayOf is the day of a timestamp, rounded down. The infinities give the ends of int32, which nothing prints.
func dayOf(us int64) int32 {
	days := us / column.MicrosPerDay
	if us%column.MicrosPerDay < 0 {
		days--
	}
	return int32(days)
}
