//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

func sumCountCodes(_ []int64, _ []uint8, _ []int64) (magnitude uint64) { return 0 }

func sumCountGroups(_ []int64, _ []uint32, _ []int64) (magnitude uint64) { return 0 }

func addTotals(_ []uint64, _ []uint32, _ []int64, _ int) {}
