//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

func snappyFast(_, _ []byte, d, s int) (int, int) { return d, s }

func unpackFast(_ []uint32, _ []byte, _ uint) int { return 0 }

func selectRange32(_ []uint32, _ []int32, _, _ uint32, _ int32) int { return 0 }

func selectRange64(_ []uint32, _ []int64, _, _ uint64, _ int32) int { return 0 }

func selectFlags(_ []uint32, _ []uint8) int { return 0 }

func selectBits(_ []uint32, _ []uint64, _ int) int { return 0 }

func maxFast(values []uint32) uint32 { return maxGo(values) }

func mixFast(_, _ []uint64) {}

func combineFast(_, _ []uint64) {}

func bloomFast(_ []uint32, _ []uint64, _ []uint32, _ []uint64, _ uint) int { return 0 }

func sumGroupsFast(_ *[MaxSumGroups]int64, _ int, _ []uint32, _ []int64) (magnitude, beyond uint64) {
	return 0, 0
}

func sumWideGroupsFast(_ *[MaxSumGroups]int64, _ int, _ []uint32, _ []uint64) (magnitude, beyond uint64) {
	return 0, 0
}
