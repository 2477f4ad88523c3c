package ops

import (
	"github.com/polybolos-db/polybolos/cuda/opcode"
	"github.com/polybolos-db/polybolos/kernels"
)

// junction computes AND and OR. Terms that can fail are computed only where those before leave the answer open.
func (l *lowering) junction(n *node) {
	op, open := opcode.And, opcode.OpenAnd
	if n.in.Op == kernels.OpOr {
		op, open = opcode.Or, opcode.OpenOr
	}
	first := n.arms[0].result
	if !n.raises() {
		l.load(first)
		l.read(first)
		for _, a := range n.arms[1:] {
			l.combine(op, a.result)
			l.read(a.result)
		}
		return
	}
	l.outer(n)
	so := l.temporary(classWord)
	l.load(first)
	l.read(first)
	l.store(so, false)
	l.op(opcode.Push)
	for _, a := range n.arms[1:] {
		l.with(opcode.Mov, so)
		l.op(open)
		l.acc = nil
		l.enter(a.body)
		l.load(a.result)
		l.read(a.result)
		// Rows that are decided keep what they have, whatever is computed for them.
		l.with(op, so)
		l.store(so, false)
		l.acc = nil
	}
	l.op(opcode.Pop)
	l.with(opcode.Mov, so)
	l.release(so)
}

// combine emits op of the accumulator and n, when the accumulator's value is nobody's.
func (l *lowering) combine(op opcode.Op, n *node) {
	if o, ok := l.ready(n); ok {
		l.with(op, o)
		return
	}
	so := l.temporary(classWord)
	l.store(so, false)
	l.acc = nil
	l.load(n)
	l.with(op, so)
	l.release(so)
}

// outer computes what the arms of n read from outside of them: inside, rows that are not active would not be judged.
func (l *lowering) outer(n *node) {
	inside := map[*node]bool{}
	for _, a := range n.arms {
		mark(a.body, inside)
	}
	var visit func(m *node)
	visit = func(m *node) {
		m.operands(func(o *node) {
			if !inside[o] && !o.leaf() && o.uses > 0 {
				l.settle(o)
			}
		})
		for _, a := range m.arms {
			for _, b := range a.body {
				if b.uses > 0 {
					visit(b)
				}
			}
		}
	}
	visit(n)
}

// caseWhen computes conditions and values in turn, each for the rows that no earlier condition took.
func (l *lowering) caseWhen(n *node) {
	l.outer(n)
	result := l.begin(n)
	arms := n.arms
	for len(arms) >= 2 {
		l.acc = nil
		l.enter(arms[0].body)
		l.load(arms[0].result)
		l.read(arms[0].result)
		l.op(opcode.Then)
		l.value(arms[1], result)
		l.op(opcode.Else)
		arms = arms[2:]
	}
	if len(arms) == 1 {
		l.value(arms[0], result)
	}
	l.end(result)
}

// coalesce computes arms in turn, each for the rows that are NULL so far.
func (l *lowering) coalesce(n *node) {
	l.outer(n)
	result := l.begin(n)
	for _, a := range n.arms {
		l.value(a, result)
		l.op(opcode.OpenNull)
	}
	l.end(result)
}

// begin makes a result of NULLs for the arms to write into.
func (l *lowering) begin(n *node) operand {
	result := l.temporary(classOf(n.typ))
	l.with(opcode.Mov, operand{from: opcode.FromNull})
	l.store(result, false)
	l.op(opcode.Push)
	l.acc = nil
	return result
}

// value writes an arm's value for the active rows.
func (l *lowering) value(a arm, result operand) {
	l.acc = nil
	l.enter(a.body)
	l.load(a.result)
	if result.class == classWide && l.classOf(a.result) == classWord {
		l.op(opcode.Widen)
	}
	l.read(a.result)
	l.store(result, true)
}

func (l *lowering) end(result operand) {
	l.op(opcode.Pop)
	l.with(opcode.Mov, result)
	l.release(result)
	l.acc = nil
}
