package cpu

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/simd"
)

// arithmetic computes a op b into dst, whose validity is set; a and b are flat or constant.
func (e *Evaluator) arithmetic(n *node, dst, a, b *column.Vector, sel []uint32, rows int) error {
	p := dst.Type.Physical()
	if dst.Type.Kind == column.Decimal {
		return e.decimal(n, dst, a, b, sel, rows)
	}
	if a.Type.Physical() != p || b.Type.Physical() != p {
		return fault.New(fault.Internal, "arithmetic of %s and %s giving %s", a.Type, b.Type, dst.Type)
	}
	op := n.Op
	if op == kernels.OpDiv || op == kernels.OpMod {
		return divide(op, dst, a, b, sel, rows)
	}
	bad := false
	switch p {
	case column.PhysInt8:
		bad = numbers[int8](op, dst, a, b, sel, rows)
	case column.PhysInt16:
		bad = numbers[int16](op, dst, a, b, sel, rows)
	case column.PhysInt32:
		bad = numbers[int32](op, dst, a, b, sel, rows)
	case column.PhysInt64:
		bad = numbers[int64](op, dst, a, b, sel, rows)
	case column.PhysUint8:
		bad = numbers[uint8](op, dst, a, b, sel, rows)
	case column.PhysUint16:
		bad = numbers[uint16](op, dst, a, b, sel, rows)
	case column.PhysUint32:
		bad = numbers[uint32](op, dst, a, b, sel, rows)
	case column.PhysUint64:
		bad = numbers[uint64](op, dst, a, b, sel, rows)
	case column.PhysFloat32:
		bad = numbers[float32](op, dst, a, b, sel, rows)
	case column.PhysFloat64:
		bad = numbers[float64](op, dst, a, b, sel, rows)
	default:
		return fault.New(fault.Internal, "arithmetic of %s", dst.Type)
	}
	if bad {
		return recheck(op, dst, a, b, sel, rows)
	}
	return nil
}

