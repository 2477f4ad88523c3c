package simd

import (
	"math"
	"unsafe"
)

// LeastFloat is the least of the values that count as SQL orders them: a NaN is greater than all other numbers. Of equal ones, which a zero and a negative zero are, it is
// the first. ok is false when no value counts.
func LeastFloat[T float32 | float64](values []T, valid []uint64) (least T, ok bool) {
	return extremeFloat(values, valid, false)
}

// GreatestFloat is the greatest of the values that count, otherwise as LeastFloat.
func GreatestFloat[T float32 | float64](values []T, valid []uint64) (greatest T, ok bool) {
	return extremeFloat(values, valid, true)
}

func extremeFloat[T float32 | float64](values []T, valid []uint64, greatest bool) (best T, ok bool) {
	n := len(values)
	if n == 0 || valid != nil && CountBits(valid, n) == 0 {
		return 0, false
	}
	best, from, nan := T(math.Inf(1)), 0, false
	if greatest {
		best = -best
	}
	if size := int(unsafe.Sizeof(best)); level >= AVX2 && n*size >= registerBytes {
		from = n &^ (registerBytes/size - 1)
		var room register
		lanes := repeat(&room, best)
		nan = extremeFloatFast(lanes, values[:from], valid, greatest)
		for _, v := range lanes {
			if greatest && v > best || !greatest && v < best {
				best = v
			}
		}
	}
	for i := from; i < n; i++ {
		v := values[i]
		better := v < best
		if greatest {
			better = v > best || v != v
		}
		if better && counts(valid, i) {
			if v != v {
				nan = true
			} else {
				best = v
			}
		}
	}
	switch {
	case nan:
		return firstFloat(values, valid, func(v T) bool { return v != v }), true
	case best == 0:
		return firstFloat(values, valid, func(v T) bool { return v == 0 }), true
	case math.IsInf(float64(best), 1) && !greatest:
		// The infinity, or nothing but NaNs.
		if v := firstFloat(values, valid, func(v T) bool { return v == best }); v == best {
			return v, true
		}
		return firstFloat(values, valid, func(v T) bool { return v != v }), true
	}
	return best, true
}

// firstFloat is the first value that counts of which is says so, 0 where there is none.
func firstFloat[T float32 | float64](values []T, valid []uint64, is func(T) bool) T {
	for i, v := range values {
		if is(v) && counts(valid, i) {
			return v
		}
	}
	return 0
}
