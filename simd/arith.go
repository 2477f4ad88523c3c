package simd

import (
	"math/bits"
	"unsafe"
)

// The functions of this file take an operand that is constant as a slice of which the first number is for all rows (aConst, bConst). Other operands have a number for
// each row of dst, whose own memory they may be.

type arithOp int

const (
	arithAdd arithOp = iota
	arithSub
	arithMul
	arithDiv
)

// Add writes a+b and reports whether a sum may be wrong: one of integers that overflowed, of which dst has the lower bits, or one of floats that is infinite or NaN.
func Add[T Number](dst, a, b []T, aConst, bConst bool) (bad bool) {
	return arithmetic(arithAdd, dst, a, b, aConst, bConst)
}

// Sub writes a-b and reports what Add does.
func Sub[T Number](dst, a, b []T, aConst, bConst bool) (bad bool) {
	return arithmetic(arithSub, dst, a, b, aConst, bConst)
}

// Mul writes a*b and reports what Add does.
func Mul[T Number](dst, a, b []T, aConst, bConst bool) (bad bool) {
	return arithmetic(arithMul, dst, a, b, aConst, bConst)
}

// Div writes a/b of floats and reports whether one is infinite or NaN, as it is where b is 0.
func Div[T float32 | float64](dst, a, b []T, aConst, bConst bool) (bad bool) {
	return arithmetic(arithDiv, dst, a, b, aConst, bConst)
}

func arithmetic[T Number](op arithOp, dst, a, b []T, aConst, bConst bool) (bad bool) {
	n := len(dst)
	if n == 0 {
		return false
	}
	a, b = rowsOf(a, n, 1, aConst), rowsOf(b, n, 1, bConst)
	from := 0
	if level >= AVX2 {
		if from = n &^ (registerBytes/int(unsafe.Sizeof(dst[0])) - 1); from > 0 {
			bad = arithFast(op, dst[:from], a, b, aConst, bConst)
		}
	}
	if from == n {
		return bad
	}
	if !aConst {
		a = a[from:]
	}
	if !bConst {
		b = b[from:]
	}
	return arithGo(op, dst[from:], a, b, every(aConst), every(bConst)) || bad
}

// as is v as a slice of To, which is T.
func as[To, T Number](v []T) []To {
	return unsafe.Slice((*To)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

func arithGo[T Number](op arithOp, dst, a, b []T, am, bm int) bool {
	var zero T
	size := unsafe.Sizeof(zero)
	switch {
	case T(1)/2 != zero && size == 4:
		return floatGo(op, as[float32](dst), as[float32](a), as[float32](b), am, bm)
	case T(1)/2 != zero:
		return floatGo(op, as[float64](dst), as[float64](a), as[float64](b), am, bm)
	case size == 8 && zero-1 < zero:
		return int64Go(op, as[int64](dst), as[int64](a), as[int64](b), am, bm)
	case size == 8:
		return uint64Go(op, as[uint64](dst), as[uint64](a), as[uint64](b), am, bm)
	}
	var odd int64
	switch op {
	case arithAdd:
		for i := range dst {
			s := int64(a[i&am]) + int64(b[i&bm])
			dst[i] = T(s)
			odd |= s ^ int64(T(s))
		}
	case arithSub:
		for i := range dst {
			s := int64(a[i&am]) - int64(b[i&bm])
			dst[i] = T(s)
			odd |= s ^ int64(T(s))
		}
	default:
		for i := range dst {
			s := int64(a[i&am]) * int64(b[i&bm])
			dst[i] = T(s)
			odd |= s ^ int64(T(s))
		}
	}
	return odd != 0
}

func int64Go(op arithOp, dst, a, b []int64, am, bm int) bool {
	var odd int64
	switch op {
	case arithAdd:
		for i := range dst {
			x, y := a[i&am], b[i&bm]
			s := x + y
			dst[i] = s
			odd |= (x ^ s) & (y ^ s)
		}
		return odd < 0
	case arithSub:
		for i := range dst {
			x, y := a[i&am], b[i&bm]
			s := x - y
			dst[i] = s
			odd |= (x ^ y) & (x ^ s)
		}
		return odd < 0
	}
	for i := range dst {
		hi, lo := mulSigned(a[i&am], b[i&bm])
		dst[i] = int64(lo)
		odd |= int64(hi) ^ int64(lo)>>63
	}
	return odd != 0
}

func uint64Go(op arithOp, dst, a, b []uint64, am, bm int) bool {
	var odd uint64
	switch op {
	case arithAdd:
		for i := range dst {
			s, carry := bits.Add64(a[i&am], b[i&bm], 0)
			dst[i] = s
			odd |= carry
		}
	case arithSub:
		for i := range dst {
			s, borrow := bits.Sub64(a[i&am], b[i&bm], 0)
			dst[i] = s
			odd |= borrow
		}
	default:
		for i := range dst {
			hi, lo := bits.Mul64(a[i&am], b[i&bm])
			dst[i] = lo
			odd |= hi
		}
	}
	return odd != 0
}

// floatGo adds up s-s, which is zero for every finite number and NaN for all others.
func floatGo[T float32 | float64](op arithOp, dst, a, b []T, am, bm int) bool {
	var odd T
	switch op {
	case arithAdd:
		for i := range dst {
			s := a[i&am] + b[i&bm]
			dst[i] = s
			odd += s - s
		}
	case arithSub:
		for i := range dst {
			s := a[i&am] - b[i&bm]
			dst[i] = s
			odd += s - s
		}
	case arithMul:
		for i := range dst {
			s := a[i&am] * b[i&bm]
			dst[i] = s
			odd += s - s
		}
	default:
		for i := range dst {
			s := a[i&am] / b[i&bm]
			dst[i] = s
			odd += s - s
		}
	}
	return odd != 0
}

// mulSigned is the 128-bit product of x and y.
func mulSigned(x, y int64) (hi, lo uint64) {
	hi, lo = bits.Mul64(uint64(x), uint64(y))
	// The unsigned product counts a negative factor as 2^64 more than it is.
	hi -= uint64(x>>63) & uint64(y)
	hi -= uint64(y>>63) & uint64(x)
	return hi, lo
}
