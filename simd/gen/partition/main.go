// Command partition writes the spreading of rows over partitions.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

const (
	// factor mixes the bits of hashes anew, which are turned by turn first.
	factor = 0xA0761D6478BD642F
	turn   = 29
)

func main() {
	Constraint(buildtags.Term("amd64"))
	wide()
	narrow()
	split()
	Generate()
}

const signature = "func(dst *uint32, hashes *uint64, n int, partitions uint64)"

func wide() {
	TEXT("partitionsAVX512", NOSPLIT, signature)
	Doc("partitionsAVX512 writes which of less than 2^32 partitions each of n hashes belongs to.")
	Pragma("noescape")
	dst, hashes, n := GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("hashes"), hashes)
	Load(Param("n"), n)
	count, mixer := ZMM(), ZMM()
	VPBROADCASTQ(Load(Param("partitions"), GP64()), count)
	r := GP64()
	MOVQ(U64(factor), r)
	VPBROADCASTQ(r, mixer)
	x, upper, out := ZMM(), ZMM(), YMM()
	lanes.Loop(8, n, func(mask reg.OpmaskVirtual, tail bool) {
		if tail {
			VMOVDQU64_Z(Mem{Base: hashes}, mask, x)
		} else {
			VMOVDQU64(Mem{Base: hashes}, x)
		}
		VPROLQ(Imm(turn), x, x)
		VPMULLQ(mixer, x, x)
		// The upper half of the product with the number of partitions.
		VPSRLQ(Imm(32), x, upper)
		VPMULUDQ(count, x, x)
		VPMULUDQ(count, upper, upper)
		VPSRLQ(Imm(32), x, x)
		VPADDQ(upper, x, x)
		VPSRLQ(Imm(32), x, x)
		VPMOVQD(x, out)
		if tail {
			VMOVDQU32(out, mask, Mem{Base: dst})
		} else {
			VMOVDQU(out, Mem{Base: dst})
		}
	}, func() {
		ADDQ(Imm(64), hashes)
		ADDQ(Imm(32), dst)
	})
	VZEROUPPER()
	RET()
}

func narrow() {
	TEXT("partitionsAVX2", NOSPLIT, signature)
	Doc("partitionsAVX2 writes which of less than 2^32 partitions each of n hashes belongs to.")
	Pragma("noescape")
	dst, hashes, n := GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("hashes"), hashes)
	Load(Param("n"), n)
	partitions := Load(Param("partitions"), GP64())
	mixer, h := GP64(), GP64()
	MOVQ(U64(factor), mixer)
	LEAQ(Mem{Base: hashes, Index: n, Scale: 8}, hashes)
	LEAQ(Mem{Base: dst, Index: n, Scale: 4}, dst)
	NEGQ(n)
	JEQ(LabelRef("done"))
	Label("loop")
	RORXQ(Imm(64-turn), Mem{Base: hashes, Index: n, Scale: 8}, h)
	IMULQ(mixer, h)
	MOVQ(h, reg.RDX)
	lo, hi := GP64(), GP64()
	MULXQ(partitions, lo, hi)
	MOVL(hi.As32(), Mem{Base: dst, Index: n, Scale: 4})
	INCQ(n)
	JNE(LabelRef("loop"))
	Label("done")
	RET()
}

// split writes row numbers where their partitions' next ones belong.
func split() {
	TEXT("splitRowsAVX2", NOSPLIT, "func(rows, next, parts *uint32, n int)")
	Doc("splitRowsAVX2 writes the numbers from 0 to n-1 to rows, each to the place that next has for its part, which goes on by one.")
	Pragma("noescape")
	rows, next, parts, n := GP64(), GP64(), GP64(), GP64()
	Load(Param("rows"), rows)
	Load(Param("next"), next)
	Load(Param("parts"), parts)
	Load(Param("n"), n)
	row := GP64()
	XORL(row.As32(), row.As32())
	Label("loop")
	CMPQ(row, n)
	JGE(LabelRef("done"))
	part, to := GP64(), GP64()
	MOVL(Mem{Base: parts, Index: row, Scale: 4}, part.As32())
	MOVL(Mem{Base: next, Index: part, Scale: 4}, to.As32())
	MOVL(row.As32(), Mem{Base: rows, Index: to, Scale: 4})
	INCL(to.As32())
	MOVL(to.As32(), Mem{Base: next, Index: part, Scale: 4})
	INCQ(row)
	JMP(LabelRef("loop"))
	Label("done")
	RET()
}
