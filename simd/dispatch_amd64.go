package simd

import "unsafe"

func snappyFast(dst, src []byte, d, s int) (int, int) { return snappyAVX2(dst, src, d, s) }

// unpackFast unpacks a number of values, perhaps all, and returns how many: a multiple of eight, or all. The level is AVX2 at least, the width 1 to 31.
func unpackFast(dst []uint32, src []byte, width uint) int {
	d, s, t := unsafe.SliceData(dst), unsafe.SliceData(src), &unpackTables[width].bytes[0]
	switch {
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
	return 0
}

// These are called with at least one value, at level AVX512.

func selectRange32(out []uint32, values []int32, least, span uint32, flip int32) int {
	return selectRange32AVX512(unsafe.SliceData(out), unsafe.SliceData(values), len(values), least, span, flip)
}

func selectRange64(out []uint32, values []int64, least, span uint64, flip int32) int {
	return selectRange64AVX512(unsafe.SliceData(out), unsafe.SliceData(values), len(values), least, span, flip)
}

func flagRange32(dst []uint8, values []int32, least, span uint32, flip int32) {
	flagRange32AVX512(unsafe.SliceData(dst), unsafe.SliceData(values), len(values), least, span, flip)
}

func flagRange64(dst []uint8, values []int64, least, span uint64, flip int32) {
	flagRange64AVX512(unsafe.SliceData(dst), unsafe.SliceData(values), len(values), least, span, flip)
}

func flagEqual32(dst []uint8, a, b []int32, flip int32) {
	flagEqual32AVX512(unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b), len(dst), flip)
}

func flagEqual64(dst []uint8, a, b []int64, flip int32) {
	flagEqual64AVX512(unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b), len(dst), flip)
}

func flagLess32(dst []uint8, a, b []int32, flip int32) {
	flagLess32AVX512(unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b), len(dst), flip)
}

func flagLess64(dst []uint8, a, b []int64, flip int32) {
	flagLess64AVX512(unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b), len(dst), flip)
}

func selectFlags(out []uint32, flags []uint8) int {
	return selectFlagsAVX512(unsafe.SliceData(out), unsafe.SliceData(flags), len(flags))
}

// selectBits takes a multiple of 16 bits.
func selectBits(out []uint32, words []uint64, n int) int {
	return selectBitsAVX512(unsafe.SliceData(out), (*uint8)(unsafe.Pointer(unsafe.SliceData(words))), n)
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

func mixFast(dst, words []uint64) {
	mixAVX512(unsafe.SliceData(dst), unsafe.SliceData(words), len(dst))
}

func combineFast(dst, words []uint64) {
	combineAVX512(unsafe.SliceData(dst), unsafe.SliceData(words), len(dst))
}

func bloomFast(out []uint32, words []uint64, rows []uint32, filter []uint64, shift uint) int {
	o, w, f := unsafe.SliceData(out), unsafe.SliceData(words), unsafe.SliceData(filter)
	if rows == nil {
		return bloomAVX512(o, w, len(words), f, uint64(shift))
	}
	return bloomRowsAVX512(o, w, unsafe.SliceData(rows), len(words), f, uint64(shift))
}

func sumInt64Fast(values []int64) (upper int64, lower uint64) {
	return sumInt64AVX512(unsafe.SliceData(values), len(values))
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

// The codes of gather32Fast and gather64Fast have been checked, and the entries fit registers.

func gather32Fast(dst, entries, codes []uint32) {
	d, e, c := unsafe.SliceData(dst), unsafe.SliceData(entries), unsafe.SliceData(codes)
	if len(entries) <= 32 {
		gather32Of32AVX512(d, e, len(entries), c, len(dst))
		return
	}
	gather32Of128AVX512(d, e, len(entries), c, len(dst))
}

func gather64Fast(dst, entries []uint64, codes []uint32) {
	d, e, c := unsafe.SliceData(dst), unsafe.SliceData(entries), unsafe.SliceData(codes)
	if len(entries) <= 16 {
		gather64Of16AVX512(d, e, len(entries), c, len(dst))
		return
	}
	gather64Of64AVX512(d, e, len(entries), c, len(dst))
}

// The operands of these have been checked.

func addFast(dst, a, b []int64, bConst bool) bool {
	d, x, y := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	if bConst {
		return addByInt64AVX512(d, x, y, len(dst)) != 0
	}
	return addInt64AVX512(d, x, y, len(dst)) != 0
}

func subFast(dst, a, b []int64, aConst, bConst bool) bool {
	d, x, y := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	switch {
	case aConst:
		return subFromInt64AVX512(d, x, y, len(dst)) != 0
	case bConst:
		return subByInt64AVX512(d, x, y, len(dst)) != 0
	}
	return subInt64AVX512(d, x, y, len(dst)) != 0
}

func mulFast(dst, a, b []int64, bConst bool) bool {
	d, x, y := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	if bConst {
		return mulByInt64AVX512(d, x, y, len(dst)) != 0
	}
	return mulInt64AVX512(d, x, y, len(dst)) != 0
}

func mulWideFast(dst []uint64, a, b []int64, bConst bool) {
	d, x, y := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	if bConst {
		mulWideByInt64AVX512(d, x, y, len(dst)/2)
		return
	}
	mulWideInt64AVX512(d, x, y, len(dst)/2)
}

func flagEqualFloat(dst []uint8, a, b []float64, bConst bool, flip int32) {
	d, x, y := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	if bConst {
		flagEqualFloatByAVX512(d, x, y, len(dst), flip)
		return
	}
	flagEqualFloatAVX512(d, x, y, len(dst), flip)
}

func flagLessFloat(dst []uint8, a, b []float64, bConst bool, flip int32) {
	d, x, y := unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b)
	if bConst {
		flagLessFloatByAVX512(d, x, y, len(dst), flip)
		return
	}
	flagLessFloatAVX512(d, x, y, len(dst), flip)
}

// flagGreaterFloat compares with b's only number.
func flagGreaterFloat(dst []uint8, a, b []float64, flip int32) {
	flagGreaterFloatByAVX512(unsafe.SliceData(dst), unsafe.SliceData(a), unsafe.SliceData(b), len(dst), flip)
}
