package simd

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestArithmetic holds every operation, with and without a constant, against big integers.
func TestArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(32, 33))
	var x, y, exact, low big.Int
	operations := map[string]struct {
		run   func(dst, a, b []int64, aConst, bConst bool) bool
		exact func(x, y int64) *big.Int
	}{
		"add": {AddInt64, func(a, b int64) *big.Int { return exact.Add(x.SetInt64(a), y.SetInt64(b)) }},
		"sub": {SubInt64, func(a, b int64) *big.Int { return exact.Sub(x.SetInt64(a), y.SetInt64(b)) }},
		"mul": {MulInt64, func(a, b int64) *big.Int { return exact.Mul(x.SetInt64(a), y.SetInt64(b)) }},
	}
	atLevels(t, func(t *testing.T) {
		as, bs, ds := guardedOf[int64](t, longest, true), guardedOf[int64](t, longest, true), guardedOf[int64](t, longest, true)
		ws := guardedOf[uint64](t, 2*longest, true)
		for _, n := range lengths() {
			for constant := range 3 {
				aConst, bConst := constant == 1, constant == 2
				a, b, d, w := as[longest-n:], bs[longest-n:], ds[longest-n:], ws[2*(longest-n):]
				if aConst {
					a = as[longest-1:]
				}
				if bConst {
					b = bs[longest-1:]
				}
				fill64(r, a)
				fill64(r, b)
				if n%3 == 0 {
					// Without overflow, so that a wrong report is seen.
					for i := range a {
						a[i] %= 1 << 31
					}
					for i := range b {
						b[i] %= 1 << 31
					}
				}
				at := func(v []int64, i int, constant bool) int64 {
					if constant {
						return v[0]
					}
					return v[i]
				}
				for name, operation := range operations {
					overflow := operation.run(d, a, b, aConst, bConst)
					want := false
					for i := range n {
						e := operation.exact(at(a, i, aConst), at(b, i, bConst))
						want = want || !e.IsInt64()
						low.And(e, low.SetUint64(1<<64-1))
						if uint64(d[i]) != low.Uint64() {
							t.Fatalf("%s, %d of %d: %d and %d give %d", name, i, n, at(a, i, aConst), at(b, i, bConst), d[i])
						}
					}
					if overflow != want {
						t.Fatalf("%s of %d: overflow %v, want %v", name, n, overflow, want)
					}
				}
				MulWideInt64(w, a, b, aConst, bConst)
				for i := range n {
					e := operations["mul"].exact(at(a, i, aConst), at(b, i, bConst))
					got := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(int64(w[2*i+1])), 64), new(big.Int).SetUint64(w[2*i]))
					if got.Cmp(e) != 0 {
						t.Fatalf("wide product, %d of %d: %d, want %d", i, n, got, e)
					}
				}
			}
		}
	})
}

// TestArithmeticInPlace writes over an operand.
func TestArithmeticInPlace(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		a, b := make([]int64, 37), make([]int64, 37)
		for i := range a {
			a[i], b[i] = int64(i), 1000
		}
		AddInt64(a, a, b, false, false)
		SubInt64(b, a, b, false, false)
		MulInt64(b, b, []int64{3}, false, true)
		for i := range a {
			if a[i] != int64(i)+1000 || b[i] != 3*int64(i) {
				t.Fatalf("row %d: %d and %d", i, a[i], b[i])
			}
		}
	})
}

func BenchmarkArithmetic(b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(34, 35))
	x, y, d, w := make([]int64, n), make([]int64, n), make([]int64, n), make([]uint64, 2*n)
	for i := range x {
		x[i], y[i] = r.Int64N(1e7), r.Int64N(100)
	}
	b.Run("AddInt64", func(b *testing.B) { benchLevels(b, 24*n, func() { AddInt64(d, x, y, false, false) }) })
	b.Run("SubInt64/from", func(b *testing.B) { benchLevels(b, 16*n, func() { SubInt64(d, y[:1], x, true, false) }) })
	b.Run("MulInt64", func(b *testing.B) { benchLevels(b, 24*n, func() { MulInt64(d, x, y, false, false) }) })
	b.Run("MulWideInt64", func(b *testing.B) { benchLevels(b, 32*n, func() { MulWideInt64(w, x, y, false, false) }) })
}
