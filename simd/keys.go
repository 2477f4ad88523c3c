package simd

import (
	"encoding/binary"
	"math/bits"
)

// ExtractKeys appends to each of len(codes) codes the bits of mask, in their order, of the first eight bytes of a key, read with the highest byte first: the code is
// shifted left by as many bits. The lowest drop of the bits are left out; drop is less than the number of bits. Keys are stride bytes apart and begin at
// keys[0]; eight bytes of the last must be there.
func ExtractKeys(codes []uint64, keys []byte, stride int, mask uint64, drop uint) {
	if len(codes) == 0 || mask == 0 {
		return
	}
	_ = keys[(len(codes)-1)*stride : (len(codes)-1)*stride+8]
	if level >= AVX2 {
		extractFast(codes, keys, stride, mask, uint(bits.OnesCount64(mask))-drop, drop)
		return
	}
	extractGo(codes, keys, stride, mask, drop)
}

// extractGo takes the mask's bits in groups that lie together.
func extractGo(codes []uint64, keys []byte, stride int, mask uint64, drop uint) {
	type group struct {
		mask uint64
		down uint // to the place among the extracted bits
	}
	var groups [32]group
	n, below := 0, uint(0)
	for m := mask; m != 0; n++ {
		low := uint(bits.TrailingZeros64(m))
		width := uint(bits.TrailingZeros64(^(m >> low)))
		part := ^uint64(0) >> (64 - width) << low
		groups[n] = group{part, low - below}
		below += width
		m &^= part
	}
	width := below - drop
	for i := range codes {
		w := binary.BigEndian.Uint64(keys[i*stride:])
		var v uint64
		for _, g := range groups[:n] {
			v |= w & g.mask >> g.down
		}
		codes[i] = codes[i]<<width | v>>drop
	}
}
