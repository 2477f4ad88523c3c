// Command arith writes the arithmetic of 64-bit integers.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	for _, op := range []string{"add", "sub"} {
		sum(op, "", false, false)
		sum(op, "By", false, true)
	}
	sum("sub", "From", true, false)
	for _, wide := range []bool{false, true} {
		product(wide, false)
		product(wide, true)
	}
	Generate()
}

// operand is an array, or a number for all rows.
type operand struct {
	constant bool
	p        reg.GPVirtual
	v        reg.VecVirtual
}

func newOperand(name string, constant bool) *operand {
	o := &operand{constant: constant, p: GP64(), v: ZMM()}
	Load(Param(name), o.p)
	if constant {
		VPBROADCASTQ(Mem{Base: o.p}, o.v)
	}
	return o
}

func (o *operand) load(mask reg.OpmaskVirtual, tail bool) {
	switch {
	case o.constant:
	case tail:
		VMOVDQU64_Z(Mem{Base: o.p}, mask, o.v)
	default:
		VMOVDQU64(Mem{Base: o.p}, o.v)
	}
}

func (o *operand) advance() {
	if !o.constant {
		ADDQ(Imm(64), o.p)
	}
}

// evidence gathers bits and says at the end whether one was set: the highest of a number, or any.
type evidence struct{ v reg.VecVirtual }

func newEvidence() evidence {
	e := evidence{ZMM()}
	VPXORQ(e.v, e.v, e.v)
	return e
}

func (e evidence) result(any bool) {
	k, r := K(), GP32()
	if any {
		VPTESTMQ(e.v, e.v, k)
	} else {
		VPMOVQ2M(e.v, k)
	}
	KMOVB(k, r)
	Store(r, ReturnIndex(0))
}

func sum(op, form string, aConstant, bConstant bool) {
	name := op + form + "Int64AVX512"
	TEXT(name, NOSPLIT, "func(dst, a, b *int64, n int) (bad uint32)")
	switch {
	case aConstant:
		Doc(name + " computes a - b for a number a and n numbers b, modulo 2^64; bad is not 0 when a result overflowed.")
	case bConstant:
		Doc(name + " computes " + op + " of n numbers a and a number b, modulo 2^64; bad is not 0 when a result overflowed.")
	default:
		Doc(name + " computes " + op + " of n pairs, modulo 2^64; bad is not 0 when a result overflowed.")
	}
	Pragma("noescape")
	dst, n := GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("n"), n)
	a, b := newOperand("a", aConstant), newOperand("b", bConstant)
	bad := newEvidence()
	s, x, y := ZMM(), ZMM(), ZMM()
	lanes.Loop(8, n, func(mask reg.OpmaskVirtual, tail bool) {
		a.load(mask, tail)
		b.load(mask, tail)
		if op == "add" {
			// Both operands have another sign than the sum.
			VPADDQ(b.v, a.v, s)
			VPXORQ(s, a.v, x)
			VPXORQ(s, b.v, y)
		} else {
			// The operands' signs differ, and the difference has not that of the first.
			VPSUBQ(b.v, a.v, s)
			VPXORQ(a.v, b.v, x)
			VPXORQ(s, a.v, y)
		}
		VPANDQ(x, y, y)
		if tail {
			VMOVDQA64_Z(y, mask, y)
			VMOVDQU64(s, mask, Mem{Base: dst})
		} else {
			VMOVDQU64(s, Mem{Base: dst})
		}
		VPORQ(y, bad.v, bad.v)
	}, func() {
		a.advance()
		b.advance()
		ADDQ(Imm(64), dst)
	})
	bad.result(false)
	VZEROUPPER()
	RET()
}

