package column

import (
	"math"
	"math/big"
	"math/bits"
)

// Int128 is a two's complement 128-bit integer in Arrow's memory layout (low word first).
type Int128 struct {
	Lo uint64
	Hi int64
}

// Extremes of Int128.
var (
	MaxInt128 = Int128{Lo: math.MaxUint64, Hi: math.MaxInt64}
	MinInt128 = Int128{Lo: 0, Hi: math.MinInt64}
)

// Int128FromInt64 widens v.
func Int128FromInt64(v int64) Int128 { return Int128{Lo: uint64(v), Hi: v >> 63} }

// MulInt64 is the exact product of a and b.
func MulInt64(a, b int64) Int128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// The unsigned product counts a negative factor as 2^64 more than it is.
	hi -= uint64(a>>63) & uint64(b)
	hi -= uint64(b>>63) & uint64(a)
	return Int128{Lo: lo, Hi: int64(hi)}
}

// Add is a+b modulo 2^128.
func (a Int128) Add(b Int128) Int128 {
	lo, c := bits.Add64(a.Lo, b.Lo, 0)
	hi, _ := bits.Add64(uint64(a.Hi), uint64(b.Hi), c)
	return Int128{Lo: lo, Hi: int64(hi)}
}

// Sub is a-b modulo 2^128.
func (a Int128) Sub(b Int128) Int128 {
	lo, c := bits.Sub64(a.Lo, b.Lo, 0)
	hi, _ := bits.Sub64(uint64(a.Hi), uint64(b.Hi), c)
	return Int128{Lo: lo, Hi: int64(hi)}
}

// AddChecked is a+b; ok is false when it overflows.
func (a Int128) AddChecked(b Int128) (sum Int128, ok bool) {
	sum = a.Add(b)
	return sum, (a.Hi^sum.Hi)&(b.Hi^sum.Hi) >= 0
}

// SubChecked is a-b; ok is false when it overflows.
func (a Int128) SubChecked(b Int128) (diff Int128, ok bool) {
	diff = a.Sub(b)
	return diff, (a.Hi^b.Hi)&(a.Hi^diff.Hi) >= 0
}

// Neg is -a modulo 2^128.
func (a Int128) Neg() Int128 { return Int128{}.Sub(a) }

// Sign is -1, 0 or 1.
func (a Int128) Sign() int {
	switch {
	case a.Hi < 0:
		return -1
	case a.Hi == 0 && a.Lo == 0:
		return 0
	}
	return 1
}

// Cmp is -1, 0 or 1 as a is less than, equal to or greater than b.
func (a Int128) Cmp(b Int128) int {
	switch {
	case a.Hi < b.Hi:
		return -1
	case a.Hi > b.Hi:
		return 1
	case a.Lo < b.Lo:
		return -1
	case a.Lo > b.Lo:
		return 1
	}
	return 0
}

// Less reports a < b.
func (a Int128) Less(b Int128) bool { return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo }

// abs is |a| as an unsigned pair, and whether a was negative. |MinInt128| is 2^127, which the pair holds.
func (a Int128) abs() (hi, lo uint64, neg bool) {
	if a.Hi < 0 {
		a = a.Neg()
		return uint64(a.Hi), a.Lo, true
	}
	return uint64(a.Hi), a.Lo, false
}

// signed makes the Int128 of the given magnitude and sign; ok is false when it does not fit.
func signed(hi, lo uint64, neg bool) (v Int128, ok bool) {
	v = Int128{Lo: lo, Hi: int64(hi)}
	if neg {
		v = v.Neg()
		return v, v.Hi < 0 || hi == 0 && lo == 0
	}
	return v, v.Hi >= 0
}

// MulChecked is a*b; ok is false when it overflows.
func (a Int128) MulChecked(b Int128) (product Int128, ok bool) {
	if a.IsInt64() && b.IsInt64() {
		return MulInt64(int64(a.Lo), int64(b.Lo)), true
	}
	ah, al, an := a.abs()
	bh, bl, bn := b.abs()
	if ah != 0 && bh != 0 {
		return Int128{}, false
	}
	hi, lo := bits.Mul64(al, bl)
	c1, m1 := bits.Mul64(ah, bl)
	c2, m2 := bits.Mul64(al, bh)
	h1, o1 := bits.Add64(hi, m1, 0)
	h2, o2 := bits.Add64(h1, m2, 0)
	if c1|c2|o1|o2 != 0 {
		return Int128{}, false
	}
	return signed(h2, lo, an != bn)
}

// IsInt64 reports whether a fits an int64.
func (a Int128) IsInt64() bool { return a.Hi == int64(a.Lo)>>63 }

