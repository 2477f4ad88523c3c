package simd

import "unsafe"

// These are called at level AVX2 and above, with lengths checked.

// unpackBitsFast takes a multiple of 64 bits.
func unpackBitsFast(dst []uint8, src []byte) {
	if level >= AVX512 {
		unpackBitsAVX512(unsafe.SliceData(dst), unsafe.SliceData(src), len(dst)/64)
		return
	}
	unpackBitsAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(dst)/64)
}

// decodeRunsFast decodes runs of up to 25 bits a value as far as words can be read whole.
func decodeRunsFast(dst []uint32, src []byte, width uint) (values, consumed int) {
	d, s, t := unsafe.SliceData(dst), unsafe.SliceData(src), &unpackTables[width].bytes[0]
	if vbmi {
		return decodeRunsVBMI(d, len(dst), s, len(src), int(width), t)
	}
	return decodeRunsAVX2(d, len(dst), s, len(src), int(width), t)
}

// deltaFast adds up a number of differences of up to 25 bits, a multiple of eight.
func deltaFast(dst []int64, src []byte, width uint, low, last int64) (done int, sum int64) {
	d, s, t := unsafe.SliceData(dst), unsafe.SliceData(src), &unpackTables[width].bytes[0]
	if vbmi {
		groups := len(dst) / 16
		return 16 * groups, deltaVBMI(d, s, groups, int(width), t, low, last)
	}
	// The last group reads 16 bytes from its middle on.
	end := len(src) - int(width)/2 - 16
	if end < 0 {
		return 0, last
	}
	groups := min(len(dst)/8, end/int(width)+1)
	return 8 * groups, deltaAVX2(d, s, groups, int(width), t, low, last)
}

// unsplitFast puts a number of values together.
func unsplitFast(dst, src []byte, n, width int) (done int) {
	d, s := unsafe.SliceData(dst), unsafe.SliceData(src)
	rows, blocks := 32, n/32
	if level >= AVX512 {
		rows, blocks = 64, n/64
	}
	switch {
	case width == 4 && level >= AVX512:
		unsplit32AVX512(d, s, n, blocks)
	case width == 4:
		unsplit32AVX2(d, s, n, blocks)
	case width == 8 && level >= AVX512:
		unsplit64AVX512(d, s, n, blocks)
	case width == 8:
		unsplit64AVX2(d, s, n, blocks)
	default:
		return 0
	}
	return rows * blocks
}
