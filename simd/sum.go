package simd

// MaxSumGroups is the number of groups that SumGroups and SumWideGroups tell apart.
const MaxSumGroups = 8

// SumInt64 is the exact sum of values as a 128-bit number. There are fewer than 2^31.
func SumInt64(values []int64) (hi int64, lo uint64) {
	hi, lo, _ = SumValid(values, nil)
	return hi, lo
}

// SumGroups adds values[k] to sums[gids[k]] modulo 2^64. gids are below groups, which is at most MaxSumGroups; a row with another gid counts at most for a
// group beyond. It returns the bits that occur in any value, those of negative ones complemented: with fewer than 2^r rows and 63-r bits, no sum
// overflowed. There is a gid for each value.
func SumGroups(sums *[MaxSumGroups]int64, groups int, gids []uint32, values []int64) (magnitude uint64) {
	gids = gids[:len(values)]
	if level >= AVX512 && len(values) > 0 {
		magnitude, _ = sumGroupsFast(sums, groups, gids, values)
		return magnitude
	}
	var odd [MaxSumGroups]int64
	// Rows of one group one after the other do not wait for each other's addition to reach memory.
	k := 0
	for ; k+1 < len(values); k += 2 {
		v, w := values[k], values[k+1]
		if g := gids[k]; g < MaxSumGroups {
			sums[g] += v
		}
		if g := gids[k+1]; g < MaxSumGroups {
			odd[g] += w
		}
		magnitude |= uint64(v^v>>63) | uint64(w^w>>63)
	}
	if k < len(values) {
		v := values[k]
		if g := gids[k]; g < MaxSumGroups {
			sums[g] += v
		}
		magnitude |= uint64(v ^ v>>63)
	}
	for g, s := range odd {
		sums[g] += s
	}
	return magnitude
}

// SumWideGroups is SumGroups for 128-bit values, two words each with the low one first. Where a value does not fit 64 bits, all bits are returned, and the
// sums have no meaning. There is a gid for each value.
func SumWideGroups(sums *[MaxSumGroups]int64, groups int, gids []uint32, words []uint64) (magnitude uint64) {
	words = words[:2*len(gids)]
	var beyond uint64
	if level >= AVX512 && len(gids) > 0 {
		magnitude, beyond = sumWideGroupsFast(sums, groups, gids, words)
	} else {
		for k, g := range gids {
			v, hi := int64(words[2*k]), words[2*k+1]
			if g < MaxSumGroups {
				sums[g] += v
			}
			magnitude |= uint64(v ^ v>>63)
			beyond |= hi ^ uint64(v>>63)
		}
	}
	if beyond != 0 {
		return ^uint64(0)
	}
	return magnitude
}
