package cpu

import "github.com/polybolos-db/polybolos/kernels"

// The comparison loops: the second operand may be a constant, and without one OpGt and OpGe have been turned around.

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// compareInts compares integers.
func compareInts[T integer](op kernels.Op, d []uint8, a, b []T, bc bool, sel []uint32, n int) {
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
				d[i] = bit(a[i] < b[int(i)&bm])
			}
		case kernels.OpLe:
			for _, i := range sel {
				d[i] = bit(a[i] <= b[int(i)&bm])
			}
		case kernels.OpGt:
			for _, i := range sel {
				d[i] = bit(a[i] > b[int(i)&bm])
			}
		case kernels.OpGe:
			for _, i := range sel {
				d[i] = bit(a[i] >= b[int(i)&bm])
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
				d[i] = bit(x < y)
			}
		case kernels.OpLe:
			for i, x := range a {
				d[i] = bit(x <= y)
			}
		case kernels.OpGt:
			for i, x := range a {
				d[i] = bit(x > y)
			}
		case kernels.OpGe:
			for i, x := range a {
				d[i] = bit(x >= y)
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
				d[i] = bit(x < b[i])
			}
		case kernels.OpLe:
			for i, x := range a {
				d[i] = bit(x <= b[i])
			}
		}
	}
}
