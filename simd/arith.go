package simd

import "math/bits"

// The functions of this file take a constant as a slice of which the first number is for all rows (aConst, bConst); at most one operand is one. Other operands
// have a number for each row of dst, whose own memory they may be.

// AddInt64 writes a+b modulo 2^64 and reports whether a sum overflowed.
func AddInt64(dst, a, b []int64, aConst, bConst bool) (overflow bool) {
	if aConst {
		a, b, aConst, bConst = b, a, false, true
	}
	if len(dst) == 0 {
		return false
	}
	a, b = operand(a, len(dst), aConst), operand(b, len(dst), bConst)
	if level >= AVX512 {
		return addFast(dst, a, b, bConst)
	}
	var bad int64
	for i, x := range a {
		y := b[0]
		if !bConst {
			y = b[i]
		}
		s := x + y
		dst[i] = s
		bad |= (x ^ s) & (y ^ s)
	}
	return bad < 0
}

// SubInt64 writes a-b modulo 2^64 and reports whether a difference overflowed.
func SubInt64(dst, a, b []int64, aConst, bConst bool) (overflow bool) {
	if len(dst) == 0 {
		return false
	}
	a, b = operand(a, len(dst), aConst), operand(b, len(dst), bConst)
	if level >= AVX512 {
		return subFast(dst, a, b, aConst, bConst)
	}
	var bad int64
	for i := range dst {
		x, y := a[0], b[0]
		if !aConst {
			x = a[i]
		}
		if !bConst {
			y = b[i]
		}
		s := x - y
		dst[i] = s
		bad |= (x ^ y) & (x ^ s)
	}
	return bad < 0
}

// MulInt64 writes a*b modulo 2^64 and reports whether a product overflowed.
func MulInt64(dst, a, b []int64, aConst, bConst bool) (overflow bool) {
	if aConst {
		a, b, aConst, bConst = b, a, false, true
	}
	if len(dst) == 0 {
		return false
	}
	a, b = operand(a, len(dst), aConst), operand(b, len(dst), bConst)
	if level >= AVX512 {
		return mulFast(dst, a, b, bConst)
	}
	var bad uint64
	for i, x := range a {
		y := b[0]
		if !bConst {
			y = b[i]
		}
		hi, lo := mulSigned(x, y)
		dst[i] = int64(lo)
		bad |= hi ^ uint64(int64(lo)>>63)
	}
	return bad != 0
}

// MulWideInt64 writes the 128-bit products a*b to dst, two words each with the low one first. dst is apart from a and b.
func MulWideInt64(dst []uint64, a, b []int64, aConst, bConst bool) {
	if aConst {
		a, b, aConst, bConst = b, a, false, true
	}
	rows := len(dst) / 2
	if rows == 0 {
		return
	}
	a, b = operand(a, rows, aConst), operand(b, rows, bConst)
	if level >= AVX512 {
		mulWideFast(dst, a, b, bConst)
		return
	}
	for i, x := range a {
		y := b[0]
		if !bConst {
			y = b[i]
		}
		dst[2*i+1], dst[2*i] = mulSigned(x, y)
	}
}

func operand(v []int64, rows int, constant bool) []int64 {
	if constant {
		return v[:1]
	}
	return v[:rows]
}

// mulSigned is the 128-bit product of x and y.
func mulSigned(x, y int64) (hi, lo uint64) {
	hi, lo = bits.Mul64(uint64(x), uint64(y))
	// The unsigned product counts a negative factor as 2^64 more than it is.
	hi -= uint64(x>>63) & uint64(y)
	hi -= uint64(y>>63) & uint64(x)
	return hi, lo
}
