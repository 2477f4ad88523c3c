//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

func plainFast(_ []View, _ []byte) (done, read int) { return 0, 0 }

func cutFast(_ []View, _ []byte, _ []int64) (done, read int) { return 0, 0 }

func steadyFast(_ []View, _ []byte, _ int) int { return 0 }

func unprefixFast(_ []byte, _, _ int, _ []byte, _ int, _, _ []int64) (done, written, read int) {
	return 0, 0, 0
}
