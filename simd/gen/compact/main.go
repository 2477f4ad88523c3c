// Command compact writes the moving together of values that a bitmap chooses.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	for _, width := range []int{32, 64} {
		wide(width)
		narrow(width)
	}
	Generate()
}

func begin(width int, level string, rows int) {
	name := fmt.Sprintf("compact%d%s", width, level)
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst, src *uint%d, chosen *uint8, n int) int", width))
	Doc(fmt.Sprintf("%s writes those of n values, a multiple of %d, whose bits are set and returns how many. dst has room for n and may be src.", name, rows))
	Pragma("noescape")
}

func wide(width int) {
	rows := 512 / width
	begin(width, "AVX512", rows)
	dst, src, chosen, n, count := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("chosen"), chosen)
	Load(Param("n"), n)
	XORL(count.As32(), count.As32())
	word, k, v, out := GP32(), K(), ZMM(), ZMM()
	Label("loop")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	if width == 32 {
		MOVWLZX(Mem{Base: chosen}, word)
	} else {
		MOVBLZX(Mem{Base: chosen}, word)
	}
	KMOVW(word, k)
	POPCNTL(word, word)
	to := Mem{Base: dst, Index: count, Scale: uint8(width / 8)}
	VMOVDQU64(Mem{Base: src}, v)
	// Whole registers are stored: what lies behind is overwritten later, or beyond what counts.
	if width == 32 {
		VPCOMPRESSD_Z(v, k, out)
	} else {
		VPCOMPRESSQ_Z(v, k, out)
	}
	VMOVDQU64(out, to)
	ADDQ(word.As64(), count)
	ADDQ(Imm(64), src)
	ADDQ(Imm(uint64(rows/8)), chosen)
	SUBQ(Imm(uint64(rows)), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	Store(count, ReturnIndex(0))
	RET()
}

// narrow permutes eight halves of registers by a table of what bits choose.
func narrow(width int) {
	begin(width, "AVX2", 8)
	dst, src, chosen, n, count := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("chosen"), chosen)
	Load(Param("n"), n)
	XORL(count.As32(), count.As32())
	table := GP64()
	LEAQ(lanes.Permutations(width), table)
	word, some, number, at, v := GP64(), GP64(), GP64(), YMM(), YMM()
	Label("loop")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	MOVBLZX(Mem{Base: chosen}, word.As32())
	if width == 32 {
		VPMOVZXBD(Mem{Base: table, Index: word, Scale: 8}, at)
		VPERMD(Mem{Base: src}, at, v)
		VMOVDQU(v, Mem{Base: dst, Index: count, Scale: 4})
		POPCNTL(word.As32(), number.As32())
		ADDQ(number, count)
	} else {
		for half := range 2 {
			MOVL(word.As32(), some.As32())
			if half == 0 {
				ANDL(Imm(15), some.As32())
			} else {
				SHRL(Imm(4), some.As32())
			}
			VPMOVZXBD(Mem{Base: table, Index: some, Scale: 8}, at)
			VPERMD(Mem{Base: src, Disp: 32 * half}, at, v)
			VMOVDQU(v, Mem{Base: dst, Index: count, Scale: 8})
			POPCNTL(some.As32(), number.As32())
			ADDQ(number, count)
		}
	}
	ADDQ(Imm(uint64(width)), src)
	INCQ(chosen)
	SUBQ(Imm(8), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	Store(count, ReturnIndex(0))
	RET()
}
