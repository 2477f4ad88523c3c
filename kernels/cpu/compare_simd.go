package cpu

import (
	"math"

	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/simd"
)

// rangeOf is the values for which a comparison with y holds, or with outside those for which it does not.
func rangeOf(op kernels.Op, y int64) (r simd.Range, outside bool) {
	none := simd.Range{Low: 1, High: 0}
	switch op {
	case kernels.OpEq:
		return simd.Range{Low: y, High: y}, false
	case kernels.OpNe:
		return simd.Range{Low: y, High: y}, true
	case kernels.OpLt:
		if y == math.MinInt64 {
			return none, false
		}
		return simd.Range{Low: math.MinInt64, High: y - 1}, false
	case kernels.OpLe:
		return simd.Range{Low: math.MinInt64, High: y}, false
	case kernels.OpGt:
		if y == math.MaxInt64 {
			return none, false
		}
		return simd.Range{Low: y + 1, High: math.MaxInt64}, false
	default:
		return simd.Range{Low: y, High: math.MaxInt64}, false
	}
}

// fastCompare is the level from which on all rows of 32-bit and 64-bit integers and of doubles are compared by package simd: 14, 5 and 10 times as fast with
// AVX-512 as in Go.
const fastCompare = simd.AVX512

// compareInt32s is compareInts for all of n rows.
func compareInt32s(op kernels.Op, d []uint8, a, b []int32, bc bool, n int) {
	if simd.Current() < fastCompare {
		compareInts(op, d, a, b, bc, nil, n)
		return
	}
	if bc {
		r, outside := rangeOf(op, int64(b[0]))
		simd.FlagInt32(d, a[:n], r, outside)
		return
	}
	switch op {
	case kernels.OpEq, kernels.OpNe:
		simd.EqualInt32(d[:n], a, b, op == kernels.OpNe)
	case kernels.OpLt:
		simd.LessInt32(d[:n], a, b, false)
	default:
		simd.LessInt32(d[:n], b, a, true)
	}
}

// compareInt64s is compareInts for all of n rows.
func compareInt64s(op kernels.Op, d []uint8, a, b []int64, bc bool, n int) {
	if simd.Current() < fastCompare {
		compareInts(op, d, a, b, bc, nil, n)
		return
	}
	if bc {
		r, outside := rangeOf(op, b[0])
		simd.FlagInt64(d, a[:n], r, outside)
		return
	}
	switch op {
	case kernels.OpEq, kernels.OpNe:
		simd.EqualInt64(d[:n], a, b, op == kernels.OpNe)
	case kernels.OpLt:
		simd.LessInt64(d[:n], a, b, false)
	default:
		simd.LessInt64(d[:n], b, a, true)
	}
}

// compareFloat64s is compareFloats for all of n rows.
func compareFloat64s(op kernels.Op, d []uint8, a, b []float64, bc bool, n int) {
	if simd.Current() < fastCompare {
		compareFloats(op, d, a, b, bc, nil, n)
		return
	}
	switch op {
	case kernels.OpEq, kernels.OpNe:
		simd.EqualFloat64(d[:n], a, b, bc, op == kernels.OpNe)
	case kernels.OpLt, kernels.OpGe:
		simd.LessFloat64(d[:n], a, b, bc, op == kernels.OpGe)
	default:
		simd.GreaterFloat64(d[:n], a, b, bc, op == kernels.OpLe)
	}
}
