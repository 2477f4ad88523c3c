package simd

import "unsafe"

// These are called with at least one row, at level AVX2 or above, parts that have been checked.

func partitions(dst []uint32, hashes []uint64, n int) {
	d, h := unsafe.SliceData(dst), unsafe.SliceData(hashes)
	if level >= AVX512 {
		partitionsAVX512(d, h, len(dst), uint64(n))
		return
	}
	partitionsAVX2(d, h, len(dst), uint64(n))
}

func splitRows(rows, next, parts []uint32) {
	splitRowsAVX2(unsafe.SliceData(rows), unsafe.SliceData(next), unsafe.SliceData(parts), len(parts))
}
