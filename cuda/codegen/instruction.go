package codegen

import "github.com/polybolos-db/polybolos/cuda/opcode"

// instruction writes what an instruction does to all rows of a thread.
func (g *gen) instruction(pc int) {
	in := g.p.at(pc)
	b := g.operand(in)
	switch op := in.op; op {
	case opcode.Nop:
	case opcode.Mov:
		g.acc = b
	case opcode.Add, opcode.Sub, opcode.Rsub, opcode.Mul, opcode.Div, opcode.Rdiv, opcode.Mod, opcode.Rmod:
		g.acc = g.arithmetic(op, g.acc, b)
	case opcode.Neg, opcode.Abs:
		g.acc = g.sign(op, g.acc)
	case opcode.Range:
		g.inRange(g.acc, int64(g.p.Consts[in.imm]), int64(g.p.Consts[in.imm+1]))
	case opcode.Widen:
		g.acc = word64(g.acc)
	case opcode.Wadd, opcode.Wsub, opcode.Wrsub, opcode.Product, opcode.Wmul:
		g.acc = g.wide(op, g.acc, b)
	case opcode.Wneg, opcode.Wabs:
		g.acc = g.wideSign(op, g.acc)
	case opcode.Wrange:
		g.wideRange(g.acc, g.p.Consts[in.imm:in.imm+4])
	case opcode.Narrow:
		g.acc = g.narrowed(g.acc)
	case opcode.Fadd, opcode.Fsub, opcode.Frsub, opcode.Fmul, opcode.Fdiv, opcode.Frdiv:
		g.acc = g.float(op, g.acc, b)
	case opcode.Fneg, opcode.Fabs, opcode.Fround, opcode.Tofloat:
		g.acc = g.floatUnary(op, g.acc)
	case opcode.Eq, opcode.Ne, opcode.Lt, opcode.Le, opcode.Gt, opcode.Ge:
		g.acc = g.compare(int(op-opcode.Eq), g.acc, b)
	case opcode.Feq, opcode.Fne, opcode.Flt, opcode.Fle, opcode.Fgt, opcode.Fge:
		g.acc = g.floatCompare(int(op-opcode.Feq), g.acc, b)
	case opcode.Weq, opcode.Wne, opcode.Wlt, opcode.Wle, opcode.Wgt, opcode.Wge:
		g.acc = g.wideCompare(int(op-opcode.Weq), g.acc, b)
	case opcode.Same:
		g.acc = g.same(g.acc, b, g.compare(0, g.acc, b))
	case opcode.Fsame:
		g.acc = g.same(g.acc, b, g.floatCompare(0, g.acc, b))
	case opcode.Wsame:
		g.acc = g.same(g.acc, b, g.wideCompare(0, g.acc, b))
	case opcode.Not, opcode.Isnull, opcode.Isnotnull, opcode.Istrue, opcode.Isfalse:
		g.acc = g.logic(op, g.acc)
	case opcode.And, opcode.Or:
		g.acc = g.junction(op == opcode.Or, g.acc, b)
	case opcode.Year, opcode.Month, opcode.Day:
		g.acc = g.civil(int(op-opcode.Year), g.acc)
	case opcode.Tsday:
		g.acc = g.dayOf(g.acc)
	case opcode.Inset:
		g.acc = g.inSet(g.acc, int(in.imm), int(in.a))
	case opcode.Lookup8:
		g.acc = g.lookup(g.acc, in.a)
	case opcode.Store, opcode.Storew, opcode.Storem, opcode.Storemw:
		g.store(in, g.acc)
	case opcode.Keep, opcode.Filter:
		g.filter(in, b)
		if len(g.stack) == 0 {
			g.ahead(pc + 1)
		}
	case opcode.Push, opcode.Then, opcode.Else, opcode.Pop, opcode.OpenAnd, opcode.OpenOr, opcode.OpenNull:
		g.control(op)
	case opcode.Dense:
		g.dense(in, g.acc)
	case opcode.Hashkey:
		g.hashKey(in, g.acc)
	case opcode.Find:
		g.find(in.imm != 0)
	case opcode.Count:
		g.aggregate(opcode.MergeCount, int(in.a), g.acc)
	case opcode.Sum2:
		g.aggregate(opcode.MergeSum2, int(in.a), g.acc)
	case opcode.Sum3:
		g.aggregate(opcode.MergeSum3, int(in.a), g.acc)
	case opcode.Fsum:
		g.aggregate(opcode.MergeFsum, int(in.a), g.acc)
	case opcode.Max:
		g.aggregate(opcode.MergeMax, int(in.a), g.acc)
	case opcode.Sumprod:
		g.aggregate(opcode.MergeSum3, int(in.at), g.wide(opcode.Product, g.acc, b))
	case opcode.Order, opcode.Forder, opcode.Invert, opcode.High:
		g.acc = g.order(op, g.acc)
	case opcode.Out1, opcode.Out2, opcode.Out4, opcode.Out8, opcode.Out16:
		g.output(in.a, 1<<(op-opcode.Out1), g.acc)
	case opcode.Outprod:
		g.output(uint16(in.at), 16, g.wide(opcode.Product, g.acc, b))
	case opcode.Outmask:
		g.mask(in.a)
	default:
		g.unsupported("instruction %d is unknown", op)
	}
}

// word64 is a value without its high word.
func word64(v *value) *value {
	out := *v
	out.hi = [mostRows]string{}
	out.bits = min(v.bits, 64)
	return &out
}
