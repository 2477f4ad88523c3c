package simd

import "unsafe"

const (
	// residentBytes of slots stay in a second-level cache; those of larger tables are asked for before they are needed.
	residentBytes = 512 << 10
	// probeBlock is how many rows ahead slots are asked for: 512 cache lines are 32 KB.
	probeBlock = 512
)

// ProbeWords looks up the words in a table of len(slots)/2 slots, a power of two, at least one of them empty. A slot is an entry, 0 where it is empty, and the
// word that it belongs to. The search begins at slot hash >> shift, shift below 64, and goes on to the next until the word or an empty slot is found. out[k] is
// the lower half of the entry of words[k], 0 where there is none. pending, of as many elements as there are words, is overwritten.
func ProbeWords(out, pending []uint32, slots, hashes, words []uint64, shift uint) {
	n := len(words)
	out, pending, hashes = out[:n], pending[:n], hashes[:n]
	mask := uint64(len(slots)/2 - 1)
	checkProbe(n, mask, shift)
	if len(slots)*8 <= residentBytes {
		probeWords(out, pending, slots, hashes, words, shift, mask)
		return
	}
	ahead := min(n, probeBlock)
	prefetchSlots(slots, hashes[:ahead], shift, 1)
	for lo := 0; lo < n; lo += probeBlock {
		hi := min(n, lo+probeBlock)
		ahead = min(n, hi+probeBlock)
		prefetchSlots(slots, hashes[hi:ahead], shift, 1)
		probeWords(out[lo:hi], pending, slots, hashes[lo:hi], words[lo:hi], shift, mask)
	}
}

// ProbeSalts looks up hashes in a table of len(slots) slots, a power of two, at least one of them empty. A slot is 0 where it is empty, otherwise the lower half
// of a hash over a number other than 0. The search begins as that of ProbeWords does. out[k] is the number in the first slot of hash k's lower half, 0
// where there is none: whether it belongs to the same key, the caller must see. pending has as many elements as there are hashes and is overwritten.
func ProbeSalts(out, pending []uint32, slots, hashes []uint64, shift uint) {
	n := len(hashes)
	out, pending = out[:n], pending[:n]
	mask := uint64(len(slots) - 1)
	checkProbe(n, mask, shift)
	if len(slots)*8 <= residentBytes {
		probeSalts(out, pending, slots, hashes, shift, mask)
		return
	}
	ahead := min(n, probeBlock)
	prefetchSlots(slots, hashes[:ahead], shift, 0)
	for lo := 0; lo < n; lo += probeBlock {
		hi := min(n, lo+probeBlock)
		ahead = min(n, hi+probeBlock)
		prefetchSlots(slots, hashes[hi:ahead], shift, 0)
		probeSalts(out[lo:hi], pending, slots, hashes[lo:hi], shift, mask)
	}
}

// PrefetchSlots asks for the slots, of 8 << scale bytes, that the search for hashes in slots begins at, so that they are there when rows are looked up one by one.
// It does nothing where a cache holds all slots.
func PrefetchSlots(slots, hashes []uint64, shift, scale uint) {
	checkProbe(len(hashes), uint64(len(slots)>>scale-1), shift)
	if len(slots)*8 > residentBytes {
		prefetchSlots(slots, hashes, shift, scale)
	}
}

// checkProbe panics where a hash could name a slot that is not there.
func checkProbe(n int, mask uint64, shift uint) {
	if n > 0 && (mask&(mask+1) != 0 || ^uint64(0)>>shift > mask) {
		panic("simd: the shift of hashes does not fit the slots")
	}
}

// probeWords takes all rows a slot on at a time, and then those that have met another key, until none is left: at most as often as there are slots.
func probeWords(out, pending []uint32, slots, hashes, words []uint64, shift uint, mask uint64) {
	if len(words) == 0 {
		return
	}
	if level >= AVX2 {
		left := probeWordsFirst(out, pending, slots, hashes, words, shift)
		for round := uint64(1); left > 0 && round <= mask; round++ {
			left = probeWordsNext(out, pending[:left], slots, hashes, words, shift, mask, round)
		}
		return
	}
	left := 0
	for k, h := range hashes {
		at := h >> shift
		out[k] = wordHead(slots, at, words[k])
		pending[left] = uint32(k)
		left += wordDiffers(slots, at, words[k])
	}
	for round := uint64(1); left > 0 && round <= mask; round++ {
		rows := pending[:left]
		left = 0
		for _, k := range rows {
			at := (hashes[k]>>shift + round) & mask
			out[k] = wordHead(slots, at, words[k])
			pending[left] = k
			left += wordDiffers(slots, at, words[k])
		}
	}
}

// wordHead is the lower half of slot at's entry if it has the word, otherwise 0; without a branch.
func wordHead(slots []uint64, at, word uint64) uint32 {
	return uint32(slots[2*at] &^ -some(slots[2*at+1]^word))
}

// wordDiffers is 1 if slot at has an entry of another word, otherwise 0.
func wordDiffers(slots []uint64, at, word uint64) int {
	return int(some(slots[2*at]) & some(slots[2*at+1]^word))
}

// some is 1 for all numbers but 0.
func some(x uint64) uint64 { return (x | -x) >> 63 }

func probeSalts(out, pending []uint32, slots, hashes []uint64, shift uint, mask uint64) {
	if len(hashes) == 0 {
		return
	}
	if level >= AVX2 {
		left := probeSaltsFirst(out, pending, slots, hashes, shift)
		for round := uint64(1); left > 0 && round <= mask; round++ {
			left = probeSaltsNext(out, pending[:left], slots, hashes, shift, mask, round)
		}
		return
	}
	left := 0
	for k, h := range hashes {
		e := slots[h>>shift]
		differs := some(uint64(uint32(e>>32) ^ uint32(h)))
		out[k] = uint32(e &^ -differs)
		pending[left] = uint32(k)
		left += int(some(e) & differs)
	}
	for round := uint64(1); left > 0 && round <= mask; round++ {
		rows := pending[:left]
		left = 0
		for _, k := range rows {
			h := hashes[k]
			e := slots[(h>>shift+round)&mask]
			differs := some(uint64(uint32(e>>32) ^ uint32(h)))
			out[k] = uint32(e &^ -differs)
			pending[left] = k
			left += int(some(e) & differs)
		}
	}
}

// prefetchSlots asks for the slots, of 8 << scale bytes, that hashes name.
func prefetchSlots(slots, hashes []uint64, shift, scale uint) {
	if level >= AVX2 && len(hashes) > 0 {
		prefetchFast(unsafe.SliceData(slots), hashes, shift, scale)
		return
	}
	var sum uint64
	for _, h := range hashes {
		sum += slots[h>>shift<<scale]
	}
	touched(sum)
}

// touched keeps the loads that made sum.
//
//go:noinline
func touched(uint64) {}
