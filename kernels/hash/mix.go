package hash

import (
	"encoding/binary"
	"math/bits"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/simd"
)

// Odd constants with bits spread evenly (digits of wyhash's primes).
const (
	k1 = 0xD6E8FEB86659FD93
	k2 = 0xA0761D6478BD642F
	k3 = 0xE7037ED1A0B428DB
)

// nullRaw stands for NULL among the 64-bit words that are mixed.
const nullRaw = 0x6E756C6C_6E756C6C

// fold is the two halves of a 128-bit product, one over the other: every bit of the factors reaches every bit of the result.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// Mix is the hash of one 64-bit word. Package simd has it and Combine, and both for many words at once.
func Mix(x uint64) uint64 { return simd.Mix(x) }

// Combine is the hash of what h is the hash of, followed by word x.
func Combine(h, x uint64) uint64 { return simd.Combine(h, x) }

// Partition is which of n partitions (n > 0) the rows with hash h belong to. It depends on all bits of h in a way of its own.
func Partition(h uint64, n int) int {
	hi, _ := bits.Mul64(bits.RotateLeft64(h, 29)*k2, uint64(n))
	return int(hi)
}

// Salt is the part of a hash that tables keep in their slots, independent of the high bits that choose the slot.
func Salt(h uint64) uint32 { return uint32(h) }

// Bytes is the hash of p.
func Bytes(p []byte) uint64 {
	n := len(p)
	h := uint64(n) * k2
	switch {
	case n > 16:
		// The last 16 bytes overlap what was read before: cheaper than a tail of odd length.
		last := p[n-16:]
		for ; len(p) > 16; p = p[16:] {
			h = fold(binary.LittleEndian.Uint64(p)^k3^h, binary.LittleEndian.Uint64(p[8:])^k1)
		}
		return fold(binary.LittleEndian.Uint64(last)^k3^h, binary.LittleEndian.Uint64(last[8:])^k1)
	case n >= 8:
		return fold(binary.LittleEndian.Uint64(p)^k3^h, binary.LittleEndian.Uint64(p[n-8:])^k1)
	case n >= 4:
		return fold(uint64(binary.LittleEndian.Uint32(p))^k3^h, uint64(binary.LittleEndian.Uint32(p[n-4:]))^k1)
	}
	var x uint64
	for i, c := range p {
		x |= uint64(c) << (8 * uint(i))
	}
	return fold(x^k3^h, k1)
}

// view is the hash of a string. Inline strings are two words; a string's length decides which way is taken, so equal strings agree.
func view(v *column.View) uint64 {
	if v.Len <= column.InlineLen {
		return fold((uint64(v.Prefix)|uint64(v.Len)<<32)^k3, v.Tail^k1)
	}
	return Bytes(v.Bytes())
}

// wide is the word for a 128-bit integer: the low word itself where the integer fits 64 bits, so that decimals of one scale agree whatever their width.
func wide(v column.Int128) uint64 {
	return v.Lo ^ (uint64(v.Hi)^uint64(int64(v.Lo)>>63))*k2
}
