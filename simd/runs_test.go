package simd

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// encodeRuns makes runs of random kinds and lengths of at least n values, and says where each run begins, in values and bytes.
func encodeRuns(r *rand.Rand, n, longest int, width uint) (src []byte, values []uint32, starts [][2]int) {
	for len(values) < n {
		starts = append(starts, [2]int{len(values), len(src)})
		if r.IntN(2) == 0 {
			count, v := r.IntN(longest), r.Uint32()&uint32(1<<width-1)
			src = binary.AppendUvarint(src, uint64(count)<<1)
			src = append(src, binary.LittleEndian.AppendUint32(nil, v)[:(width+7)/8]...)
			values = append(values, slices.Repeat([]uint32{v}, count)...)
			continue
		}
		part := make([]uint32, 8*r.IntN(longest/8+1))
		for i := range part {
			part[i] = r.Uint32() & uint32(1<<width-1)
		}
		src = binary.AppendUvarint(src, uint64(len(part)/8)<<1|1)
		src = append(src, pack(part, width)...)
		values = append(values, part...)
	}
	return src, values, append(starts, [2]int{len(values), len(src)})
}

func TestDecodeRuns(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		dst, mem := guardedOf[uint32](t, 4096, true), guarded(t, 1<<15, true)
		for width := uint(1); width <= 32; width++ {
			for _, longest := range []int{12, 40, 600} {
				for range 12 {
					n := r.IntN(2000)
					packed, want, starts := encodeRuns(r, n, longest, width)
					src := mem[len(mem)-len(packed):]
					copy(src, packed)
					// All of it, and as many values as fit.
					for _, room := range []int{len(want), r.IntN(len(want) + 1)} {
						end := 0
						for end+1 < len(starts) && starts[end+1][0] <= room {
							end++
						}
						d := dst[len(dst)-room:]
						values, size := DecodeRuns(d, src, width)
						// Empty runs behind may be left.
						for end > 0 && starts[end-1][0] == starts[end][0] && starts[end][1] > size {
							end--
						}
						if values != starts[end][0] || size != starts[end][1] {
							t.Fatalf("width %d, room for %d: %d values of %d bytes, want %v", width, room, values, size, starts[end])
						}
						if !slices.Equal(d[:values], want[:values]) {
							t.Fatalf("width %d: %d, want %d", width, d[:values], want[:values])
						}
					}
				}
			}
		}
	})
}

// TestDecodeRunsStops checks that nothing but whole and right runs is decoded, whatever the bytes, and that all levels agree.
func TestDecodeRunsStops(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 8))
	for range 20_000 {
		src, width := sparseBytes(r), uint(1+r.IntN(32))
		type result struct {
			values, size int
			dst          [100]uint32
		}
		var want result
		for l := None; l <= Available(); l++ {
			before := Use(l)
			var got result
			got.values, got.size = DecodeRuns(got.dst[:], src, width)
			Use(before)
			clear(got.dst[got.values:])
			if l == None {
				want = got
			} else if got != want {
				t.Fatalf("%x, width %d: %v at level %s, want %v", src, width, got, l, want)
			}
		}
	}
}

func sparseBytes(r *rand.Rand) []byte {
	src := make([]byte, r.IntN(120))
	for i := range src {
		src[i] = byte(r.Uint32() & r.Uint32() >> 8)
	}
	return src
}

func BenchmarkDecodeRuns(b *testing.B) {
	dst := make([]uint32, 8192)
	for _, longest := range []int{20, 600} {
		for _, width := range []uint{1, 7, 17} {
			src, values, _ := encodeRuns(rand.New(rand.NewPCG(1, 2)), 4096, longest, width)
			src = append(src, make([]byte, 64)...)
			b.Run(fmt.Sprintf("%d bits, runs of up to %d", width, longest), func(b *testing.B) {
				benchLevels(b, 4*len(values), func() { DecodeRuns(dst[:len(values)], src, width) })
			})
		}
	}
}
