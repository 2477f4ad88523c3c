// Command choose writes the routines that decide which rows count: ranges, flags and bits to selections, and the greatest of codes.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

// lessOrEqual is a predicate of VPCMP.
const lessOrEqual = 2

func main() {
	Constraint(buildtags.Term("amd64"))
	for _, width := range []int{32, 64} {
		rangeAVX512(width)
	}
	for _, name := range []string{"Flags", "Bits"} {
		selectAVX512(name)
	}
	selectionsAVX2()
	maxAVX512()
	maxAVX2()
	Generate()
}

// loadLanes loads a register of values, those of the mask only.
func loadLanes(width int, from Mem, mask reg.OpmaskVirtual, tail bool, v reg.VecVirtual) {
	switch {
	case width == 32 && tail:
		VMOVDQU32_Z(from, mask, v)
	case width == 32:
		VMOVDQU32(from, v)
	case tail:
		VMOVDQU64_Z(from, mask, v)
	default:
		VMOVDQU64(from, v)
	}
}

func broadcast(width int, name string) reg.VecVirtual {
	v := ZMM()
	if width == 32 {
		VPBROADCASTD(Load(Param(name), GP32()), v)
	} else {
		VPBROADCASTQ(Load(Param(name), GP64()), v)
	}
	return v
}

// rangeAVX512 finds the values whose distance from the least is at most the span, or those for which it is not.
func rangeAVX512(width int) {
	count := 512 / width
	name := fmt.Sprintf("selectRange%dAVX512", width)
	TEXT(name, NOSPLIT, fmt.Sprintf("func(out *uint32, values *int%d, n int, least, span uint%d, flip int32) int", width, width))
	Doc(name + " writes the positions of those of n values that are within span of least, or with flip -1 instead of 0 of the others, and returns how many. out has room for n.")
	Pragma("noescape")
	values, n := GP64(), GP64()
	Load(Param("values"), values)
	Load(Param("n"), n)
	least, span, v := broadcast(width, "least"), broadcast(width, "span"), ZMM()
	flip := K()
	KMOVW(Load(Param("flip"), GP32()), flip)
	s := lanes.NewSelection(count)
	lanes.Loop(count, n, func(mask reg.OpmaskVirtual, tail bool) {
		loadLanes(width, Mem{Base: values}, mask, tail, v)
		k := K()
		if width == 32 {
			VPSUBD(least, v, v)
			VPCMPUD(Imm(lessOrEqual), span, v, k)
		} else {
			VPSUBQ(least, v, v)
			VPCMPUQ(Imm(lessOrEqual), span, v, k)
		}
		KXORW(flip, k, k)
		if count == 8 && !tail {
			mask = K()
			KXNORB(mask, mask, mask)
		}
		if count == 8 || tail {
			KANDW(mask, k, k)
		}
		s.Take(k, tail)
	}, func() { ADDQ(Imm(64), values) })
	VZEROUPPER()
	Store(s.Count, ReturnIndex(0))
	RET()
}

// selectAVX512 turns a byte or a bit a row into the numbers of the rows that have one.
func selectAVX512(from string) {
	name, element := "select"+from+"AVX512", "uint8"
	TEXT(name, NOSPLIT, fmt.Sprintf("func(out *uint32, from *%s, n int) int", element))
	if from == "Flags" {
		Doc(name + " writes the positions of those of n bytes that are not 0 and returns how many. out has room for n.")
	} else {
		Doc(name + " writes the positions of those of n bits that are set and returns how many. out has room for n, which is a multiple of 16.")
	}
	Pragma("noescape")
	in, n := GP64(), GP64()
	Load(Param("from"), in)
	Load(Param("n"), n)
	s := lanes.NewSelection(16)
	v := XMM()
	if from == "Bits" {
		Label("bits")
		SUBQ(Imm(16), n)
		JL(LabelRef("bits_done"))
		k := K()
		KMOVW(Mem{Base: in}, k)
		s.Take(k, false)
		ADDQ(Imm(2), in)
		JMP(LabelRef("bits"))
		Label("bits_done")
	} else {
		lanes.Loop(16, n, func(mask reg.OpmaskVirtual, tail bool) {
			if tail {
				VMOVDQU8_Z(Mem{Base: in}, mask, v)
			} else {
				VMOVDQU8(Mem{Base: in}, v)
			}
			k := K()
			VPTESTMB(v, v, k)
			s.Take(k, tail)
		}, func() { ADDQ(Imm(16), in) })
	}
	VZEROUPPER()
	Store(s.Count, ReturnIndex(0))
	RET()
}

