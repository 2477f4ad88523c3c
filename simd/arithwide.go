package simd

import (
	"math/bits"
	"unsafe"
)

// Numbers of 128 bits are two words, the low one first. Constants are as in Add.

// Add128 writes a+b modulo 2^128 and reports whether a sum overflowed. dst may be a or b.
func Add128(dst, a, b []uint64, aConst, bConst bool) (overflow bool) {
	return arithmetic128(arithAdd, dst, a, b, aConst, bConst)
}

// Sub128 writes a-b modulo 2^128 and reports whether a difference overflowed. dst may be a or b.
func Sub128(dst, a, b []uint64, aConst, bConst bool) (overflow bool) {
	return arithmetic128(arithSub, dst, a, b, aConst, bConst)
}

func arithmetic128(op arithOp, dst, a, b []uint64, aConst, bConst bool) (overflow bool) {
	n := len(dst) / 2
	if n == 0 {
		return false
	}
	dst, a, b = dst[:2*n], rowsOf(a, 2*n, 2, aConst), rowsOf(b, 2*n, 2, bConst)
	from := 0
	if level >= AVX2 {
		if from = n &^ (registerBytes/16 - 1); from > 0 {
			overflow = arith128Fast(op, dst[:2*from], a, b, aConst, bConst)
		}
	}
	var odd uint64
	am, bm := every(aConst), every(bConst)
	for i := from; i < n; i++ {
		x, y, d := a[2*(i&am):][:2], b[2*(i&bm):][:2], dst[2*i:][:2]
		var lo, hi, c uint64
		if op == arithAdd {
			lo, c = bits.Add64(x[0], y[0], 0)
			hi, _ = bits.Add64(x[1], y[1], c)
			odd |= (x[1] ^ hi) & (y[1] ^ hi)
		} else {
			lo, c = bits.Sub64(x[0], y[0], 0)
			hi, _ = bits.Sub64(x[1], y[1], c)
			odd |= (x[1] ^ y[1]) & (x[1] ^ hi)
		}
		d[0], d[1] = lo, hi
	}
	return overflow || odd>>63 != 0
}

// Mul128 writes a*b modulo 2^128 and reports whether a product may have overflowed: whether the greatest magnitudes of a and of b take more than 126 bits together. dst
// may be a or b.
func Mul128(dst, a, b []uint64, aConst, bConst bool) (bad bool) {
	n := len(dst) / 2
	if n == 0 {
		return false
	}
	dst, a, b = dst[:2*n], rowsOf(a, 2*n, 2, aConst), rowsOf(b, 2*n, 2, bConst)
	from := 0
	var ofA, ofB [2]uint64
	if level >= AVX512 {
		if from = n &^ (registerBytes/16 - 1); from > 0 {
			ofA, ofB = product128Fast(dst[:2*from], a, b, aConst, bConst)
		}
	}
	am, bm := every(aConst), every(bConst)
	av, bv, dv := pairsOf(a), pairsOf(b), pairsOf(dst)
	var al, ah, bl, bh uint64
	for i := from; i < len(dv); i++ {
		x, y := &av[i&am], &bv[i&bm]
		xl, xh, yl, yh := x[0], x[1], y[0], y[1]
		xs, ys := uint64(int64(xh)>>63), uint64(int64(yh)>>63)
		al, ah, bl, bh = al|(xl^xs), ah|(xh^xs), bl|(yl^ys), bh|(yh^ys)
		hi, lo := bits.Mul64(xl, yl)
		d := &dv[i]
		d[0], d[1] = lo, hi+xl*yh+xh*yl
	}
	return lengthOf(ofA[0]|al, ofA[1]|ah)+lengthOf(ofB[0]|bl, ofB[1]|bh) > 126
}

// pairsOf is words as numbers of two.
func pairsOf(words []uint64) []Wide {
	return unsafe.Slice((*Wide)(unsafe.Pointer(unsafe.SliceData(words))), len(words)/2)
}

// lengthOf is the bits of a number of two words without a sign.
func lengthOf(lo, hi uint64) int {
	if hi != 0 {
		return 64 + bits.Len64(hi)
	}
	return bits.Len64(lo)
}

// AddWiden writes the sums a+b of 128 bits to dst, which is apart from a and b.
func AddWiden(dst []uint64, a, b []int64, aConst, bConst bool) {
	widening(arithAdd, dst, a, b, aConst, bConst)
}

// SubWiden writes the differences a-b of 128 bits to dst, which is apart from a and b.
func SubWiden(dst []uint64, a, b []int64, aConst, bConst bool) {
	widening(arithSub, dst, a, b, aConst, bConst)
}

// MulWiden writes the products a*b of 128 bits to dst, which is apart from a and b.
func MulWiden(dst []uint64, a, b []int64, aConst, bConst bool) {
	widening(arithMul, dst, a, b, aConst, bConst)
}

func widening(op arithOp, dst []uint64, a, b []int64, aConst, bConst bool) {
	n := len(dst) / 2
	if n == 0 {
		return
	}
	a, b = rowsOf(a, n, 1, aConst), rowsOf(b, n, 1, bConst)
	from := 0
	if level >= AVX2 {
		if from = n &^ (registerBytes/8 - 1); from > 0 {
			widenFast(op, dst[:2*from], a, b, aConst, bConst)
		}
	}
	am, bm := every(aConst), every(bConst)
	for i := from; i < n; i++ {
		x, y := a[i&am], b[i&bm]
		switch op {
		case arithAdd:
			s := x + y
			// The upper word repeats the sign, which is turned where the lower one overflowed.
			dst[2*i], dst[2*i+1] = uint64(s), uint64((s^(x^s)&(y^s))>>63)
		case arithSub:
			s := x - y
			dst[2*i], dst[2*i+1] = uint64(s), uint64((s^(x^y)&(x^s))>>63)
		default:
			dst[2*i+1], dst[2*i] = mulSigned(x, y)
		}
	}
}
