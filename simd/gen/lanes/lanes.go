// Package lanes holds what the generators share: loops over vector registers with a masked end, and the writing of selections.
package lanes

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Loop writes a loop over n rows, lanes at a time, and a last turn under a mask for what is left. step gets the mask, or nil for all lanes.
func Loop(lanes int, n reg.GPVirtual, step func(mask reg.OpmaskVirtual, tail bool), advance func()) {
	Label("loop")
	CMPQ(n, Imm(uint64(lanes)))
	JL(LabelRef("tail"))
	step(nil, false)
	advance()
	SUBQ(Imm(uint64(lanes)), n)
	JMP(LabelRef("loop"))
	Label("tail")
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	ones := GP64()
	MOVQ(I64(-1), ones)
	BZHIQ(n, ones, ones)
	mask := K()
	KMOVQ(ones, mask)
	step(mask, true)
	Label("done")
}

// Selection writes the numbers of chosen rows.
type Selection struct {
	lanes                 int
	out, Count            reg.GPVirtual
	Rows, lanes32, chosen reg.VecVirtual
}

// NewSelection begins a selection to the parameter out, of positions from 0 on.
func NewSelection(lanes int) *Selection {
	s := &Selection{lanes: lanes, out: GP64(), Count: GP64()}
	vector := ZMM
	if lanes == 8 {
		vector = YMM
	}
	s.Rows, s.lanes32, s.chosen = vector(), vector(), vector()
	Load(Param("out"), s.out)
	XORQ(s.Count, s.Count)
	VMOVDQU32(Numbers(), s.Rows)
	step := GP32()
	MOVL(U32(lanes), step)
	VPBROADCASTD(step, s.lanes32)
	return s
}

// Take writes the rows of mask chosen. Whole registers are stored where a whole step is left: out has room for as many rows as there are.
func (s *Selection) Take(chosen reg.OpmaskVirtual, tail bool) {
	VPCOMPRESSD_Z(s.Rows, chosen, s.chosen)
	n := GP64()
	KMOVW(chosen, n.As32())
	POPCNTL(n.As32(), n.As32())
	to := Mem{Base: s.out, Index: s.Count, Scale: 4}
	if tail {
		bits, written := GP64(), K()
		MOVQ(I64(-1), bits)
		BZHIQ(n, bits, bits)
		KMOVW(bits.As32(), written)
		VMOVDQU32(s.chosen, written, to)
	} else {
		VMOVDQU32(s.chosen, to)
		VPADDD(s.lanes32, s.Rows, s.Rows)
	}
	ADDQ(n, s.Count)
}

var numbers *Mem

// Numbers are those from 0 to 15, of 32 bits, in the file being written.
func Numbers() Mem {
	if numbers == nil {
		m := GLOBL("numbers", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(i))
		}
		numbers = &m
	}
	return *numbers
}
