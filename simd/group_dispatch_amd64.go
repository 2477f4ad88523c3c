package simd

import "unsafe"

// These are called with at least one value, groups that have been checked, at level AVX2 or above.

func sumCountCodes(acc []int64, codes []uint8, values []int64) (magnitude uint64) {
	a, c, v := unsafe.SliceData(acc), unsafe.SliceData(codes), unsafe.SliceData(values)
	if level >= AVX512 {
		return sumCountCodesAVX512(a, c, v, len(values))
	}
	return sumCountCodesAVX2(a, c, v, len(values))
}

func sumCountGroups(acc []int64, gids []uint32, values []int64) (magnitude uint64) {
	a, g, v := unsafe.SliceData(acc), unsafe.SliceData(gids), unsafe.SliceData(values)
	if level >= AVX512 {
		return sumCountGroupsAVX512(a, g, v, len(values))
	}
	return sumCountGroupsAVX2(a, g, v, len(values))
}

// addTotals asks for the totals of all rows but the first ones, of which there are as many as it is ahead.
func addTotals(totals []uint64, gids []uint32, values []int64, coming int) {
	addTotalsAVX2(unsafe.SliceData(totals), unsafe.SliceData(gids), unsafe.SliceData(values), len(values), coming)
}
