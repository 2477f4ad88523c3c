// Command split writes the undoing of byte stream splitting.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	Constraint(buildtags.Term("amd64"))
	for _, width := range []int{4, 8} {
		unsplit(width, false)
		unsplit(width, true)
	}
	Generate()
}

// unsplit interleaves the streams of a value's bytes: first pairs of bytes, then of words, then of double words, within lanes of 128 bits, which are
// brought in order last.
func unsplit(width int, wide bool) {
	level, vector, lanes := "AVX2", YMM, 2
	if wide {
		level, vector, lanes = "AVX512", ZMM, 4
	}
	rows := 16 * lanes
	name := fmt.Sprintf("unsplit%d%s", 8*width, level)
	TEXT(name, NOSPLIT, "func(dst *byte, src *byte, n, blocks int)")
	Doc(fmt.Sprintf("%s puts %d values together for each block; the streams of their bytes are n apart.", name, rows))
	Pragma("noescape")
	dst, src, n, blocks := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64()), Load(Param("blocks"), GP64())
	three := GP64()
	LEAQ(Mem{Base: n, Index: n, Scale: 2}, three)
	Label(name + "_loop")
	TESTQ(blocks, blocks)
	JEQ(LabelRef(name + "_done"))
	load := func(from Mem, to reg.VecVirtual) {
		if wide {
			VMOVDQU64(from, to)
		} else {
			VMOVDQU(from, to)
		}
	}
	streams := make([]reg.VecVirtual, width)
	upper := GP64()
	if width == 8 {
		LEAQ(Mem{Base: src, Index: n, Scale: 4}, upper)
	}
	for k := range streams {
		streams[k] = vector()
		base := src
		if k >= 4 {
			base = upper
		}
		switch k % 4 {
		case 0:
			load(Mem{Base: base}, streams[k])
		case 1:
			load(Mem{Base: base, Index: n, Scale: 1}, streams[k])
		case 2:
			load(Mem{Base: base, Index: n, Scale: 2}, streams[k])
		case 3:
			load(Mem{Base: base, Index: three, Scale: 1}, streams[k])
		}
	}
	// After each step, a register list holds the rows of a lane in the order of the list, and there are half as many streams.
	lists := make([][]reg.VecVirtual, width)
	for k := range lists {
		lists[k] = []reg.VecVirtual{streams[k]}
	}
	for step := 0; len(lists) > 1; step++ {
		var joined [][]reg.VecVirtual
		for k := 0; k < len(lists); k += 2 {
			var out []reg.VecVirtual
			for i := range lists[k] {
				low, high := vector(), vector()
				switch step {
				case 0:
					VPUNPCKLBW(lists[k+1][i], lists[k][i], low)
					VPUNPCKHBW(lists[k+1][i], lists[k][i], high)
				case 1:
					VPUNPCKLWD(lists[k+1][i], lists[k][i], low)
					VPUNPCKHWD(lists[k+1][i], lists[k][i], high)
				case 2:
					VPUNPCKLDQ(lists[k+1][i], lists[k][i], low)
					VPUNPCKHDQ(lists[k+1][i], lists[k][i], high)
				}
				out = append(out, low, high)
			}
			joined = append(joined, out)
		}
		lists = joined
	}
	r := lists[0]
	perLane := 16 * width // bytes of the rows of a lane
	if wide {
		for i := 0; i < len(r); i += 4 {
			t := [4]reg.VecVirtual{ZMM(), ZMM(), ZMM(), ZMM()}
			VSHUFI64X2(Imm(0x44), r[i+1], r[i], t[0])
			VSHUFI64X2(Imm(0xEE), r[i+1], r[i], t[1])
			VSHUFI64X2(Imm(0x44), r[i+3], r[i+2], t[2])
			VSHUFI64X2(Imm(0xEE), r[i+3], r[i+2], t[3])
			out := ZMM()
			for lane := range 4 {
				VSHUFI64X2(Imm([]uint64{0x88, 0xDD}[lane%2]), t[lane/2+2], t[lane/2], out)
				VMOVDQU64(out, Mem{Base: dst, Disp: lane*perLane + 16*i})
			}
		}
	} else {
		for i := 0; i < len(r); i += 2 {
			out := YMM()
			for lane := range 2 {
				VPERM2I128(Imm([]uint64{0x20, 0x31}[lane]), r[i+1], r[i], out)
				VMOVDQU(out, Mem{Base: dst, Disp: lane*perLane + 16*i})
			}
		}
	}
	ADDQ(Imm(uint64(rows)), src)
	ADDQ(U32(uint32(rows*width)), dst)
	DECQ(blocks)
	JMP(LabelRef(name + "_loop"))
	Label(name + "_done")
	VZEROUPPER()
	RET()
}
