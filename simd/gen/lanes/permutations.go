package lanes

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// Permutations is, for each set of chosen values of a register, which 32-bit lanes come first: a byte a lane. It is in the file being written,
// and called once for it.
func Permutations(width int) Mem {
	lanes := 256 / width
	m := GLOBL(fmt.Sprintf("permutations%d", width), RODATA|NOPTR)
	for set := range 1 << lanes {
		var places uint64
		at := 0
		for rest := set; rest != 0; rest &= rest - 1 {
			lane := bits.TrailingZeros(uint(rest))
			for half := range width / 32 {
				places |= uint64(lane*width/32+half) << (8 * at)
				at++
			}
		}
		DATA(8*set, U64(places))
	}
	return m
}
