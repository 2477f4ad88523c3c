//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

func findFast(_ []uint32, _ []uint64, _ []byte) {}

func prefixFast(_ []uint8, _ []uint64, _ []byte, _, _ uint32) {}

func suffixFast(_ []uint8, _ []uint64, _ []byte) {}

func equalFast(_ []uint8, _ []uint64, _ []byte, _, _ uint32) {}

func asciiFast(_ []byte) (ok bool, done int) { return true, 0 }

func extractFast(_ []uint64, _ []byte, _ int, _ uint64, _, _ uint) {}
