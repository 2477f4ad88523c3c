package simd

import "unsafe"

// These are called with at least one string, rows that have been checked, at level AVX2 or above.

func hashViews(dst []uint64, views []View) {
	hashViewsAVX2(unsafe.SliceData(dst), &views[0][0], len(dst))
}

func hashViewsOf(dst []uint64, views []View, rows []uint32) {
	hashViewsOfAVX2(unsafe.SliceData(dst), &views[0][0], unsafe.SliceData(rows), len(dst))
}
