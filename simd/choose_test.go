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
		v32, v64 := guardedOf[int32](t, longest, true), guardedOf[int64](t, longest, true)
		selected, flags := guardedOf[uint32](t, longest, true), guarded(t, longest, true)
		for _, n := range lengths() {
			for range 4 {
				in, outside := ranges(r), r.IntN(2) == 0
				a, b := v32[longest-n:], v64[longest-n:]
				out, f := selected[longest-n:], flags[longest-n:]
				fill32(r, a)
				fill64(r, b)
				within := func(v int64) bool { return (v >= in.Low && v <= in.High) != outside }
				check := func(what string, at func(i int) int64, k int, wantFlags func()) {
					t.Helper()
					want := []uint32{}
					wantFlag := make([]uint8, n)
					for i := range n {
						if within(at(i)) {
							want = append(want, uint32(i))
							wantFlag[i] = 1
						}
					}
					if !slices.Equal(out[:k], want) {
						t.Fatalf("%s: %v of %d values, outside %v: %v, want %v", what, in, n, outside, out[:k], want)
					}
					wantFlags()
					if !slices.Equal(f, wantFlag) {
						t.Fatalf("%s: flags of %v of %d values, outside %v: %v, want %v", what, in, n, outside, f, wantFlag)
					}
					if k := SelectFlags(out, f); !slices.Equal(out[:k], want) {
						t.Fatalf("flags %v select %v", f, out[:k])
					}
				}
				check("32 bits", func(i int) int64 { return int64(a[i]) }, SelectInt32(out, a, in, outside), func() { FlagInt32(f, a, in, outside) })
				check("64 bits", func(i int) int64 { return b[i] }, SelectInt64(out, b, in, outside), func() { FlagInt64(f, b, in, outside) })
			}
		}
	})
}

func TestPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	atLevels(t, func(t *testing.T) {
		a32, b32 := guardedOf[int32](t, longest, true), guardedOf[int32](t, longest, true)
		a64, b64 := guardedOf[int64](t, longest, true), guardedOf[int64](t, longest, true)
		flags := guarded(t, longest, true)
		for _, n := range lengths() {
			x, y, u, v, f := a32[longest-n:], b32[longest-n:], a64[longest-n:], b64[longest-n:], flags[longest-n:]
			fill32(r, x)
			fill32(r, y)
			fill64(r, u)
			fill64(r, v)
			for _, not := range []bool{false, true} {
				for name, test := range map[string]struct {
					run  func()
					want func(i int) bool
				}{
					"equal 32": {func() { EqualInt32(f, x, y, not) }, func(i int) bool { return x[i] == y[i] }},
					"equal 64": {func() { EqualInt64(f, u, v, not) }, func(i int) bool { return u[i] == v[i] }},
					"less 32":  {func() { LessInt32(f, x, y, not) }, func(i int) bool { return x[i] < y[i] }},
					"less 64":  {func() { LessInt64(f, u, v, not) }, func(i int) bool { return u[i] < v[i] }},
				} {
					test.run()
					for i := range n {
						if (f[i] == 1) != (test.want(i) != not) || f[i] > 1 {
							t.Fatalf("%s, not %v, pair %d of %d: %d", name, not, i, n, f[i])
						}
					}
				}
			}
		}
	})
}

func TestFloats(t *testing.T) {
	r := rand.New(rand.NewPCG(36, 37))
	special := []float64{math.NaN(), math.Float64frombits(0xFFF8000000000001), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, -1, math.MaxFloat64, 5e-324}
	// order is the place of x among all floats.
	order := func(x, y float64) int {
		switch {
		case math.IsNaN(x) && math.IsNaN(y) || x == y:
			return 0
		case math.IsNaN(y) || x < y:
			return -1
		}
		return 1
	}
	atLevels(t, func(t *testing.T) {
		as, bs, flags := guardedOf[float64](t, longest, true), guardedOf[float64](t, longest, true), guarded(t, longest, true)
		for _, n := range lengths() {
			for _, bConst := range []bool{false, true} {
				a, b, f := as[longest-n:], bs[longest-n:], flags[longest-n:]
				if bConst {
					b = bs[longest-1:]
				}
				for _, v := range [][]float64{a, b} {
					for i := range v {
						if v[i] = special[r.IntN(len(special))]; r.IntN(3) == 0 {
							v[i] = r.Float64()
						}
					}
				}
				for _, not := range []bool{false, true} {
					for name, test := range map[string]struct {
						run  func(dst []uint8, a, b []float64, bConst, not bool)
						want func(order int) bool
					}{
						"equal":   {EqualFloat64, func(o int) bool { return o == 0 }},
						"less":    {LessFloat64, func(o int) bool { return o < 0 }},
						"greater": {GreaterFloat64, func(o int) bool { return o > 0 }},
					} {
						test.run(f, a, b, bConst, not)
						for i := range n {
							y := b[0]
							if !bConst {
								y = b[i]
							}
							if f[i] > 1 || (f[i] == 1) != (test.want(order(a[i], y)) != not) {
								t.Fatalf("%s, not %v: %v and %v give %d", name, not, a[i], y, f[i])
							}
						}
					}
				}
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
	FlagInt32(flags, v32, half, false)
	for i, f := range flags {
		words[i/64] |= uint64(f) << (i % 64)
	}
	b.Run("SelectInt32", func(b *testing.B) { benchLevels(b, 4*n, func() { SelectInt32(out, v32, half, false) }) })
	b.Run("SelectInt64", func(b *testing.B) { benchLevels(b, 8*n, func() { SelectInt64(out, v64, half, false) }) })
	b.Run("FlagInt32", func(b *testing.B) {
		benchLevels(b, 4*n, func() { FlagInt32(make([]uint8, 0, n)[:n], v32, half, false) })
	})
	b.Run("FlagInt64", func(b *testing.B) {
		benchLevels(b, 8*n, func() { FlagInt64(make([]uint8, 0, n)[:n], v64, half, false) })
	})
	b.Run("EqualInt64", func(b *testing.B) {
		benchLevels(b, 16*n, func() { EqualInt64(make([]uint8, 0, n)[:n], v64, v64, false) })
	})
	x, y := make([]float64, n), make([]float64, n)
	b.Run("LessFloat64", func(b *testing.B) { benchLevels(b, 16*n, func() { LessFloat64(flags, x, y, false, true) }) })
	FlagInt32(flags, v32, half, false)
	b.Run("SelectFlags", func(b *testing.B) { benchLevels(b, n, func() { SelectFlags(out, flags) }) })
	b.Run("SelectBits", func(b *testing.B) { benchLevels(b, n/8, func() { SelectBits(out, words, n) }) })
	b.Run("MaxUint32", func(b *testing.B) { benchLevels(b, 4*n, func() { MaxUint32(codes) }) })
}
