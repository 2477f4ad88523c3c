package simd

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestDeltaSums(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		mem, out := guarded(t, 4*700, true), guardedOf[int64](t, 700, true)
		for width := uint(0); width <= 32; width++ {
			for _, n := range []int{0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100, 256, 300, 700} {
				differences, want := make([]uint32, n), make([]int64, n)
				low, first := int64(r.Uint64())>>r.UintN(64), int64(r.Uint64())
				last := first
				for i := range differences {
					differences[i] = r.Uint32() & uint32(1<<width-1)
					last += low + int64(differences[i])
					want[i] = last
				}
				packed := pack(differences, width)
				for _, slack := range []int{0, 40} {
					src := mem[max(0, len(mem)-len(packed)-slack):]
					copy(src, packed)
					dst := out[len(out)-n:]
					if got := DeltaSums(dst, src, width, low, first); got != last || !slices.Equal(dst, want) {
						t.Fatalf("width %d, %d values: %d, %v; want %d, %v", width, n, got, dst, last, want)
					}
				}
			}
		}
	})
}

func TestUnsplit(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, width := range []int{4, 8} {
			for n := range 300 {
				src, dst := guarded(t, n*width, n%2 == 0), guarded(t, n*width, n%3 > 0)
				copy(src, sample("noise", len(src)))
				want := make([]byte, n*width)
				for i := range n {
					for k := range width {
						want[i*width+k] = src[k*n+i]
					}
				}
				Unsplit(dst, src, width)
				if !bytes.Equal(dst, want) {
					t.Fatalf("width %d, %d values: %x, want %x", width, n, dst, want)
				}
			}
		}
	})
}

func BenchmarkDeltaSums(b *testing.B) {
	dst, src := make([]int64, 32), sample("noise", 4*32+64)
	for _, width := range []uint{0, 4, 9, 20, 27} {
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			benchLevels(b, 8*len(dst), func() { DeltaSums(dst, src, width, 3, 4) })
		})
	}
}

func BenchmarkUnsplit(b *testing.B) {
	dst, src := make([]byte, 8*4096), sample("noise", 8*4096)
	for _, width := range []int{4, 8} {
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			benchLevels(b, width*4096, func() { Unsplit(dst[:width*4096], src[:width*4096], width) })
		})
	}
}
