package cpu

// The float loops add up r-r, which is zero for every finite result: a NaN or infinity anywhere makes the sum one, and the rows are looked through.

type float interface{ float32 | float64 }

// addFloat sums floats.
func addFloat[T float](d, a, b []T, ac, bc bool, sel []uint32, n int) bool {
	var bad T
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			s := x + y
			d[i] = s
			bad += s - s
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			s := x + y
			d[i] = s
			bad += s - s
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			s := x + y
			d[i] = s
			bad += s - s
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			s := x + y
			d[i] = s
			bad += s - s
		}
	}
	return bad != 0
}

// subFloat subtracts floats.
func subFloat[T float](d, a, b []T, ac, bc bool, sel []uint32, n int) bool {
	var bad T
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			s := x - y
			d[i] = s
			bad += s - s
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			s := x - y
			d[i] = s
			bad += s - s
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			s := x - y
			d[i] = s
			bad += s - s
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			s := x - y
			d[i] = s
			bad += s - s
		}
	}
	return bad != 0
}

// mulFloat multiplies floats.
func mulFloat[T float](d, a, b []T, ac, bc bool, sel []uint32, n int) bool {
	var bad T
	switch {
	case sel != nil:
		am, bm := mask(ac), mask(bc)
		for _, k := range sel {
			i := int(k)
			x, y := a[i&am], b[i&bm]
			s := x * y
			d[i] = s
			bad += s - s
		}
	case bc:
		y := b[0]
		a, d = a[:n], d[:n]
		for i, x := range a {
			s := x * y
			d[i] = s
			bad += s - s
		}
	case ac:
		x := a[0]
		b, d = b[:n], d[:n]
		for i, y := range b {
			s := x * y
			d[i] = s
			bad += s - s
		}
	default:
		a, b, d = a[:n], b[:n], d[:n]
		for i, x := range a {
			y := b[i]
			s := x * y
			d[i] = s
			bad += s - s
		}
	}
	return bad != 0
}
