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
	k, done := 0, 0
	if level >= AVX2 {
		done = len(values) &^ 7
		k = selectRange32(out, values[:done], least, span, flipOf(outside))
	}
	flip := int(flipOf(outside)) & 1
	for i := done; i < len(values); i++ {
		v := values[i]
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
	k, done := 0, 0
	if level >= AVX2 {
		done = len(values) &^ 7
		k = selectRange64(out, values[:done], least, span, flipOf(outside))
	}
	flip := int(flipOf(outside)) & 1
	for i := done; i < len(values); i++ {
		v := values[i]
		out[k] = uint32(i)
		in := 0
		if uint64(v)-least <= span {
			in = 1
		}
		k += in ^ flip
	}
	return k
}

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// SelectFlags writes the positions of flags that are 1 to out, ascending, and returns how many. Flags are 0 or 1. out has room for all.
func SelectFlags(out []uint32, flags []uint8) int {
	out = out[:len(flags)]
	if level >= AVX512 && len(flags) > 0 {
		return selectFlags(out, flags)
	}
	k, done := 0, 0
	if level >= AVX2 {
		done = len(flags) &^ 7
		k = selectFlags(out, flags[:done])
	}
	for i := done; i < len(flags); i++ {
		out[k] = uint32(i)
		k += int(flags[i] & 1)
	}
	return k
}

// SelectBits writes the positions of the bits that are set among the first n of words, lowest first, to out, ascending, and returns how many. out has
// room for n.
func SelectBits(out []uint32, words []uint64, n int) int {
	out, words = out[:n], words[:(n+63)/64]
	k, from := 0, 0
	if level >= AVX2 && n >= 16 {
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
