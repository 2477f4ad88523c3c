package simd

import (
	"math/bits"
	"unsafe"
)

// Bitmaps are words of 64 bits, lowest first. The functions of this file work on whole words; what is beyond the last bit is the caller's affair, but for
// CountBits, ExpandBits and PackFlags, which take a number of bits.

type bitOp int

const (
	bitAnd bitOp = iota
	bitOr
	bitAndNot
	bitFlip
)

// AndBits writes a & b to dst, which may be one of them. The three have one length.
func AndBits(dst, a, b []uint64) { joinBits(dst, a, b, bitAnd) }

// OrBits writes a | b to dst, which may be one of them. The three have one length.
func OrBits(dst, a, b []uint64) { joinBits(dst, a, b, bitOr) }

// AndNotBits writes a &^ b to dst, which may be one of them. The three have one length.
func AndNotBits(dst, a, b []uint64) { joinBits(dst, a, b, bitAndNot) }

// blockWords are the words that assembly takes at a time; the rest is left to Go.
const blockWords = 8

func joinBits(dst, a, b []uint64, op bitOp) {
	a, b = a[:len(dst)], b[:len(dst)]
	from := 0
	if level >= AVX2 && len(dst) >= blockWords {
		from = len(dst) &^ (blockWords - 1)
		bitLogic(dst[:from], a, b, op)
	}
	for i := from; i < len(dst); i++ {
		switch op {
		case bitAnd:
			dst[i] = a[i] & b[i]
		case bitOr:
			dst[i] = a[i] | b[i]
		default:
			dst[i] = a[i] &^ b[i]
		}
	}
}

// What is turned in all words: each bit, or the lowest of each byte.
const (
	allBits   = ^uint64(0)
	lowestBit = 0x0101010101010101
)

// NotBits writes the opposite of each bit of a to dst, which may be a. The two have one length.
func NotBits(dst, a []uint64) { flipBits(dst, a[:len(dst)], allBits) }

// NotFlags writes 1 for each 0 of flags, and 0 for each 1, to dst, which may be flags. The two have one length.
func NotFlags(dst, flags []uint8) {
	flags = flags[:len(dst)]
	whole := len(dst) / 8
	if whole > 0 {
		flipBits(unsafe.Slice(pointerTo[uint64](dst[:8*whole]), whole), unsafe.Slice(pointerTo[uint64](flags), whole), lowestBit)
	}
	for i := 8 * whole; i < len(dst); i++ {
		dst[i] = flags[i] ^ 1
	}
}

func flipBits(dst, a []uint64, mask uint64) {
	from := 0
	if level >= AVX2 && len(dst) >= blockWords {
		from = len(dst) &^ (blockWords - 1)
		var room register
		bitLogic(dst[:from], a, repeat(&room, mask), bitFlip)
	}
	for i := from; i < len(dst); i++ {
		dst[i] = a[i] ^ mask
	}
}

// CountBits is the number of bits that are set among the first n of words.
func CountBits(words []uint64, n int) int {
	words = words[:(n+63)/64]
	count, from, full := 0, 0, n/64
	if level >= AVX2 && full >= blockWords {
		from = full &^ (blockWords - 1)
		count = bitCount(words[:from])
	}
	for _, w := range words[from:full] {
		count += bits.OnesCount64(w)
	}
	if rest := uint(n) % 64; rest != 0 {
		count += bits.OnesCount64(words[full] & (1<<rest - 1))
	}
	return count
}

// ExpandBits writes a byte, 0 or 1, for each of the first len(dst) bits of words.
func ExpandBits(dst []uint8, words []uint64) {
	from := 0
	if level >= AVX2 && len(dst) >= 64 {
		from = len(dst) &^ 63
		bitExpand(dst[:from], words[:from/64])
	}
	for i := from; i < len(dst); i++ {
		dst[i] = uint8(words[i/64]>>(uint(i)%64)) & 1
	}
}

// PackFlags writes the lowest bit of each byte of flags to words, of which there are enough; the rest of the last word is zero.
func PackFlags(words []uint64, flags []uint8) {
	words = words[:(len(flags)+63)/64]
	from := 0
	if level >= AVX2 && len(flags) >= 64 {
		from = len(flags) &^ 63
		bitPack(words[:from/64], flags[:from])
	}
	for ; from < len(flags); from += 64 {
		var w uint64
		for i, f := range flags[from:min(from+64, len(flags))] {
			w |= uint64(f&1) << uint(i)
		}
		words[from/64] = w
	}
}
