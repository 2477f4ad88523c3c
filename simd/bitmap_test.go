package simd

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

func TestBitLogic(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const most = 200
	as, bs, ds := guardedOf[uint64](t, most, true), guardedOf[uint64](t, most, true), guardedOf[uint64](t, most, true)
	atLevels(t, func(t *testing.T) {
		for n := range most + 1 {
			a, b, d := as[most-n:], bs[most-n:], ds[most-n:]
			for i := range a {
				a[i], b[i] = r.Uint64(), r.Uint64()
			}
			for name, o := range map[string]struct {
				run  func(dst, a, b []uint64)
				want func(x, y uint64) uint64
			}{
				"and": {AndBits, func(x, y uint64) uint64 { return x & y }}, "or": {OrBits, func(x, y uint64) uint64 { return x | y }},
				"and not": {AndNotBits, func(x, y uint64) uint64 { return x &^ y }},
				"not":     {func(dst, a, _ []uint64) { NotBits(dst, a) }, func(x, _ uint64) uint64 { return ^x }},
			} {
				o.run(d, a, b)
				for i := range d {
					if d[i] != o.want(a[i], b[i]) {
						t.Fatalf("%s, word %d of %d: %x and %x give %x", name, i, n, a[i], b[i], d[i])
					}
				}
			}
			want := append([]uint64(nil), a...)
			for i := range want {
				want[i] &= b[i]
			}
			AndBits(a, a, b) // in place
			for i := range a {
				if a[i] != want[i] {
					t.Fatalf("in place, word %d of %d: %x, want %x", i, n, a[i], want[i])
				}
			}
		}
	})
}

// TestBitsAndBytes counts bits, writes them as bytes, and the bytes as bits again.
func TestBitsAndBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	const most = (longest + 63) / 64
	bitmap, back, flags := guardedOf[uint64](t, most, true), guardedOf[uint64](t, most, true), guarded(t, longest, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			w, b, f := bitmap[most-(n+63)/64:], back[most-(n+63)/64:], flags[longest-n:]
			for i := range w {
				w[i] = r.Uint64()
			}
			ExpandBits(f, w)
			PackFlags(b, f)
			count := 0
			for i := range n {
				set := w[i/64]>>(i%64)&1 != 0
				if set {
					count++
				}
				if set != (f[i] == 1) || f[i] > 1 || set != (b[i/64]>>(i%64)&1 != 0) {
					t.Fatalf("bit %d of %d: %v gives byte %d", i, n, set, f[i])
				}
			}
			NotFlags(f, f)
			for i := range n {
				if f[i] == uint8(w[i/64]>>(i%64)&1) {
					t.Fatalf("flag %d of %d is not turned around", i, n)
				}
			}
			if got := CountBits(w, n); got != count {
				t.Fatalf("%d of %d bits are set, not %d", count, n, got)
			}
			if rest := n % 64; rest != 0 && bits.Len64(b[len(b)-1]) > rest {
				t.Fatalf("%d bits: the last word is %x", n, b[len(b)-1])
			}
		}
	})
}

func BenchmarkBitmap(b *testing.B) {
	const n = 4096
	x, y, d, f := make([]uint64, n/64), make([]uint64, n/64), make([]uint64, n/64), make([]uint8, n)
	b.Run("AndBits", func(b *testing.B) { benchLevels(b, 3*n/8, func() { AndBits(d, x, y) }) })
	b.Run("CountBits", func(b *testing.B) { benchLevels(b, n/8, func() { CountBits(x, n) }) })
	b.Run("ExpandBits", func(b *testing.B) { benchLevels(b, n+n/8, func() { ExpandBits(f, x) }) })
	b.Run("PackFlags", func(b *testing.B) { benchLevels(b, n+n/8, func() { PackFlags(d, f) }) })
}
