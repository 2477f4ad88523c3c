// Command cast writes conversions between numbers of different widths.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	for _, l := range lanes.Levels {
		widen(l)
		narrow(l)
		floats(l)
		doubles(l)
		pairs(l)
		halves(l)
	}
	Generate()
}

func begin(l lanes.Level, name, signature string, doc ...string) (dst, src, n reg.GPVirtual) {
	TEXT(name+l.Name, NOSPLIT, signature)
	doc[0] = name + l.Name + " " + doc[0]
	Doc(doc...)
	Pragma("noescape")
	dst, src, n = GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("n"), n)
	return dst, src, n
}

// widen makes 64-bit integers of shorter ones, and microseconds of days.
func widen(l lanes.Level) {
	dst, src, n := begin(l, "castWiden", "func(dst *int64, src *uint8, n, op int)",
		"widens n integers, a multiple of 8: 0 to 2 signed ones of 1, 2 and 4 bytes, 3 to 5 unsigned ones, 6 days of 4 bytes to microseconds.")
	op := GP64()
	Load(Param("op"), op)
	factor := l.Vec()
	l.Repeat(10546875, 8, factor)
	body := func(width int, load func(m, v Op), days bool) func(string) {
		return func(label string) {
			lanes.Rows(label, n, 8, func() {
				per := l.Bytes / 8
				for at := 0; at < 8; at += per {
					v := l.Vec()
					load(Mem{Base: src, Disp: width * at}, v)
					if days { // a day is 10546875 times 2^13 microseconds
						VPMULDQ(factor, v, v)
						VPSLLQ(Imm(13), v, v)
					}
					l.Store(v, Mem{Base: dst, Disp: 8 * at})
				}
				ADDQ(Imm(uint64(8*width)), src)
				ADDQ(Imm(64), dst)
			})
		}
	}
	lanes.Choose(op, "op_",
		body(1, func(m, v Op) { VPMOVSXBQ(m, v) }, false), body(2, func(m, v Op) { VPMOVSXWQ(m, v) }, false), body(4, func(m, v Op) { VPMOVSXDQ(m, v) }, false),
		body(1, func(m, v Op) { VPMOVZXBQ(m, v) }, false), body(2, func(m, v Op) { VPMOVZXWQ(m, v) }, false), body(4, func(m, v Op) { VPMOVZXDQ(m, v) }, false),
		body(4, func(m, v Op) { VPMOVSXDQ(m, v) }, true))
	Label("done")
	VZEROUPPER()
	RET()
}

// narrow cuts 64-bit integers.
func narrow(l lanes.Level) {
	dst, src, n := begin(l, "castNarrow", "func(dst *uint8, src *int64, n, op int) (bad uint32)",
		"cuts n integers, a multiple of 8: 0 to 2 to signed ones of 1, 2 and 4 bytes, 3 to 5 to unsigned ones. bad is not 0 when one does not fit.")
	op := GP64()
	Load(Param("op"), op)
	bad := l.Vec()
	l.Zero(bad)
	body := func(width int, signed bool) func(string) {
		return func(label string) {
			least, beyond, low := l.Vec(), l.Vec(), l.Vec()
			if signed {
				l.Repeat(1<<(8*width-1), 8, least) // what is added makes all that fits a number without sign
			}
			l.Repeat(^uint64(0)<<(8*width), 8, beyond)
			if !l.Wide() && width < 4 {
				l.Repeat(1<<(8*width)-1, 4, low)
			}
			lanes.Rows(label, n, 8, func() {
				check := func(v reg.VecVirtual) {
					t := l.Vec()
					if signed {
						VPADDQ(least, v, t)
						l.And(beyond, t, t)
					} else {
						l.And(beyond, v, t)
					}
					l.Or(t, bad, bad)
				}
				v := l.Vec()
				l.Load(Mem{Base: src}, v)
				check(v)
				if l.Wide() {
					switch width {
					case 1:
						VPMOVQB(v, Mem{Base: dst})
					case 2:
						VPMOVQW(v, Mem{Base: dst})
					case 4:
						VPMOVQD(v, Mem{Base: dst})
					}
				} else {
					w := YMM()
					l.Load(Mem{Base: src, Disp: 32}, w)
					check(w)
					VSHUFPS(Imm(0x88), w, v, v) // lower halves
					VPERMQ(Imm(0xD8), v, v)
					x := XMM()
					switch width {
					case 4:
						VMOVDQU(v, Mem{Base: dst})
					case 2, 1:
						VPAND(low, v, v)
						VEXTRACTI128(Imm(1), v, x)
						VPACKUSDW(x, v.AsX(), x)
						if width == 2 {
							VMOVDQU(x, Mem{Base: dst})
						} else {
							VPACKUSWB(x, x, x)
							VMOVQ(x, Mem{Base: dst})
						}
					}
				}
				ADDQ(Imm(64), src)
				ADDQ(Imm(uint64(8*width)), dst)
			})
		}
	}
	lanes.Choose(op, "op_", body(1, true), body(2, true), body(4, true), body(1, false), body(2, false), body(4, false))
	Label("done")
	r := GP64()
	l.Any(bad, r)
	VZEROUPPER()
	Store(r.As32(), ReturnIndex(0))
	RET()
}

