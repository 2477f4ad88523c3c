package column

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func randomInt128(r *rand.Rand) Int128 {
	v := Int128{Lo: r.Uint64(), Hi: int64(r.Uint64())}
	switch r.IntN(6) {
	case 0:
		return Int128FromInt64(int64(v.Lo) >> r.UintN(64))
	case 1:
		return Int128{Lo: v.Lo, Hi: v.Hi >> r.UintN(64)}
	case 2:
		return pow10[r.IntN(39)]
	case 3:
		return []Int128{{}, MaxInt128, MinInt128, Int128FromInt64(-1), Int128FromInt64(math.MinInt64), Int128FromInt64(math.MaxInt64)}[r.IntN(6)]
	}
	return v
}

func TestInt128AgreesWithBig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	fits := func(b *big.Int) bool { _, ok := Int128FromBig(b); return ok }
	for range 200000 {
		a, b := randomInt128(r), randomInt128(r)
		x, y := a.Big(), b.Big()
		if got, ok := Int128FromBig(x); !ok || got != a {
			t.Fatalf("round trip of %v: %v", x, got)
		}
		if a.String() != x.String() {
			t.Fatalf("string of %v: %s", x, a)
		}
		if a.Cmp(b) != x.Cmp(y) || a.Less(b) != (x.Cmp(y) < 0) {
			t.Fatalf("compare %v %v", x, y)
		}
		for _, op := range []struct {
			name string
			got  func() (Int128, bool)
			want *big.Int
		}{
			{"+", func() (Int128, bool) { return a.AddChecked(b) }, new(big.Int).Add(x, y)},
			{"-", func() (Int128, bool) { return a.SubChecked(b) }, new(big.Int).Sub(x, y)},
			{"*", func() (Int128, bool) { return a.MulChecked(b) }, new(big.Int).Mul(x, y)},
		} {
			got, ok := op.got()
			if ok != fits(op.want) || ok && got.Big().Cmp(op.want) != 0 {
				t.Fatalf("%v %s %v = %v %v, want %v", x, op.name, y, got, ok, op.want)
			}
		}
		if b.Sign() != 0 && !(a == MinInt128 && b == Int128FromInt64(-1)) {
			q, rem := a.QuoRem(b)
			wq, wr := new(big.Int).QuoRem(x, y, new(big.Int))
			if q.Big().Cmp(wq) != 0 || rem.Big().Cmp(wr) != 0 {
				t.Fatalf("%v / %v = %v rest %v, want %v rest %v", x, y, q, rem, wq, wr)
			}
		}
		if f, _ := new(big.Float).SetInt(x).Float64(); math.Abs(a.Float64()-f) > math.Abs(f)*1e-15 {
			t.Fatalf("float of %v: %g, want %g", x, a.Float64(), f)
		}
	}
}

func TestAppendDecimal(t *testing.T) {
	for _, c := range []struct {
		v     int64
		scale int
		want  string
	}{{0, 0, "0"}, {0, 2, "0.00"}, {5, 2, "0.05"}, {-5, 1, "-0.5"}, {12345, 2, "123.45"}, {-100, 2, "-1.00"}, {7, 0, "7"}} {
		if got := string(Int128FromInt64(c.v).AppendDecimal(nil, c.scale)); got != c.want {
			t.Errorf("%d scale %d: %s, want %s", c.v, c.scale, got, c.want)
		}
	}
}
