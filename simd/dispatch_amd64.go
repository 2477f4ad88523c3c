package simd

import "unsafe"

func snappyFast(dst, src []byte, d, s int) (int, int) { return snappyAVX2(dst, src, d, s) }

// unpackFast unpacks a number of values, perhaps all, and returns how many: a multiple of eight, or all. The level is AVX2 at least, the width 1 to 32.
func unpackFast(dst []uint32, src []byte, width uint) int {
	d, s, t := unsafe.SliceData(dst), unsafe.SliceData(src), &unpackTables[width].bytes[0]
	switch {
	case width == 32:
		copy(unsafe.Slice((*byte)(unsafe.Pointer(d)), 4*len(dst)), src)
		return len(dst)
	case vbmi && width <= widestNarrow:
		unpackNarrowVBMI(d, s, len(dst), int(width), t)
		return len(dst)
	case vbmi:
		unpackWideVBMI(d, s, len(dst), int(width), t)
		return len(dst)
	case width <= widestNarrow:
		// The last group reads 16 bytes from its middle on.
		last := len(src) - int(width)/2 - 16
		if last < 0 {
			return 0
		}
		groups := min(len(dst)/8, last/int(width)+1)
		unpackNarrowAVX2(d, s, groups, int(width), t)
		return 8 * groups
	}
	// The last group reads 16 bytes from three quarters on.
	last := len(src) - int(width)*3/4 - 16
	if last < 0 {
		return 0
	}
	groups := min(len(dst)/8, last/int(width)+1)
	unpackWideAVX2(d, s, groups, int(width), t)
	return 8 * groups
}

// These are called with at least one value, at level AVX512; the selections also at AVX2, with a multiple of eight, perhaps none.

func selectRange32(out []uint32, values []int32, least, span uint32, flip int32) int {
	if level < AVX512 {
		return selectRange32AVX2(unsafe.SliceData(out), unsafe.SliceData(values), len(values), least, span, flip)
	}
	return selectRange32AVX512(unsafe.SliceData(out), unsafe.SliceData(values), len(values), least, span, flip)
}

func selectRange64(out []uint32, values []int64, least, span uint64, flip int32) int {
	if level < AVX512 {
		return selectRange64AVX2(unsafe.SliceData(out), unsafe.SliceData(values), len(values), least, span, flip)
	}
	return selectRange64AVX512(unsafe.SliceData(out), unsafe.SliceData(values), len(values), least, span, flip)
}

func selectFlags(out []uint32, flags []uint8) int {
	if level < AVX512 {
		return selectFlagsAVX2(unsafe.SliceData(out), unsafe.SliceData(flags), len(flags))
	}
	return selectFlagsAVX512(unsafe.SliceData(out), unsafe.SliceData(flags), len(flags))
}

// selectBits takes a multiple of 16 bits at every level.
func selectBits(out []uint32, words []uint64, n int) int {
	from := (*uint8)(unsafe.Pointer(unsafe.SliceData(words)))
	if level < AVX512 {
		return selectBitsAVX2(unsafe.SliceData(out), from, n)
	}
	return selectBitsAVX512(unsafe.SliceData(out), from, n)
}

// maxFast is for AVX2 and above, and any number of values.
func maxFast(values []uint32) uint32 {
	p := unsafe.SliceData(values)
	if level >= AVX512 {
		return maxUint32AVX512(p, len(values))
	}
	n := len(values) &^ 7
	return max(maxUint32AVX2(p, n), maxGo(values[n:]))
}

// mixFast and combineFast are for AVX2 and above, and at least one word.
func mixFast(dst, words []uint64) {
	if level < AVX512 {
		mixAVX2(unsafe.SliceData(dst), unsafe.SliceData(words), len(dst))
		return
	}
	mixAVX512(unsafe.SliceData(dst), unsafe.SliceData(words), len(dst))
}

func combineFast(dst, words []uint64) {
	if level < AVX512 {
		combineAVX2(unsafe.SliceData(dst), unsafe.SliceData(words), len(dst))
		return
	}
	combineAVX512(unsafe.SliceData(dst), unsafe.SliceData(words), len(dst))
}

func bloomFast(out []uint32, words []uint64, rows []uint32, filter []uint64, shift uint) int {
	o, w, f := unsafe.SliceData(out), unsafe.SliceData(words), unsafe.SliceData(filter)
	switch {
	case level < AVX512 && rows == nil:
		return bloomAVX2(o, w, len(words), f, uint64(shift))
	case level < AVX512:
		return bloomRowsAVX2(o, w, unsafe.SliceData(rows), len(words), f, uint64(shift))
	case rows == nil:
		return bloomAVX512(o, w, len(words), f, uint64(shift))
	}
	return bloomRowsAVX512(o, w, unsafe.SliceData(rows), len(words), f, uint64(shift))
}

func sumGroupsFast(sums *[MaxSumGroups]int64, groups int, gids []uint32, values []int64) (magnitude, beyond uint64) {
	if groups <= 4 {
		return sumGroups4AVX512(&sums[0], unsafe.SliceData(gids), unsafe.SliceData(values), len(values))
	}
	return sumGroups8AVX512(&sums[0], unsafe.SliceData(gids), unsafe.SliceData(values), len(values))
}

func sumWideGroupsFast(sums *[MaxSumGroups]int64, groups int, gids []uint32, words []uint64) (magnitude, beyond uint64) {
	if groups <= 4 {
		return sumWideGroups4AVX512(&sums[0], unsafe.SliceData(gids), unsafe.SliceData(words), len(gids))
	}
	return sumWideGroups8AVX512(&sums[0], unsafe.SliceData(gids), unsafe.SliceData(words), len(gids))
}
