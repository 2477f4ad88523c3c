package cpu

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/simd"
)

// These loops compute modulo 2^128.

// wordsOf is numbers of 128 bits as words, low ones first.
func wordsOf(v []column.Int128) []uint64 { return column.SliceOf[uint64](column.BytesOf(v)) }

// mulLow is a*b modulo 2^128.
func mulLow(a, b column.Int128) column.Int128 {
	hi, lo := bits.Mul64(a.Lo, b.Lo)
	return column.Int128{Lo: lo, Hi: int64(hi + uint64(a.Hi)*b.Lo + a.Lo*uint64(b.Hi))}
}

// widenPairs computes numbers of 64 bits, whose results always fit.
func widenPairs(op kernels.Op, d []column.Int128, a, b []int64, ac, bc bool, sel []uint32, n int) {
	am, bm := mask(ac), mask(bc)
	switch {
	case dense(sel, n) && op == kernels.OpAdd:
		simd.AddWiden(wordsOf(d[:n]), a, b, ac, bc)
	case dense(sel, n) && op == kernels.OpSub:
		simd.SubWiden(wordsOf(d[:n]), a, b, ac, bc)
	case dense(sel, n):
		simd.MulWiden(wordsOf(d[:n]), a, b, ac, bc)
	case op == kernels.OpAdd:
		for _, k := range sel {
			i := int(k)
			d[i] = column.Int128FromInt64(a[i&am]).Add(column.Int128FromInt64(b[i&bm]))
		}
	case op == kernels.OpSub:
		for _, k := range sel {
			i := int(k)
			d[i] = column.Int128FromInt64(a[i&am]).Sub(column.Int128FromInt64(b[i&bm]))
		}
	default:
		for _, k := range sel {
			i := int(k)
			d[i] = column.MulInt64(a[i&am], b[i&bm])
		}
	}
}

// widePairs computes numbers of 128 bits and reports whether some row's sum or difference, selected or not, overflowed. Products are for types that have room for all
// digits.
func widePairs(op kernels.Op, d, a, b []column.Int128, ac, bc bool, sel []uint32, n int) (bad bool) {
	am, bm := mask(ac), mask(bc)
	switch {
	case op == kernels.OpMul && dense(sel, n):
		simd.Mul128(wordsOf(d[:n]), wordsOf(a), wordsOf(b), ac, bc)
	case op == kernels.OpMul:
		for _, k := range sel {
			i := int(k)
			d[i] = mulLow(a[i&am], b[i&bm])
		}
	case dense(sel, n) && op == kernels.OpAdd:
		return simd.Add128(wordsOf(d[:n]), wordsOf(a), wordsOf(b), ac, bc)
	case dense(sel, n):
		return simd.Sub128(wordsOf(d[:n]), wordsOf(a), wordsOf(b), ac, bc)
	default:
		for _, k := range sel {
			i := int(k)
			v, ok := exact(op, a[i&am], b[i&bm])
			d[i] = v
			bad = bad || !ok
		}
	}
	return bad
}
