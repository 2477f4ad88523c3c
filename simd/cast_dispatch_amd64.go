package simd

import "unsafe"

// These are called at level AVX2 or above, with a multiple of blockRows rows in dst or, of 128 bits, in src.

func castWiden(dst []int64, src *uint8, op int) {
	if level >= AVX512 {
		castWidenAVX512(unsafe.SliceData(dst), src, len(dst), op)
		return
	}
	castWidenAVX2(unsafe.SliceData(dst), src, len(dst), op)
}

func castNarrow(dst *uint8, src []int64, op int) bool {
	if level >= AVX512 {
		return castNarrowAVX512(dst, unsafe.SliceData(src), len(src), op) != 0
	}
	return castNarrowAVX2(dst, unsafe.SliceData(src), len(src), op) != 0
}

func castFloats(dst []float64, src []float32) {
	if level >= AVX512 {
		castFloatsAVX512(unsafe.SliceData(dst), unsafe.SliceData(src), len(dst))
		return
	}
	castFloatsAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(dst))
}

func castDoubles(dst []float64, src []int64, divisor *float64, op int) {
	if level >= AVX512 {
		castDoublesAVX512(unsafe.SliceData(dst), unsafe.SliceData(src), len(dst), divisor, op)
		return
	}
	castDoublesAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(dst), divisor, op)
}

func castPairs(dst []uint64, src []int64) {
	if level >= AVX512 {
		castPairsAVX512(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
		return
	}
	castPairsAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
}

func castHalves(dst []int64, src []uint64) bool {
	if level >= AVX512 {
		return castHalvesAVX512(unsafe.SliceData(dst), unsafe.SliceData(src), len(dst)) != 0
	}
	return castHalvesAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(dst)) != 0
}

func datePart(dst []int64, days []int32, op DatePart) int {
	if level >= AVX512 {
		return datePartAVX512(unsafe.SliceData(dst), unsafe.SliceData(days), len(dst), int(op))
	}
	return datePartAVX2(unsafe.SliceData(dst), unsafe.SliceData(days), len(dst), int(op))
}

// microsPart is for level AVX512.
func microsPart(dst, micros []int64, op DatePart) int {
	return microsPartAVX512(unsafe.SliceData(dst), unsafe.SliceData(micros), len(dst), int(op))
}

func daysOfMicros(dst []int32, micros []int64) int {
	if level >= AVX512 {
		return daysOfMicrosAVX512(unsafe.SliceData(dst), unsafe.SliceData(micros), len(dst))
	}
	return daysOfMicrosAVX2(unsafe.SliceData(dst), unsafe.SliceData(micros), len(dst))
}
