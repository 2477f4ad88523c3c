// Command delta writes the sums of bit-packed differences.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	vbmi()
	avx2()
	Generate()
}

// vbmi unpacks 16 differences as unpackNarrowVBMI does, widens them and adds them up in three steps of shifted additions a register.
func vbmi() {
	TEXT("deltaVBMI", NOSPLIT, "func(dst *int64, src *byte, groups, width int, t *byte, low, last int64) int64")
	Doc("deltaVBMI writes 16 sums for each group of differences of 1 to 25 bits, each with low added, from last on, and returns the last sum.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	groups, width := Load(Param("groups"), GP64()), Load(Param("width"), GP64())
	table := Load(Param("t"), GP64())
	permutation, shifts, mask, v := ZMM(), ZMM(), ZMM(), ZMM()
	VMOVDQU64(Mem{Base: table}, permutation)
	VMOVDQU32(Mem{Base: table, Disp: 64}, shifts)
	bits, ones, stride, bytes := GP64(), GP64(), GP64(), K()
	MOVQ(I64(-1), ones)
	BZHIQ(width, ones, bits)
	VPBROADCASTD(bits.As32(), mask)
	LEAQ(Mem{Base: width, Index: width, Scale: 1}, stride)
	BZHIQ(stride, ones, bits)
	KMOVQ(bits, bytes)
	low, last, zero, seven := ZMM(), ZMM(), ZMM(), ZMM()
	tmp := GP64()
	Load(Param("low"), tmp)
	VPBROADCASTQ(tmp, low)
	Load(Param("last"), tmp)
	VPBROADCASTQ(tmp, last)
	VPXORQ(zero, zero, zero)
	MOVQ(U64(7), tmp)
	VPBROADCASTQ(tmp, seven)
	Label("loop")
	TESTQ(groups, groups)
	JEQ(LabelRef("done"))
	VMOVDQU8_Z(Mem{Base: src}, bytes, v)
	VPERMB(v, permutation, v)
	VPSRLVD(shifts, v, v)
	VPANDD(mask, v, v)
	halves := [2]reg.VecVirtual{ZMM(), ZMM()}
	VPMOVZXDQ(v.AsY(), halves[0])
	upper := YMM()
	VEXTRACTI64X4(Imm(1), v, upper)
	VPMOVZXDQ(upper, halves[1])
	for _, h := range halves {
		VPADDQ(low, h, h)
		for _, by := range []uint64{7, 6, 4} {
			s := ZMM()
			VALIGNQ(Imm(by), zero, h, s)
			VPADDQ(s, h, h)
		}
	}
	for i, h := range halves {
		VPADDQ(last, h, h)
		VMOVDQU64(h, Mem{Base: dst, Disp: 64 * i})
		VPERMQ(h, seven, last)
	}
	ADDQ(stride, src)
	ADDQ(Imm(128), dst)
	DECQ(groups)
	JMP(LabelRef("loop"))
	Label("done")
	VMOVQ(last.AsX(), tmp)
	Store(tmp, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// avx2 does the same with 8 differences in two registers of four.
func avx2() {
	TEXT("deltaAVX2", NOSPLIT, "func(dst *int64, src *byte, groups, width int, t *byte, low, last int64) int64")
	Doc("deltaAVX2 writes 8 sums for each group of differences of 1 to 25 bits, each with low added, from last on, and returns the last sum. It reads 16 bytes",
		"from the middle of the last group on.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	groups, width := Load(Param("groups"), GP64()), Load(Param("width"), GP64())
	table := Load(Param("t"), GP64())
	places, shifts, mask, v := YMM(), YMM(), YMM(), YMM()
	VMOVDQU(Mem{Base: table, Disp: 128}, places)
	VMOVDQU(Mem{Base: table, Disp: 160}, shifts)
	ones, half := GP64(), GP64()
	MOVQ(I64(-1), ones)
	BZHIQ(width, ones, ones)
	VMOVD(ones.As32(), mask.AsX())
	VPBROADCASTD(mask.AsX(), mask)
	MOVQ(width, half)
	SHRQ(Imm(1), half)
	low, last, zero := YMM(), YMM(), YMM()
	tmp := GP64()
	Load(Param("low"), tmp)
	VMOVQ(tmp, low.AsX())
	VPBROADCASTQ(low.AsX(), low)
	Load(Param("last"), tmp)
	VMOVQ(tmp, last.AsX())
	VPBROADCASTQ(last.AsX(), last)
	VPXOR(zero, zero, zero)
	Label("loop2")
	TESTQ(groups, groups)
	JEQ(LabelRef("done2"))
	VMOVDQU(Mem{Base: src}, v.AsX())
	VINSERTI128(Imm(1), Mem{Base: src, Index: half, Scale: 1}, v, v)
	VPSHUFB(places, v, v)
	VPSRLVD(shifts, v, v)
	VPAND(mask, v, v)
	halves := [2]reg.VecVirtual{YMM(), YMM()}
	VPMOVZXDQ(v.AsX(), halves[0])
	upper := XMM()
	VEXTRACTI128(Imm(1), v, upper)
	VPMOVZXDQ(upper, halves[1])
	s := YMM()
	for _, h := range halves {
		VPADDQ(low, h, h)
		VPERMQ(Imm(0x90), h, s) // each to the next place, the first twice
		VPBLENDD(Imm(0x03), zero, s, s)
		VPADDQ(s, h, h)
		VPERM2I128(Imm(0x08), h, h, s) // the lower half to the upper, zeros below
		VPADDQ(s, h, h)
	}
	for i, h := range halves {
		VPADDQ(last, h, h)
		VMOVDQU(h, Mem{Base: dst, Disp: 32 * i})
		VPERMQ(Imm(0xFF), h, last)
	}
	ADDQ(width, src)
	ADDQ(Imm(64), dst)
	DECQ(groups)
	JMP(LabelRef("loop2"))
	Label("done2")
	VMOVQ(last.AsX(), tmp)
	Store(tmp, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
