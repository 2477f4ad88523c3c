package window

import (
	"cmp"

	"github.com/polybolos-db/polybolos/column"
)

// comparer orders rows of a flat vector by their values, as sorting does: NaN is the greatest float, intervals compare by their spans, strings by their
// bytes. NULLs are the caller's business.
func comparer(v *column.Vector) func(i, j int) int {
	if v.Form == column.Constant {
		return func(int, int) int { return 0 }
	}
	switch v.Type.Physical() {
	case column.PhysBool, column.PhysUint8:
		return ordered[uint8](v)
	case column.PhysInt8:
		return ordered[int8](v)
	case column.PhysInt16:
		return ordered[int16](v)
	case column.PhysInt32:
		return ordered[int32](v)
	case column.PhysInt64:
		return ordered[int64](v)
	case column.PhysUint16:
		return ordered[uint16](v)
	case column.PhysUint32:
		return ordered[uint32](v)
	case column.PhysUint64:
		return ordered[uint64](v)
	case column.PhysFloat32:
		return floats[float32](v)
	case column.PhysFloat64:
		return floats[float64](v)
	case column.PhysInt128:
		vals := column.Values[column.Int128](v)
		if v.Type.Kind == column.UUID {
			return func(i, j int) int {
				if c := cmp.Compare(uint64(vals[i].Hi), uint64(vals[j].Hi)); c != 0 {
					return c
				}
				return cmp.Compare(vals[i].Lo, vals[j].Lo)
			}
		}
		return func(i, j int) int { return vals[i].Cmp(vals[j]) }
	case column.PhysInterval:
		vals := column.Values[column.IntervalValue](v)
		return func(i, j int) int { return vals[i].Compare(vals[j]) }
	case column.PhysView:
		vals := column.Values[column.View](v)
		return func(i, j int) int { return column.CompareViews(&vals[i], &vals[j]) }
	}
	return func(int, int) int { return 0 } // the null type; nested types have no order and are no keys
}

func ordered[T cmp.Ordered](v *column.Vector) func(i, j int) int {
	vals := column.Values[T](v)
	return func(i, j int) int {
		switch {
		case vals[i] < vals[j]:
			return -1
		case vals[i] > vals[j]:
			return 1
		}
		return 0
	}
}

// floats orders NaN after all other numbers.
func floats[T float32 | float64](v *column.Vector) func(i, j int) int {
	vals := column.Values[T](v)
	return func(i, j int) int {
		a, b := vals[i], vals[j]
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		case a == b || a != a && b != b:
			return 0
		case a != a:
			return 1
		}
		return -1
	}
}

// differ reports whether two rows are different, NULLs being equal.
func differ(v *column.Vector, compare func(i, j int) int, i, j int) bool {
	a, b := v.IsNull(i), v.IsNull(j)
	return a != b || !a && compare(i, j) != 0
}

// pairComparer compares row i of a with row j of b, vectors of one type.
func pairComparer(a, b *column.Vector) func(i, j int) int {
	switch a.Type.Physical() {
	case column.PhysInt8:
		return pairs[int8](a, b)
	case column.PhysInt16:
		return pairs[int16](a, b)
	case column.PhysInt32:
		return pairs[int32](a, b)
	case column.PhysInt64:
		return pairs[int64](a, b)
	case column.PhysUint8:
		return pairs[uint8](a, b)
	case column.PhysUint16:
		return pairs[uint16](a, b)
	case column.PhysUint32:
		return pairs[uint32](a, b)
	case column.PhysUint64:
		return pairs[uint64](a, b)
	case column.PhysFloat32:
		return pairs[float32](a, b)
	case column.PhysFloat64:
		return pairs[float64](a, b)
	case column.PhysInt128:
		x, y := column.Values[column.Int128](a), column.Values[column.Int128](b)
		return func(i, j int) int { return x[a.Index(i)].Cmp(y[b.Index(j)]) }
	case column.PhysInterval:
		x, y := column.Values[column.IntervalValue](a), column.Values[column.IntervalValue](b)
		return func(i, j int) int { return x[a.Index(i)].Compare(y[b.Index(j)]) }
	}
	return func(int, int) int { return 0 }
}

func pairs[T cmp.Ordered](a, b *column.Vector) func(i, j int) int {
	x, y := column.Values[T](a), column.Values[T](b)
	return func(i, j int) int {
		l, r := x[a.Index(i)], y[b.Index(j)]
		switch {
		case l < r:
			return -1
		case l > r:
			return 1
		case l == r || l != l && r != r:
			return 0
		case l != l:
			return 1
		}
		return -1
	}
}
