package simd

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"
)

func TestExtractKeys(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(2, 1))
		for range 3000 {
			n, stride := r.IntN(30), 8*(1+r.IntN(3))
			keys := guarded(t, max(8, n*stride-(stride-8)), true)
			for i := range keys {
				keys[i] = byte(r.UintN(256))
			}
			mask := r.Uint64() >> r.UintN(64)
			if r.IntN(2) == 0 {
				mask &= r.Uint64()
			}
			if mask == 0 {
				continue
			}
			drop := r.UintN(uint(bits.OnesCount64(mask)))
			codes, want := make([]uint64, n), make([]uint64, n)
			for i := range codes {
				codes[i] = r.Uint64()
				want[i] = codes[i]
				w := binary.BigEndian.Uint64(keys[i*stride:])
				left := bits.OnesCount64(mask) - int(drop)
				for bit := 63; bit >= 0 && left > 0; bit-- {
					if mask>>bit&1 != 0 {
						want[i] = want[i]<<1 | w>>bit&1
						left--
					}
				}
			}
			ExtractKeys(codes, keys, stride, mask, drop)
			for i := range codes {
				if codes[i] != want[i] {
					t.Fatalf("mask %x without %d: %x, want %x", mask, drop, codes[i], want[i])
				}
			}
		}
	})
}

func BenchmarkExtractKeys(b *testing.B) {
	codes, keys := make([]uint64, 4096), sample("noise", 24*4096)
	benchLevels(b, 8*len(codes), func() { ExtractKeys(codes, keys, 24, 0x0F0F0F0F0F0F0700, 0) })
}
