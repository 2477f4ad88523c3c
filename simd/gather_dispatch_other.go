//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

func gather8(_, _ []uint8, _ []uint32) int { return 0 }

func gather16(_, _ []uint16, _ []uint32) int { return 0 }

func gather32(_, _, _ []uint32) int { return 0 }

func gather64(_, _ []uint64, _ []uint32) int { return 0 }

func gather128(_, _ []Wide, _ []uint32) int { return 0 }
