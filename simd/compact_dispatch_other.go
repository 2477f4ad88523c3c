//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

func compact32(_, _ []uint32, _ []uint64, _ int) int { return 0 }

func compact64(_, _ []uint64, _ []uint64, _ int) int { return 0 }
