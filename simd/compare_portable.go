package simd

// compareGo gives a bit for each of up to 64 rows, the lowest for the first. Rows are taken from the last to the first, so that a bit finds its place by doublings of
// the word: a shift by a variable number takes three times as long.
func compareGo[T Number](p predicate, a, b []T, aConst, bConst bool) (w uint64) {
	if p == equalTo {
		if aConst {
			a, b, bConst = b, a, true
		}
		if bConst {
			return equalToOne(a, b[0])
		}
		b = b[:len(a)]
		for i := len(a) - 1; i >= 0; i-- {
			x, y := a[i], b[i]
			w += w + uint64(flag(x == y)|flag(x != x)&flag(y != y))
		}
		return w
	}
	switch {
	case bConst:
		y := b[0]
		nan := flag(y != y)
		for i := len(a) - 1; i >= 0; i-- {
			x := a[i]
			w += w + uint64(flag(x < y)|flag(x == x)&nan)
		}
	case aConst:
		x := a[0]
		number := flag(x == x)
		for i := len(b) - 1; i >= 0; i-- {
			y := b[i]
			w += w + uint64(flag(x < y)|flag(y != y)&number)
		}
	default:
		b = b[:len(a)]
		for i := len(a) - 1; i >= 0; i-- {
			x, y := a[i], b[i]
			w += w + uint64(flag(x < y)|flag(y != y)&flag(x == x))
		}
	}
	return w
}

func equalToOne[T Number](a []T, y T) (w uint64) {
	nan := flag(y != y)
	for i := len(a) - 1; i >= 0; i-- {
		x := a[i]
		w += w + uint64(flag(x == y)|flag(x != x)&nan)
	}
	return w
}
