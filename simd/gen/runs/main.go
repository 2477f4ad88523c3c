// Command runs writes the decoding of the hybrid of runs and bit-packed values.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	decode("decodeRunsAVX2", false)
	decode("decodeRunsVBMI", true)
	Generate()
}

// decode goes from run to run. It stops at the first that does not fit what is left of the output, that is not well formed, or whose header or values lie too
// close to the end of the input to be read in whole words: what that is, Go finds out.
func decode(name string, wide bool) {
	TEXT(name, NOSPLIT, "func(dst *uint32, n int, src *byte, size, width int, t *byte) (values, consumed int)")
	Doc(name + " decodes whole runs of values of 1 to 25 bits and returns how many values and bytes those were.")
	Pragma("noescape")
	dst, n := Load(Param("dst"), GP64()), Load(Param("n"), GP64())
	src, size := Load(Param("src"), GP64()), Load(Param("size"), GP64())
	width := Load(Param("width"), GP64())
	table := Load(Param("t"), GP64())
	ones, mask32, end, from, at := GP64(), GP64(), GP64(), GP64(), GP64()
	MOVQ(I64(-1), ones)
	BZHIQ(width, ones, mask32)
	LEAQ(Mem{Base: src, Index: size, Scale: 1}, end)
	MOVQ(dst, from)
	MOVQ(src, at)
	var permutation, shifts, mask, v reg.VecVirtual
	stride, bytes, tmp := GP64(), K(), GP64()
	half := stride
	if wide {
		permutation, shifts, mask, v = ZMM(), ZMM(), ZMM(), ZMM()
		VMOVDQU64(Mem{Base: table}, permutation)
		VMOVDQU32(Mem{Base: table, Disp: 64}, shifts)
		VPBROADCASTD(mask32.As32(), mask)
		LEAQ(Mem{Base: width, Index: width, Scale: 1}, stride)
		BZHIQ(stride, ones, tmp)
		KMOVQ(tmp, bytes)
	} else {
		permutation, shifts, mask, v = YMM(), YMM(), YMM(), YMM()
		VMOVDQU(Mem{Base: table, Disp: 128}, permutation)
		VMOVDQU(Mem{Base: table, Disp: 160}, shifts)
		VMOVD(mask32.As32(), mask.AsX())
		VPBROADCASTD(mask.AsX(), mask)
		MOVQ(width, half)
		SHRQ(Imm(1), half)
	}
	body, head, count, value := GP64(), GP64(), GP64(), GP64()

	Label("run")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	LEAQ(Mem{Base: at, Disp: 8}, tmp)
	CMPQ(tmp, end)
	JA(LabelRef("done"))
	// A header of up to three bytes.
	MOVBQZX(Mem{Base: at}, head)
	LEAQ(Mem{Base: at, Disp: 1}, body)
	TESTQ(U32(0x80), head)
	JEQ(LabelRef("header"))
	ANDQ(Imm(0x7F), head)
	for k := 1; k <= 2; k++ {
		MOVBQZX(Mem{Base: at, Disp: k}, tmp)
		MOVQ(tmp, value)
		ANDQ(Imm(0x7F), value)
		SHLQ(Imm(uint64(7*k)), value)
		ORQ(value, head)
		LEAQ(Mem{Base: at, Disp: k + 1}, body)
		TESTQ(U32(0x80), tmp)
		JEQ(LabelRef("header"))
	}
	JMP(LabelRef("done"))
	Label("header")
	MOVQ(head, count)
	SHRQ(Imm(1), count)
	TESTQ(U32(1), head)
	JNE(LabelRef("packed"))

	// A run of one value: at most 3 bytes of header and 4 of value lie within the 8 that are there.
	CMPQ(count, n)
	JA(LabelRef("done"))
	LEAQ(Mem{Base: width, Disp: 7}, head)
	ANDQ(I32(-8), head) // bits of the value's bytes
	MOVL(Mem{Base: body}, value.As32())
	BZHIQ(head, value, value)
	CMPQ(value, mask32)
	JA(LabelRef("done"))
	SHRQ(Imm(3), head)
	ADDQ(head, body)
	MOVQ(body, at)
	SUBQ(count, n)
	if wide {
		VPBROADCASTD(value.As32(), v)
		Label("fill")
		CMPQ(count, Imm(16))
		JL(LabelRef("fill_tail"))
		VMOVDQU32(v, Mem{Base: dst})
		ADDQ(Imm(64), dst)
		SUBQ(Imm(16), count)
		JMP(LabelRef("fill"))
		Label("fill_tail")
		BZHIQ(count, ones, tmp)
		some := K()
		KMOVQ(tmp, some)
		VMOVDQU32(v, some, Mem{Base: dst})
		LEAQ(Mem{Base: dst, Index: count, Scale: 4}, dst)
	} else {
		VMOVD(value.As32(), v.AsX())
		VPBROADCASTD(v.AsX(), v)
		Label("fill")
		CMPQ(count, Imm(8))
		JL(LabelRef("fill_tail"))
		VMOVDQU(v, Mem{Base: dst})
		ADDQ(Imm(32), dst)
		SUBQ(Imm(8), count)
		JMP(LabelRef("fill"))
		Label("fill_tail")
		TESTQ(count, count)
		JEQ(LabelRef("run"))
		MOVL(value.As32(), Mem{Base: dst})
		ADDQ(Imm(4), dst)
		DECQ(count)
		JMP(LabelRef("fill_tail"))
	}
	JMP(LabelRef("run"))

	Label("packed")
	// count groups of 8 values, each as many bytes as a value has bits.
	MOVQ(count, value)
	SHLQ(Imm(3), value)
	CMPQ(value, n)
	JA(LabelRef("done"))
	MOVQ(count, head)
	IMULQ(width, head)
	ADDQ(body, head)
	MOVQ(head, tmp)
	if !wide {
		ADDQ(Imm(16), tmp) // read from the middle of the last group on
	}
	CMPQ(tmp, end)
	JA(LabelRef("done"))
	SUBQ(value, n)
	MOVQ(head, at)
	if wide {
		group := func() {
			VMOVDQU8_Z(Mem{Base: body}, bytes, v)
			VPERMB(v, permutation, v)
			VPSRLVD(shifts, v, v)
			VPANDD(mask, v, v)
		}
		Label("groups")
		CMPQ(count, Imm(2))
		JL(LabelRef("group"))
		group()
		VMOVDQU32(v, Mem{Base: dst})
		ADDQ(stride, body)
		ADDQ(Imm(64), dst)
		SUBQ(Imm(2), count)
		JMP(LabelRef("groups"))
		Label("group")
		TESTQ(count, count)
		JEQ(LabelRef("run"))
		one := K()
		BZHIQ(width, ones, tmp)
		KMOVQ(tmp, one)
		VMOVDQU8_Z(Mem{Base: body}, one, v)
		VPERMB(v, permutation, v)
		VPSRLVD(shifts, v, v)
		VPANDD(mask, v, v)
		VMOVDQU(v.AsY(), Mem{Base: dst})
		ADDQ(Imm(32), dst)
	} else {
		Label("groups")
		TESTQ(count, count)
		JEQ(LabelRef("run"))
		VMOVDQU(Mem{Base: body}, v.AsX())
		VINSERTI128(Imm(1), Mem{Base: body, Index: half, Scale: 1}, v, v)
		VPSHUFB(permutation, v, v)
		VPSRLVD(shifts, v, v)
		VPAND(mask, v, v)
		VMOVDQU(v, Mem{Base: dst})
		ADDQ(width, body)
		ADDQ(Imm(32), dst)
		DECQ(count)
		JMP(LabelRef("groups"))
	}
	JMP(LabelRef("run"))

	Label("done")
	SUBQ(from, dst)
	SHRQ(Imm(2), dst)
	Store(dst, ReturnIndex(0))
	Load(Param("src"), tmp)
	SUBQ(tmp, at)
	Store(at, ReturnIndex(1))
	VZEROUPPER()
	RET()
}
