//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

func unpackBitsFast(_ []uint8, _ []byte) {}

func decodeRunsFast(_ []uint32, _ []byte, _ uint) (values, consumed int) { return 0, 0 }

func deltaFast(_ []int64, _ []byte, _ uint, _, last int64) (done int, sum int64) { return 0, last }

func unsplitFast(_, _ []byte, _, _ int) (done int) { return 0 }
