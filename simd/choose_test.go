package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

var extremes32 = []int32{math.MinInt32, math.MinInt32 + 1, -1, 0, 1, 7, math.MaxInt32 - 1, math.MaxInt32}
var extremes64 = []int64{math.MinInt64, math.MinInt64 + 1, math.MinInt32 - 1, math.MinInt32, -1, 0, 1, 7, math.MaxInt32, math.MaxInt32 + 1, math.MaxInt64 - 1, math.MaxInt64}

// fill32 and fill64 are values of which many are extremes or equal.
func fill32(r *rand.Rand, dst []int32) {
	for i := range dst {
		if dst[i] = int32(r.IntN(20)); r.IntN(4) == 0 {
			dst[i] = extremes32[r.IntN(len(extremes32))]
		}
	}
}

func fill64(r *rand.Rand, dst []int64) {
	for i := range dst {
		if dst[i] = int64(r.IntN(20)); r.IntN(4) == 0 {
			dst[i] = extremes64[r.IntN(len(extremes64))]
		}
	}
}

// lengths are 0 to 300 and some large ones.
func lengths() []int {
	var all []int
	for n := range 301 {
		all = append(all, n)
	}
	return append(all, 1000, 4096, 5001)
}

const longest = 5001

// ranges are those between two extremes, empty ones among them.
func ranges(r *rand.Rand) Range {
	return Range{extremes64[r.IntN(len(extremes64))], extremes64[r.IntN(len(extremes64))]}
}

func TestRanges(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	atLevels(t, func(t *testing.T) {
		v32, v64, selected := guardedOf[int32](t, longest, true), guardedOf[int64](t, longest, true), guardedOf[uint32](t, longest, true)
		for _, n := range lengths() {
			for range 4 {
				in, outside := ranges(r), r.IntN(2) == 0
				a, b, out := v32[longest-n:], v64[longest-n:], selected[longest-n:]
				fill32(r, a)
				fill64(r, b)
				check := func(what string, at func(i int) int64, k int) {
					t.Helper()
					want := []uint32{}
					for i := range n {
						if v := at(i); (v >= in.Low && v <= in.High) != outside {
							want = append(want, uint32(i))
						}
					}
					if !slices.Equal(out[:k], want) {
						t.Fatalf("%s: %v of %d values, outside %v: %v, want %v", what, in, n, outside, out[:k], want)
					}
				}
				check("32 bits", func(i int) int64 { return int64(a[i]) }, SelectInt32(out, a, in, outside))
				check("64 bits", func(i int) int64 { return b[i] }, SelectInt64(out, b, in, outside))
			}
		}
	})
}

func TestSelectFlags(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	atLevels(t, func(t *testing.T) {
		flags, out := guarded(t, longest, true), guardedOf[uint32](t, longest, true)
		for _, n := range lengths() {
			f, o := flags[longest-n:], out[longest-n:]
			want := []uint32{}
			for i := range f {
				if f[i] = uint8(r.IntN(2)); f[i] == 1 {
					want = append(want, uint32(i))
				}
			}
			if k := SelectFlags(o, f); !slices.Equal(o[:k], want) {
				t.Fatalf("flags %v select %v", f, o[:k])
			}
		}
	})
}

func TestSelectBits(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	atLevels(t, func(t *testing.T) {
		words, out := guardedOf[uint64](t, longest/64+1, true), guardedOf[uint32](t, longest, true)
		for _, n := range lengths() {
			w, o := words[len(words)-(n+63)/64:], out[longest-n:]
			for i := range w {
				w[i] = r.Uint64() & r.Uint64()
			}
			want := []uint32{}
			for i := range n {
				if w[i/64]>>(i%64)&1 != 0 {
					want = append(want, uint32(i))
				}
			}
			if k := SelectBits(o, w, n); !slices.Equal(o[:k], want) {
				t.Fatalf("%d bits: %v, want %v", n, o[:k], want)
			}
		}
	})
}

func TestMaxUint32(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 13))
	atLevels(t, func(t *testing.T) {
		values := guardedOf[uint32](t, longest, true)
		for _, n := range lengths() {
			v := values[longest-n:]
			for _, greatest := range []uint32{5, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32} {
				clear(v)
				want := uint32(0)
				if n > 0 {
					v[r.IntN(n)], want = greatest, greatest
				}
				if got := MaxUint32(v); got != want {
					t.Fatalf("the greatest of %d is %d, want %d", n, got, want)
				}
			}
		}
	})
}

func BenchmarkChoose(b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(14, 15))
	v32, v64, codes := make([]int32, n), make([]int64, n), make([]uint32, n)
	for i := range n {
		v32[i], v64[i], codes[i] = r.Int32N(100), r.Int64N(100), r.Uint32N(100)
	}
	out, flags, words := make([]uint32, n), make([]uint8, n), make([]uint64, n/64)
	half := Range{0, 49}
	for i, v := range v32 {
		flags[i] = flag(v <= int32(half.High))
	}
	PackFlags(words, flags)
	b.Run("SelectInt32", func(b *testing.B) { benchLevels(b, 4*n, func() { SelectInt32(out, v32, half, false) }) })
	b.Run("SelectInt64", func(b *testing.B) { benchLevels(b, 8*n, func() { SelectInt64(out, v64, half, false) }) })
	b.Run("SelectFlags", func(b *testing.B) { benchLevels(b, n, func() { SelectFlags(out, flags) }) })
	b.Run("SelectBits", func(b *testing.B) { benchLevels(b, n/8, func() { SelectBits(out, words, n) }) })
	b.Run("MaxUint32", func(b *testing.B) { benchLevels(b, 4*n, func() { MaxUint32(codes) }) })
}
