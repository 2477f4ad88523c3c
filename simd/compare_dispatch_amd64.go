package simd

import "unsafe"

// compareFast compares n rows, a multiple of 64, at level AVX2 or above.
func compareFast[T Number](words []uint64, p predicate, a, b []T, aConst, bConst bool, n int) {
	var x, y register
	k := kindOf[T]()
	op := int(p)
	switch {
	case k >= kindFloat32:
		op = floatOp(p, a, b, aConst, bConst)
	case k >= kindUint8 && p == lessThan:
		op = 2
	}
	if aConst {
		a = repeat(&x, a[0])
	}
	if bConst {
		b = repeat(&y, b[0])
	}
	bits, s, t, wide := pointerTo[uint8](words), step(aConst), step(bConst), level >= AVX512
	switch k {
	case kindInt8, kindUint8:
		if v, w := pointerTo[uint8](a), pointerTo[uint8](b); wide {
			compare8AVX512(bits, v, w, n, op, s, t)
		} else {
			compare8AVX2(bits, v, w, n, op, s, t)
		}
	case kindInt16, kindUint16:
		if v, w := pointerTo[uint16](a), pointerTo[uint16](b); wide {
			compare16AVX512(bits, v, w, n, op, s, t)
		} else {
			compare16AVX2(bits, v, w, n, op, s, t)
		}
	case kindInt32, kindUint32:
		if v, w := pointerTo[uint32](a), pointerTo[uint32](b); wide {
			compare32AVX512(bits, v, w, n, op, s, t)
		} else {
			compare32AVX2(bits, v, w, n, op, s, t)
		}
	case kindInt64, kindUint64:
		if v, w := pointerTo[uint64](a), pointerTo[uint64](b); wide {
			compare64AVX512(bits, v, w, n, op, s, t)
		} else {
			compare64AVX2(bits, v, w, n, op, s, t)
		}
	case kindFloat32:
		if v, w := pointerTo[float32](a), pointerTo[float32](b); wide {
			compareFloat32AVX512(bits, v, w, n, op, s, t)
		} else {
			compareFloat32AVX2(bits, v, w, n, op, s, t)
		}
	case kindFloat64:
		if v, w := pointerTo[float64](a), pointerTo[float64](b); wide {
			compareFloat64AVX512(bits, v, w, n, op, s, t)
		} else {
			compareFloat64AVX2(bits, v, w, n, op, s, t)
		}
	}
}

// floatOp chooses a loop of one comparison instead of several where a constant that is no NaN spares the others.
func floatOp[T Number](p predicate, a, b []T, aConst, bConst bool) int {
	const plainEqual, plainLess, notGreaterOrEqual = 2, 3, 4
	aNumber, bNumber := aConst && a[0] == a[0], bConst && b[0] == b[0]
	switch {
	case p == equalTo && (aNumber || bNumber):
		return plainEqual
	case p == lessThan && bNumber:
		return plainLess
	case p == lessThan && aNumber:
		return notGreaterOrEqual
	}
	return int(p)
}

// compareWideFast is compareFast for numbers of two words.
func compareWideFast(words []uint64, p predicate, a, b []uint64, aConst, bConst, unsigned bool, n int) {
	var x, y register
	op := int(p)
	if p == lessThan && unsigned {
		op = 2
	}
	if aConst {
		a = repeatPair(&x, a)
	}
	if bConst {
		b = repeatPair(&y, b)
	}
	bits, s, t := pointerTo[uint8](words), step(aConst), step(bConst)
	if level >= AVX512 {
		compare128AVX512(bits, unsafe.SliceData(a), unsafe.SliceData(b), n, op, s, t)
		return
	}
	compare128AVX2(bits, unsafe.SliceData(a), unsafe.SliceData(b), n, op, s, t)
}
