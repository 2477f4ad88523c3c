package simd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// pack is the opposite of Unpack, bit by bit.
func pack(values []uint32, width uint) []byte {
	out := make([]byte, (len(values)*int(width)+7)/8)
	for i, v := range values {
		for b := range int(width) {
			at := i*int(width) + b
			out[at/8] |= byte(v>>b&1) << (at % 8)
		}
	}
	return out
}

func TestUnpack(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	lengths := []int{1000, 4096, 4103}
	for n := range 300 {
		lengths = append(lengths, n)
	}
	atLevels(t, func(t *testing.T) {
		for width := uint(0); width <= 32; width++ {
			src, dst := guarded(t, 4*4103, true), guardedOf[uint32](t, 4103, true)
			for _, n := range lengths {
				want := make([]uint32, n)
				for i := range want {
					want[i] = r.Uint32() & uint32(1<<width-1)
					if r.IntN(4) == 0 {
						want[i] = uint32(1<<width - 1)
					}
				}
				packed := pack(want, width)
				// Exactly what is needed, ending where memory does, and with other bits behind.
				for _, slack := range []int{0, 1, 7, 40} {
					if slack > 0 && n%5 > 0 {
						continue
					}
					s, d := src[max(0, len(src)-len(packed)-slack):], dst[len(dst)-n:]
					s = s[:min(len(s), len(packed)+slack)]
					for i := range s {
						s[i] = 0xA5
					}
					copy(s, packed)
					Unpack(d, s, width)
					if !slices.Equal(d, want) {
						t.Fatalf("width %d, %d values, %d bytes more: %x, want %x", width, n, slack, d, want)
					}
				}
			}
		}
	})
}

// TestUnpackKeepsItsPlace checks that nothing beyond the values is written.
func TestUnpackKeepsItsPlace(t *testing.T) {
	src := sample("noise", 4*200)
	atLevels(t, func(t *testing.T) {
		for width := uint(0); width <= 32; width++ {
			for n := range 100 {
				dst := make([]uint32, 200)
				for i := range dst {
					dst[i] = 0xDEADBEEF
				}
				Unpack(dst[50:50+n], src, width)
				for i, v := range dst {
					if (i < 50 || i >= 50+n) && v != 0xDEADBEEF {
						t.Fatalf("width %d, %d values: number %d was written", width, n, i-50)
					}
				}
			}
		}
	})
}

func BenchmarkUnpack(b *testing.B) {
	// As encoders write them: runs of 504 values.
	dst := make([]uint32, 504)
	src := sample("noise", 4*504+64)
	for _, width := range []uint{1, 4, 7, 12, 17, 23, 27} {
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			benchLevels(b, 4*len(dst), func() { Unpack(dst, src, width) })
		})
	}
}

func TestUnpackBits(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for n := range 700 {
			src, dst := guarded(t, (n+7)/8, n%2 == 0), guarded(t, n, n%3 > 0)
			copy(src, sample("noise", len(src)))
			UnpackBits(dst, src)
			for i, b := range dst {
				if b != src[i/8]>>(i%8)&1 {
					t.Fatalf("%d bits: bit %d is %d", n, i, b)
				}
			}
		}
	})
}

func BenchmarkUnpackBits(b *testing.B) {
	dst, src := make([]uint8, 4096), sample("noise", 512)
	benchLevels(b, len(dst), func() { UnpackBits(dst, src) })
}
