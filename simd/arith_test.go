package simd

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// exactOf is x op y of integers, and its lower bits as T.
func exactOf[T Number](op arithOp, x, y T) (exact *big.Int, low T) {
	number := func(v T) *big.Int {
		var zero T
		if zero-1 > zero {
			return new(big.Int).SetUint64(uint64(v))
		}
		return big.NewInt(int64(v))
	}
	a, b := number(x), number(y)
	switch op {
	case arithAdd:
		exact = a.Add(a, b)
	case arithSub:
		exact = a.Sub(a, b)
	default:
		exact = a.Mul(a, b)
	}
	bits := new(big.Int).And(exact, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	return exact, *(*T)(unsafe.Pointer(&bits))
}

// operands fills two operands with random numbers, of which either may be a constant; tame ones cannot overflow.
func operands[T Number](r *rand.Rand, as, bs []T, n, constant int, tame bool) (a, b []T, aConst, bConst bool) {
	aConst, bConst = constant&1 != 0, constant&2 != 0
	a, b = as[len(as)-n:], bs[len(bs)-n:]
	if aConst {
		a = as[len(as)-1:]
	}
	if bConst {
		b = bs[len(bs)-1:]
	}
	fillAny(r, a)
	fillAny(r, b)
	if tame {
		for i := range a {
			a[i] = T(8 + r.IntN(3))
		}
		for i := range b {
			b[i] = T(1 + r.IntN(7))
		}
	}
	return a, b, aConst, bConst
}

func testIntegers[T Number](t *testing.T) {
	r := rand.New(rand.NewPCG(32, 33))
	as, bs, ds := guardedOf[T](t, longest, true), guardedOf[T](t, longest, true), guardedOf[T](t, longest, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			op := arithOp(r.IntN(3))
			for constant := range 4 {
				a, b, aConst, bConst := operands(r, as, bs, n, constant, r.IntN(3) == 0)
				if r.IntN(3) == 0 {
					// Halves, so that some products overflow and others do not.
					for i := range a {
						a[i] /= T(uint64(1) << (4*unsafe.Sizeof(a[i]) - 1))
					}
				}
				d := ds[longest-n:]
				bad := arithmetic(op, d, a, b, aConst, bConst)
				want := false
				for i := range n {
					x, y := a[i&every(aConst)], b[i&every(bConst)]
					exact, low := exactOf(op, x, y)
					if d[i] != low {
						t.Fatalf("operation %d, row %d of %d, constants %v %v: %v and %v give %v", op, i, n, aConst, bConst, x, y, d[i])
					}
					want = want || fmt.Sprint(low) != exact.String()
				}
				if bad != want {
					t.Fatalf("operation %d of %d rows, constants %v %v: overflow %v, want %v", op, n, aConst, bConst, bad, want)
				}
			}
		}
	})
}

func testFloats[T float32 | float64](t *testing.T) {
	r := rand.New(rand.NewPCG(34, 35))
	as, bs, ds := guardedOf[T](t, longest, true), guardedOf[T](t, longest, true), guardedOf[T](t, longest, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			op := arithOp(r.IntN(4))
			for constant := range 4 {
				a, b, aConst, bConst := operands(r, as, bs, n, constant, r.IntN(2) == 0)
				d := ds[longest-n:]
				bad := arithmetic(op, d, a, b, aConst, bConst)
				wantBad := false
				for i := range n {
					x, y := a[i&every(aConst)], b[i&every(bConst)]
					want := [...]T{x + y, x - y, x * y, x / y}[op]
					if d[i] != want && (d[i] == d[i] || want == want) {
						t.Fatalf("operation %d, row %d of %d, constants %v %v: %v and %v give %v", op, i, n, aConst, bConst, x, y, d[i])
					}
					wantBad = wantBad || want-want != 0
				}
				if bad != wantBad {
					t.Fatalf("operation %d of %d rows: bad %v, want %v", op, n, bad, wantBad)
				}
			}
		}
	})
}

func TestArithmetic(t *testing.T) {
	t.Run("int8", testIntegers[int8])
	t.Run("int16", testIntegers[int16])
	t.Run("int32", testIntegers[int32])
	t.Run("int64", testIntegers[int64])
	t.Run("uint8", testIntegers[uint8])
	t.Run("uint16", testIntegers[uint16])
	t.Run("uint32", testIntegers[uint32])
	t.Run("uint64", testIntegers[uint64])
	t.Run("float32", testFloats[float32])
	t.Run("float64", testFloats[float64])
}

