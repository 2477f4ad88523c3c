package cpu

import "github.com/polybolos-db/polybolos/kernels"

// floatEqual and floatLess order floats as SQL does: NaN equals itself and is greater than everything else.
func floatEqual[T float](x, y T) bool { return x == y || x != x && y != y }
func floatLess[T float](x, y T) bool  { return x < y || y != y && x == x }

// compareFloats compares floats.
func compareFloats[T float](op kernels.Op, d []uint8, a, b []T, bc bool, sel []uint32, n int) {
	bm := mask(bc)
	switch {
	case sel != nil:
		switch op {
		case kernels.OpEq:
			for _, i := range sel {
				d[i] = bit(floatEqual(a[i], b[int(i)&bm]))
			}
		case kernels.OpNe:
			for _, i := range sel {
				d[i] = bit(!floatEqual(a[i], b[int(i)&bm]))
			}
		case kernels.OpLt:
			for _, i := range sel {
				d[i] = bit(floatLess(a[i], b[int(i)&bm]))
			}
		case kernels.OpLe:
			for _, i := range sel {
				d[i] = bit(!floatLess(b[int(i)&bm], a[i]))
			}
		case kernels.OpGt:
			for _, i := range sel {
				d[i] = bit(floatLess(b[int(i)&bm], a[i]))
			}
		case kernels.OpGe:
			for _, i := range sel {
				d[i] = bit(!floatLess(a[i], b[int(i)&bm]))
			}
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		switch op {
		case kernels.OpEq:
			for i, x := range a {
				d[i] = bit(floatEqual(x, y))
			}
		case kernels.OpNe:
			for i, x := range a {
				d[i] = bit(!floatEqual(x, y))
			}
		case kernels.OpLt:
			for i, x := range a {
				d[i] = bit(floatLess(x, y))
			}
		case kernels.OpLe:
			for i, x := range a {
				d[i] = bit(!floatLess(y, x))
			}
		case kernels.OpGt:
			for i, x := range a {
				d[i] = bit(floatLess(y, x))
			}
		case kernels.OpGe:
			for i, x := range a {
				d[i] = bit(!floatLess(x, y))
			}
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		switch op {
		case kernels.OpEq:
			for i, x := range a {
				d[i] = bit(floatEqual(x, b[i]))
			}
		case kernels.OpNe:
			for i, x := range a {
				d[i] = bit(!floatEqual(x, b[i]))
			}
		case kernels.OpLt:
			for i, x := range a {
				d[i] = bit(floatLess(x, b[i]))
			}
		case kernels.OpLe:
			for i, x := range a {
				d[i] = bit(!floatLess(b[i], x))
			}
		}
	}
}
