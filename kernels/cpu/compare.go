package cpu

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/simd"
)

// swapped is the comparison with its operands exchanged.
func swapped(op kernels.Op) kernels.Op {
	switch op {
	case kernels.OpLt:
		return kernels.OpGt
	case kernels.OpLe:
		return kernels.OpGe
	case kernels.OpGt:
		return kernels.OpLt
	case kernels.OpGe:
		return kernels.OpLe
	}
	return op
}

// comparisons are the operations as package simd calls them.
var comparisons = [...]simd.Comparison{
	kernels.OpEq: simd.Equal, kernels.OpNe: simd.NotEqual, kernels.OpLt: simd.Less,
	kernels.OpLe: simd.LessOrEqual, kernels.OpGt: simd.Greater, kernels.OpGe: simd.GreaterOrEqual,
}

// compareBits writes a bit for each of n rows: whether a compares so with b, which are flat or constant and of one type. done is false, and nothing written, where the
// type has no loop for that.
func compareBits(words []uint64, op kernels.Op, a, b *column.Vector, n int) (done bool) {
	c, ac, bc := comparisons[op], a.Form == column.Constant, b.Form == column.Constant
	switch a.Type.Physical() {
	case column.PhysBool, column.PhysUint8:
		simd.Compare(words, c, column.Values[uint8](a), column.Values[uint8](b), ac, bc, n)
	case column.PhysInt8:
		simd.Compare(words, c, column.Values[int8](a), column.Values[int8](b), ac, bc, n)
	case column.PhysInt16:
		simd.Compare(words, c, column.Values[int16](a), column.Values[int16](b), ac, bc, n)
	case column.PhysUint16:
		simd.Compare(words, c, column.Values[uint16](a), column.Values[uint16](b), ac, bc, n)
	case column.PhysInt32:
		simd.Compare(words, c, column.Values[int32](a), column.Values[int32](b), ac, bc, n)
	case column.PhysUint32:
		simd.Compare(words, c, column.Values[uint32](a), column.Values[uint32](b), ac, bc, n)
	case column.PhysInt64:
		simd.Compare(words, c, column.Values[int64](a), column.Values[int64](b), ac, bc, n)
	case column.PhysUint64:
		simd.Compare(words, c, column.Values[uint64](a), column.Values[uint64](b), ac, bc, n)
	case column.PhysFloat32:
		simd.Compare(words, c, column.Values[float32](a), column.Values[float32](b), ac, bc, n)
	case column.PhysFloat64:
		simd.Compare(words, c, column.Values[float64](a), column.Values[float64](b), ac, bc, n)
	case column.PhysInt128:
		// Big-endian bytes, which a UUID is, order as unsigned numbers.
		simd.Compare128(words, c, column.Values[uint64](a), column.Values[uint64](b), ac, bc, a.Type.Kind == column.UUID, n)
	default:
		return false
	}
	return true
}

// compare writes a op b as 0 or 1 at the rows of sel, perhaps at all n; a and b are flat or constant, of one type, and validity is not looked at.
func (e *Evaluator) compare(op kernels.Op, d []uint8, a, b *column.Vector, sel []uint32, n int) error {
	p := a.Type.Physical()
	if p != b.Type.Physical() {
		return fault.New(fault.Internal, "comparison of %s with %s", a.Type, b.Type)
	}
	ac, bc := a.Form == column.Constant, b.Form == column.Constant
	if dense(sel, n) {
		words := e.scratch(n)
		if compareBits(words, op, a, b, n) {
			simd.ExpandBits(d[:n], words)
			return nil
		}
	}
	if ac && !bc || !bc && (op == kernels.OpGt || op == kernels.OpGe) {
		a, b, op = b, a, swapped(op)
		ac, bc = bc, ac
	}
	if ac && bc {
		// Both constant: one row decides for all.
		var one [1]uint8
		x, y := *a, *b
		x.Form, y.Form = column.Flat, column.Flat
		if err := e.compare(op, one[:], &x, &y, nil, 1); err != nil {
			return err
		}
		each(sel, n, func(i int) { d[i] = one[0] })
		return nil
	}
	switch p {
	case column.PhysBool, column.PhysUint8:
		compareRows[uint8](op, d, a, b, bc, sel)
	case column.PhysInt8:
		compareRows[int8](op, d, a, b, bc, sel)
	case column.PhysInt16:
		compareRows[int16](op, d, a, b, bc, sel)
	case column.PhysUint16:
		compareRows[uint16](op, d, a, b, bc, sel)
	case column.PhysInt32:
		compareRows[int32](op, d, a, b, bc, sel)
	case column.PhysUint32:
		compareRows[uint32](op, d, a, b, bc, sel)
	case column.PhysInt64:
		compareRows[int64](op, d, a, b, bc, sel)
	case column.PhysUint64:
		compareRows[uint64](op, d, a, b, bc, sel)
	case column.PhysFloat32:
		compareRows[float32](op, d, a, b, bc, sel)
	case column.PhysFloat64:
		compareRows[float64](op, d, a, b, bc, sel)
	case column.PhysInt128:
		cmp := column.Int128.Cmp
		if a.Type.Kind == column.UUID {
			cmp = compareUUIDs
		}
		compareBy(op, d, column.Values[column.Int128](a), column.Values[column.Int128](b), bc, sel, n, cmp)
	case column.PhysInterval:
		compareBy(op, d, column.Values[column.IntervalValue](a), column.Values[column.IntervalValue](b), bc, sel, n, column.IntervalValue.Compare)
	case column.PhysView:
		x, y := column.Values[column.View](a), column.Values[column.View](b)
		if bc && (op == kernels.OpEq || op == kernels.OpNe) {
			if y[0].IsInline() {
				equalShort(d, x, y[0], sel, n)
			} else {
				equalLong(d, x, y[0], sel, n)
			}
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

// compareRows compares numbers of selected rows, few of a batch. NaN equals itself and is greater than everything else.
func compareRows[T simd.Number](op kernels.Op, d []uint8, av, bv *column.Vector, bc bool, sel []uint32) {
	a, b, bm := column.Values[T](av), column.Values[T](bv), mask(bc)
	equal := func(x, y T) bool { return x == y || x != x && y != y }
	less := func(x, y T) bool { return x < y || y != y && x == x }
	switch op {
	case kernels.OpEq:
		for _, i := range sel {
			d[i] = bit(equal(a[i], b[int(i)&bm]))
		}
	case kernels.OpNe:
		for _, i := range sel {
			d[i] = bit(!equal(a[i], b[int(i)&bm]))
		}
	case kernels.OpLt:
		for _, i := range sel {
			d[i] = bit(less(a[i], b[int(i)&bm]))
		}
	case kernels.OpLe:
		for _, i := range sel {
			d[i] = bit(!less(b[int(i)&bm], a[i]))
		}
	case kernels.OpGt:
		for _, i := range sel {
			d[i] = bit(less(b[int(i)&bm], a[i]))
		}
	case kernels.OpGe:
		for _, i := range sel {
			d[i] = bit(!less(a[i], b[int(i)&bm]))
		}
	}
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
