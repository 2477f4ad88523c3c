package column

import "github.com/polybolos-db/polybolos/simd"

// Bitmap holds one bit a row, lowest bit first. As validity a set bit means that the row has a value, and nil means that all rows have one.
type Bitmap []uint64

// BitmapWords is the number of words that n bits take.
func BitmapWords(n int) int { return (n + 63) / 64 }

// Get reports whether bit i is set; every bit of a nil bitmap is.
func (b Bitmap) Get(i int) bool { return b == nil || b[i>>6]>>(uint(i)&63)&1 != 0 }

// Set sets bit i.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (uint(i) & 63) }

// Clear clears bit i.
func (b Bitmap) Clear(i int) { b[i>>6] &^= 1 << (uint(i) & 63) }

// SetAll sets the first n bits and clears the rest of their last word.
func (b Bitmap) SetAll(n int) {
	full := n / 64
	for i := range b[:full] {
		b[i] = ^uint64(0)
	}
	if rest := uint(n) % 64; rest != 0 {
		b[full] = 1<<rest - 1
	}
}

// Count is the number of set bits among the first n.
func (b Bitmap) Count(n int) int {
	if b == nil {
		return n
	}
	return simd.CountBits(b, n)
}
