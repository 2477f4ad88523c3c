package cpu

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// compareViews compares strings by their bytes.
func compareViews(op kernels.Op, d []uint8, a, b []column.View, bc bool, sel []uint32, n int) {
	bm := mask(bc)
	switch {
	case sel != nil:
		switch op {
		case kernels.OpEq:
			for _, i := range sel {
				d[i] = bit(column.EqualViews(&a[i], &b[int(i)&bm]))
			}
		case kernels.OpNe:
			for _, i := range sel {
				d[i] = bit(!column.EqualViews(&a[i], &b[int(i)&bm]))
			}
		case kernels.OpLt:
			for _, i := range sel {
				d[i] = bit(column.CompareViews(&a[i], &b[int(i)&bm]) < 0)
			}
		case kernels.OpLe:
			for _, i := range sel {
				d[i] = bit(column.CompareViews(&a[i], &b[int(i)&bm]) <= 0)
			}
		case kernels.OpGt:
			for _, i := range sel {
				d[i] = bit(column.CompareViews(&a[i], &b[int(i)&bm]) > 0)
			}
		case kernels.OpGe:
			for _, i := range sel {
				d[i] = bit(column.CompareViews(&a[i], &b[int(i)&bm]) >= 0)
			}
		}
	case bc:
		y := &b[0]
		a, d = a[:n], d[:n]
		switch op {
		case kernels.OpEq:
			for i := range a {
				d[i] = bit(column.EqualViews(&a[i], y))
			}
		case kernels.OpNe:
			for i := range a {
				d[i] = bit(!column.EqualViews(&a[i], y))
			}
		case kernels.OpLt:
			for i := range a {
				d[i] = bit(column.CompareViews(&a[i], y) < 0)
			}
		case kernels.OpLe:
			for i := range a {
				d[i] = bit(column.CompareViews(&a[i], y) <= 0)
			}
		case kernels.OpGt:
			for i := range a {
				d[i] = bit(column.CompareViews(&a[i], y) > 0)
			}
		case kernels.OpGe:
			for i := range a {
				d[i] = bit(column.CompareViews(&a[i], y) >= 0)
			}
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		switch op {
		case kernels.OpEq:
			for i := range a {
				d[i] = bit(column.EqualViews(&a[i], &b[i]))
			}
		case kernels.OpNe:
			for i := range a {
				d[i] = bit(!column.EqualViews(&a[i], &b[i]))
			}
		case kernels.OpLt:
			for i := range a {
				d[i] = bit(column.CompareViews(&a[i], &b[i]) < 0)
			}
		case kernels.OpLe:
			for i := range a {
				d[i] = bit(column.CompareViews(&a[i], &b[i]) <= 0)
			}
		}
	}
}

// equalShort compares strings with one of up to 12 bytes: their views are equal exactly when they are.
func equalShort(d []uint8, a []column.View, c column.View, sel []uint32, n int) {
	if sel == nil {
		a, d = a[:n], d[:n]
		for i := range a {
			d[i] = bit(a[i] == c)
		}
		return
	}
	for _, i := range sel {
		d[i] = bit(a[i] == c)
	}
}
