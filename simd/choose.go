package simd

import (
	"math"
	"math/bits"
)

// Range is the integers from Low to High; none when Low is above High.
type Range struct{ Low, High int64 }

// bounds32 is r as a least 32-bit value and the span from it on; ok is false when r has no 32-bit value.
func (r Range) bounds32() (least, span uint32, ok bool) {
	low, high := max(r.Low, math.MinInt32), min(r.High, math.MaxInt32)
	return uint32(low), uint32(high - low), low <= high
}

func (r Range) bounds64() (least, span uint64, ok bool) {
	return uint64(r.Low), uint64(r.High) - uint64(r.Low), r.Low <= r.High
}

// all writes the numbers from 0 on.
func all(out []uint32) int {
	for i := range out {
		out[i] = uint32(i)
	}
	return len(out)
}

// fill sets all flags to 1 or to 0.
func fill(dst []uint8, set bool) {
	var v uint8
	if set {
		v = 1
	}
	for i := range dst {
		dst[i] = v
	}
}

// flipOf is what routines take for outside: all ones.
func flipOf(outside bool) int32 {
	if outside {
		return -1
	}
	return 0
}

// SelectInt32 writes the positions of the values in r, or of those outside, to out, ascending, and returns how many. out has room for all.
func SelectInt32(out []uint32, values []int32, r Range, outside bool) int {
	out = out[:len(values)]
	least, span, ok := r.bounds32()
	switch {
	case !ok && outside:
		return all(out)
	case !ok || len(values) == 0:
		return 0
	case level >= AVX512:
		return selectRange32(out, values, least, span, flipOf(outside))
	}
	k := 0
	flip := int(flipOf(outside)) & 1
	for i, v := range values {
		// Every position is written, and overwritten by the next unless it counts: that spares a branch.
		out[k] = uint32(i)
		in := 0
		if uint32(v)-least <= span {
			in = 1
		}
		k += in ^ flip
	}
	return k
}

// SelectInt64 is SelectInt32 for 64-bit values.
func SelectInt64(out []uint32, values []int64, r Range, outside bool) int {
	out = out[:len(values)]
	least, span, ok := r.bounds64()
	switch {
	case !ok && outside:
		return all(out)
	case !ok || len(values) == 0:
		return 0
	case level >= AVX512:
		return selectRange64(out, values, least, span, flipOf(outside))
	}
	k := 0
	flip := int(flipOf(outside)) & 1
	for i, v := range values {
		out[k] = uint32(i)
		in := 0
		if uint64(v)-least <= span {
			in = 1
		}
		k += in ^ flip
	}
	return k
}

// FlagInt32 writes a 1 for each value in r, or outside of it, and a 0 for the others to dst, which has room for all.
func FlagInt32(dst []uint8, values []int32, r Range, outside bool) {
	dst = dst[:len(values)]
	least, span, ok := r.bounds32()
	switch {
	case !ok:
		fill(dst, outside)
		return
	case len(values) == 0:
		return
	case level >= AVX512:
		flagRange32(dst, values, least, span, flipOf(outside))
		return
	}
	flip := uint8(flipOf(outside)) & 1
	for i, v := range values {
		dst[i] = flag(uint32(v)-least <= span) ^ flip
	}
}

// FlagInt64 is FlagInt32 for 64-bit values.
func FlagInt64(dst []uint8, values []int64, r Range, outside bool) {
	dst = dst[:len(values)]
	least, span, ok := r.bounds64()
	switch {
	case !ok:
		fill(dst, outside)
		return
	case len(values) == 0:
		return
	case level >= AVX512:
		flagRange64(dst, values, least, span, flipOf(outside))
		return
	}
	flip := uint8(flipOf(outside)) & 1
	for i, v := range values {
		dst[i] = flag(uint64(v)-least <= span) ^ flip
	}
}

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// EqualInt32 writes a 1 for each pair a[i], b[i] that is equal (with not, that is not) and a 0 for the others. a, b and dst have one length.
func EqualInt32(dst []uint8, a, b []int32, not bool) {
	a, b = a[:len(dst)], b[:len(dst)]
	if level >= AVX512 && len(dst) > 0 {
		flagEqual32(dst, a, b, flipOf(not))
		return
	}
	equalGo(dst, a, b, not)
}

// EqualInt64 is EqualInt32 for 64-bit values.
func EqualInt64(dst []uint8, a, b []int64, not bool) {
	a, b = a[:len(dst)], b[:len(dst)]
	if level >= AVX512 && len(dst) > 0 {
		flagEqual64(dst, a, b, flipOf(not))
		return
	}
	equalGo(dst, a, b, not)
}

// LessInt32 writes a 1 for each pair with a[i] < b[i] (with not, a[i] >= b[i]) and a 0 for the others. a, b and dst have one length.
func LessInt32(dst []uint8, a, b []int32, not bool) {
	a, b = a[:len(dst)], b[:len(dst)]
	if level >= AVX512 && len(dst) > 0 {
		flagLess32(dst, a, b, flipOf(not))
		return
	}
	lessGo(dst, a, b, not)
}