// product writes exact products, or their low halves and whether these are exact.
func product(wide, bConstant bool) {
	form := ""
	if bConstant {
		form = "By"
	}
	name, signature := "mul"+form+"Int64AVX512", "func(dst, a, b *int64, n int) (bad uint32)"
	what := "computes n products modulo 2^64; bad is not 0 when one overflowed."
	if wide {
		name, signature = "mulWide"+form+"Int64AVX512", "func(dst *uint64, a, b *int64, n int)"
		what = "computes n products of 128 bits, low words first."
	}
	if bConstant {
		what += " b is one number for all."
	}
	TEXT(name, NOSPLIT, signature)
	Doc(name + " " + what)
	Pragma("noescape")
	dst, n := GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("n"), n)
	a, b := newOperand("a", false), newOperand("b", bConstant)
	mask32, odd := ZMM(), K()
	r := GP64()
	MOVQ(U64(0xFFFFFFFF), r)
	VPBROADCASTQ(r, mask32)
	MOVL(U32(0xAAAA), r.As32())
	KMOVW(r.As32(), odd)
	var bad evidence
	var firsts, seconds reg.VecVirtual
	if wide {
		firsts, seconds = ZMM(), ZMM()
		VMOVDQU64(interleaved("firsts", 0), firsts)
		VMOVDQU64(interleaved("seconds", 4), seconds)
	} else {
		bad = newEvidence()
	}
	bUpper := ZMM()
	if bConstant {
		VPSRLQ(Imm(32), b.v, bUpper)
	}
	lanes.Loop(8, n, func(mask reg.OpmaskVirtual, tail bool) {
		a.load(mask, tail)
		b.load(mask, tail)
		if !bConstant {
			VPSRLQ(Imm(32), b.v, bUpper)
		}
		hi, ll, hl, lh, t := ZMM(), ZMM(), ZMM(), ZMM(), ZMM()
		VPSRLQ(Imm(32), a.v, hi)
		VPMULUDQ(b.v, a.v, ll)
		VPMULUDQ(b.v, hi, hl)
		VPMULUDQ(bUpper, a.v, lh)
		VPMULUDQ(bUpper, hi, hi)
		VPSRLQ(Imm(32), ll, t)
		VPADDQ(t, hl, hl)
		VPANDQ(mask32, hl, t)
		VPADDQ(t, lh, lh)
		VPSRLQ(Imm(32), hl, hl)
		VPADDQ(hl, hi, hi)
		VPSRLQ(Imm(32), lh, t)
		VPADDQ(t, hi, hi)
		VPSLLQ(Imm(32), lh, lh)
		VPBLENDMD(lh, ll, odd, ll) // the low words
		// An unsigned product counts a negative factor as 2^64 more than it is.
		VPSRAQ(Imm(63), a.v, t)
		VPANDQ(b.v, t, t)
		VPSUBQ(t, hi, hi)
		VPSRAQ(Imm(63), b.v, t)
		VPANDQ(a.v, t, t)
		VPSUBQ(t, hi, hi)
		if !wide {
			VPSRAQ(Imm(63), ll, t)
			VPXORQ(t, hi, hi)
			if tail {
				VMOVDQA64_Z(hi, mask, hi)
				VMOVDQU64(ll, mask, Mem{Base: dst})
			} else {
				VMOVDQU64(ll, Mem{Base: dst})
			}
			VPORQ(hi, bad.v, bad.v)
			return
		}
		first, second := ZMM(), ZMM()
		VMOVDQA64(firsts, first)
		VMOVDQA64(seconds, second)
		VPERMI2Q(hi, ll, first)
		VPERMI2Q(hi, ll, second)
		if !tail {
			VMOVDQU64(first, Mem{Base: dst})
			VMOVDQU64(second, Mem{Base: dst, Disp: 64})
			return
		}
		bits, firstMask, secondMask := GP64(), K(), K()
		MOVQ(I64(-1), bits)
		ADDQ(n, n)
		BZHIQ(n, bits, bits)
		KMOVW(bits.As32(), firstMask)
		SHRL(Imm(8), bits.As32())
		KMOVW(bits.As32(), secondMask)
		VMOVDQU64(first, firstMask, Mem{Base: dst})
		VMOVDQU64(second, secondMask, Mem{Base: dst, Disp: 64})
	}, func() {
		a.advance()
		b.advance()
		if wide {
			ADDQ(U32(128), dst)
		} else {
			ADDQ(Imm(64), dst)
		}
	})
	if !wide {
		bad.result(true)
	}
	VZEROUPPER()
	RET()
}

var tables = map[string]Mem{}

// interleaved takes four numbers of two registers in turn.
func interleaved(name string, from int) Mem {
	m, ok := tables[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i := range 8 {
			DATA(8*i, U64(from+i/2+i%2*8))
		}
		tables[name] = m
	}
	return m
}