func rowwise(sel []uint32, n int, f func(i int) error) error {
	if sel == nil {
		for i := range n {
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range sel {
		if err := f(int(i)); err != nil {
			return err
		}
	}
	return nil
}

// exact is a op b; ok is false beyond 128 bits.
func exact(op kernels.Op, a, b column.Int128) (column.Int128, bool) {
	switch op {
	case kernels.OpAdd:
		return a.AddChecked(b)
	case kernels.OpSub:
		return a.SubChecked(b)
	}
	return a.MulChecked(b)
}

// intAt is row i of a flat or constant vector of integers or decimals.
func intAt(v *column.Vector, i int) column.Int128 {
	if v.Form == column.Constant {
		i = 0
	}
	switch v.Type.Physical() {
	case column.PhysInt8:
		return column.Int128FromInt64(int64(column.Values[int8](v)[i]))
	case column.PhysInt16:
		return column.Int128FromInt64(int64(column.Values[int16](v)[i]))
	case column.PhysInt32:
		return column.Int128FromInt64(int64(column.Values[int32](v)[i]))
	case column.PhysInt64:
		return column.Int128FromInt64(column.Values[int64](v)[i])
	case column.PhysBool, column.PhysUint8:
		return column.Int128{Lo: uint64(column.Values[uint8](v)[i])}
	case column.PhysUint16:
		return column.Int128{Lo: uint64(column.Values[uint16](v)[i])}
	case column.PhysUint32:
		return column.Int128{Lo: uint64(column.Values[uint32](v)[i])}
	case column.PhysUint64:
		return column.Int128{Lo: column.Values[uint64](v)[i]}
	}
	return column.Values[column.Int128](v)[i]
}

func floatAt(v *column.Vector, i int) float64 {
	if v.Form == column.Constant {
		i = 0
	}
	if v.Type.Kind == column.Float32 {
		return float64(column.Values[float32](v)[i])
	}
	return column.Values[float64](v)[i]
}

// recheck looks for a selected row without NULL that overflowed, after a loop saw a sign of one.
func recheck(op kernels.Op, dst, a, b *column.Vector, sel []uint32, rows int) error {
	isFloat := dst.Type.Kind.IsFloat()
	lo, hi := limits(dst.Type)
	return rowwise(sel, rows, func(i int) error {
		if !dst.Valid.Get(i) {
			return nil
		}
		if isFloat {
			if math.IsInf(floatAt(dst, i), 0) && !math.IsInf(floatAt(a, i), 0) && !math.IsInf(floatAt(b, i), 0) {
				return outOfRange(dst.Type)
			}
			return nil
		}
		if v, ok := exact(op, intAt(a, i), intAt(b, i)); !ok || v.Less(lo) || hi.Less(v) {
			return outOfRange(dst.Type)
		}
		return nil
	})
}

// limits are the least and the greatest value of an exact type.
func limits(t column.Type) (lo, hi column.Int128) {
	switch {
	case t.Kind == column.Decimal:
		hi = column.Pow10(int(t.Precision)).Sub(column.Int128{Lo: 1})
		return hi.Neg(), hi
	case t.Kind.IsInteger():
		return convert.IntRange(t.Kind)
	}
	return column.MinInt128, column.MaxInt128
}

func outOfRange(t column.Type) error {
	switch {
	case t.Kind == column.Decimal:
		return fault.New(fault.NumericOutOfRange, "numeric field overflow").
			WithDetail("A result does not fit %d digits of which %d are after the point.", t.Precision, t.Scale)
	case t.Kind.IsFloat():
		return fault.New(fault.NumericOutOfRange, "value out of range: overflow")
	}
	return fault.New(fault.NumericOutOfRange, "%s out of range", t)
}

func divisionByZero() error { return fault.New(fault.DivisionByZero, "division by zero") }

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

type float interface{ float32 | float64 }

// divide computes quotient or remainder of two integers or floats of one type.
func divide(op kernels.Op, dst, a, b *column.Vector, sel []uint32, n int) error {
	switch dst.Type.Physical() {
	case column.PhysInt8:
		return divideInts[int8](op, dst, a, b, sel, n)
	case column.PhysInt16:
		return divideInts[int16](op, dst, a, b, sel, n)
	case column.PhysInt32:
		return divideInts[int32](op, dst, a, b, sel, n)
	case column.PhysInt64:
		return divideInts[int64](op, dst, a, b, sel, n)
	case column.PhysUint8:
		return divideInts[uint8](op, dst, a, b, sel, n)
	case column.PhysUint16:
		return divideInts[uint16](op, dst, a, b, sel, n)
	case column.PhysUint32:
		return divideInts[uint32](op, dst, a, b, sel, n)
	case column.PhysUint64:
		return divideInts[uint64](op, dst, a, b, sel, n)
	case column.PhysFloat32:
		return divideFloats[float32](op, dst, a, b, sel, n)
	case column.PhysFloat64:
		return divideFloats[float64](op, dst, a, b, sel, n)
	}
	return fault.New(fault.Internal, "division of %s", dst.Type)
}

func divideInts[T integer](op kernels.Op, dst, a, b *column.Vector, sel []uint32, n int) error {
	d, x, y := column.Values[T](dst), column.Values[T](a), column.Values[T](b)
	am, bm := mask(a.Form == column.Constant), mask(b.Form == column.Constant)
	minusOne := ^T(0)
	signed := minusOne < 0
	for k := range count(sel, n) {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		p, q := x[i&am], y[i&bm]
		switch {
		case q == 0:
			if dst.Valid.Get(i) {
				return divisionByZero()
			}
			d[i] = 0
		case signed && q == minusOne:
			// The least value has no opposite.
			d[i] = -p
			if op == kernels.OpMod {
				d[i] = 0
			} else if p != 0 && p == -p && dst.Valid.Get(i) {
				return outOfRange(dst.Type)
			}
		case op == kernels.OpMod:
			d[i] = p % q
		default:
			d[i] = p / q
		}
	}
	return nil
}

func divideFloats[T float](op kernels.Op, dst, a, b *column.Vector, sel []uint32, n int) error {
	d, x, y := column.Values[T](dst), column.Values[T](a), column.Values[T](b)
	if op == kernels.OpDiv && dense(sel, n) && !simd.Div(d[:n], x, y, a.Form == column.Constant, b.Form == column.Constant) {
		return nil
	}
	am, bm := mask(a.Form == column.Constant), mask(b.Form == column.Constant)
	for k := range count(sel, n) {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		p, q := x[i&am], y[i&bm]
		if q == 0 && p == p && dst.Valid.Get(i) {
			return divisionByZero()
		}
		if op == kernels.OpMod {
			d[i] = T(math.Mod(float64(p), float64(q)))
			continue
		}
		r := p / q
		d[i] = r
		if math.IsInf(float64(r), 0) && !math.IsInf(float64(p), 0) && dst.Valid.Get(i) {
			return outOfRange(dst.Type)
		}
	}
	return nil
}