// LessInt64 is LessInt32 for 64-bit values.
func LessInt64(dst []uint8, a, b []int64, not bool) {
	a, b = a[:len(dst)], b[:len(dst)]
	if level >= AVX512 && len(dst) > 0 {
		flagLess64(dst, a, b, flipOf(not))
		return
	}
	lessGo(dst, a, b, not)
}

func equalGo[T int32 | int64](dst []uint8, a, b []T, not bool) {
	flip := uint8(flipOf(not)) & 1
	for i := range dst {
		dst[i] = flag(a[i] == b[i]) ^ flip
	}
}

func lessGo[T int32 | int64](dst []uint8, a, b []T, not bool) {
	flip := uint8(flipOf(not)) & 1
	for i := range dst {
		dst[i] = flag(a[i] < b[i]) ^ flip
	}
}

// The comparisons of floats order them as SQL does: NaN equals itself and is greater than all others. With bConst, b's first number is for all rows; otherwise
// a, b and dst have one length.

// EqualFloat64 writes a 1 for each row where a and b are equal (with not, are not) and a 0 for the others.
func EqualFloat64(dst []uint8, a, b []float64, bConst, not bool) {
	if len(dst) == 0 {
		return
	}
	a, b = a[:len(dst)], floats(b, len(dst), bConst)
	if level >= AVX512 {
		flagEqualFloat(dst, a, b, bConst, flipOf(not))
		return
	}
	flip := uint8(flipOf(not)) & 1
	for i, x := range a {
		y := b[0]
		if !bConst {
			y = b[i]
		}
		dst[i] = flag(x == y || x != x && y != y) ^ flip
	}
}

// LessFloat64 writes a 1 for each row where a is less than b (with not, is not) and a 0 for the others.
func LessFloat64(dst []uint8, a, b []float64, bConst, not bool) {
	if len(dst) == 0 {
		return
	}
	a, b = a[:len(dst)], floats(b, len(dst), bConst)
	if level >= AVX512 {
		flagLessFloat(dst, a, b, bConst, flipOf(not))
		return
	}
	flip := uint8(flipOf(not)) & 1
	for i, x := range a {
		y := b[0]
		if !bConst {
			y = b[i]
		}
		dst[i] = flag(floatLess(x, y)) ^ flip
	}
}

// GreaterFloat64 writes a 1 for each row where a is greater than b (with not, is not) and a 0 for the others.
func GreaterFloat64(dst []uint8, a, b []float64, bConst, not bool) {
	if !bConst {
		LessFloat64(dst, b, a, false, not)
		return
	}
	if len(dst) == 0 {
		return
	}
	a, b = a[:len(dst)], b[:1]
	if level >= AVX512 {
		flagGreaterFloat(dst, a, b, flipOf(not))
		return
	}
	flip := uint8(flipOf(not)) & 1
	for i, x := range a {
		dst[i] = flag(floatLess(b[0], x)) ^ flip
	}
}

func floatLess(x, y float64) bool { return x < y || y != y && x == x }

func floats(v []float64, rows int, constant bool) []float64 {
	if constant {
		return v[:1]
	}
	return v[:rows]
}

// SelectFlags writes the positions of flags that are 1 to out, ascending, and returns how many. Flags are 0 or 1. out has room for all.
func SelectFlags(out []uint32, flags []uint8) int {
	out = out[:len(flags)]
	if level >= AVX512 && len(flags) > 0 {
		return selectFlags(out, flags)
	}
	k := 0
	for i, f := range flags {
		out[k] = uint32(i)
		k += int(f & 1)
	}
	return k
}

// SelectBits writes the positions of the bits that are set among the first n of words, lowest first, to out, ascending, and returns how many. out has
// room for n.
func SelectBits(out []uint32, words []uint64, n int) int {
	out, words = out[:n], words[:(n+63)/64]
	k, from := 0, 0
	if level >= AVX512 && n >= 16 {
		from = n &^ 15
		k = selectBits(out, words, from)
	}
	for w := from / 64; w < len(words); w++ {
		word := words[w]
		if w == from/64 {
			word = word >> (uint(from) & 63) << (uint(from) & 63)
		}
		if rest := n - 64*w; rest < 64 {
			word &= 1<<uint(rest) - 1
		}
		for ; word != 0; word &= word - 1 {
			out[k] = uint32(64*w + bits.TrailingZeros64(word))
			k++
		}
	}
	return k
}

// MaxUint32 is the greatest of values, 0 if there is none.
func MaxUint32(values []uint32) uint32 {
	if level >= AVX2 {
		return maxFast(values)
	}
	return maxGo(values)
}

// maxGo works in four independent chains.
func maxGo(values []uint32) uint32 {
	var a, b, c, d uint32
	for len(values) >= 4 {
		a, b, c, d = max(a, values[0]), max(b, values[1]), max(c, values[2]), max(d, values[3])
		values = values[4:]
	}
	for _, v := range values {
		a = max(a, v)
	}
	return max(a, b, c, d)
}
