package simd

import "math/bits"

// GroupCopies is how many accumulators, a sum and a count each, SumCountCodes and SumCountGroups keep for a group: rows one after the other take turns. Together
// they fill a cache line.
const GroupCopies = 4

// GroupWords is the number of words of a group's accumulators.
const GroupWords = 2 * GroupCopies

// SumCountCodes adds, for each row, values[k] to the sum of group codes[k], modulo 2^64, and 1 to its count. acc has accumulators of 256 groups (GroupWords
// words each), which FoldGroups puts together. It returns the bits that occur in any value, those of negative ones complemented: with fewer than 2^r rows and
// 63-r bits, no sum overflowed. There is a code for each value.
func SumCountCodes(acc []int64, codes []uint8, values []int64) (magnitude uint64) {
	codes, acc = codes[:len(values)], acc[:256*GroupWords]
	if level >= AVX2 && len(values) > 0 {
		return sumCountCodes(acc, codes, values)
	}
	return sumCountGo(acc, codes, values)
}

// SumCountGroups is SumCountCodes for groups of which acc has accumulators for len(acc)/GroupWords; a group beyond panics.
func SumCountGroups(acc []int64, gids []uint32, values []int64) (magnitude uint64) {
	gids = gids[:len(values)]
	if level >= AVX2 && len(values) > 0 && uint64(MaxUint32(gids)) < uint64(len(acc)/GroupWords) {
		return sumCountGroups(acc, gids, values)
	}
	return sumCountGo(acc, gids, values)
}

func sumCountGo[T uint8 | uint32](acc []int64, groups []T, values []int64) (magnitude uint64) {
	groups = groups[:len(values)]
	k := 0
	for ; k+1 < len(values); k += 2 {
		v, w := values[k], values[k+1]
		a := (*[GroupWords]int64)(acc[int(groups[k])*GroupWords:])
		a[0] += v
		a[1]++
		a = (*[GroupWords]int64)(acc[int(groups[k+1])*GroupWords:])
		a[2] += w
		a[3]++
		magnitude |= uint64(v^v>>63) | uint64(w^w>>63)
	}
	if k < len(values) {
		v := values[k]
		a := (*[GroupWords]int64)(acc[int(groups[k])*GroupWords:])
		a[0] += v
		a[1]++
		magnitude |= uint64(v ^ v>>63)
	}
	return magnitude
}

// FoldGroups gives the sum and the count of group g and clears its accumulators.
func FoldGroups(acc []int64, g int) (sum, count int64) {
	a := acc[g*GroupWords:][:GroupWords]
	sum, count = a[0]+a[2]+a[4]+a[6], a[1]+a[3]+a[5]+a[7]
	clear(a)
	return sum, count
}

// TotalWords is the number of words of a total: the lower and the upper half of a sum, and a count.
const TotalWords = 3

// totalsAhead is how many rows before its addition a total is asked for; the assembly knows it too.
const totalsAhead = 32

// AddTotals adds, for each row, values[k] to the 128-bit sum of total gids[k] of totals, and 1 to its count. It is for more groups than SumCountGroups has
// accumulators for, whose totals may lie in memory that no cache holds. A group beyond the totals panics. There is a gid for each value.
func AddTotals(totals []uint64, gids []uint32, values []int64) {
	gids = gids[:len(values)]
	if level >= AVX2 && len(values) > 0 && uint64(MaxUint32(gids)) < uint64(len(totals)/TotalWords) {
		addTotals(totals, gids, values, max(0, len(values)-totalsAhead))
		return
	}
	for k, g := range gids {
		t := totals[int(g)*TotalWords:][:TotalWords]
		v := values[k]
		lo, carry := bits.Add64(t[0], uint64(v), 0)
		t[0] = lo
		t[1] += uint64(v>>63) + carry
		t[2]++
	}
}
