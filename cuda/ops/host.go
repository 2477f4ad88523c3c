package ops

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// hostProgram collects the values that the host computes before rows go to the device: a program over the pipeline's input.
type hostProgram struct {
	program kernels.Program
	regs    map[*node]kernels.Reg
}

func newHostProgram(inputs []column.Type) *hostProgram {
	return &hostProgram{program: kernels.Program{Inputs: inputs, Regs: append([]column.Type(nil), inputs...)}, regs: map[*node]kernels.Reg{}}
}

// movable reports whether n may be computed for every row of the source: because it is anyway, or because it cannot fail.
func movable(n *node) bool {
	switch {
	case n.constant != nil || n.input >= 0:
		return true
	case len(n.arms) > 0:
		return n.early
	case n.raises() && !n.early:
		return false
	}
	for _, a := range n.args {
		if !movable(a) {
			return false
		}
	}
	return true
}

// add makes n one of the program's registers.
func (h *hostProgram) add(n *node) kernels.Reg {
	if r, ok := h.regs[n]; ok {
		return r
	}
	var r kernels.Reg
	switch {
	case n.input >= 0:
		r = kernels.Reg(n.input)
	case n.constant != nil:
		r = h.reg(n.typ)
		h.program.Consts = append(h.program.Consts, kernels.Const{Reg: r, Value: *n.constant})
	default:
		in := h.instr(n)
		h.program.Body.Instrs = append(h.program.Body.Instrs, in)
		r = in.Dst
	}
	h.regs[n] = r
	return r
}

func (h *hostProgram) reg(t column.Type) kernels.Reg {
	h.program.Regs = append(h.program.Regs, t)
	return kernels.Reg(len(h.program.Regs) - 1)
}

// instr is n's instruction on the program's registers. What arms compute stays in them.
func (h *hostProgram) instr(n *node) kernels.Instr {
	in := *n.in
	in.Args = nil
	for _, a := range n.args {
		in.Args = append(in.Args, h.add(a))
	}
	in.Arms = nil
	for _, a := range n.arms {
		inside := map[*node]bool{}
		mark(a.body, inside)
		for _, m := range a.body {
			h.outside(m, inside)
		}
		if !inside[a.result] {
			h.add(a.result)
		}
		var body kernels.Block
		for _, m := range a.body {
			made := h.instr(m)
			h.regs[m] = made.Dst
			body.Instrs = append(body.Instrs, made)
		}
		in.Arms = append(in.Arms, kernels.Arm{Body: body, Result: h.regs[a.result]})
	}
	in.Dst = h.reg(n.typ)
	return in
}

// mark finds the nodes that a block computes, in its arms too.
func mark(body []*node, inside map[*node]bool) {
	for _, n := range body {
		inside[n] = true
		for _, a := range n.arms {
			mark(a.body, inside)
		}
	}
}

// outside adds what n reads from outside of its block.
func (h *hostProgram) outside(n *node, inside map[*node]bool) {
	n.operands(func(m *node) {
		if !inside[m] {
			h.add(m)
		}
	})
	for _, a := range n.arms {
		for _, m := range a.body {
			h.outside(m, inside)
		}
	}
}

// output makes n an output and returns its number.
func (h *hostProgram) output(n *node) int {
	h.program.Outputs = append(h.program.Outputs, h.add(n))
	return len(h.program.Outputs) - 1
}
