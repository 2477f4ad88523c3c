package simd

// Integer is an integer that widens to 64 bits with its value.
type Integer interface {
	int8 | int16 | int32 | uint8 | uint16 | uint32
}

// blockRows is what most assembly here takes at a time; the rest is left to Go.
const blockRows = 8

// blocksOf is how many of n rows assembly takes at the level in use.
func blocksOf(n int) int {
	if level < AVX2 {
		return 0
	}
	return n &^ (blockRows - 1)
}

// Widen writes the integers of src as ones of 64 bits. dst and src have one length.
func Widen[T Integer](dst []int64, src []T) {
	src = src[:len(dst)]
	from := blocksOf(len(dst))
	if from > 0 {
		k := kindOf[T]()
		op := int(k)
		if k >= kindUint8 {
			op = int(k-kindUint8) + 3
		}
		castWiden(dst[:from], pointerTo[uint8](src), op)
	}
	for i, v := range src[from:] {
		dst[from+i] = int64(v)
	}
}

// MicrosOfDays writes the microseconds of days. dst and src have one length.
func MicrosOfDays(dst []int64, days []int32) {
	days = days[:len(dst)]
	from := blocksOf(len(dst))
	if from > 0 {
		const widenDays = 6
		castWiden(dst[:from], pointerTo[uint8](days), widenDays)
	}
	for i, v := range days[from:] {
		dst[from+i] = int64(v) * dayMicros
	}
}

const dayMicros = 86_400_000_000

// Narrow writes the lower bits of integers and reports whether one does not fit. dst and src have one length.
func Narrow[T Integer](dst []T, src []int64) (overflow bool) {
	src = src[:len(dst)]
	from := blocksOf(len(dst))
	if from > 0 {
		k := kindOf[T]()
		op := int(k)
		if k >= kindUint8 {
			op = int(k-kindUint8) + 3
		}
		overflow = castNarrow(pointerTo[uint8](dst), src[:from], op)
	}
	var odd int64
	for i, v := range src[from:] {
		dst[from+i] = T(v)
		odd |= v ^ int64(T(v))
	}
	return overflow || odd != 0
}

// DoublesOfFloats widens floats. dst and src have one length.
func DoublesOfFloats(dst []float64, src []float32) {
	src = src[:len(dst)]
	from := blocksOf(len(dst))
	if from > 0 {
		castFloats(dst[:from], src)
	}
	for i, v := range src[from:] {
		dst[from+i] = float64(v)
	}
}

// DoublesOfInts writes the doubles nearest to integers, divided by divisor. dst and src have one length.
func DoublesOfInts(dst []float64, src []int64, divisor float64) {
	src = src[:len(dst)]
	from := blocksOf(len(dst))
	if from > 0 {
		op := 1
		if divisor == 1 {
			op = 0
		}
		castDoubles(dst[:from], src, &divisor, op)
	}
	for i, v := range src[from:] {
		dst[from+i] = float64(v) / divisor
	}
}

// WidenTo128 writes integers as numbers of two words, low ones first: two words of dst for each.
func WidenTo128(dst []uint64, src []int64) {
	dst = dst[:2*len(src)]
	from := blocksOf(len(src))
	if from > 0 {
		castPairs(dst, src[:from])
	}
	for i, v := range src[from:] {
		d := dst[2*(from+i):][:2]
		d[0], d[1] = uint64(v), uint64(v>>63)
	}
}

// NarrowFrom128 writes the low words of numbers of two words, and reports whether one of the numbers does not fit 64 bits.
func NarrowFrom128(dst []int64, src []uint64) (overflow bool) {
	src = src[:2*len(dst)]
	from := blocksOf(len(dst))
	if from > 0 {
		overflow = castHalves(dst[:from], src)
	}
	var odd uint64
	for i := from; i < len(dst); i++ {
		v := src[2*i:][:2]
		dst[i] = int64(v[0])
		odd |= v[1] ^ uint64(int64(v[0])>>63)
	}
	return overflow || odd != 0
}
