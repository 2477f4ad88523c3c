package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

// selectionsAVX2 writes the selections in whole steps of eight rows: a mask of eight bits chooses a permutation of the rows' numbers.
func selectionsAVX2() {
	table := lanes.Permutations(32)
	for _, what := range []string{"Flags", "Bits"} {
		selectAVX2(what, table)
	}
	for _, width := range []int{32, 64} {
		rangeAVX2(width, table)
	}
}

// chooser writes the numbers of chosen rows, eight at a time.
type chooser struct {
	out, count, table     reg.GPVirtual
	rows, eight, at, some reg.VecVirtual
}

func newChooser(table Mem) *chooser {
	c := &chooser{GP64(), GP64(), GP64(), YMM(), YMM(), YMM(), YMM()}
	Load(Param("out"), c.out)
	XORL(c.count.As32(), c.count.As32())
	LEAQ(table, c.table)
	VMOVDQU(lanes.Numbers(), c.rows)
	r := GP32()
	MOVL(U32(8), r)
	VMOVD(r, c.eight.AsX())
	VPBROADCASTD(c.eight.AsX(), c.eight)
	return c
}

// take writes the rows of the bits of mask. Eight are stored where eight are left: out has room for as many rows as there are.
func (c *chooser) take(mask reg.GPVirtual) {
	VPMOVZXBD(Mem{Base: c.table, Index: mask, Scale: 8}, c.at)
	VPERMD(c.rows, c.at, c.some)
	VMOVDQU(c.some, Mem{Base: c.out, Index: c.count, Scale: 4})
	POPCNTL(mask.As32(), mask.As32())
	ADDQ(mask, c.count)
	VPADDD(c.eight, c.rows, c.rows)
}

func selectAVX2(what string, table Mem) {
	name, from := "select"+what+"AVX2", "flags"
	if what == "Bits" {
		from = "words"
	}
	TEXT(name, NOSPLIT, fmt.Sprintf("func(out *uint32, %s *uint8, n int) int", from))
	Doc(fmt.Sprintf("%s writes the positions of %s that are 1 among n, a multiple of 8, and returns how many. out has room for n.", name, from))
	Pragma("noescape")
	p, n := GP64(), GP64()
	Load(Param(from), p)
	Load(Param("n"), n)
	c := newChooser(table)
	lowest := GP64()
	MOVQ(U64(0x0101010101010101), lowest)
	mask := GP64()
	Label("loop")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	if what == "Bits" {
		MOVBLZX(Mem{Base: p}, mask.As32())
		INCQ(p)
	} else {
		MOVQ(Mem{Base: p}, mask)
		PEXTQ(lowest, mask, mask)
		ADDQ(Imm(8), p)
	}
	c.take(mask)
	SUBQ(Imm(8), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	Store(c.count, ReturnIndex(0))
	RET()
}

// rangeAVX2 finds the values whose distance from the least is at most the span, or those for which it is not.
func rangeAVX2(width int, table Mem) {
	name := fmt.Sprintf("selectRange%dAVX2", width)
	TEXT(name, NOSPLIT, fmt.Sprintf("func(out *uint32, values *int%d, n int, least, span uint%d, flip int32) int", width, width))
	Doc(name + " writes the positions of those of n values, a multiple of 8, that are within span of least, or with flip -1 instead of 0 of the others, and returns how many.")
	Pragma("noescape")
	values, n := GP64(), GP64()
	Load(Param("values"), values)
	Load(Param("n"), n)
	least, span, sign := YMM(), YMM(), YMM()
	fill := func(name string, to reg.VecVirtual) {
		if width == 32 {
			VMOVD(Load(Param(name), GP32()), to.AsX())
			VPBROADCASTD(to.AsX(), to)
		} else {
			VMOVQ(Load(Param(name), GP64()), to.AsX())
			VPBROADCASTQ(to.AsX(), to)
		}
	}
	fill("least", least)
	fill("span", span)
	if width == 64 {
		// Comparisons are signed: both sides have their first bit turned over.
		r := GP64()
		MOVQ(U64(1<<63), r)
		VMOVQ(r, sign.AsX())
		VPBROADCASTQ(sign.AsX(), sign)
		VPXOR(sign, span, span)
		VPXOR(sign, least, least)
	}
	flip := GP32()
	Load(Param("flip"), flip)
	if width == 32 {
		ANDL(Imm(255), flip)
	} else {
		// What the comparison of 64 bits gives is what is outside.
		NOTL(flip)
		ANDL(Imm(255), flip)
	}
	c := newChooser(table)
	mask, upper, x, y := GP64(), GP64(), YMM(), YMM()
	Label("loop")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	if width == 32 {
		VMOVDQU(Mem{Base: values}, x)
		VPSUBD(least, x, x)
		VPMINUD(span, x, y)
		VPCMPEQD(x, y, x)
		VMOVMSKPS(x, mask.As32())
		ADDQ(Imm(32), values)
	} else {
		for half, to := range []reg.GPVirtual{mask, upper} {
			VMOVDQU(Mem{Base: values, Disp: 32 * half}, x)
			// Subtracting a number whose first bit is turned over turns over that of the difference.
			VPSUBQ(least, x, x)
			VPCMPGTQ(span, x, y)
			VMOVMSKPD(y, to.As32())
		}
		SHLL(Imm(4), upper.As32())
		ORL(upper.As32(), mask.As32())
		ADDQ(Imm(64), values)
	}
	XORL(flip, mask.As32())
	c.take(mask)
	SUBQ(Imm(8), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	Store(c.count, ReturnIndex(0))
	RET()
}
