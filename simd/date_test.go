package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// partsOf are the fields of a day as package time has them.
func partsOf(day int32) [4]int64 {
	y, m, d := time.Unix(86400*int64(day), 0).UTC().Date()
	if y <= 0 {
		y--
	}
	return [4]int64{int64(y), int64(m), int64(d), int64(m+2) / 3}
}

// fieldOf is a field of any day, also of those far away that package time does not agree on.
func fieldOf(day int32, part DatePart) int64 {
	var f [1]int64
	partGo(f[:], []int32{day}, part)
	return f[0]
}

func checkParts(t *testing.T, dst []int64, days []int32) {
	t.Helper()
	for part := Year; part <= Quarter; part++ {
		clear(dst)
		want := slices.ContainsFunc(days, func(d int32) bool { return d < -25202 || d > 47540 })
		if far := Part(dst, days, part); far != want {
			t.Fatalf("part %d of %d days: far %v, want %v", part, len(days), far, want)
		}
		for i, day := range days {
			if want := partsOf(day)[part]; dst[i] != want {
				t.Fatalf("part %d of day %d, row %d of %d: %d, want %d", part, day, i, len(days), dst[i], want)
			}
		}
	}
}

// TestPartsOfAllDays goes through all days of 1880 to 2120, and random ones of all the range.
func TestPartsOfAllDays(t *testing.T) {
	r := rand.New(rand.NewPCG(40, 41))
	var days []int32
	for d := int32(-33_000); d < 55_000; d++ {
		days = append(days, d)
	}
	dst := make([]int64, len(days))
	atLevels(t, func(t *testing.T) {
		checkParts(t, dst, days)
		some := make([]int32, 1000)
		for i := range some {
			// From 4713 BC to 290 000 AD; one in ten among those that are computed fast.
			if some[i] = r.Int32N(47_000); i%100 == 7 {
				some[i] = r.Int32N(110_000_000) - 2_440_000
			}
		}
		checkParts(t, dst[:len(some)], some)
	})
}

func TestParts(t *testing.T) {
	r := rand.New(rand.NewPCG(42, 43))
	days, dst := guardedOf[int32](t, longest, true), guardedOf[int64](t, longest, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			from := longest - n
			for i := range n {
				if days[from+i] = r.Int32N(72_000) - 25_000; r.IntN(50) == 0 {
					days[from+i] = r.Int32N(8_000_000) - 1_000_000
				}
			}
			checkParts(t, dst[from:], days[from:])
		}
	})
}

func TestDaysOfMicros(t *testing.T) {
	r := rand.New(rand.NewPCG(44, 45))
	micros, dst, fields := guardedOf[int64](t, longest, true), guardedOf[int32](t, longest, true), guardedOf[int64](t, longest, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			m, d := micros[longest-n:], dst[longest-n:]
			for i := range m {
				// The first and the last microsecond of a day, and others.
				m[i] = (r.Int64N(73_000)-25_300)*dayMicros + []int64{0, -1, r.Int64N(dayMicros)}[r.IntN(3)]
				if r.IntN(60) == 0 {
					m[i] = []int64{math.MinInt64, math.MaxInt64, r.Int64() - r.Int64(), -25202 * dayMicros, -25202*dayMicros - 1, 47541 * dayMicros, 47541*dayMicros - 1}[r.IntN(7)]
				}
			}
			DaysOfMicros(d, m)
			parts := fields[longest-n:]
			for part := Year; part <= Quarter; part++ {
				want := slices.ContainsFunc(d, func(d int32) bool { return d < -25202 || d > 47540 })
				if far := PartOfMicros(parts, m, part); far != want {
					t.Fatalf("part %d of %d timestamps: far %v, want %v", part, n, far, want)
				}
				for i, day := range d {
					if want := fieldOf(day, part); parts[i] != want {
						t.Fatalf("part %d of row %d of %d, %d microseconds: %d, want %d", part, i, n, m[i], parts[i], want)
					}
				}
			}
			for i, us := range m {
				want := us / dayMicros
				if us%dayMicros < 0 {
					want--
				}
				if d[i] != int32(want) {
					t.Fatalf("row %d of %d: %d microseconds are day %d, not %d", i, n, us, want, d[i])
				}
			}
		}
	})
}

func BenchmarkDate(b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(46, 47))
	days, micros, dst := make([]int32, n), make([]int64, n), make([]int64, n)
	for i := range days {
		days[i] = r.Int32N(10_000)
		micros[i] = int64(days[i])*dayMicros + r.Int64N(dayMicros)
	}
	b.Run("Year", func(b *testing.B) { benchLevels(b, 12*n, func() { Part(dst, days, Year) }) })
	b.Run("Month", func(b *testing.B) { benchLevels(b, 12*n, func() { Part(dst, days, Month) }) })
	b.Run("Day", func(b *testing.B) { benchLevels(b, 12*n, func() { Part(dst, days, Day) }) })
	b.Run("YearOfMicros", func(b *testing.B) { benchLevels(b, 16*n, func() { PartOfMicros(dst, micros, Year) }) })
	b.Run("DaysOfMicros", func(b *testing.B) { benchLevels(b, 12*n, func() { DaysOfMicros(days, micros) }) })
}
