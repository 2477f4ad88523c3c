package simd

import "unsafe"

// These are called with at least one row, at level AVX2 or above.

func probeWordsFirst(out, pending []uint32, slots, hashes, words []uint64, shift uint) int {
	o, p, s, h, w := unsafe.SliceData(out), unsafe.SliceData(pending), unsafe.SliceData(slots), unsafe.SliceData(hashes), unsafe.SliceData(words)
	if level >= AVX512 {
		return probeWordsFirstAVX512(o, p, s, h, w, len(words), uint64(shift))
	}
	return probeWordsFirstAVX2(o, p, s, h, w, len(words), uint64(shift))
}

func probeWordsNext(out, pending []uint32, slots, hashes, words []uint64, shift uint, mask, round uint64) int {
	o, p, s, h, w := unsafe.SliceData(out), unsafe.SliceData(pending), unsafe.SliceData(slots), unsafe.SliceData(hashes), unsafe.SliceData(words)
	return probeWordsNextAVX2(o, p, s, h, w, len(pending), uint64(shift), mask, round)
}

func probeSaltsFirst(out, pending []uint32, slots, hashes []uint64, shift uint) int {
	o, p, s, h := unsafe.SliceData(out), unsafe.SliceData(pending), unsafe.SliceData(slots), unsafe.SliceData(hashes)
	if level >= AVX512 {
		return probeSaltsFirstAVX512(o, p, s, h, len(hashes), uint64(shift))
	}
	return probeSaltsFirstAVX2(o, p, s, h, len(hashes), uint64(shift))
}

func probeSaltsNext(out, pending []uint32, slots, hashes []uint64, shift uint, mask, round uint64) int {
	o, p, s, h := unsafe.SliceData(out), unsafe.SliceData(pending), unsafe.SliceData(slots), unsafe.SliceData(hashes)
	return probeSaltsNextAVX2(o, p, s, h, len(pending), uint64(shift), mask, round)
}

func prefetchFast(slots *uint64, hashes []uint64, shift, scale uint) {
	prefetchSlotsAVX2(slots, unsafe.SliceData(hashes), len(hashes), uint64(shift), uint64(scale))
}
