// Command keys writes what sorting does with the bytes of keys.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	extract()
	Generate()
}

// extract brings the bits of a mask together with PEXT.
func extract() {
	TEXT("extractBMI2", NOSPLIT, "func(codes *uint64, keys *byte, n, stride int, mask uint64, width, drop int)")
	Doc("extractBMI2 shifts each of n codes left by width bits and puts there the bits of mask of a key's first word, without the lowest drop of them.")
	Pragma("noescape")
	codes, keys := Load(Param("codes"), GP64()), Load(Param("keys"), GP64())
	n, stride := Load(Param("n"), GP64()), Load(Param("stride"), GP64())
	mask, width, drop := Load(Param("mask"), GP64()), Load(Param("width"), GP64()), Load(Param("drop"), GP64())
	word, code := GP64(), GP64()
	Label("extract_loop")
	TESTQ(n, n)
	JEQ(LabelRef("extract_done"))
	MOVQ(Mem{Base: keys}, word)
	BSWAPQ(word)
	PEXTQ(mask, word, word)
	SHRXQ(drop, word, word)
	SHLXQ(width, Mem{Base: codes}, code)
	ORQ(word, code)
	MOVQ(code, Mem{Base: codes})
	ADDQ(stride, keys)
	ADDQ(Imm(8), codes)
	DECQ(n)
	JMP(LabelRef("extract_loop"))
	Label("extract_done")
	RET()
}
