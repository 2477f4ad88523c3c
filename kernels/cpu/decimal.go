package cpu

import (
	"math/big"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/simd"
)

// decimal computes a op b for decimals stored in 64 or 128 bits.
func (e *Evaluator) decimal(n *node, dst, a, b *column.Vector, sel []uint32, rows int) error {
	pa, pb := a.Type.Physical(), b.Type.Physical()
	if a.Type.Kind != column.Decimal || b.Type.Kind != column.Decimal {
		return fault.New(fault.Internal, "decimal arithmetic of %s and %s", a.Type, b.Type)
	}
	if n.Op == kernels.OpMul && dst.Type.Physical() == column.PhysInt128 && dst.Type.Scale == a.Type.Scale+b.Type.Scale && !roomy(n.Op, dst.Type, a.Type, b.Type) {
		if fits, err := e.cutProduct(n, dst, a, b, sel, rows); fits || err != nil {
			return err
		}
		if pb == column.PhysInt64 {
			return e.shortProduct(n, dst, a, b, sel, rows)
		}
		return checkedDecimal(n.Op, dst, a, b, sel, rows)
	}
	if n.Op == kernels.OpDiv || n.Op == kernels.OpMod || !roomy(n.Op, dst.Type, a.Type, b.Type) {
		if fits, err := e.cutSum(n, dst, a, b, sel, rows); fits || err != nil {
			return err
		}
		return checkedDecimal(n.Op, dst, a, b, sel, rows)
	}
	ac, bc := a.Form == column.Constant, b.Form == column.Constant
	if pa == column.PhysInt64 && pb == column.PhysInt64 {
		if dst.Type.Physical() == column.PhysInt64 {
			if numbers[int64](n.Op, dst, a, b, sel, rows) {
				return recheck(n.Op, dst, a, b, sel, rows)
			}
			return nil
		}
		d, x, y := column.Values[column.Int128](dst), column.Values[int64](a), column.Values[int64](b)
		widenPairs(n.Op, d, x, y, ac, bc, sel, rows)
		return nil
	}
	x, err := e.widen(&n.wide[0], a, sel, rows)
	if err != nil {
		return err
	}
	y, err := e.widen(&n.wide[1], b, sel, rows)
	if err != nil {
		return err
	}
	widePairs(n.Op, column.Values[column.Int128](dst), x, y, ac, bc, sel, rows)
	return nil
}

// cutProduct multiplies where the type of 38 digits may be too short, though the values seldom are: those of 64 bits always fit. fits is false where there is no loop for
// it, or when some row, perhaps a NULL one, may not fit.
func (e *Evaluator) cutProduct(n *node, dst, a, b *column.Vector, sel []uint32, rows int) (fits bool, err error) {
	if !dense(sel, rows) {
		return false, nil
	}
	ac, bc := a.Form == column.Constant, b.Form == column.Constant
	d := column.Values[column.Int128](dst)[:rows]
	x, err := e.widen(&n.wide[0], a, sel, rows)
	if err != nil {
		return false, err
	}
	if b.Type.Physical() == column.PhysInt64 {
		short, err := e.buffer(&n.wide[1], column.T(column.Int64), max(1, min(rows, len(x))))
		if err != nil {
			return false, err
		}
		if v := column.Values[int64](short); !simd.NarrowFrom128(v, wordsOf(x)) {
			simd.MulWiden(wordsOf(d), v, column.Values[int64](b), ac, bc)
			return true, nil
		}
	}
	y, err := e.widen(&n.wide[1], b, sel, rows)
	if err != nil {
		return false, err
	}
	if simd.Mul128(wordsOf(d), wordsOf(x), wordsOf(y), ac, bc) {
		return false, nil
	}
	// Products of 126 bits have 38 digits at most.
	return dst.Type.Precision == column.MaxPrecision || e.within(d, dst.Type), nil
}

// shortProduct is cutProduct row by row, where b has 64 bits.
func (e *Evaluator) shortProduct(n *node, dst, a, b *column.Vector, sel []uint32, rows int) error {
	x, err := e.widen(&n.wide[0], a, sel, rows)
	if err != nil {
		return err
	}
	d, y := column.Values[column.Int128](dst), column.Values[int64](b)
	am, bm := mask(a.Form == column.Constant), mask(b.Form == column.Constant)
	return rowwise(sel, rows, func(i int) error {
		v, w := x[i&am], y[i&bm]
		if v.IsInt64() {
			d[i] = column.MulInt64(int64(v.Lo), w)
			return nil
		}
		p, ok := v.MulChecked(column.Int128FromInt64(w))
		if (!ok || !p.FitsPrecision(int(dst.Type.Precision))) && dst.Valid.Get(i) {
			return outOfRange(dst.Type)
		}
		d[i] = p
		return nil
	})
}

// cutSum adds or subtracts where the type of 38 digits may be too short by one. fits is false where there is no loop for it, or when it saw a row, perhaps a NULL one,
// that does not fit.
func (e *Evaluator) cutSum(n *node, dst, a, b *column.Vector, sel []uint32, rows int) (fits bool, err error) {
	t := dst.Type
	if n.Op != kernels.OpAdd && n.Op != kernels.OpSub || t.Physical() != column.PhysInt128 || t.Scale != a.Type.Scale || t.Scale != b.Type.Scale || !dense(sel, rows) {
		return false, nil
	}
	x, err := e.widen(&n.wide[0], a, sel, rows)
	if err != nil {
		return false, err
	}
	y, err := e.widen(&n.wide[1], b, sel, rows)
	if err != nil {
		return false, err
	}
	d := column.Values[column.Int128](dst)[:rows]
	if widePairs(n.Op, d, x, y, a.Form == column.Constant, b.Form == column.Constant, nil, rows) {
		return false, nil
	}
	return e.within(d, t), nil
}

