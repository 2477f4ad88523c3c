package cpu

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// swapped is the comparison with its operands exchanged.
var swapped = map[kernels.Op]kernels.Op{
	kernels.OpEq: kernels.OpEq, kernels.OpNe: kernels.OpNe, kernels.OpLt: kernels.OpGt,
	kernels.OpLe: kernels.OpGe, kernels.OpGt: kernels.OpLt, kernels.OpGe: kernels.OpLe,
}

// compare writes a op b as 0 or 1 at the rows of sel; a and b are flat or constant, of one type, and validity is not looked at.
func compare(op kernels.Op, d []uint8, a, b *column.Vector, sel []uint32, n int) error {
	p := a.Type.Physical()
	if p != b.Type.Physical() {
		return fault.New(fault.Internal, "comparison of %s with %s", a.Type, b.Type)
	}
	ac, bc := a.Form == column.Constant, b.Form == column.Constant
	if ac && !bc || !bc && (op == kernels.OpGt || op == kernels.OpGe) {
		a, b, op = b, a, swapped[op]
		ac, bc = bc, ac
	}
	if ac && bc {
		// Both constant: one row decides for all.
		var one [1]uint8
		x, y := *a, *b
		x.Form, y.Form = column.Flat, column.Flat
		if err := compare(op, one[:], &x, &y, nil, 1); err != nil {
			return err
		}
		each(sel, n, func(i int) { d[i] = one[0] })
		return nil
	}
	switch p {
	case column.PhysBool, column.PhysUint8:
		compareInts(op, d, column.Values[uint8](a), column.Values[uint8](b), bc, sel, n)
	case column.PhysInt8:
		compareInts(op, d, column.Values[int8](a), column.Values[int8](b), bc, sel, n)
	case column.PhysInt16:
		compareInts(op, d, column.Values[int16](a), column.Values[int16](b), bc, sel, n)
	case column.PhysUint16:
		compareInts(op, d, column.Values[uint16](a), column.Values[uint16](b), bc, sel, n)
	case column.PhysInt32:
		if sel == nil {
			compareInt32s(op, d, column.Values[int32](a), column.Values[int32](b), bc, n)
			return nil
		}
		compareInts(op, d, column.Values[int32](a), column.Values[int32](b), bc, sel, n)
	case column.PhysUint32:
		compareInts(op, d, column.Values[uint32](a), column.Values[uint32](b), bc, sel, n)
	case column.PhysInt64:
		if sel == nil {
			compareInt64s(op, d, column.Values[int64](a), column.Values[int64](b), bc, n)
			return nil
		}
		compareInts(op, d, column.Values[int64](a), column.Values[int64](b), bc, sel, n)
	case column.PhysUint64:
		compareInts(op, d, column.Values[uint64](a), column.Values[uint64](b), bc, sel, n)
	case column.PhysFloat32:
		compareFloats(op, d, column.Values[float32](a), column.Values[float32](b), bc, sel, n)
	case column.PhysFloat64:
		if sel == nil {
			compareFloat64s(op, d, column.Values[float64](a), column.Values[float64](b), bc, n)
			return nil
		}
		compareFloats(op, d, column.Values[float64](a), column.Values[float64](b), bc, sel, n)
	case column.PhysInt128:
		if a.Type.Kind == column.UUID {
			compareBy(op, d, column.Values[column.Int128](a), column.Values[column.Int128](b), bc, sel, n, compareUUIDs)
			return nil
		}
		compareWide(op, d, column.Values[column.Int128](a), column.Values[column.Int128](b), bc, sel, n)
	case column.PhysInterval:
		compareBy(op, d, column.Values[column.IntervalValue](a), column.Values[column.IntervalValue](b), bc, sel, n, column.IntervalValue.Compare)
	case column.PhysView:
		x, y := column.Values[column.View](a), column.Values[column.View](b)
		if bc && y[0].IsInline() && (op == kernels.OpEq || op == kernels.OpNe) {
			equalShort(d, x, y[0], sel, n)
			if op == kernels.OpNe {
				each(sel, n, func(i int) { d[i] ^= 1 })
			}
			return nil
		}
		compareViews(op, d, x, y, bc, sel, n)
	default:
		return fault.New(fault.FeatureNotSupported, "comparison of values of type %s is not supported", a.Type)
	}
	return nil
}

func compareUUIDs(a, b column.Int128) int {
	// Big-endian bytes order as unsigned numbers.
	a.Hi, b.Hi = a.Hi^-1<<63, b.Hi^-1<<63
	return a.Cmp(b)
}

// compareBy compares values that are rare enough for a call a row.
func compareBy[T any](op kernels.Op, d []uint8, a, b []T, bc bool, sel []uint32, n int, cmp func(T, T) int) {
	bm := mask(bc)
	each(sel, n, func(i int) {
		c := cmp(a[i], b[i&bm])
		switch op {
		case kernels.OpEq:
			d[i] = bit(c == 0)
		case kernels.OpNe:
			d[i] = bit(c != 0)
		case kernels.OpLt:
			d[i] = bit(c < 0)
		case kernels.OpLe:
			d[i] = bit(c <= 0)
		case kernels.OpGt:
			d[i] = bit(c > 0)
		default:
			d[i] = bit(c >= 0)
		}
	})
}
