package cpu

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/simd"
)

// fastArithmetic is the level from which on all rows of 64-bit integers are computed by package simd: about 5 times as fast as the loops here with AVX-512,
// slower without.
const fastArithmetic = simd.AVX512

// The integer loops compute modulo the type's size and gather evidence of overflow: true means that some row, perhaps a NULL one, overflowed.

// narrowInt is an integer whose sums and products fit 64 bits.
type narrowInt interface {
	int8 | int16 | int32 | uint8 | uint16 | uint32
}

// mask is 0 for a constant operand, whose only value every row reads, and all ones otherwise.
func mask(constant bool) int {
	if constant {
		return 0
	}
	return -1
}

// addNarrow sums integers of up to 32 bits.
func addNarrow[T narrowInt](d, a, b []T, ac, bc bool, sel []uint32, n int) bool {
	var bad int64
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			s := int64(x) + int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			s := int64(x) + int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			s := int64(x) + int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			s := int64(x) + int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	}
	return bad != 0
}

// subNarrow subtracts integers of up to 32 bits.
func subNarrow[T narrowInt](d, a, b []T, ac, bc bool, sel []uint32, n int) bool {
	var bad int64
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			s := int64(x) - int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			s := int64(x) - int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			s := int64(x) - int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			s := int64(x) - int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	}
	return bad != 0
}

// mulNarrow multiplies integers of up to 32 bits.
func mulNarrow[T narrowInt](d, a, b []T, ac, bc bool, sel []uint32, n int) bool {
	var bad int64
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			s := int64(x) * int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			s := int64(x) * int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			s := int64(x) * int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			s := int64(x) * int64(y)
			d[i] = T(s)
			bad |= s ^ int64(T(s))
		}
	}
	return bad != 0
}

// addInt64 sums 64-bit integers.
func addInt64(d, a, b []int64, ac, bc bool, sel []uint32, n int) bool {
	if sel == nil && simd.Current() >= fastArithmetic && !(ac && bc) {
		return simd.AddInt64(d[:n], a, b, ac, bc)
	}
	var bad int64
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			s := x + y
			d[i] = s
			bad |= (x ^ s) & (y ^ s)
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			s := x + y
			d[i] = s
			bad |= (x ^ s) & (y ^ s)
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			s := x + y
			d[i] = s
			bad |= (x ^ s) & (y ^ s)
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			s := x + y
			d[i] = s
			bad |= (x ^ s) & (y ^ s)
		}
	}
	return bad < 0
}

// subInt64 subtracts 64-bit integers.
func subInt64(d, a, b []int64, ac, bc bool, sel []uint32, n int) bool {
	if sel == nil && simd.Current() >= fastArithmetic && !(ac && bc) {
		return simd.SubInt64(d[:n], a, b, ac, bc)
	}
	var bad int64
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			s := x - y
			d[i] = s
			bad |= (x ^ y) & (x ^ s)
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			s := x - y
			d[i] = s
			bad |= (x ^ y) & (x ^ s)
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			s := x - y
			d[i] = s
			bad |= (x ^ y) & (x ^ s)
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			s := x - y
			d[i] = s
			bad |= (x ^ y) & (x ^ s)
		}
	}
	return bad < 0
}

// mulInt64 multiplies 64-bit integers.
func mulInt64(d, a, b []int64, ac, bc bool, sel []uint32, n int) bool {
	if sel == nil && simd.Current() >= fastArithmetic && !(ac && bc) {
		return simd.MulInt64(d[:n], a, b, ac, bc)
	}
	var bad int64
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			hi, lo := bits.Mul64(uint64(x), uint64(y))
			hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x)
			d[i] = int64(lo)
			bad |= int64(hi) ^ int64(lo)>>63
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			hi, lo := bits.Mul64(uint64(x), uint64(y))
			hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x)
			d[i] = int64(lo)
			bad |= int64(hi) ^ int64(lo)>>63
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			hi, lo := bits.Mul64(uint64(x), uint64(y))
			hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x)
			d[i] = int64(lo)
			bad |= int64(hi) ^ int64(lo)>>63
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			hi, lo := bits.Mul64(uint64(x), uint64(y))
			hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x)
			d[i] = int64(lo)
			bad |= int64(hi) ^ int64(lo)>>63
		}
	}
	return bad != 0
}
