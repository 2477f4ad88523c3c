package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// checkGather looks up random codes in dictionaries of random entries, of all sizes around those that fit registers.
func checkGather[T comparable](t *testing.T, r *rand.Rand, gather func(dst, entries []T, codes []uint32), random func() T) {
	codes, dst := guardedOf[uint32](t, longest, true), guardedOf[T](t, longest, true)
	for _, size := range []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 95, 96, 127, 128, 129, 70_000} {
		entries := guardedOf[T](t, size, true)
		for i := range entries {
			entries[i] = random()
		}
		for _, n := range lengths() {
			c, d := codes[longest-n:], dst[longest-n:]
			for i := range c {
				c[i] = r.Uint32N(uint32(size))
			}
			gather(d, entries, c)
			for i, code := range c {
				if d[i] != entries[code] {
					t.Fatalf("%d of %d codes, %d entries of %T: %v, want %v", i, n, size, d[i], d[i], entries[code])
				}
			}
		}
	}
}

func TestGather(t *testing.T) {
	r := rand.New(rand.NewPCG(28, 29))
	atLevels(t, func(t *testing.T) {
		checkGather(t, r, Gather8, func() uint8 { return uint8(r.Uint32()) })
		checkGather(t, r, Gather16, func() uint16 { return uint16(r.Uint32()) })
		checkGather(t, r, Gather32, r.Uint32)
		checkGather(t, r, Gather64, r.Uint64)
		checkGather(t, r, Gather128, func() Wide { return Wide{r.Uint64(), r.Uint64()} })
	})
}

// TestGatherRefusesCodes checks that a code beyond the entries panics at every level and reads nothing.
func TestGatherRefusesCodes(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, code := range []uint32{3, 100, 1 << 31, 1<<32 - 1} {
			for name, gather := range map[string]func(codes []uint32){
				"8":   func(codes []uint32) { Gather8(make([]uint8, 20), make([]uint8, 3), codes) },
				"16":  func(codes []uint32) { Gather16(make([]uint16, 20), make([]uint16, 3), codes) },
				"32":  func(codes []uint32) { Gather32(make([]uint32, 20), make([]uint32, 3), codes) },
				"64":  func(codes []uint32) { Gather64(make([]uint64, 20), make([]uint64, 3), codes) },
				"128": func(codes []uint32) { Gather128(make([]Wide, 20), make([]Wide, 3), codes) },
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
	codes := make([]uint32, n)
	d8, d16, d32, d64, d128 := make([]uint8, n), make([]uint16, n), make([]uint32, n), make([]uint64, n), make([]Wide, n)
	for _, size := range []int{4, 11, 50, 2500} {
		e8, e16, e32, e64, e128 := make([]uint8, size), make([]uint16, size), make([]uint32, size), make([]uint64, size), make([]Wide, size)
		for i := range codes {
			codes[i] = r.Uint32N(uint32(size))
		}
		b.Run(fmt.Sprintf("8/%d", size), func(b *testing.B) { benchLevels(b, 5*n, func() { Gather8(d8, e8, codes) }) })
		b.Run(fmt.Sprintf("16/%d", size), func(b *testing.B) { benchLevels(b, 6*n, func() { Gather16(d16, e16, codes) }) })
		b.Run(fmt.Sprintf("32/%d", size), func(b *testing.B) { benchLevels(b, 8*n, func() { Gather32(d32, e32, codes) }) })
		b.Run(fmt.Sprintf("64/%d", size), func(b *testing.B) { benchLevels(b, 12*n, func() { Gather64(d64, e64, codes) }) })
		b.Run(fmt.Sprintf("128/%d", size), func(b *testing.B) { benchLevels(b, 20*n, func() { Gather128(d128, e128, codes) }) })
	}
}
