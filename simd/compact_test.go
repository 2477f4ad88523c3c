package simd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func checkCompact[T comparable](t *testing.T, r *rand.Rand, random func() T) {
	src, dst := guardedOf[T](t, longest, true), guardedOf[T](t, longest, true)
	for _, n := range lengths() {
		words := guardedOf[uint64](t, (n+63)/64, true)
		s, d := src[longest-n:], dst[longest-n:]
		for _, chosen := range []uint64{0, 1, 2, 4} {
			for i := range words {
				words[i] = r.Uint64()
				switch chosen {
				case 0:
					words[i] = 0
				case 1:
					words[i] = ^uint64(0)
				case 2:
					words[i] &= r.Uint64()
				}
			}
			var want []T
			for i := range s {
				s[i] = random()
				if words[i/64]>>(i%64)&1 != 0 {
					want = append(want, s[i])
				}
			}
			if k := Compact(d, s, words, n); !slices.Equal(d[:k], want) {
				t.Fatalf("%d values of %T: %d are kept, %v; want %d, %v", n, d, k, d[:k], len(want), want)
			}
			if k := Compact(s, s, words, n); !slices.Equal(s[:k], want) {
				t.Fatalf("%d values of %T in place: %d are kept, want %d", n, d, k, len(want))
			}
		}
	}
}

func TestCompact(t *testing.T) {
	r := rand.New(rand.NewPCG(70, 71))
	atLevels(t, func(t *testing.T) {
		checkCompact(t, r, func() uint8 { return uint8(r.Uint32()) })
		checkCompact(t, r, r.Uint32)
		checkCompact(t, r, r.Int64)
		checkCompact(t, r, func() Wide { return Wide{r.Uint64(), r.Uint64()} })
	})
}

func BenchmarkCompact(b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(72, 73))
	words := make([]uint64, n/64)
	s32, d32, s64, d64 := make([]uint32, n), make([]uint32, n), make([]uint64, n), make([]uint64, n)
	for _, percent := range []int{10, 50, 90} {
		clear(words)
		for i := range n {
			if r.IntN(100) < percent {
				words[i/64] |= 1 << (i % 64)
			}
		}
		b.Run(fmt.Sprintf("32/%d percent", percent), func(b *testing.B) { benchLevels(b, 4*n, func() { Compact(d32, s32, words, n) }) })
		b.Run(fmt.Sprintf("64/%d percent", percent), func(b *testing.B) { benchLevels(b, 8*n, func() { Compact(d64, s64, words, n) }) })
	}
}