// bigOf is a number of two words.
func bigOf(lo, hi uint64) *big.Int {
	v := new(big.Int).Lsh(big.NewInt(int64(hi)), 64)
	return v.Add(v, new(big.Int).SetUint64(lo))
}

func TestArithmetic128(t *testing.T) {
	r := rand.New(rand.NewPCG(36, 37))
	as, bs, ds := guardedOf[uint64](t, 2*longest, true), guardedOf[uint64](t, 2*longest, true), guardedOf[uint64](t, 2*longest, true)
	limit := new(big.Int).Lsh(big.NewInt(1), 127)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			for kind := range 8 {
				aConst, bConst, subtract := kind&1 != 0, kind&2 != 0, kind&4 != 0
				a, b, d := as[2*(longest-n):], bs[2*(longest-n):], ds[2*(longest-n):]
				if aConst {
					a = as[2*longest-2:]
				}
				if bConst {
					b = bs[2*longest-2:]
				}
				fillAny(r, a)
				fillAny(r, b)
				if r.IntN(2) == 0 {
					for i := range len(a) / 2 {
						a[2*i+1] = uint64(int64(a[2*i+1]) >> 2)
					}
					for i := range len(b) / 2 {
						b[2*i+1] = uint64(int64(b[2*i+1]) >> 2)
					}
				}
				run := Add128
				if subtract {
					run = Sub128
				}
				overflow := run(d, a, b, aConst, bConst)
				want := false
				for i := range n {
					k, l := 2*(i&every(aConst)), 2*(i&every(bConst))
					x, y := bigOf(a[k], a[k+1]), bigOf(b[l], b[l+1])
					if subtract {
						x.Sub(x, y)
					} else {
						x.Add(x, y)
					}
					over := x.Cmp(limit) >= 0 || x.Cmp(new(big.Int).Neg(limit)) < 0
					want = want || over
					if !over && bigOf(d[2*i], d[2*i+1]).Cmp(x) != 0 {
						t.Fatalf("subtract %v, row %d of %d: %x and %x give %x", subtract, i, n, a[k:k+2], b[l:l+2], d[2*i:2*i+2])
					}
				}
				if overflow != want {
					t.Fatalf("subtract %v, %d rows: overflow %v, want %v", subtract, n, overflow, want)
				}
			}
		}
	})
}

func TestProducts128(t *testing.T) {
	r := rand.New(rand.NewPCG(50, 51))
	limit := new(big.Int).Lsh(big.NewInt(1), 127)
	as, bs, ds := guardedOf[uint64](t, 2*longest, true), guardedOf[uint64](t, 2*longest, true), guardedOf[uint64](t, 2*longest, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			for constant := range 4 {
				aConst, bConst := constant&1 != 0, constant&2 != 0
				a, b, d := as[2*(longest-n):], bs[2*(longest-n):], ds[2*(longest-n):]
				if aConst {
					a = as[2*(longest-1):]
				}
				if bConst {
					b = bs[2*(longest-1):]
				}
				fillAny(r, a)
				fillAny(r, b)
				// Numbers of up to some bits: together about as many as fit.
				bits := r.UintN(128)
				shorten := func(v []uint64, by uint) {
					for i := range len(v) / 2 {
						x := new(big.Int).Rsh(bigOf(v[2*i], v[2*i+1]), by)
						v[2*i], v[2*i+1] = new(big.Int).And(x, new(big.Int).SetUint64(math.MaxUint64)).Uint64(), uint64(new(big.Int).Rsh(x, 64).Int64())
					}
				}
				shorten(a, bits)
				shorten(b, 128-bits-r.UintN(3)*min(1, (128-bits)/3))
				var longA, longB int
				for i := range n {
					x, y := bigOf(a[2*(i&every(aConst))], a[2*(i&every(aConst))+1]), bigOf(b[2*(i&every(bConst))], b[2*(i&every(bConst))+1])
					// Of a negative number the complement counts.
					longA, longB = max(longA, x.BitLen()-flagOf(x)), max(longB, y.BitLen()-flagOf(y))
				}
				bad := Mul128(d, a, b, aConst, bConst)
				if want := n > 0 && longA+longB > 126; bad != want {
					t.Fatalf("%d rows of up to %d and %d bits: %v", n, longA, longB, bad)
				}
				for i := range n {
					k, l := 2*(i&every(aConst)), 2*(i&every(bConst))
					x := bigOf(a[k], a[k+1])
					x.Mul(x, bigOf(b[l], b[l+1]))
					if !bad && (x.Cmp(limit) >= 0 || x.Cmp(new(big.Int).Neg(limit)) < 0) {
						t.Fatalf("row %d of %d: %x times %x does not fit", i, n, a[k:k+2], b[l:l+2])
					}
					got := bigOf(d[2*i], d[2*i+1])
					if diff := got.Sub(got, x); new(big.Int).And(diff, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1))).Sign() != 0 {
						t.Fatalf("row %d of %d: %x and %x give %x", i, n, a[k:k+2], b[l:l+2], d[2*i:2*i+2])
					}
				}
			}
		}
	})
}

