package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// eachAVX2 hashes four words at a time, the last ones with the multiplier of general registers.
func eachAVX2(name string, combine bool) {
	TEXT(name, NOSPLIT, "func(dst, words *uint64, n int)")
	if combine {
		Doc(name + " adds n words to the hashes in dst.")
	} else {
		Doc(name + " hashes n words.")
	}
	Pragma("noescape")
	dst, from, n := GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("words"), from)
	Load(Param("n"), n)
	first, low, high, mask := constant(k0), constant(k1&0xFFFFFFFF), constant(k1>>32), constant(0xFFFFFFFF)
	Label("loop")
	CMPQ(n, Imm(4))
	JL(LabelRef("tail"))
	x, upper, ll, hl, lh, t := YMM(), YMM(), YMM(), YMM(), YMM(), YMM()
	VPXOR(Mem{Base: from}, first, x)
	if combine {
		h := YMM()
		VMOVDQU(Mem{Base: dst}, h)
		VPSLLQ(Imm(23), h, t)
		VPSRLQ(Imm(64-23), h, h)
		VPXOR(t, x, x)
		VPXOR(h, x, x)
	}
	VPSRLQ(Imm(32), x, upper)
	VPMULUDQ(low, x, ll)
	VPMULUDQ(low, upper, hl)
	VPMULUDQ(high, x, lh)
	VPMULUDQ(high, upper, upper)
	// The product of halves, put together as in the wider one.
	VPSRLQ(Imm(32), ll, t)
	VPADDQ(t, hl, hl)
	VPAND(mask, hl, t)
	VPADDQ(t, lh, lh)
	VPSRLQ(Imm(32), hl, hl)
	VPADDQ(hl, upper, upper)
	VPSRLQ(Imm(32), lh, t)
	VPADDQ(t, upper, upper)
	VPSLLQ(Imm(32), lh, lh)
	VPBLENDD(Imm(0xAA), lh, ll, ll)
	VPXOR(ll, upper, x)
	VMOVDQU(x, Mem{Base: dst})
	ADDQ(Imm(32), from)
	ADDQ(Imm(32), dst)
	SUBQ(Imm(4), n)
	JMP(LabelRef("loop"))
	Label("tail")
	VZEROUPPER()
	k0Word, factor := GP64(), GP64()
	MOVQ(U64(k0), k0Word)
	MOVQ(U64(k1), factor)
	Label("one")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	w, hi := GP64(), GP64()
	MOVQ(Mem{Base: from}, w)
	XORQ(k0Word, w)
	if combine {
		h := GP64()
		RORXQ(Imm(64-23), Mem{Base: dst}, h)
		XORQ(h, w)
	}
	fold(w, factor, hi)
	MOVQ(hi, Mem{Base: dst})
	ADDQ(Imm(8), from)
	ADDQ(Imm(8), dst)
	DECQ(n)
	JMP(LabelRef("one"))
	Label("done")
	RET()
}

// constant is v in every lane.
func constant(v uint64) reg.VecVirtual {
	r, to := GP64(), YMM()
	MOVQ(U64(v), r)
	VMOVQ(r, to.AsX())
	VPBROADCASTQ(to.AsX(), to)
	return to
}

// fold makes hi the halves of the product of a and b, one over the other.
func fold(a, b, hi reg.GPVirtual) {
	lo := GP64()
	MOVQ(a, reg.RDX)
	MULXQ(b, lo, hi)
	XORQ(lo, hi)
}

// bloomAVX2 goes row by row without branches: shifting in vectors takes as many instructions for four rows as this for two.
func bloomAVX2(name string, withRows bool) {
	beginBloom(name, withRows)
	out, words, n, filter, row, count := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("out"), out)
	Load(Param("words"), words)
	Load(Param("n"), n)
	Load(Param("filter"), filter)
	// The last bit is shifted by itself: all of 64 cannot be at once.
	shift := GP64()
	Load(Param("shift"), shift)
	DECQ(shift)
	rows := GP64()
	if withRows {
		Load(Param("rows"), rows)
	}
	XORL(row.As32(), row.As32())
	XORL(count.As32(), count.As32())
	factor := GP64()
	MOVQ(U64(k1), factor)
	Label("loop")
	CMPQ(row, n)
	JGE(LabelRef("done"))
	h, want := GP64(), GP64()
	// The words differ by a constant from what is multiplied.
	MOVQ(U64(k0), h)
	XORQ(Mem{Base: words, Index: row, Scale: 8}, h)
	x := GP64()
	fold(h, factor, x)
	if withRows {
		r := GP32()
		MOVL(Mem{Base: rows, Index: row, Scale: 4}, r)
		MOVL(r, Mem{Base: out, Index: count, Scale: 4})
	} else {
		MOVL(row.As32(), Mem{Base: out, Index: count, Scale: 4})
	}
	SHRXQ(shift, x, h)
	SHRQ(Imm(1), h)
	XORL(want.As32(), want.As32())
	BTSQ(x, want)
	for range 3 {
		SHRQ(Imm(6), x)
		BTSQ(x, want)
	}
	// What is wanted and not there; the comparison borrows where that is nothing.
	ANDNQ(want, have(filter, h), want)
	CMPQ(want, Imm(1))
	ADCQ(Imm(0), count)
	INCQ(row)
	JMP(LabelRef("loop"))
	Label("done")
	Store(count, ReturnIndex(0))
	RET()
}

// have is the word of the filter at a place.
func have(filter, at reg.GPVirtual) reg.GPVirtual {
	v := GP64()
	MOVQ(Mem{Base: filter, Index: at, Scale: 8}, v)
	return v
}
