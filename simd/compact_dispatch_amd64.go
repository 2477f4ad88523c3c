package simd

import "unsafe"

// These take a multiple of 16 values, at least 16, at level AVX2 or above.

func compact32(dst, src []uint32, words []uint64, n int) int {
	d, s, w := unsafe.SliceData(dst), unsafe.SliceData(src), (*uint8)(unsafe.Pointer(unsafe.SliceData(words)))
	if level >= AVX512 {
		return compact32AVX512(d, s, w, n)
	}
	return compact32AVX2(d, s, w, n)
}

func compact64(dst, src []uint64, words []uint64, n int) int {
	d, s, w := unsafe.SliceData(dst), unsafe.SliceData(src), (*uint8)(unsafe.Pointer(unsafe.SliceData(words)))
	if level >= AVX512 {
		return compact64AVX512(d, s, w, n)
	}
	return compact64AVX2(d, s, w, n)
}
