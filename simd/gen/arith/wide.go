package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

// swap exchanges the two words of each number, upper repeats the upper one.
const (
	swap  = 0x4E
	upper = 0xEE
)

// products multiplies numbers of two words. Their order is kept: half of each multiplication is wasted, which costs less than taking the words apart.
func products(l lanes.Level) {
	name := "product128" + l.Name
	TEXT(name, NOSPLIT, "func(dst, a, b *uint64, n, aStep, bStep int, magnitudes *uint64)")
	Doc(name+" writes n products of two words, low ones first, modulo 2^128, n a multiple of a register.", "Magnitudes gets a register of each operand's magnitudes, or-ed.",
		"aStep and bStep are 1, or 0 where a register full of one number is for all rows. dst may be a or b.")
	Pragma("noescape")
	dst, a, b, n, aStep, bStep, magnitudes := GP64(), GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("a"), a)
	Load(Param("b"), b)
	Load(Param("n"), n)
	Load(Param("aStep"), aStep)
	Load(Param("bStep"), bStep)
	Load(Param("magnitudes"), magnitudes)
	SHLQ(Imm(6), aStep)
	SHLQ(Imm(6), bStep)
	mask, x, y, ofX, ofY := ZMM(), ZMM(), ZMM(), ZMM(), ZMM()
	l.Broadcast64(0xFFFFFFFF, mask)
	l.Zero(ofX, ofY)
	lows, r := K(), GP32()
	MOVL(U32(0x55), r)
	KMOVW(r, lows)
	lanes.Rows("rows", n, l.Bytes/16, func() {
		VMOVDQU64(Mem{Base: a}, x)
		VMOVDQU64(Mem{Base: b}, y)
		ADDQ(aStep, a)
		ADDQ(bStep, b)
		t := ZMM()
		VPSHUFD(Imm(upper), x, t)
		VPSRAQ(Imm(63), t, t)
		VPTERNLOGQ(Imm(orOfXor), x, t, ofX)
		VPSHUFD(Imm(upper), y, t)
		VPSRAQ(Imm(63), t, t)
		VPTERNLOGQ(Imm(orOfXor), y, t, ofY)
		// Each low word times the other's upper one.
		cross := ZMM()
		VPSHUFD(Imm(swap), y, t)
		VPMULLQ(t, x, cross)
		VPSHUFD(Imm(swap), cross, t)
		VPADDQ(t, cross, cross)
		// The low words, of which the product has two; none of the sums can overflow.
		xh, yh, ll, hl, lh, high := ZMM(), ZMM(), ZMM(), ZMM(), ZMM(), ZMM()
		VPSRLQ(Imm(32), x, xh)
		VPSRLQ(Imm(32), y, yh)
		VPMULUDQ(y, x, ll)
		VPMULUDQ(y, xh, hl)
		VPMULUDQ(yh, x, lh)
		VPMULUDQ(yh, xh, high)
		VPSRLQ(Imm(32), ll, ll)
		VPADDQ(ll, hl, hl)
		VPANDQ(mask, hl, t)
		VPADDQ(t, lh, lh)
		VPSRLQ(Imm(32), hl, hl)
		VPADDQ(hl, high, high)
		VPSRLQ(Imm(32), lh, lh)
		VPADDQ(lh, high, high)
		VPSLLDQ(Imm(8), high, high)
		VPADDQ(cross, high, high)
		VPMULLQ(y, x, ll)
		VMOVDQA64(ll, lows, high)
		VMOVDQU64(high, Mem{Base: dst})
		ADDQ(Imm(64), dst)
	})
	VMOVDQU64(ofX, Mem{Base: magnitudes})
	VMOVDQU64(ofY, Mem{Base: magnitudes, Disp: 64})
	VZEROUPPER()
	RET()
}

// orOfXor is d | (a ^ b), as VPTERNLOG takes functions.
const orOfXor = 0xF6