// flagOf is 1 for a negative power of two, whose complement has a bit less.
func flagOf(x *big.Int) int {
	if x.Sign() < 0 && new(big.Int).Not(x).BitLen() < x.BitLen() {
		return 1
	}
	return 0
}

func TestWidening(t *testing.T) {
	r := rand.New(rand.NewPCG(38, 39))
	as, bs, ds := guardedOf[int64](t, longest, true), guardedOf[int64](t, longest, true), guardedOf[uint64](t, 2*longest, true)
	atLevels(t, func(t *testing.T) {
		for _, n := range lengths() {
			for constant := range 4 {
				op := arithOp(r.IntN(3))
				a, b, aConst, bConst := operands(r, as, bs, n, constant, r.IntN(3) == 0)
				d := ds[2*(longest-n):]
				[]func(dst []uint64, a, b []int64, aConst, bConst bool){AddWiden, SubWiden, MulWiden}[op](d, a, b, aConst, bConst)
				for i := range n {
					x, y := a[i&every(aConst)], b[i&every(bConst)]
					if want, _ := exactOf(op, x, y); bigOf(d[2*i], d[2*i+1]).Cmp(want) != 0 {
						t.Fatalf("operation %d, row %d of %d: %d and %d give %x", op, i, n, x, y, d[2*i:2*i+2])
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
		small := make([]int8, 200)
		for i := range a {
			a[i], b[i] = int64(i), 1000
		}
		for i := range small {
			small[i] = int8(i % 11)
		}
		Add(a, a, b, false, false)
		Sub(b, a, b, false, false)
		Mul(b, b, []int64{3}, false, true)
		Mul(small, small, small, false, false)
		for i := range a {
			if a[i] != int64(i)+1000 || b[i] != 3*int64(i) {
				t.Fatalf("row %d: %d and %d", i, a[i], b[i])
			}
		}
		for i, v := range small {
			if v != int8(i%11*(i%11)) {
				t.Fatalf("row %d: %d", i, v)
			}
		}
	})
}

func benchArithmetic[T Number](b *testing.B) {
	const n = 4096
	r := rand.New(rand.NewPCG(34, 35))
	x, y, d := make([]T, n), make([]T, n), make([]T, n)
	for i := range x {
		x[i], y[i] = T(10+r.IntN(2)), T(r.IntN(10))
	}
	size := 3 * int(unsafe.Sizeof(d[0])) * n
	b.Run("Add", func(b *testing.B) { benchLevels(b, size, func() { Add(d, x, y, false, false) }) })
	b.Run("Sub/constant", func(b *testing.B) { benchLevels(b, size*2/3, func() { Sub(d, y[:1], x, true, false) }) })
	b.Run("Mul", func(b *testing.B) { benchLevels(b, size, func() { Mul(d, x, y, false, false) }) })
}

func BenchmarkArithmetic(b *testing.B) {
	b.Run("int8", benchArithmetic[int8])
	b.Run("int16", benchArithmetic[int16])
	b.Run("int32", benchArithmetic[int32])
	b.Run("int64", benchArithmetic[int64])
	b.Run("float64", benchArithmetic[float64])
	const n = 4096
	r := rand.New(rand.NewPCG(34, 35))
	x, y, w, v := make([]int64, n), make([]int64, n), make([]uint64, 2*n), make([]uint64, 2*n)
	for i := range x {
		x[i], y[i] = r.Int64N(1e7), r.Int64N(100)
	}
	b.Run("MulWiden", func(b *testing.B) { benchLevels(b, 32*n, func() { MulWiden(w, x, y, false, false) }) })
	b.Run("Add128", func(b *testing.B) { benchLevels(b, 48*n, func() { Add128(w, w, v, false, false) }) })
	b.Run("Mul128", func(b *testing.B) { benchLevels(b, 48*n, func() { Mul128(w, w, v, false, false) }) })
	for i := range x {
		x[i] *= 1 << 30
	}
	b.Run("MulWiden/large", func(b *testing.B) { benchLevels(b, 32*n, func() { MulWiden(w, x, y, false, false) }) })
}