// maxAVX512 finds the greatest of 32-bit numbers, in four chains.
func maxAVX512() {
	TEXT("maxUint32AVX512", NOSPLIT, "func(values *uint32, n int) uint32")
	Doc("maxUint32AVX512 is the greatest of n values, 0 if there is none.")
	Pragma("noescape")
	values, n := GP64(), GP64()
	Load(Param("values"), values)
	Load(Param("n"), n)
	var greatest [4]reg.VecVirtual
	for i := range greatest {
		greatest[i] = ZMM()
		VPXORD(greatest[i], greatest[i], greatest[i])
	}
	Label("four")
	CMPQ(n, Imm(64))
	JL(LabelRef("loop"))
	for i, g := range greatest {
		VPMAXUD(Mem{Base: values, Disp: 64 * i}, g, g)
	}
	ADDQ(U32(256), values)
	SUBQ(Imm(64), n)
	JMP(LabelRef("four"))
	v := ZMM()
	lanes.Loop(16, n, func(mask reg.OpmaskVirtual, tail bool) {
		loadLanes(32, Mem{Base: values}, mask, tail, v)
		VPMAXUD(v, greatest[0], greatest[0])
	}, func() { ADDQ(Imm(64), values) })
	VPMAXUD(greatest[1], greatest[0], greatest[0])
	VPMAXUD(greatest[3], greatest[2], greatest[2])
	VPMAXUD(greatest[2], greatest[0], greatest[0])
	half := YMM()
	VEXTRACTI64X4(Imm(1), greatest[0], half)
	VPMAXUD(half, greatest[0].AsY(), half)
	finishMax(half)
}

// maxAVX2 is for multiples of eight.
func maxAVX2() {
	TEXT("maxUint32AVX2", NOSPLIT, "func(values *uint32, n int) uint32")
	Doc("maxUint32AVX2 is the greatest of n values, n a multiple of 8, 0 if there is none.")
	Pragma("noescape")
	values, n := GP64(), GP64()
	Load(Param("values"), values)
	Load(Param("n"), n)
	var greatest [4]reg.VecVirtual
	for i := range greatest {
		greatest[i] = YMM()
		VPXOR(greatest[i], greatest[i], greatest[i])
	}
	Label("four")
	CMPQ(n, Imm(32))
	JL(LabelRef("eight"))
	for i, g := range greatest {
		VPMAXUD(Mem{Base: values, Disp: 32 * i}, g, g)
	}
	ADDQ(U32(128), values)
	SUBQ(Imm(32), n)
	JMP(LabelRef("four"))
	Label("eight")
	SUBQ(Imm(8), n)
	JL(LabelRef("all"))
	VPMAXUD(Mem{Base: values}, greatest[0], greatest[0])
	ADDQ(Imm(32), values)
	JMP(LabelRef("eight"))
	Label("all")
	VPMAXUD(greatest[1], greatest[0], greatest[0])
	VPMAXUD(greatest[3], greatest[2], greatest[2])
	VPMAXUD(greatest[2], greatest[0], greatest[0])
	finishMax(greatest[0])
}

func finishMax(g reg.VecVirtual) {
	other := XMM()
	VEXTRACTI128(Imm(1), g, other)
	VPMAXUD(other, g.AsX(), other)
	next := XMM()
	VPSHUFD(Imm(0x4E), other, next)
	VPMAXUD(next, other, other)
	VPSHUFD(Imm(0xB1), other, next)
	VPMAXUD(next, other, other)
	result := GP32()
	VMOVD(other, result)
	VZEROUPPER()
	Store(result, ReturnIndex(0))
	RET()
}
