package simd

import "unsafe"

// These are called at level AVX2 or above, with whole blocks.

func bitLogic(dst, a, b []uint64, op bitOp) {
	d, x, y := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	if level >= AVX512 {
		bitLogicAVX512(d, x, y, len(dst), int(op))
		return
	}
	bitLogicAVX2(d, x, y, len(dst), int(op))
}

func bitCount(words []uint64) int {
	if level >= AVX512 {
		return bitCountAVX512(unsafe.SliceData(words), len(words))
	}
	return bitCountAVX2(unsafe.SliceData(words), len(words))
}

func bitExpand(dst []uint8, words []uint64) {
	if level >= AVX512 {
		bitExpandAVX512(unsafe.SliceData(dst), unsafe.SliceData(words), len(dst))
		return
	}
	bitExpandAVX2(unsafe.SliceData(dst), unsafe.SliceData(words), len(dst))
}

func bitPack(words []uint64, flags []uint8) {
	if level >= AVX512 {
		bitPackAVX512(unsafe.SliceData(words), unsafe.SliceData(flags), len(flags))
		return
	}
	bitPackAVX2(unsafe.SliceData(words), unsafe.SliceData(flags), len(flags))
}
