package simd

import (
	"math/bits"
	"unsafe"
)

// The functions of this file take a bitmap of the rows that count: nil stands for all. There is a bit for each value, and there are fewer than 2^31.

// allValid stands for the bits of rows that all count.
var allValid = ^uint64(0)

// validBytes is what assembly takes for a bitmap: where it lies and by how many bytes it goes on for 64 bytes of values of the size.
func validBytes(valid []uint64, size int) (first *uint8, step int) {
	if valid == nil {
		return (*uint8)(unsafe.Pointer(&allValid)), 0
	}
	return (*uint8)(unsafe.Pointer(unsafe.SliceData(valid))), 8 / size
}

// counts reports whether row i counts.
func counts(valid []uint64, i int) bool { return valid == nil || valid[i/64]>>(uint(i)%64)&1 != 0 }

// sumBlock is what assembly takes at a time.
const sumBlock = 32

// SumValid is the exact sum, as a 128-bit number, and the number of the values that count.
func SumValid(values []int64, valid []uint64) (hi int64, lo uint64, count int) {
	n := len(values)
	from := 0
	if level >= AVX2 {
		from = n &^ (sumBlock - 1)
	}
	if from > 0 {
		count = from
		if valid != nil {
			count = CountBits(valid, from)
		}
		upper, wrapped := sumValid(values[:from], valid)
		// What the upper halves leave of the sum modulo 2^64 are the lower ones. The values were 2^63 more than they are.
		top, carry := bits.Add64(upper<<32, wrapped-upper<<32, 0)
		rest, borrow := bits.Sub64(top, uint64(count)<<63, 0)
		lo, hi = rest, int64(upper>>32)+int64(carry)-int64(count>>1)-int64(borrow)
	}
	for i := from; i < n; i++ {
		if counts(valid, i) {
			v := values[i]
			var carry uint64
			lo, carry = bits.Add64(lo, uint64(v), 0)
			hi += v>>63 + int64(carry)
			count++
		}
	}
	return hi, lo, count
}

// Sum128 is the exact sum of numbers of two words, low ones first; ok is false when it does not fit two words.
func Sum128(words []uint64) (hi int64, lo uint64, ok bool) {
	n := len(words) / 2
	var sums [4]uint64 // the upper halves of low and high words, then the lower ones
	from := 0
	if level >= AVX2 {
		if from = n &^ 3; from > 0 {
			sum128(&sums, words[:2*from])
		}
	}
	for i := from; i < n; i++ {
		l, h := words[2*i], words[2*i+1]^1<<63
		sums[0] += l >> 32
		sums[1] += h >> 32
		sums[2] += l & 0xFFFFFFFF
		sums[3] += h & 0xFFFFFFFF
	}
	join := func(upper, lower uint64) (h, l uint64) {
		l, carry := bits.Add64(upper<<32, lower, 0)
		return upper>>32 + carry, l
	}
	lowCarry, lo := join(sums[0], sums[2])
	top, high := join(sums[1], sums[3])
	// High words were 2^63 more than they are.
	high, borrow := bits.Sub64(high, uint64(n)<<63, 0)
	top -= uint64(n)>>1 + borrow
	high, carry := bits.Add64(high, lowCarry, 0)
	top += carry
	return int64(high), lo, top == uint64(int64(high)>>63)
}

// floatLanes is how many sums SumFloats keeps: every sixteenth value goes to the same one, whatever the level, so that the result is the same.
const floatLanes = 16

// SumFloats is the sum of the values that count, in an order of its own: sixteen sums of every sixteenth value, joined by halves.
func SumFloats(values []float64, valid []uint64) float64 {
	var sums [floatLanes]float64
	from := 0
	if level >= AVX2 {
		if from = len(values) &^ (floatLanes - 1); from > 0 {
			sumFloats(&sums, values[:from], valid)
		}
	}
	for i := from; i < len(values); i++ {
		if v := values[i]; counts(valid, i) {
			sums[i%floatLanes] += v
		}
	}
	for half := floatLanes / 2; half > 0; half /= 2 {
		for i := range half {
			sums[i] += sums[i+half]
		}
	}
	return sums[0]
}

// AnyInteger is an integer of up to 64 bits.
type AnyInteger interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// Least is the least of the values that count; ok is false when none does.
func Least[T AnyInteger](values []T, valid []uint64) (least T, ok bool) {
	return extreme(values, valid, false)
}

// Greatest is the greatest of the values that count; ok is false when none does.
func Greatest[T AnyInteger](values []T, valid []uint64) (greatest T, ok bool) {
	return extreme(values, valid, true)
}

func extreme[T AnyInteger](values []T, valid []uint64, greatest bool) (best T, ok bool) {
	n := len(values)
	if n == 0 || valid != nil && CountBits(valid, n) == 0 {
		return 0, false
	}
	best = worst[T](greatest)
	from := 0
	if size := int(unsafe.Sizeof(best)); level >= AVX2 && n*size >= registerBytes {
		from = n &^ (registerBytes/size - 1)
		var room register
		lanes := repeat(&room, best)
		extremeFast(lanes, values[:from], valid, greatest)
		for _, v := range lanes {
			if better(v, best, greatest) {
				best = v
			}
		}
	}
	for i := from; i < n; i++ {
		if v := values[i]; better(v, best, greatest) && counts(valid, i) {
			best = v
		}
	}
	return best, true
}

func better[T AnyInteger](v, than T, greatest bool) bool {
	if greatest {
		return v > than
	}
	return v < than
}

// worst is what all values are as good as or better than.
func worst[T AnyInteger](greatest bool) T {
	var zero T
	ones := zero - 1
	if ones > zero { // no sign
		if greatest {
			return zero
		}
		return ones
	}
	least := T(1) << (8*unsafe.Sizeof(zero) - 1)
	if greatest {
		return least
	}
	return least - 1
}
