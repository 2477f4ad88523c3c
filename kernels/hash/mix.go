package hash

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/simd"
)

// k2 is odd, with bits spread evenly (digits of one of wyhash's primes).
const k2 = 0xA0761D6478BD642F

// nullRaw stands for NULL among the 64-bit words that are mixed.
const nullRaw = 0x6E756C6C_6E756C6C

// Mix is the hash of one 64-bit word. Package simd has it and Combine, and both for many words at once.
func Mix(x uint64) uint64 { return simd.Mix(x) }

// Combine is the hash of what h is the hash of, followed by word x.
func Combine(h, x uint64) uint64 { return simd.Combine(h, x) }

// Partition is which of n partitions (n > 0) the rows with hash h belong to. It depends on all bits of h in a way of its own.
func Partition(h uint64, n int) int { return simd.Partition(h, n) }

// Salt is the part of a hash that tables keep in their slots, independent of the high bits that choose the slot.
func Salt(h uint64) uint32 { return uint32(h) }

// wide is the word for a 128-bit integer: the low word itself where the integer fits 64 bits, so that decimals of one scale agree whatever their width.
func wide(v column.Int128) uint64 {
	return v.Lo ^ (uint64(v.Hi)^uint64(int64(v.Lo)>>63))*k2
}
