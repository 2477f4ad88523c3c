package simd

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// validity is a bitmap of n rows in which about half are set, none or all; sometimes it is nil.
func validity(r *rand.Rand, room []uint64, n int) []uint64 {
	bits := room[len(room)-(n+63)/64:]
	kind := r.IntN(4)
	for i := range bits {
		bits[i] = [...]uint64{r.Uint64(), 0, math.MaxUint64, 0}[kind]
	}
	if kind == 3 {
		return nil
	}
	return bits
}

func TestSumValid(t *testing.T) {
	r := rand.New(rand.NewPCG(60, 61))
	ints, floats, words := guardedOf[int64](t, longest, true), guardedOf[float64](t, longest, true), guardedOf[uint64](t, 2*longest, true)
	room := guardedOf[uint64](t, (longest+63)/64, true)
	limit := new(big.Int).Lsh(big.NewInt(1), 127)
	var sums [AVX512 + 1]map[int]float64
	atLevels(t, func(t *testing.T) {
		r = rand.New(rand.NewPCG(60, 61)) // the same values at each level
		sums[Current()] = map[int]float64{}
		for _, n := range lengths() {
			x, f, w := ints[longest-n:], floats[longest-n:], words[2*(longest-n):]
			fillAny(r, x)
			fillAny(r, w)
			valid := validity(r, room, n)
			for i := range f {
				f[i] = r.NormFloat64() * 1e6
			}
			want, count, float := new(big.Int), 0, 0.0
			for i, v := range x {
				if counts(valid, i) {
					want.Add(want, big.NewInt(v))
					float += f[i]
					count++
				}
			}
			hi, lo, got := SumValid(x, valid)
			if sum := bigOf(lo, uint64(hi)); sum.Cmp(want) != 0 || got != count {
				t.Fatalf("%d of %d values: sum %d, want %d; counted %d", count, n, sum, want, got)
			}
			sum := SumFloats(f, valid)
			if math.Abs(sum-float) > 1e-3 {
				t.Fatalf("%d of %d floats: sum %v, want %v", count, n, sum, float)
			}
			sums[Current()][n] = sum
			if first := sums[None][n]; sum != first {
				t.Fatalf("%d floats: sum %v at this level, %v without", n, sum, first)
			}
			if r.IntN(2) == 0 {
				for i := range n {
					w[2*i+1] = uint64(int64(w[2*i+1]) >> 16)
				}
			}
			want.SetInt64(0)
			for i := range n {
				want.Add(want, bigOf(w[2*i], w[2*i+1]))
			}
			fits := want.Cmp(limit) < 0 && want.Cmp(new(big.Int).Neg(limit)) >= 0
			hi, lo, ok := Sum128(w)
			if sum := bigOf(lo, uint64(hi)); ok != fits || ok && sum.Cmp(want) != 0 {
				t.Fatalf("%d numbers of two words: sum %x, fits %v; want %x", n, sum, ok, want)
			}
		}
	})
}

func testExtremes[T AnyInteger](t *testing.T) {
	r := rand.New(rand.NewPCG(62, 63))
	values, room := guardedOf[T](t, longest, true), guardedOf[uint64](t, (longest+63)/64, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			v := values[longest-n:]
			fillAny(r, v)
			if r.IntN(2) == 0 {
				for i := range v {
					v[i] = v[i]/2 + 1
				}
			}
			valid := validity(r, room, n)
			var least, greatest T
			found := false
			for i, x := range v {
				if counts(valid, i) {
					if !found || x < least {
						least = x
					}
					if !found || x > greatest {
						greatest = x
					}
					found = true
				}
			}
			if got, ok := Least(v, valid); got != least || ok != found {
				t.Fatalf("least of %d %T: %d, %v; want %d, %v", n, least, got, ok, least, found)
			}
			if got, ok := Greatest(v, valid); got != greatest || ok != found {
				t.Fatalf("greatest of %d %T: %d, %v; want %d, %v", n, greatest, got, ok, greatest, found)
			}
		}
	})
}

func TestExtremes(t *testing.T) {
	t.Run("int8", testExtremes[int8])
	t.Run("int16", testExtremes[int16])
	t.Run("int32", testExtremes[int32])
	t.Run("int64", testExtremes[int64])
	t.Run("uint8", testExtremes[uint8])
	t.Run("uint16", testExtremes[uint16])
	t.Run("uint32", testExtremes[uint32])
	t.Run("uint64", testExtremes[uint64])
}