// Int64 is a's low word as an int64, and whether that is all of a.
func (a Int128) Int64() (int64, bool) { return int64(a.Lo), a.IsInt64() }

// Float64 is the nearest float64 (within one unit in the last place for magnitudes above 2^64).
func (a Int128) Float64() float64 {
	if a.IsInt64() {
		return float64(int64(a.Lo))
	}
	hi, lo, neg := a.abs()
	f := float64(hi)*(1<<64) + float64(lo)
	if neg {
		return -f
	}
	return f
}

// QuoRem is the quotient truncated toward zero and the remainder, whose sign is a's. b must not be zero. MinInt128 / -1 overflows to MinInt128.
func (a Int128) QuoRem(b Int128) (quo, rem Int128) {
	if a.IsInt64() && b.IsInt64() && int64(a.Lo) != math.MinInt64 {
		x, y := int64(a.Lo), int64(b.Lo)
		return Int128FromInt64(x / y), Int128FromInt64(x % y)
	}
	ah, al, an := a.abs()
	bh, bl, bn := b.abs()
	qh, ql, rh, rl := quoRemU128(ah, al, bh, bl)
	quo, rem = Int128{Lo: ql, Hi: int64(qh)}, Int128{Lo: rl, Hi: int64(rh)}
	if an != bn {
		quo = quo.Neg()
	}
	if an {
		rem = rem.Neg()
	}
	return quo, rem
}

func quoRemU128(ah, al, bh, bl uint64) (qh, ql, rh, rl uint64) {
	if bh == 0 {
		qh, r := ah/bl, ah%bl
		ql, rl = bits.Div64(r, al, bl)
		return qh, ql, 0, rl
	}
	// The quotient fits one word: estimate it from the normalized high words, then correct (Knuth, volume 2, 4.3.1).
	s := uint(bits.LeadingZeros64(bh))
	v := bh<<s | bl>>1>>(63-s)
	q, _ := bits.Div64(ah>>1, ah<<63|al>>1, v)
	q = q >> (63 - s)
	if q > 0 {
		q--
	}
	mh, ml := bits.Mul64(q, bl)
	mh += q * bh
	rl, c := bits.Sub64(al, ml, 0)
	rh, _ = bits.Sub64(ah, mh, c)
	if rh > bh || rh == bh && rl >= bl {
		q++
		rl, c = bits.Sub64(rl, bl, 0)
		rh, _ = bits.Sub64(rh, bh, c)
	}
	return 0, q, rh, rl
}

// Pow10 returns 10^n for 0 <= n <= 38.
func Pow10(n int) Int128 { return pow10[n] }

var pow10 = func() (t [MaxPrecision + 1]Int128) {
	t[0] = Int128{Lo: 1}
	for i := 1; i < len(t); i++ {
		t[i], _ = t[i-1].MulChecked(Int128{Lo: 10})
	}
	return t
}()

// FitsPrecision reports whether |a| < 10^precision.
func (a Int128) FitsPrecision(precision int) bool {
	p := pow10[precision]
	return a.Less(p) && p.Neg().Less(a)
}

// Big is a as a big integer, for paths where speed is no matter.
func (a Int128) Big() *big.Int {
	b := new(big.Int).Lsh(big.NewInt(a.Hi), 64)
	return b.Add(b, new(big.Int).SetUint64(a.Lo))
}

// Int128FromBig narrows b; ok is false when it does not fit.
func Int128FromBig(b *big.Int) (v Int128, ok bool) {
	if b.BitLen() > 127 {
		min := new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 127))
		if b.Cmp(min) == 0 {
			return MinInt128, true
		}
		return Int128{}, false
	}
	abs := new(big.Int).Abs(b)
	lo := new(big.Int).And(abs, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	hi := new(big.Int).Rsh(abs, 64).Uint64()
	return signed(hi, lo, b.Sign() < 0)
}

// String is a in decimal.
func (a Int128) String() string { return string(a.AppendDecimal(nil, 0)) }

// AppendDecimal appends a scaled by 10^-scale, with exactly scale digits after the point.
func (a Int128) AppendDecimal(dst []byte, scale int) []byte {
	var buf [48]byte
	i := len(buf)
	hi, lo, neg := a.abs()
	for digits := 0; digits <= scale || hi|lo != 0; digits++ {
		if digits == scale && scale > 0 {
			i--
			buf[i] = '.'
		}
		var r uint64
		qh := hi / 10
		lo, r = bits.Div64(hi%10, lo, 10)
		hi = qh
		i--
		buf[i] = byte('0' + r)
	}
	if neg {
		i--
		buf[i] = '-'
	}
	return append(dst, buf[i:]...)
}
