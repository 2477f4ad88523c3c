//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

func partitions(_ []uint32, _ []uint64, _ int) {}

func splitRows(_, _, _ []uint32) {}
