package simd

import "unsafe"

// registerBytes is the size of the widest register: assembly takes multiples of it, whatever the level.
const registerBytes = 64

// These are called at level AVX2 or above; dst is a number of whole registers.

func arithFast[T Number](op arithOp, dst, a, b []T, aConst, bConst bool) bool {
	var x, y register
	if aConst {
		a = repeat(&x, a[0])
	}
	if bConst {
		b = repeat(&y, b[0])
	}
	o, s, t, n, wide := int(op), step(aConst), step(bConst), len(dst), level >= AVX512
	var bad uint32
	switch kindOf[T]() {
	case kindFloat32:
		if d, p, q := pointerTo[float32](dst), pointerTo[float32](a), pointerTo[float32](b); wide {
			bad = arithFloat32AVX512(d, p, q, n, o, s, t)
		} else {
			bad = arithFloat32AVX2(d, p, q, n, o, s, t)
		}
	case kindFloat64:
		if d, p, q := pointerTo[float64](dst), pointerTo[float64](a), pointerTo[float64](b); wide {
			bad = arithFloat64AVX512(d, p, q, n, o, s, t)
		} else {
			bad = arithFloat64AVX2(d, p, q, n, o, s, t)
		}
	case kindUint8:
		if d, p, q := pointerTo[uint8](dst), pointerTo[uint8](a), pointerTo[uint8](b); wide {
			bad = arithUint8AVX512(d, p, q, n, o, s, t)
		} else {
			bad = arithUint8AVX2(d, p, q, n, o, s, t)
		}
	case kindUint16:
		if d, p, q := pointerTo[uint16](dst), pointerTo[uint16](a), pointerTo[uint16](b); wide {
			bad = arithUint16AVX512(d, p, q, n, o, s, t)
		} else {
			bad = arithUint16AVX2(d, p, q, n, o, s, t)
		}
	case kindUint32:
		if d, p, q := pointerTo[uint32](dst), pointerTo[uint32](a), pointerTo[uint32](b); wide {
			bad = arithUint32AVX512(d, p, q, n, o, s, t)
		} else {
			bad = arithUint32AVX2(d, p, q, n, o, s, t)
		}
	case kindUint64:
		if d, p, q := pointerTo[uint64](dst), pointerTo[uint64](a), pointerTo[uint64](b); wide {
			bad = arithUint64AVX512(d, p, q, n, o, s, t)
		} else {
			bad = arithUint64AVX2(d, p, q, n, o, s, t)
		}
	case kindInt8:
		if d, p, q := pointerTo[int8](dst), pointerTo[int8](a), pointerTo[int8](b); wide {
			bad = arithInt8AVX512(d, p, q, n, o, s, t)
		} else {
			bad = arithInt8AVX2(d, p, q, n, o, s, t)
		}
	case kindInt16:
		if d, p, q := pointerTo[int16](dst), pointerTo[int16](a), pointerTo[int16](b); wide {
			bad = arithInt16AVX512(d, p, q, n, o, s, t)
		} else {
			bad = arithInt16AVX2(d, p, q, n, o, s, t)
		}
	case kindInt32:
		if d, p, q := pointerTo[int32](dst), pointerTo[int32](a), pointerTo[int32](b); wide {
			bad = arithInt32AVX512(d, p, q, n, o, s, t)
		} else {
			bad = arithInt32AVX2(d, p, q, n, o, s, t)
		}
	case kindInt64:
		if d, p, q := pointerTo[int64](dst), pointerTo[int64](a), pointerTo[int64](b); wide {
			bad = arithInt64AVX512(d, p, q, n, o, s, t)
		} else {
			bad = arithInt64AVX2(d, p, q, n, o, s, t)
		}
	}
	return bad != 0
}

func arith128Fast(op arithOp, dst, a, b []uint64, aConst, bConst bool) bool {
	var x, y register
	if aConst {
		a = repeatPair(&x, a)
	}
	if bConst {
		b = repeatPair(&y, b)
	}
	d, p, q := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	if level >= AVX512 {
		return arith128AVX512(d, p, q, len(dst)/2, int(op), step(aConst), step(bConst)) != 0
	}
	return arith128AVX2(d, p, q, len(dst)/2, int(op), step(aConst), step(bConst)) != 0
}

// product128Fast is for level AVX512. It returns the magnitudes of a and b, or-ed: those of negative numbers are one less.
func product128Fast(dst, a, b []uint64, aConst, bConst bool) (ofA, ofB [2]uint64) {
	var x, y register
	if aConst {
		a = repeatPair(&x, a)
	}
	if bConst {
		b = repeatPair(&y, b)
	}
	var magnitudes [2 * registerBytes / 8]uint64
	product128AVX512(unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b), len(dst)/2, step(aConst), step(bConst), &magnitudes[0])
	for i := range registerBytes / 8 {
		ofA[i%2] |= magnitudes[i]
		ofB[i%2] |= magnitudes[registerBytes/8+i]
	}
	return ofA, ofB
}

func widenFast(op arithOp, dst []uint64, a, b []int64, aConst, bConst bool) {
	var x, y register
	if aConst {
		a = repeat(&x, a[0])
	}
	if bConst {
		b = repeat(&y, b[0])
	}
	d, p, q := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	if level >= AVX512 {
		arithWidenAVX512(d, p, q, len(dst)/2, int(op), step(aConst), step(bConst))
		return
	}
	arithWidenAVX2(d, p, q, len(dst)/2, int(op), step(aConst), step(bConst))
}