// within reports whether all of d fit the exact type t.
func (e *Evaluator) within(d []column.Int128, t column.Type) bool {
	lo, hi := limits(t)
	words := e.scratch(len(d))
	for _, side := range []struct {
		limit column.Int128
		c     simd.Comparison
	}{{lo, simd.Less}, {hi, simd.Greater}} {
		simd.Compare128(words, side.c, wordsOf(d), []uint64{side.limit.Lo, uint64(side.limit.Hi)}, false, true, false, len(d))
		if simd.CountBits(words, len(d)) != 0 {
			return false
		}
	}
	return true
}

// roomy reports whether the result type has room for every digit of the operation, so that it cannot overflow.
func roomy(op kernels.Op, t, a, b column.Type) bool {
	if op == kernels.OpMul {
		return t.Precision >= a.Precision+b.Precision && t.Scale == a.Scale+b.Scale
	}
	return t.Precision > max(a.Precision, b.Precision) && t.Scale == a.Scale && t.Scale == b.Scale
}

// widen gives v's values as 128-bit integers: its own, or converted into f.
func (e *Evaluator) widen(f *flatBuffer, v *column.Vector, sel []uint32, rows int) ([]column.Int128, error) {
	if v.Type.Physical() == column.PhysInt128 {
		return column.Values[column.Int128](v), nil
	}
	src := column.Values[int64](v)
	if v.Form == column.Constant {
		rows, sel = 1, nil
	}
	out, err := e.buffer(f, column.DecimalType(column.MaxPrecision, int(v.Type.Scale)), rows)
	if err != nil {
		return nil, err
	}
	d := column.Values[column.Int128](out)
	if dense(sel, rows) {
		simd.WidenTo128(wordsOf(d), src[:rows])
		return d, nil
	}
	for _, i := range sel {
		d[i] = column.Int128FromInt64(src[i])
	}
	return d, nil
}

// checkedDecimal computes row by row where the result may lose digits or overflow: division, remainder, and what was cut to 38 digits.
func checkedDecimal(op kernels.Op, dst, a, b *column.Vector, sel []uint32, rows int) error {
	t := dst.Type
	lo, hi := limits(t)
	var wide []column.Int128
	var short []int64
	if t.Physical() == column.PhysInt128 {
		wide = column.Values[column.Int128](dst)
	} else {
		short = column.Values[int64](dst)
	}
	shift := int(t.Scale) - int(a.Type.Scale) + int(b.Type.Scale) // of the dividend
	drop := int(a.Type.Scale) + int(b.Type.Scale) - int(t.Scale)  // of the product
	return rowwise(sel, rows, func(i int) error {
		x, y := intAt(a, i), intAt(b, i)
		var v column.Int128
		ok := true
		switch op {
		case kernels.OpDiv, kernels.OpMod:
			if y.Sign() == 0 {
				if dst.Valid.Get(i) {
					return divisionByZero()
				}
				break
			}
			if op == kernels.OpMod {
				_, v = x.QuoRem(y)
			} else {
				v, ok = quotient(x, y, shift)
			}
		case kernels.OpMul:
			v, ok = product(x, y, drop)
		default:
			v, ok = exact(op, x, y)
		}
		if (!ok || v.Less(lo) || hi.Less(v)) && dst.Valid.Get(i) {
			return outOfRange(t)
		}
		if wide != nil {
			wide[i] = v
		} else {
			short[i] = int64(v.Lo)
		}
		return nil
	})
}

// quotient is x*10^shift/y rounded half away from zero; ok is false beyond 128 bits.
func quotient(x, y column.Int128, shift int) (column.Int128, bool) {
	if shift >= 0 && shift <= column.MaxPrecision {
		if n, ok := x.MulChecked(column.Pow10(shift)); ok {
			if y.Hi < 0 {
				n, y = n.Neg(), y.Neg()
			}
			return convert.DivRound(n, y), true
		}
	}
	n, d := x.Big(), y.Big()
	if shift >= 0 {
		n.Mul(n, bigPow10(shift))
	} else {
		d.Mul(d, bigPow10(-shift))
	}
	return column.Int128FromBig(roundBig(n, d))
}

// product is x*y/10^drop rounded half away from zero; ok is false beyond 128 bits.
func product(x, y column.Int128, drop int) (column.Int128, bool) {
	if v, ok := x.MulChecked(y); ok && drop >= 0 {
		return convert.Rescale(v, drop, 0)
	} else if ok {
		return convert.Rescale(v, 0, -drop)
	}
	n := x.Big()
	n.Mul(n, y.Big())
	if drop < 0 {
		return column.Int128FromBig(n.Mul(n, bigPow10(-drop)))
	}
	return column.Int128FromBig(roundBig(n, bigPow10(drop)))
}

func bigPow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// roundBig is n/d rounded half away from zero.
func roundBig(n, d *big.Int) *big.Int {
	neg := n.Sign()*d.Sign() < 0
	n, d = n.Abs(n), d.Abs(d)
	q, r := new(big.Int).QuoRem(n, d, new(big.Int))
	if r.Lsh(r, 1).Cmp(d) >= 0 {
		q.Add(q, big.NewInt(1))
	}
	if neg {
		q.Neg(q)
	}
	return q
}
