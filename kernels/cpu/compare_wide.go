package cpu

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// compareWide compares wide decimals.
func compareWide(op kernels.Op, d []uint8, a, b []column.Int128, bc bool, sel []uint32, n int) {
	bm := mask(bc)
	switch {
	case sel != nil:
		switch op {
		case kernels.OpEq:
			for _, i := range sel {
				d[i] = bit(a[i] == b[int(i)&bm])
			}
		case kernels.OpNe:
			for _, i := range sel {
				d[i] = bit(a[i] != b[int(i)&bm])
			}
		case kernels.OpLt:
			for _, i := range sel {
				d[i] = bit(a[i].Less(b[int(i)&bm]))
			}
		case kernels.OpLe:
			for _, i := range sel {
				d[i] = bit(!b[int(i)&bm].Less(a[i]))
			}
		case kernels.OpGt:
			for _, i := range sel {
				d[i] = bit(b[int(i)&bm].Less(a[i]))
			}
		case kernels.OpGe:
			for _, i := range sel {
				d[i] = bit(!a[i].Less(b[int(i)&bm]))
			}
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		switch op {
		case kernels.OpEq:
			for i, x := range a {
				d[i] = bit(x == y)
			}
		case kernels.OpNe:
			for i, x := range a {
				d[i] = bit(x != y)
			}
		case kernels.OpLt:
			for i, x := range a {
				d[i] = bit(x.Less(y))
			}
		case kernels.OpLe:
			for i, x := range a {
				d[i] = bit(!y.Less(x))
			}
		case kernels.OpGt:
			for i, x := range a {
				d[i] = bit(y.Less(x))
			}
		case kernels.OpGe:
			for i, x := range a {
				d[i] = bit(!x.Less(y))
			}
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		switch op {
		case kernels.OpEq:
			for i, x := range a {
				d[i] = bit(x == b[i])
			}
		case kernels.OpNe:
			for i, x := range a {
				d[i] = bit(x != b[i])
			}
		case kernels.OpLt:
			for i, x := range a {
				d[i] = bit(x.Less(b[i]))
			}
		case kernels.OpLe:
			for i, x := range a {
				d[i] = bit(!b[i].Less(x))
			}
		}
	}
}
