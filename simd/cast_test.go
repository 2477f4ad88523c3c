package simd

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

func testWidths[T Integer](t *testing.T) {
	r := rand.New(rand.NewPCG(50, 51))
	short, long := guardedOf[T](t, longest, true), guardedOf[int64](t, longest, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			s, l := short[longest-n:], long[longest-n:]
			fillAny(r, s)
			Widen(l, s)
			for i, v := range s {
				if l[i] != int64(v) {
					t.Fatalf("row %d of %d: %d is widened to %d", i, n, v, l[i])
				}
			}
			clear(s)
			if Narrow(s, l) {
				t.Fatalf("%d rows: what was %T does not fit it", n, s)
			}
			for i, v := range s {
				if l[i] != int64(v) {
					t.Fatalf("row %d of %d: %d is cut to %d", i, n, l[i], v)
				}
			}
			if n == 0 {
				continue
			}
			// One number that may not fit: next to the type's ends, or anything.
			var zero T
			ends := []int64{-1, 1 << (8*unsafe.Sizeof(zero) - 1), 1<<(8*unsafe.Sizeof(zero)-1) - 1, 1 << (8 * unsafe.Sizeof(zero)), 1<<(8*unsafe.Sizeof(zero)) - 1,
				-1 << (8*unsafe.Sizeof(zero) - 1), -1<<(8*unsafe.Sizeof(zero)-1) - 1, math.MinInt64, math.MaxInt64, r.Int64()}
			at := r.IntN(n)
			l[at] = ends[r.IntN(len(ends))]
			if got, want := Narrow(s, l), int64(T(l[at])) != l[at]; got != want || s[at] != T(l[at]) {
				t.Fatalf("%d cut to %T: %d, overflow %v, want %v", l[at], zero, s[at], got, want)
			}
		}
	})
}

func TestWidths(t *testing.T) {
	t.Run("int8", testWidths[int8])
	t.Run("int16", testWidths[int16])
	t.Run("int32", testWidths[int32])
	t.Run("uint8", testWidths[uint8])
	t.Run("uint16", testWidths[uint16])
	t.Run("uint32", testWidths[uint32])
}

func TestDoubles(t *testing.T) {
	r := rand.New(rand.NewPCG(52, 53))
	ints, floats, days := guardedOf[int64](t, longest, true), guardedOf[float32](t, longest, true), guardedOf[int32](t, longest, true)
	doubles, micros := guardedOf[float64](t, longest, true), guardedOf[int64](t, longest, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			x, f, d, e, m := ints[longest-n:], floats[longest-n:], doubles[longest-n:], days[longest-n:], micros[longest-n:]
			fillAny(r, x)
			fillAny(r, f)
			fillAny(r, e)
			DoublesOfFloats(d, f)
			for i, v := range f {
				if d[i] != float64(v) && v == v {
					t.Fatalf("row %d of %d: %v is widened to %v", i, n, v, d[i])
				}
			}
			divisor := []float64{1, 10, 100, 1e6}[r.IntN(4)]
			DoublesOfInts(d, x, divisor)
			for i, v := range x {
				if d[i] != float64(v)/divisor {
					t.Fatalf("row %d of %d: %d / %v is %v, want %v", i, n, v, divisor, d[i], float64(v)/divisor)
				}
			}
			MicrosOfDays(m, e)
			for i, v := range e {
				if m[i] != int64(v)*dayMicros {
					t.Fatalf("row %d of %d: day %d is at %d", i, n, v, m[i])
				}
			}
		}
	})
}

func TestTwoWords(t *testing.T) {
	r := rand.New(rand.NewPCG(54, 55))
	ints, back, words := guardedOf[int64](t, longest, true), guardedOf[int64](t, longest, true), guardedOf[uint64](t, 2*longest, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			x, y, w := ints[longest-n:], back[longest-n:], words[2*(longest-n):]
			fillAny(r, x)
			WidenTo128(w, x)
			for i, v := range x {
				if w[2*i] != uint64(v) || w[2*i+1] != uint64(v>>63) {
					t.Fatalf("row %d of %d: %d is widened to %x", i, n, v, w[2*i:2*i+2])
				}
			}
			if NarrowFrom128(y, w) {
				t.Fatalf("%d rows: what had 64 bits does not fit them", n)
			}
			for i, v := range x {
				if y[i] != v {
					t.Fatalf("row %d of %d: %d comes back as %d", i, n, v, y[i])
				}
			}
			if n > 0 {
				w[2*r.IntN(n)+1] ^= 1 << r.IntN(64)
				if !NarrowFrom128(y, w) {
					t.Fatalf("%d rows: one has more than 64 bits", n)
				}
			}
		}
	})
}

func BenchmarkCast(b *testing.B) {
	const n = 4096
	narrow, wide, f, d, words := make([]int32, n), make([]int64, n), make([]float32, n), make([]float64, n), make([]uint64, 2*n)
	b.Run("Widen", func(b *testing.B) { benchLevels(b, 12*n, func() { Widen(wide, narrow) }) })
	b.Run("Narrow", func(b *testing.B) { benchLevels(b, 12*n, func() { Narrow(narrow, wide) }) })
	b.Run("MicrosOfDays", func(b *testing.B) { benchLevels(b, 12*n, func() { MicrosOfDays(wide, narrow) }) })
	b.Run("DoublesOfFloats", func(b *testing.B) { benchLevels(b, 12*n, func() { DoublesOfFloats(d, f) }) })
	b.Run("DoublesOfInts", func(b *testing.B) { benchLevels(b, 16*n, func() { DoublesOfInts(d, wide, 1) }) })
	b.Run("DoublesOfInts/100", func(b *testing.B) { benchLevels(b, 16*n, func() { DoublesOfInts(d, wide, 100) }) })
	b.Run("WidenTo128", func(b *testing.B) { benchLevels(b, 24*n, func() { WidenTo128(words, wide) }) })
	b.Run("NarrowFrom128", func(b *testing.B) { benchLevels(b, 24*n, func() { NarrowFrom128(wide, words) }) })
}