func testFloatExtremes[T float32 | float64](t *testing.T) {
	r := rand.New(rand.NewPCG(64, 65))
	values, room := guardedOf[T](t, longest, true), guardedOf[uint64](t, (longest+63)/64, true)
	inf, nan, zero := T(math.Inf(1)), T(math.NaN()), T(0)
	odd := []T{nan, -nan, inf, -inf, zero, -zero, T(math.Copysign(0, -1)), 1, -1}
	// As SQL orders: a NaN is greater than all others and equal to itself.
	less := func(a, b T) bool { return a < b || a == a && b != b }
	same := func(a, b T) bool {
		return a == b && math.Signbit(float64(a)) == math.Signbit(float64(b)) || a != a && b != b
	}
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			for _, kind := range []int{0, 1, 2, 3, len(odd)} {
				v := values[longest-n:]
				for i := range v {
					switch v[i] = T(r.NormFloat64() * 100); kind {
					case 1: // NaNs alone, or with infinities
						v[i] = odd[r.IntN(3)]
					case 2:
						v[i] = max(v[i], odd[4+r.IntN(3)])
					case 3:
						v[i] = min(v[i], odd[4+r.IntN(3)])
					case len(odd):
						v[i] = odd[r.IntN(len(odd))]
					}
				}
				if kind == 1 && n%2 == 0 {
					for i := range v {
						v[i] = nan
					}
				}
				valid := validity(r, room, n)
				var least, greatest T
				found := false
				for i, x := range v {
					if counts(valid, i) {
						if !found || less(x, least) {
							least = x
						}
						if !found || less(greatest, x) {
							greatest = x
						}
						found = true
					}
				}
				if got, ok := LeastFloat(v, valid); !same(got, least) || ok != found {
					t.Fatalf("least of %d %T: %v, %v; want %v, %v", n, least, got, ok, least, found)
				}
				if got, ok := GreatestFloat(v, valid); !same(got, greatest) || ok != found {
					t.Fatalf("greatest of %d %T: %v, %v; want %v, %v", n, greatest, got, ok, greatest, found)
				}
			}
		}
	})
}

func TestFloatExtremes(t *testing.T) {
	t.Run("float32", testFloatExtremes[float32])
	t.Run("float64", testFloatExtremes[float64])
}

func benchExtreme[T AnyInteger](b *testing.B) {
	const n = 4096
	values, valid := make([]T, n), make([]uint64, n/64)
	for i := range valid {
		valid[i] = 0x5555aaaa5555aaaa
	}
	size := n * int(unsafe.Sizeof(values[0]))
	b.Run("Least", func(b *testing.B) { benchLevels(b, size, func() { Least(values, nil) }) })
	b.Run("Greatest/valid", func(b *testing.B) { benchLevels(b, size+n/8, func() { Greatest(values, valid) }) })
}

func BenchmarkFold(b *testing.B) {
	const n = 4096
	x, f, w, valid := make([]int64, n), make([]float64, n), make([]uint64, 2*n), make([]uint64, n/64)
	for i := range valid {
		valid[i] = 0x5555aaaa5555aaaa
	}
	b.Run("SumValid/all", func(b *testing.B) { benchLevels(b, 8*n, func() { SumValid(x, nil) }) })
	b.Run("SumValid", func(b *testing.B) { benchLevels(b, 8*n+n/8, func() { SumValid(x, valid) }) })
	b.Run("SumFloats", func(b *testing.B) { benchLevels(b, 8*n, func() { SumFloats(f, valid) }) })
	b.Run("Sum128", func(b *testing.B) { benchLevels(b, 16*n, func() { Sum128(w) }) })
	for i := range f {
		f[i] = float64(i%1000) + 1
	}
	b.Run("LeastFloat", func(b *testing.B) { benchLevels(b, 8*n, func() { LeastFloat(f, nil) }) })
	b.Run("GreatestFloat/valid", func(b *testing.B) { benchLevels(b, 8*n+n/8, func() { GreatestFloat(f, valid) }) })
	b.Run("int8", benchExtreme[int8])
	b.Run("int32", benchExtreme[int32])
	b.Run("int64", benchExtreme[int64])
}
