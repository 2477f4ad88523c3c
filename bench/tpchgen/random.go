package tpchgen

// The random numbers are Lehmer's: seed' = 16807 * seed mod (2^31 - 1), one stream a column with its own first seed.
// A draw is the seed after the step, so the draw k places ahead of a seed s is s * 16807^k mod (2^31 - 1): any place
// of a stream is reached by one power, and the draws of a row are independent products of the row's first seed.
const (
	lehmerModulus    = 1<<31 - 1
	lehmerMultiplier = 16807
)

// drawPowers[k] is 16807^k mod (2^31 - 1): what takes a seed k draws ahead.
var drawPowers = func() (p [16]uint64) {
	p[0] = 1
	for k := 1; k < len(p); k++ {
		p[k] = mulMod(p[k-1], lehmerMultiplier)
	}
	return p
}()

// mulMod returns a*b mod (2^31 - 1) for a and b below the modulus. As 2^31 is 1 modulo 2^31 - 1, the high part of the
// product is added to the low one.
func mulMod(a, b uint64) uint64 {
	x := a * b
	x = x&lehmerModulus + x>>31
	if x >= lehmerModulus {
		x -= lehmerModulus
	}
	return x
}

// next returns the seed one draw ahead.
func next(seed uint64) uint64 { return mulMod(seed, lehmerMultiplier) }

// powMod returns base^exponent mod (2^31 - 1).
func powMod(base, exponent uint64) uint64 {
	result := uint64(1)
	for ; exponent > 0; exponent >>= 1 {
		if exponent&1 != 0 {
			result = mulMod(result, base)
		}
		base = mulMod(base, base)
	}
	return result
}

// jump returns the seed that many draws ahead.
func jump(seed uint64, draws int64) uint64 {
	return mulMod(seed, powMod(lehmerMultiplier, uint64(draws)))
}

// widestExactSpan bounds the spans for which integer arithmetic gives what the generator's definition in double
// precision gives. The definition is trunc(seed/m * span), m = 2^31 - 1. As m is prime, seed*span/m is at least 1/m away
// from an integer, and the two roundings move it by less than span * 2^-52, so below 2^20 the truncations agree.
const widestExactSpan = 1 << 20

// uniform maps a seed to [0, span), for a span up to widestExactSpan.
func uniform(seed, span uint64) uint64 { return seed * span / lehmerModulus }

// uniformWide maps a seed to [0, span) for any span.
func uniformWide(seed, span uint64) uint64 {
	if span <= widestExactSpan {
		return uniform(seed, span)
	}
	return uint64(float64(seed) / lehmerModulus * float64(span))
}

// drawIndexes fills dst with one value of [0, span) a row, for rows that use one draw each. It continues from seed.
func drawIndexes(dst []uint16, seed, span uint64) {
	for i := range dst {
		seed = next(seed)
		dst[i] = uint16(uniform(seed, span))
	}
}

// drawPerLine fills dst with one value of [0, span) for each line of each order: order o has counts[o] lines and owns
// linesPerOrder draws of the stream. The first order's draws begin after seed.
func drawPerLine(dst []uint16, counts []uint8, seed, span uint64) {
	k := 0
	for _, c := range counts {
		for j := 1; j <= int(c); j++ {
			dst[k] = uint16(uniform(mulMod(seed, drawPowers[j&15]), span))
			k++
		}
		seed = mulMod(seed, drawPowers[linesPerOrder])
	}
}

// wideStream draws keys. Below scale factor 30,000 it is a Lehmer stream as all others; from there on keys pass 2^31
// and it is a 64-bit linear congruential stream, which the generator's definition nevertheless jumps with the 31-bit
// multiplier and modulus, in arithmetic that wraps.
type wideStream struct {
	seed  int64
	per   int64 // draws a row owns
	used  int64 // draws taken in this row
	span  uint64
	large bool
}

const (
	largeMultiplier = 6364136223846793005
	largeIncrement  = 1
)

// newWideStream positions a stream of values in [1, span] at a row.
func newWideStream(seed uint64, row, perRow, span int64, large bool) wideStream {
	w := wideStream{seed: int64(seed), per: perRow, span: uint64(span), large: large}
	w.skip(row * perRow)
	return w
}

func (w *wideStream) skip(draws int64) {
	if !w.large {
		if draws < int64(len(drawPowers)) {
			w.seed = int64(mulMod(uint64(w.seed), drawPowers[draws]))
		} else {
			w.seed = int64(jump(uint64(w.seed), draws))
		}
		return
	}
	for m := int64(lehmerMultiplier); draws > 0; draws >>= 1 {
		if draws&1 != 0 {
			w.seed = m * w.seed % lehmerModulus
		}
		m = m * m % lehmerModulus
	}
}

// draw returns the next value of [1, span].
func (w *wideStream) draw() int64 {
	w.used++
	if !w.large {
		s := next(uint64(w.seed))
		w.seed = int64(s)
		return 1 + int64(uniformWide(s, w.span))
	}
	w.seed = w.seed*largeMultiplier + largeIncrement
	v := w.seed
	if v < 0 {
		v = -v
	}
	return 1 + int64(uint64(v)%w.span)
}

// endRow skips the draws that the row owns and did not take.
func (w *wideStream) endRow() {
	w.skip(w.per - w.used)
	w.used = 0
}
