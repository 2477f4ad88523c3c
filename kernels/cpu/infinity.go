package cpu

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/simd"
)

// infinityBlock is how many values are looked at at once: their numbers fit on the stack.
const infinityBlock = 1024

func anyInfiniteDate(days []int32) bool {
	var found [infinityBlock]uint32
	for len(days) > 0 {
		n := min(len(days), infinityBlock)
		if simd.SelectInt32(found[:], days[:n], simd.Range{Low: column.DateMinusInfinity + 1, High: column.DateInfinity - 1}, true) > 0 {
			return true
		}
		days = days[n:]
	}
	return false
}

func anyInfiniteTimestamp(us []int64) bool {
	var found [infinityBlock]uint32
	for len(us) > 0 {
		n := min(len(us), infinityBlock)
		if simd.SelectInt64(found[:], us[:n], simd.Range{Low: math.MinInt64 + 1, High: math.MaxInt64 - 1}, true) > 0 {
			return true
		}
		us = us[n:]
	}
	return false
}

// anyInfinite reports whether one of the first rows, which may be NULL, holds an infinity.
func anyInfinite(a *column.Vector, rows int) bool {
	if a.Type.Kind == column.Date {
		return anyInfiniteDate(column.Values[int32](a)[:rows])
	}
	return anyInfiniteTimestamp(column.Values[int64](a)[:rows])
}

// microsOfDays turns dates into timestamps.
func microsOfDays(dst []int64, days []int32) {
	simd.MicrosOfDays(dst, days)
	if anyInfiniteDate(days) {
		for i, d := range days {
			dst[i] = convert.MicrosOfDate(d)
		}
	}
}

// finite fails where a date or timestamp of which a part is wanted is infinite: it has none that a number could be.
func finite(a, dst *column.Vector, sel []uint32, rows int) error {
	if dense(sel, rows) && !anyInfinite(a, rows) {
		return nil
	}
	isDate, found := a.Type.Kind == column.Date, false
	each(sel, rows, func(i int) {
		switch {
		case found || dst.Valid != nil && !dst.Valid.Get(i):
		case isDate:
			found = !convert.FiniteDate(column.Values[int32](a)[i])
		default:
			found = !convert.Finite(column.Values[int64](a)[i])
		}
	})
	if found {
		return fault.New(fault.DatetimeOverflow, "infinity has no parts: a number cannot tell its year, month or day")
	}
	return nil
}
