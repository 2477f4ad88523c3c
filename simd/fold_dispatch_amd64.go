package simd

import "unsafe"

// These are called at level AVX2 or above, with whole blocks.

func sumValid(values []int64, valid []uint64) (upper, wrapped uint64) {
	first, step := validBytes(valid, 8)
	if level >= AVX512 {
		return sumInt64AVX512Valid(unsafe.SliceData(values), first, len(values), step)
	}
	return sumInt64AVX2Valid(unsafe.SliceData(values), first, len(values), step)
}

func sum128(sums *[4]uint64, words []uint64) {
	if level >= AVX512 {
		sum128AVX512(&sums[0], unsafe.SliceData(words), len(words)/2)
		return
	}
	sum128AVX2(&sums[0], unsafe.SliceData(words), len(words)/2)
}

func sumFloats(sums *[floatLanes]float64, values []float64, valid []uint64) {
	first, step := validBytes(valid, 8)
	if level >= AVX512 {
		sumFloat64AVX512(&sums[0], unsafe.SliceData(values), first, len(values), step)
		return
	}
	sumFloat64AVX2(&sums[0], unsafe.SliceData(values), first, len(values), step)
}

// extremeFloatFast puts values that are no NaNs into the lanes of a register, and reports of the greatest whether one is a NaN.
func extremeFloatFast[T float32 | float64](lanes, values []T, valid []uint64, greatest bool) (nan bool) {
	var zero T
	size := int(unsafe.Sizeof(zero))
	first, step := validBytes(valid, size)
	op, n, wide := int(flag(greatest)), len(values), level >= AVX512
	if size == 4 {
		b, v := pointerTo[float32](lanes), pointerTo[float32](values)
		if wide {
			return extremeFloat32AVX512(b, v, first, n, step, op) != 0
		}
		return extremeFloat32AVX2(b, v, first, n, step, op) != 0
	}
	b, v := pointerTo[float64](lanes), pointerTo[float64](values)
	if wide {
		return extremeFloat64AVX512(b, v, first, n, step, op) != 0
	}
	return extremeFloat64AVX2(b, v, first, n, step, op) != 0
}

// extremeFast puts values into the lanes of a register.
func extremeFast[T AnyInteger](lanes, values []T, valid []uint64, greatest bool) {
	var zero T
	first, step := validBytes(valid, int(unsafe.Sizeof(zero)))
	op, n, wide := int(flag(greatest)), len(values), level >= AVX512
	switch kindOf[T]() {
	case kindInt8:
		if b, v := pointerTo[int8](lanes), pointerTo[int8](values); wide {
			extremeInt8AVX512(b, v, first, n, step, op)
		} else {
			extremeInt8AVX2(b, v, first, n, step, op)
		}
	case kindInt16:
		if b, v := pointerTo[int16](lanes), pointerTo[int16](values); wide {
			extremeInt16AVX512(b, v, first, n, step, op)
		} else {
			extremeInt16AVX2(b, v, first, n, step, op)
		}
	case kindInt32:
		if b, v := pointerTo[int32](lanes), pointerTo[int32](values); wide {
			extremeInt32AVX512(b, v, first, n, step, op)
		} else {
			extremeInt32AVX2(b, v, first, n, step, op)
		}
	case kindInt64:
		if b, v := pointerTo[int64](lanes), pointerTo[int64](values); wide {
			extremeInt64AVX512(b, v, first, n, step, op)
		} else {
			extremeInt64AVX2(b, v, first, n, step, op)
		}
	case kindUint8:
		if b, v := pointerTo[uint8](lanes), pointerTo[uint8](values); wide {
			extremeUint8AVX512(b, v, first, n, step, op)
		} else {
			extremeUint8AVX2(b, v, first, n, step, op)
		}
	case kindUint16:
		if b, v := pointerTo[uint16](lanes), pointerTo[uint16](values); wide {
			extremeUint16AVX512(b, v, first, n, step, op)
		} else {
			extremeUint16AVX2(b, v, first, n, step, op)
		}
	case kindUint32:
		if b, v := pointerTo[uint32](lanes), pointerTo[uint32](values); wide {
			extremeUint32AVX512(b, v, first, n, step, op)
		} else {
			extremeUint32AVX2(b, v, first, n, step, op)
		}
	case kindUint64:
		if b, v := pointerTo[uint64](lanes), pointerTo[uint64](values); wide {
			extremeUint64AVX512(b, v, first, n, step, op)
		} else {
			extremeUint64AVX2(b, v, first, n, step, op)
		}
	}
}