// floats makes doubles of floats.
func floats(l lanes.Level) {
	dst, src, n := begin(l, "castFloats", "func(dst *float64, src *float32, n int)", "widens n floats, a multiple of 8.")
	lanes.Rows("rows", n, 8, func() {
		for at := 0; at < 64; at += l.Bytes {
			v := l.Vec()
			VCVTPS2PD(Mem{Base: src, Disp: at / 2}, v)
			VMOVUPD(v, Mem{Base: dst, Disp: at})
		}
		ADDQ(Imm(32), src)
		ADDQ(Imm(64), dst)
	})
	VZEROUPPER()
	RET()
}

// doubles makes doubles of integers, divided by a number.
func doubles(l lanes.Level) {
	dst, src, n := begin(l, "castDoubles", "func(dst *float64, src *int64, n int, divisor *float64, op int)",
		"makes doubles of n integers, a multiple of 8, rounded to the nearest, and with op 1 divides them by a number.")
	op, p := GP64(), GP64()
	Load(Param("op"), op)
	Load(Param("divisor"), p)
	divisor, upperBias, lowerBias, correction, zero := l.Vec(), l.Vec(), l.Vec(), l.Vec(), l.Vec()
	VBROADCASTSD(Mem{Base: p}, divisor)
	if !l.Wide() {
		// The upper 48 bits, with their sign, in units of 2^16, in the lower bits of 3*2^67; the lower 16 in those of 2^52: both are exact.
		l.Broadcast64(math.Float64bits(442721857769029238784), upperBias)
		l.Broadcast64(math.Float64bits(1<<52), lowerBias)
		l.Broadcast64(math.Float64bits(442726361368656609280), correction) // both biases
		l.Zero(zero)
	}
	body := func(divide bool) func(string) {
		return func(label string) {
			lanes.Rows(label, n, 8, func() {
				for at := 0; at < 64; at += l.Bytes {
					v, f := l.Vec(), l.Vec()
					l.Load(Mem{Base: src, Disp: at}, v)
					if l.Wide() {
						VCVTQQ2PD(v, f)
					} else {
						upper := YMM()
						VPSRAD(Imm(16), v, upper)
						VPBLENDW(Imm(0x33), zero, upper, upper)
						VPADDQ(upperBias, upper, upper)
						VPBLENDW(Imm(0x88), lowerBias, v, v)
						VSUBPD(correction, upper, f)
						VADDPD(v, f, f)
					}
					if divide {
						VDIVPD(divisor, f, f)
					}
					VMOVUPD(f, Mem{Base: dst, Disp: at})
				}
				ADDQ(Imm(64), src)
				ADDQ(Imm(64), dst)
			})
		}
	}
	lanes.Choose(op, "op_", body(false), body(true))
	Label("done")
	VZEROUPPER()
	RET()
}

// pairs makes numbers of two words of those of one.
func pairs(l lanes.Level) {
	dst, src, n := begin(l, "castPairs", "func(dst *uint64, src *int64, n int)", "widens n integers, a multiple of 8, to two words, low ones first.")
	first, second := l.Turns()
	zero := l.Vec()
	l.Zero(zero)
	per := l.Bytes / 8
	lanes.Rows("rows", n, per, func() {
		low, high := l.Vec(), l.Vec()
		l.Load(Mem{Base: src}, low)
		l.Sign64(low, zero, high)
		l.Interleave(low, high, first, second)
		l.Store(low, Mem{Base: dst})
		l.Store(high, Mem{Base: dst, Disp: l.Bytes})
		ADDQ(Imm(uint64(l.Bytes)), src)
		ADDQ(U32(uint32(2*l.Bytes)), dst)
	})
	VZEROUPPER()
	RET()
}

// halves cuts numbers of two words to one.
func halves(l lanes.Level) {
	dst, src, n := begin(l, "castHalves", "func(dst *int64, src *uint64, n int) (bad uint32)",
		"cuts n numbers of two words, a multiple of 8, to their low ones; bad is not 0 when one does not fit.")
	bad, zero := l.Vec(), l.Vec()
	l.Zero(bad, zero)
	var lows, highs reg.VecVirtual
	if l.Wide() {
		lows, highs = ZMM(), ZMM()
		VMOVDQU64(every("lows", 0), lows)
		VMOVDQU64(every("highs", 1), highs)
	}
	lanes.Rows("rows", n, l.Bytes/8, func() {
		a, b, low, high := l.Vec(), l.Vec(), l.Vec(), l.Vec()
		l.Load(Mem{Base: src}, a)
		l.Load(Mem{Base: src, Disp: l.Bytes}, b)
		if l.Wide() {
			VMOVDQA64(lows, low)
			VPERMI2Q(b, a, low)
			VMOVDQA64(highs, high)
			VPERMI2Q(b, a, high)
		} else {
			VPUNPCKLQDQ(b, a, low) // in the order 0, 2, 1, 3
			VPUNPCKHQDQ(b, a, high)
		}
		t := l.Vec()
		l.Sign64(low, zero, t)
		l.Xor(t, high, high)
		l.Or(high, bad, bad)
		if !l.Wide() {
			VPERMQ(Imm(0xD8), low, low)
		}
		l.Store(low, Mem{Base: dst})
		ADDQ(Imm(uint64(l.Bytes)), dst)
		ADDQ(U32(uint32(2*l.Bytes)), src)
	})
	r := GP64()
	l.Any(bad, r)
	VZEROUPPER()
	Store(r.As32(), ReturnIndex(0))
	RET()
}

var tables = map[string]Mem{}

// every is the numbers of every second word of two registers.
func every(name string, first int) Mem {
	m, ok := tables[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range 8 {
			DATA(8*i, U64(2*i+first))
		}
		tables[name] = m
	}
	return m
}
