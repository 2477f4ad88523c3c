// Command group writes sums and counts by group.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// copies is how many accumulators a group has, a sum and a count each: rows one after the other take turns, so that none waits for the one before to reach memory.
const (
	copies = 4
	shift  = 6 // of a group's number to the offset of its accumulators
)

func main() {
	Constraint(buildtags.Term("amd64"))
	for _, level := range []string{"AVX2", "AVX512"} {
		sumCount("sumCountCodes", 8, level)
		sumCount("sumCountGroups", 32, level)
	}
	addTotals()
	Generate()
}

// sumCount adds to accumulators of 16 bytes, a group's side by side in one cache line. A row's addition is one of 128 bits: its value, and 1.
func sumCount(name string, width int, level string) {
	name += level
	TEXT(name, NOSPLIT, fmt.Sprintf("func(acc *int64, codes *uint%d, values *int64, n int) uint64", width))
	Doc(name + " adds n values, at least one, to the sums of their groups and 1 to the counts; it returns the bits of all values, those of negative ones complemented.")
	Pragma("noescape")
	acc, codes, values, n := GP64(), GP64(), GP64(), GP64()
	Load(Param("acc"), acc)
	Load(Param("codes"), codes)
	Load(Param("values"), values)
	Load(Param("n"), n)
	vector, rows := YMM, 4
	if level == "AVX512" {
		vector, rows = ZMM, 8
	}
	ones, magnitude, v, zero := vector(), vector(), vector(), vector()
	r := GP64()
	MOVQ(U64(1), r)
	VMOVQ(r, ones.AsX())
	VPBROADCASTQ(ones.AsX(), ones)
	if level == "AVX512" {
		VPXORQ(magnitude, magnitude, magnitude)
	} else {
		VPXOR(magnitude, magnitude, magnitude)
		VPXOR(zero, zero, zero)
	}
	// A row's addition: the value in the lower half of x, 1 in the upper.
	row := func(i int, x reg.Register) {
		g := GP64()
		at := Mem{Base: codes, Disp: i * width / 8}
		if width == 8 {
			MOVBLZX(at, g.As32())
		} else {
			MOVL(at, g.As32())
		}
		SHLQ(Imm(shift), g)
		to := Mem{Base: acc, Index: g, Scale: 1, Disp: i % copies * 16}
		sum := XMM()
		VPADDQ(to, x, sum)
		VMOVDQU(sum, to)
	}
	bits := GP64()
	XORQ(bits, bits)
	Label("loop")
	CMPQ(n, Imm(uint64(rows)))
	JL(LabelRef("tail"))
	if level == "AVX512" {
		sign := ZMM()
		VMOVDQU64(Mem{Base: values}, v)
		VPSRAQ(Imm(63), v, sign)
		// magnitude | (v ^ sign)
		VPTERNLOGQ(Imm(0xF6), sign, v, magnitude)
	} else {
		sign := YMM()
		VMOVDQU(Mem{Base: values}, v)
		VPCMPGTQ(v, zero, sign)
		VPXOR(v, sign, sign)
		VPOR(sign, magnitude, magnitude)
	}
	even, odd := vector(), vector()
	VPUNPCKLQDQ(ones, v, even)
	VPUNPCKHQDQ(ones, v, odd)
	for i := range rows {
		from := []reg.VecVirtual{even, odd}[i%2]
		var x reg.Register = from.AsX()
		switch {
		case i >= 2 && level == "AVX512":
			x = XMM()
			VEXTRACTI64X2(Imm(uint64(i/2)), from, x)
		case i >= 2:
			x = XMM()
			VEXTRACTI128(Imm(1), from, x)
		}
		row(i, x)
	}
	ADDQ(Imm(uint64(rows*width/8)), codes)
	ADDQ(Imm(uint64(8*rows)), values)
	SUBQ(Imm(uint64(rows)), n)
	JMP(LabelRef("loop"))
	Label("tail")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	value, sign, x := GP64(), GP64(), XMM()
	MOVQ(Mem{Base: values}, value)
	VMOVQ(value, x)
	VPUNPCKLQDQ(ones.AsX(), x, x)
	row(0, x)
	MOVQ(value, sign)
	SARQ(Imm(63), sign)
	XORQ(sign, value)
	ORQ(value, bits)
	ADDQ(Imm(uint64(width/8)), codes)
	ADDQ(Imm(8), values)
	DECQ(n)
	JMP(LabelRef("tail"))
	Label("done")
	lower, other := magnitude, YMM()
	if level == "AVX512" {
		VEXTRACTI64X4(Imm(1), magnitude, other)
		VPOR(other, lower.AsY(), lower.AsY())
	}
	half := XMM()
	VEXTRACTI128(Imm(1), lower.AsY(), half)
	VPOR(half, lower.AsX(), lower.AsX())
	VPSRLDQ(Imm(8), lower.AsX(), half)
	VPOR(half, lower.AsX(), lower.AsX())
	VMOVQ(lower.AsX(), value)
	ORQ(value, bits)
	VZEROUPPER()
	Store(bits, ReturnIndex(0))
	RET()
}

// ahead is how many rows before its addition a total is asked for.
const ahead = 32

// addTotals adds to totals in memory that no cache holds: 128 bits and a count.
func addTotals() {
	TEXT("addTotalsAVX2", NOSPLIT, "func(totals *uint64, gids *uint32, values *int64, n, coming int)")
	Doc("addTotalsAVX2 adds n values to the sums of their groups and 1 to the counts. coming gids, 0 or as many rows, from 32 rows on have their totals asked for.")
	Pragma("noescape")
	totals, gids, values, n, coming := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("totals"), totals)
	Load(Param("gids"), gids)
	Load(Param("values"), values)
	Load(Param("n"), n)
	Load(Param("coming"), coming)
	g, v, sign := GP64(), GP64(), GP64()
	add := func() {
		MOVL(Mem{Base: gids}, g.As32())
		LEAQ(Mem{Base: g, Index: g, Scale: 2}, g)
		MOVQ(Mem{Base: values}, v)
		MOVQ(v, sign)
		SARQ(Imm(63), sign)
		ADDQ(v, Mem{Base: totals, Index: g, Scale: 8})
		ADCQ(sign, Mem{Base: totals, Index: g, Scale: 8, Disp: 8})
		ADDQ(Imm(1), Mem{Base: totals, Index: g, Scale: 8, Disp: 16})
		ADDQ(Imm(4), gids)
		ADDQ(Imm(8), values)
		DECQ(n)
	}
	Label("loop")
	TESTQ(coming, coming)
	JEQ(LabelRef("rest"))
	next := GP64()
	MOVL(Mem{Base: gids, Disp: 4 * ahead}, next.As32())
	LEAQ(Mem{Base: next, Index: next, Scale: 2}, next)
	PREFETCHT0(Mem{Base: totals, Index: next, Scale: 8})
	add()
	DECQ(coming)
	JMP(LabelRef("loop"))
	Label("rest")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	add()
	JMP(LabelRef("rest"))
	Label("done")
	RET()
}
