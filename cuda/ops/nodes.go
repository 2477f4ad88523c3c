package ops

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// node is one value of a pipeline: a column of its input, a constant, or what an instruction computes.
type node struct {
	typ      column.Type
	input    int // column of the pipeline, -1
	constant *column.Value
	in       *kernels.Instr
	args     []*node
	arms     []arm
	early    bool // computed for every row of the source: no filter and no arm decides about it

	uses     int // references that have not been read yet
	place    operand
	placed   bool
	mayNull  bool // can be NULL although no column has a NULL
	hostOnly bool // was moved to the host
}

// arm is a kernels.Arm as nodes.
type arm struct {
	body   []*node
	result *node
}

// step is a kernels.Step as nodes.
type step struct {
	filter bool
	body   []*node
	result *node // of a filter
}

// graph is a pipeline as nodes.
type graph struct {
	steps   []step
	columns []*node // after the last step
	inputs  []*node
}

// newGraph turns a pipeline into nodes.
func newGraph(p *kernels.Pipeline) *graph {
	g := &graph{}
	for i, t := range p.Inputs {
		g.inputs = append(g.inputs, &node{typ: t, input: i, early: true})
	}
	g.columns = g.inputs
	early := true
	for _, s := range p.Steps {
		program := s.Filter
		if program == nil {
			program = s.Project
		}
		regs := make([]*node, len(program.Regs))
		copy(regs, g.columns)
		for _, c := range program.Consts {
			v := c.Value
			regs[c.Reg] = &node{typ: program.Regs[c.Reg], input: -1, constant: &v, mayNull: v.Null, early: true}
		}
		st := step{filter: s.Filter != nil, body: instructions(program, program.Body, regs, early)}
		outs := make([]*node, len(program.Outputs))
		for i, r := range program.Outputs {
			outs[i] = regs[r]
		}
		if st.filter {
			st.result = outs[0]
			early = false
		} else {
			g.columns = outs
		}
		g.steps = append(g.steps, st)
	}
	return g
}

// instructions makes the nodes of a block's instructions.
func instructions(p *kernels.Program, b kernels.Block, regs []*node, early bool) []*node {
	var out []*node
	for i := range b.Instrs {
		in := &b.Instrs[i]
		n := &node{typ: p.Regs[in.Dst], input: -1, in: in, early: early}
		for _, a := range in.Args {
			n.args = append(n.args, regs[a])
			n.mayNull = n.mayNull || regs[a].mayNull
		}
		for k, a := range in.Arms {
			body := instructions(p, a.Body, regs, early && k == 0 && len(a.Body.Instrs) == 0)
			n.arms = append(n.arms, arm{body, regs[a.Result]})
			n.mayNull = n.mayNull || regs[a.Result].mayNull
		}
		switch in.Op {
		case kernels.OpCase:
			n.mayNull = n.mayNull || len(in.Arms)%2 == 0
		case kernels.OpInSet:
			n.mayNull = n.mayNull || in.Set.HasNull
		case kernels.OpIsNull, kernels.OpIsNotNull, kernels.OpIsTrue, kernels.OpIsFalse, kernels.OpIsDistinct, kernels.OpIsNotDistinct:
			n.mayNull = false
		case kernels.OpCast:
			n.mayNull = n.mayNull || in.Lossy
		case kernels.OpCall:
			n.mayNull = true
		}
		regs[in.Dst] = n
		out = append(out, n)
	}
	return out
}

// operands are all nodes that n refers to.
func (n *node) operands(f func(*node)) {
	for _, a := range n.args {
		f(a)
	}
	for _, a := range n.arms {
		f(a.result)
	}
}

// count adds up references: from every node that is reached from n, once each.
func (n *node) count(seen map[*node]bool) {
	n.uses++
	if seen[n] {
		return
	}
	seen[n] = true
	if !n.leaf() {
		n.operands(func(m *node) { m.count(seen) })
	}
}

// leaf reports whether n needs no computing.
func (n *node) leaf() bool { return n.in == nil || n.hostOnly }

// class is how the program kernel holds a value.
type class uint8

const (
	classNone class = iota
	classWord       // integers up to 64 bits, booleans, dates, times, decimals up to 18 digits, numbers of texts
	classWide       // 128 bits
	classFloat
)

// classOf is the class of a type's values; none when the kernel cannot hold them.
func classOf(t column.Type) class {
	switch t.Physical() {
	case column.PhysBool, column.PhysInt8, column.PhysInt16, column.PhysInt32, column.PhysInt64, column.PhysUint8, column.PhysUint16, column.PhysUint32:
		return classWord
	case column.PhysInt128:
		return classWide
	case column.PhysFloat32, column.PhysFloat64:
		return classFloat
	}
	return classNone
}

// raises reports whether computing n can fail, beyond what its operands do.
func (n *node) raises() bool {
	if n.in == nil {
		return false
	}
	switch n.in.Op {
	case kernels.OpAdd, kernels.OpSub, kernels.OpMul:
		return n.typ.Kind != column.Decimal || !roomy(n.in.Op, n.typ, n.args[0].typ, n.args[1].typ)
	case kernels.OpDiv, kernels.OpMod, kernels.OpNeg, kernels.OpAbs, kernels.OpCall, kernels.OpExtractYear, kernels.OpExtractMonth, kernels.OpExtractDay:
		return true
	case kernels.OpCast:
		return castRaises(n.args[0].typ, n.typ)
	case kernels.OpLike, kernels.OpILike:
		return false
	}
	for _, a := range n.arms {
		for _, m := range a.body {
			if m.raises() {
				return true
			}
		}
	}
	return false
}

// roomy reports whether a decimal operation cannot overflow its result's type.
func roomy(op kernels.Op, t, a, b column.Type) bool {
	if op == kernels.OpMul {
		return t.Precision >= a.Precision+b.Precision && t.Scale == a.Scale+b.Scale
	}
	return t.Precision > max(a.Precision, b.Precision) && t.Scale == a.Scale && t.Scale == b.Scale
}

// castRaises reports whether a conversion can fail.
func castRaises(from, to column.Type) bool {
	bits := func(t column.Type) int { return t.Width() * 8 }
	switch {
	case from.Kind == column.Float32 && to.Kind == column.Float64, from.Kind == column.Date, from.Kind == column.Timestamp, from.Kind == column.TimestampTZ:
		return to.Physical() == column.PhysView
	case from.Kind.IsSigned() && to.Kind.IsSigned():
		return bits(from) > bits(to)
	case (from.Kind.IsInteger() || from.Kind == column.Decimal) && to.Kind == column.Float64:
		return false
	case from.Kind == column.Decimal && to.Kind == column.Decimal:
		return to.Scale < from.Scale || to.Precision-to.Scale < from.Precision-from.Scale
	}
	return true
}
