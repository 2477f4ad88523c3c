// Command unpack writes the unpacking of bit-packed values.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	narrowVBMI()
	wideVBMI()
	narrowAVX2()
	wideAVX2()
	bitsAVX512()
	bitsAVX2()
	Generate()
}

// narrowVBMI brings the bytes of each of 16 values to its place with one permutation, shifts and masks.
func narrowVBMI() {
	TEXT("unpackNarrowVBMI", NOSPLIT, "func(dst *uint32, src *byte, n, width int, t *byte)")
	Doc("unpackNarrowVBMI unpacks n values of 1 to 25 bits. It touches the bytes that hold them, and no others.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	n, width := Load(Param("n"), GP64()), Load(Param("width"), GP64())
	table := Load(Param("t"), GP64())
	permutation, shifts, mask, v := ZMM(), ZMM(), ZMM(), ZMM()
	VMOVDQU64(Mem{Base: table}, permutation)
	VMOVDQU32(Mem{Base: table, Disp: 64}, shifts)
	bits := GP64()
	ones := GP64()
	MOVQ(I64(-1), ones)
	BZHIQ(width, ones, bits)
	VPBROADCASTD(bits.As32(), mask)
	stride := GP64()
	LEAQ(Mem{Base: width, Index: width, Scale: 1}, stride)
	bytes := K()
	BZHIQ(stride, ones, bits)
	KMOVQ(bits, bytes)

	Label("loop")
	CMPQ(n, Imm(16))
	JL(LabelRef("tail"))
	group := func() {
		VMOVDQU8_Z(Mem{Base: src}, bytes, v)
		VPERMB(v, permutation, v)
		VPSRLVD(shifts, v, v)
		VPANDD(mask, v, v)
	}
	group()
	VMOVDQU32(v, Mem{Base: dst})
	ADDQ(stride, src)
	ADDQ(Imm(64), dst)
	SUBQ(Imm(16), n)
	JMP(LabelRef("loop"))

	Label("tail")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	IMULQ(n, width)
	ADDQ(Imm(7), width)
	SHRQ(Imm(3), width)
	BZHIQ(width, ones, bits)
	KMOVQ(bits, bytes)
	BZHIQ(n, ones, bits)
	values := K()
	KMOVQ(bits, values)
	group()
	VMOVDQU32(v, values, Mem{Base: dst})
	Label("done")
	VZEROUPPER()
	RET()
}

// wideVBMI does the same with 8 values in places of 64 bits: with the bits before its first, a value may span five bytes.
func wideVBMI() {
	TEXT("unpackWideVBMI", NOSPLIT, "func(dst *uint32, src *byte, n, width int, t *byte)")
	Doc("unpackWideVBMI unpacks n values of 26 to 32 bits. It touches the bytes that hold them, and no others.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	n, width := Load(Param("n"), GP64()), Load(Param("width"), GP64())
	table := Load(Param("t"), GP64())
	permutation, shifts, mask, v := ZMM(), ZMM(), ZMM(), ZMM()
	VMOVDQU64(Mem{Base: table}, permutation)
	VMOVDQU64(Mem{Base: table, Disp: 64}, shifts)
	bits, ones := GP64(), GP64()
	MOVQ(I64(-1), ones)
	BZHIQ(width, ones, bits)
	VPBROADCASTQ(bits, mask)
	bytes := K()
	KMOVQ(bits, bytes) // eight values take as many bytes as one takes bits

	Label("wide_loop")
	CMPQ(n, Imm(8))
	JL(LabelRef("wide_tail"))
	group := func() {
		VMOVDQU8_Z(Mem{Base: src}, bytes, v)
		VPERMB(v, permutation, v)
		VPSRLVQ(shifts, v, v)
		VPANDQ(mask, v, v)
	}
	group()
	VPMOVQD(v, Mem{Base: dst})
	ADDQ(width, src)
	ADDQ(Imm(32), dst)
	SUBQ(Imm(8), n)
	JMP(LabelRef("wide_loop"))

	Label("wide_tail")
	TESTQ(n, n)
	JEQ(LabelRef("wide_done"))
	IMULQ(n, width)
	ADDQ(Imm(7), width)
	SHRQ(Imm(3), width)
	BZHIQ(width, ones, bits)
	KMOVQ(bits, bytes)
	BZHIQ(n, ones, bits)
	values := K()
	KMOVQ(bits, values)
	group()
	VPMOVQD(v, values, Mem{Base: dst})
	Label("wide_done")
	VZEROUPPER()
	RET()
}

// narrowAVX2 unpacks 8 values at a time: four from each half of the register, which is loaded from where its first value begins.
func narrowAVX2() {
	TEXT("unpackNarrowAVX2", NOSPLIT, "func(dst *uint32, src *byte, groups, width int, t *byte)")
	Doc("unpackNarrowAVX2 unpacks groups of 8 values of 1 to 25 bits. It reads 16 bytes from the middle of the last group on.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	groups, width := Load(Param("groups"), GP64()), Load(Param("width"), GP64())
	table := Load(Param("t"), GP64())
	places, shifts, mask, v := YMM(), YMM(), YMM(), YMM()
	VMOVDQU(Mem{Base: table, Disp: 128}, places)
	VMOVDQU(Mem{Base: table, Disp: 160}, shifts)
	ones, bits, half := GP64(), GP64(), GP64()
	MOVQ(I64(-1), ones)
	BZHIQ(width, ones, bits)
	VMOVD(bits.As32(), mask.AsX())
	VPBROADCASTD(mask.AsX(), mask)
	MOVQ(width, half)
	SHRQ(Imm(1), half)
	TESTQ(groups, groups)
	JEQ(LabelRef("avx2_done"))
	Label("avx2_loop")
	VMOVDQU(Mem{Base: src}, v.AsX())
	VINSERTI128(Imm(1), Mem{Base: src, Index: half, Scale: 1}, v, v)
	VPSHUFB(places, v, v)
	VPSRLVD(shifts, v, v)
	VPAND(mask, v, v)
	VMOVDQU(v, Mem{Base: dst})
	ADDQ(width, src)
	ADDQ(Imm(32), dst)
	DECQ(groups)
	JNE(LabelRef("avx2_loop"))
	Label("avx2_done")
	VZEROUPPER()
	RET()
}

// wideAVX2 unpacks 8 values at a time in places of 64 bits: the first two and the fifth and sixth in one register, the others in another, so that bringing the
// lower halves together puts them in order.
func wideAVX2() {
	TEXT("unpackWideAVX2", NOSPLIT, "func(dst *uint32, src *byte, groups, width int, t *byte)")
	Doc("unpackWideAVX2 unpacks groups of 8 values of 26 to 31 bits. It reads 16 bytes from three quarters of the last group on.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	groups, width := Load(Param("groups"), GP64()), Load(Param("width"), GP64())
	table := Load(Param("t"), GP64())
	places, shifts, v := [2]reg.VecVirtual{YMM(), YMM()}, [2]reg.VecVirtual{YMM(), YMM()}, [2]reg.VecVirtual{YMM(), YMM()}
	for i := range 2 {
		VMOVDQU(Mem{Base: table, Disp: 192 + 64*i}, places[i])
		VMOVDQU(Mem{Base: table, Disp: 224 + 64*i}, shifts[i])
	}
	mask, bits, quarter, half, three := YMM(), GP64(), GP64(), GP64(), GP64()
	MOVQ(I64(-1), bits)
	BZHIQ(width, bits, bits)
	VMOVQ(bits, mask.AsX())
	VPBROADCASTQ(mask.AsX(), mask)
	MOVQ(width, quarter)
	SHRQ(Imm(2), quarter)
	MOVQ(width, half)
	SHRQ(Imm(1), half)
	LEAQ(Mem{Base: width, Index: width, Scale: 2}, three)
	SHRQ(Imm(2), three)
	TESTQ(groups, groups)
	JEQ(LabelRef("wide2_done"))
	Label("wide2_loop")
	VMOVDQU(Mem{Base: src}, v[0].AsX())
	VINSERTI128(Imm(1), Mem{Base: src, Index: half, Scale: 1}, v[0], v[0])
	VMOVDQU(Mem{Base: src, Index: quarter, Scale: 1}, v[1].AsX())
	VINSERTI128(Imm(1), Mem{Base: src, Index: three, Scale: 1}, v[1], v[1])
	for i := range 2 {
		VPSHUFB(places[i], v[i], v[i])
		VPSRLVQ(shifts[i], v[i], v[i])
		VPAND(mask, v[i], v[i])
	}
	VSHUFPS(Imm(0x88), v[1], v[0], v[0])
	VMOVDQU(v[0], Mem{Base: dst})
	ADDQ(width, src)
	ADDQ(Imm(32), dst)
	DECQ(groups)
	JNE(LabelRef("wide2_loop"))
	Label("wide2_done")
	VZEROUPPER()
	RET()
}

// bitsAVX512 makes bytes of bits under a mask.
func bitsAVX512() {
	TEXT("unpackBitsAVX512", NOSPLIT, "func(dst *uint8, src *byte, words int)")
	Doc("unpackBitsAVX512 makes 64 bytes of 0 or 1 of each of words words of bits.")
	Pragma("noescape")
	dst, src, words := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("words"), GP64())
	one, ones, out, bits := GP32(), ZMM(), ZMM(), K()
	MOVL(U32(1), one)
	VPBROADCASTB(one, ones)
	Label("bits_loop")
	TESTQ(words, words)
	JEQ(LabelRef("bits_done"))
	KMOVQ(Mem{Base: src}, bits)
	VMOVDQU8_Z(ones, bits, out)
	VMOVDQU8(out, Mem{Base: dst})
	ADDQ(Imm(8), src)
	ADDQ(Imm(64), dst)
	DECQ(words)
	JMP(LabelRef("bits_loop"))
	Label("bits_done")
	VZEROUPPER()
	RET()
}

// bitsAVX2 brings each byte of four to eight places and asks each place for its bit.
func bitsAVX2() {
	TEXT("unpackBitsAVX2", NOSPLIT, "func(dst *uint8, src *byte, words int)")
	Doc("unpackBitsAVX2 makes 64 bytes of 0 or 1 of each of words words of bits.")
	Pragma("noescape")
	dst, src, words := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("words"), GP64())
	spread := GLOBL("spread_bits", RODATA|NOPTR)
	for i := range 32 {
		DATA(i, U8(i/8))
	}
	which := GLOBL("which_bit", RODATA|NOPTR)
	for i := range 32 {
		DATA(i, U8(1<<(i%8)))
	}
	places, bit, ones := YMM(), YMM(), YMM()
	VMOVDQU(spread, places)
	VMOVDQU(which, bit)
	VPCMPEQB(ones, ones, ones)
	VPABSB(ones, ones)
	Label("bits2_loop")
	TESTQ(words, words)
	JEQ(LabelRef("bits2_done"))
	for half := range 2 {
		v := YMM()
		VPBROADCASTD(Mem{Base: src, Disp: 4 * half}, v)
		VPSHUFB(places, v, v)
		VPAND(bit, v, v)
		VPCMPEQB(bit, v, v)
		VPAND(ones, v, v)
		VMOVDQU(v, Mem{Base: dst, Disp: 32 * half})
	}
	ADDQ(Imm(8), src)
	ADDQ(Imm(64), dst)
	DECQ(words)
	JMP(LabelRef("bits2_loop"))
	Label("bits2_done")
	VZEROUPPER()
	RET()
}
