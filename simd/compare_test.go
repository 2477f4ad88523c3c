package simd

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// fillAny fills dst with numbers of which many are equal, extremes, NaN or infinite.
func fillAny[T Number](r *rand.Rand, dst []T) {
	var zero T
	few := []T{0, 1, 2, 7, zero - 1, zero - 2}
	size := unsafe.Sizeof(zero)
	for i := range dst {
		switch r.IntN(4) {
		case 0:
			dst[i] = few[r.IntN(len(few))]
		case 1:
			random := r.Uint64()
			dst[i] = *(*T)(unsafe.Pointer(&random))
		case 2:
			// Extremes: all bits but some.
			bits := ^uint64(0) >> (64 - 8*size)
			bits ^= uint64(r.IntN(2)) | uint64(r.IntN(2))<<(8*size-1)
			if r.IntN(2) == 0 {
				bits = ^bits
			}
			dst[i] = *(*T)(unsafe.Pointer(&bits))
		default:
			dst[i] = T(r.IntN(20))
		}
		if r.IntN(8) == 0 && T(1)/2 != zero {
			special := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64}
			dst[i] = T(special[r.IntN(len(special))])
		}
	}
}

// holds says whether x compares so with y, as SQL says.
func holds[T Number](c Comparison, x, y T) bool {
	equal, less, greater := x == y || x != x && y != y, x < y || x == x && y != y, x > y || x != x && y == y
	return [...]bool{Equal: equal, NotEqual: !equal, Less: less, LessOrEqual: less || equal, Greater: greater, GreaterOrEqual: greater || equal}[c]
}

func testCompare[T Number](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	as, bs := guardedOf[T](t, longest, true), guardedOf[T](t, longest, true)
	words := guardedOf[uint64](t, (longest+63)/64, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			for constant := range 4 {
				aConst, bConst := constant&1 != 0, constant&2 != 0
				a, b := as[longest-n:], bs[longest-n:]
				if aConst {
					a = as[longest-1:]
				}
				if bConst {
					b = bs[longest-1:]
				}
				fillAny(r, a)
				fillAny(r, b)
				c := Comparison(r.IntN(6))
				w := words[len(words)-(n+63)/64:]
				Compare(w, c, a, b, aConst, bConst, n)
				for i := range 64 * len(w) {
					want := false
					if i < n {
						x, y := a[i&every(aConst)], b[i&every(bConst)]
						if want = holds(c, x, y); want != (w[i/64]>>(i%64)&1 != 0) {
							t.Fatalf("%T, comparison %d, row %d of %d, constants %v %v: %v and %v give %v", x, c, i, n, aConst, bConst, x, y, !want)
						}
					} else if w[i/64]>>(i%64)&1 != 0 {
						t.Fatalf("%d rows: bit %d is set", n, i)
					}
				}
			}
		}
	})
}

func TestCompare(t *testing.T) {
	t.Run("int8", testCompare[int8])
	t.Run("int16", testCompare[int16])
	t.Run("int32", testCompare[int32])
	t.Run("int64", testCompare[int64])
	t.Run("uint8", testCompare[uint8])
	t.Run("uint16", testCompare[uint16])
	t.Run("uint32", testCompare[uint32])
	t.Run("uint64", testCompare[uint64])
	t.Run("float32", testCompare[float32])
	t.Run("float64", testCompare[float64])
}

func TestCompare128(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	as, bs := guardedOf[uint64](t, 2*longest, true), guardedOf[uint64](t, 2*longest, true)
	words := guardedOf[uint64](t, (longest+63)/64, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			for kind := range 8 {
				aConst, bConst, unsigned := kind&1 != 0, kind&2 != 0, kind&4 != 0
				a, b := as[2*(longest-n):], bs[2*(longest-n):]
				if aConst {
					a = as[2*longest-2:]
				}
				if bConst {
					b = bs[2*longest-2:]
				}
				fillAny(r, a)
				fillAny(r, b)
				c := Comparison(r.IntN(6))
				w := words[len(words)-(n+63)/64:]
				Compare128(w, c, a, b, aConst, bConst, unsigned, n)
				for i := range n {
					x, y := a[2*(i&every(aConst)):], b[2*(i&every(bConst)):]
					upper := holds(Less, int64(x[1]), int64(y[1]))
					if unsigned {
						upper = x[1] < y[1]
					}
					less, equal := upper || x[1] == y[1] && x[0] < y[0], x[0] == y[0] && x[1] == y[1]
					want := [...]bool{Equal: equal, NotEqual: !equal, Less: less, LessOrEqual: less || equal, Greater: !less && !equal, GreaterOrEqual: !less}[c]
					if want != (w[i/64]>>(i%64)&1 != 0) {
						t.Fatalf("comparison %d, row %d of %d, constants %v %v, unsigned %v: %v and %v give %v", c, i, n, aConst, bConst, unsigned, x[:2], y[:2], !want)
					}
				}
			}
		}
	})
}

func benchCompare[T Number](b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(5, 6))
	x, y, words := make([]T, n), make([]T, n), make([]uint64, n/64)
	for i := range x {
		x[i], y[i] = T(r.IntN(100)), T(r.IntN(100))
	}
	size := int(unsafe.Sizeof(x[0]))
	b.Run("constant", func(b *testing.B) { benchLevels(b, size*n, func() { Compare(words, Less, x, y[:1], false, true, n) }) })
	b.Run("columns", func(b *testing.B) {
		benchLevels(b, 2*size*n, func() { Compare(words, LessOrEqual, x, y, false, false, n) })
	})
}

func BenchmarkCompare(b *testing.B) {
	b.Run("int8", benchCompare[int8])
	b.Run("int16", benchCompare[int16])
	b.Run("int32", benchCompare[int32])
	b.Run("int64", benchCompare[int64])
	b.Run("float32", benchCompare[float32])
	b.Run("float64", benchCompare[float64])
	const n = 4096
	x, words := make([]uint64, 2*n), make([]uint64, n/64)
	b.Run("128/constant", func(b *testing.B) {
		benchLevels(b, 16*n, func() { Compare128(words, Less, x, x[:2], false, true, false, n) })
	})
}
