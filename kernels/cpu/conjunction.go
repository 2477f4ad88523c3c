package cpu

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/simd"
)

// conjunction gives the rows of sel where all terms are true. Comparisons in a row give bitmaps, which are joined and turned into a selection once; other
// terms are computed where those before are true.
func (e *Evaluator) conjunction(n *node, sel []uint32) ([]uint32, error) {
	var open []uint64 // rows that are left of sel, where not nil
	for i, arm := range n.Arms {
		if ns := n.arms[i]; len(ns) == 1 && ns[0].Dst == arm.Result && dense(sel, e.rows) {
			found, done := e.test(ns[0])
			if done && open == nil {
				open = e.scratchOf(1, e.rows)
				copy(open, found)
				continue
			}
			if done {
				simd.AndBits(open, open, found)
				continue
			}
		}
		if open != nil {
			sel, open = e.chosen(open, sel), nil
		}
		if sel != nil && len(sel) == 0 {
			return sel, nil
		}
		if err := e.block(n.arms[i], sel); err != nil {
			return nil, err
		}
		sel = e.whereTrue(e.regs[arm.Result].vec, sel)
	}
	if open != nil {
		sel = e.chosen(open, sel)
	}
	return sel, nil
}

// chosen gives the rows of sel, or of all, whose bit is set; nil when these are all rows of the batch.
func (e *Evaluator) chosen(bits []uint64, sel []uint32) []uint32 {
	out := e.sels.get(count(sel, e.rows))
	k := selectBits(out[:cap(out)], bits, sel, e.rows)
	switch {
	case k == e.rows:
		return nil
	case sel != nil && k == len(sel):
		return sel
	}
	return out[:k]
}

// test computes a comparison of flat or constant numbers at all rows, selected or not, since it cannot fail: a bitmap of those where it is true, valid until the next
// call. done is false where the instruction is something else.
func (e *Evaluator) test(n *node) (found []uint64, done bool) {
	if n.Op < kernels.OpEq || n.Op > kernels.OpGe {
		return nil, false
	}
	a, b := e.regs[n.Args[0]].vec, e.regs[n.Args[1]].vec
	if a == nil || b == nil || a.Form == column.Dict || b.Form == column.Dict || a.Form == b.Form && a.Form == column.Constant || a.Type.Physical() != b.Type.Physical() {
		return nil, false
	}
	bits := e.scratch(e.rows)
	if !compareBits(bits, n.Op, a, b, e.rows) {
		return nil, false
	}
	for _, v := range [...]*column.Vector{a, b} {
		switch {
		case v.IsConstantNull():
			clear(bits)
		case v.Form == column.Flat && v.Valid != nil:
			simd.AndBits(bits, bits, v.Valid)
		}
	}
	return bits, true
}
