package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestGather(t *testing.T) {
	r := rand.New(rand.NewPCG(28, 29))
	atLevels(t, func(t *testing.T) {
		codes := guardedOf[uint32](t, longest, true)
		d32, d64 := guardedOf[uint32](t, longest, true), guardedOf[uint64](t, longest, true)
		for _, size := range []int{1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 95, 96, 127, 128, 129, 70_000} {
			e32, e64 := guardedOf[uint32](t, size, true), guardedOf[uint64](t, size, true)
			for i := range size {
				e32[i], e64[i] = r.Uint32(), r.Uint64()
			}
			for _, n := range lengths() {
				c, x, y := codes[longest-n:], d32[longest-n:], d64[longest-n:]
				for i := range c {
					c[i] = r.Uint32N(uint32(size))
				}
				Gather32(x, e32, c)
				Gather64(y, e64, c)
				for i, code := range c {
					if x[i] != e32[code] || y[i] != e64[code] {
						t.Fatalf("%d of %d codes, %d entries: %x and %x, want %x and %x", i, n, size, x[i], y[i], e32[code], e64[code])
					}
				}
			}
		}
	})
}

// TestGatherRefusesCodes checks that a code beyond the entries panics at every level and reads nothing.
func TestGatherRefusesCodes(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, code := range []uint32{3, 100, 1 << 31, 1<<32 - 1} {
			for name, gather := range map[string]func(codes []uint32){
				"32": func(codes []uint32) { Gather32(make([]uint32, 20), make([]uint32, 3), codes) },
				"64": func(codes []uint32) { Gather64(make([]uint64, 20), make([]uint64, 3), codes) },
			} {
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s bits: code %d of 3 entries is looked up", name, code)
						}
					}()
					codes := make([]uint32, 20)
					codes[17] = code
					gather(codes)
				}()
			}
		}
	})
}

func BenchmarkGather(b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(30, 31))
	codes, d32, d64 := make([]uint32, n), make([]uint32, n), make([]uint64, n)
	for _, size := range []int{11, 50, 2500} {
		e32, e64 := make([]uint32, size), make([]uint64, size)
		for i := range codes {
			codes[i] = r.Uint32N(uint32(size))
		}
		b.Run(fmt.Sprintf("32/%d", size), func(b *testing.B) { benchLevels(b, 4*n, func() { Gather32(d32, e32, codes) }) })
		b.Run(fmt.Sprintf("64/%d", size), func(b *testing.B) { benchLevels(b, 8*n, func() { Gather64(d64, e64, codes) }) })
	}
}
