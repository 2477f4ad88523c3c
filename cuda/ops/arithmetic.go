package ops

import (
	"math"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// lower emits what computes n, which is supported, into the accumulator.
func (l *lowering) lower(n *node) {
	switch op := n.in.Op; op {
	case kernels.OpAdd, kernels.OpSub, kernels.OpMul, kernels.OpDiv, kernels.OpMod:
		l.arithmetic(n)
	case kernels.OpNeg, kernels.OpAbs:
		l.sign(n)
	case kernels.OpEq, kernels.OpNe, kernels.OpLt, kernels.OpLe, kernels.OpGt, kernels.OpGe:
		k := opcode(op - kernels.OpEq)
		mirrored := [...]opcode{0, 1, 4, 5, 2, 3}[k]
		l.compare(n, [3]opcode{opEq + k, opWeq + k, opFeq + k}, [3]opcode{opEq + mirrored, opWeq + mirrored, opFeq + mirrored})
	case kernels.OpIsDistinct, kernels.OpIsNotDistinct:
		same := [3]opcode{opSame, opWsame, opFsame}
		l.compare(n, same, same)
		if op == kernels.OpIsDistinct {
			l.op(opNot)
		}
	case kernels.OpNot:
		l.unary(n, opNot)
	case kernels.OpIsNull:
		l.unary(n, opIsnull)
	case kernels.OpIsNotNull:
		l.unary(n, opIsnotnull)
	case kernels.OpIsTrue:
		l.unary(n, opIstrue)
	case kernels.OpIsFalse:
		l.unary(n, opIsfalse)
	case kernels.OpExtractYear, kernels.OpExtractMonth, kernels.OpExtractDay:
		l.load(n.args[0])
		l.read(n.args[0])
		if n.args[0].typ.Kind != column.Date {
			l.op(opTsday)
		}
		l.op(opYear + opcode(op-kernels.OpExtractYear))
	case kernels.OpInSet:
		l.inSet(n)
	case kernels.OpCast:
		l.cast(n)
	case kernels.OpAnd, kernels.OpOr:
		l.junction(n)
	case kernels.OpCase:
		l.caseWhen(n)
	case kernels.OpCoalesce:
		l.coalesce(n)
	default:
		l.unsupported("operation %d has no kernel", op)
	}
}

func (l *lowering) unary(n *node, op opcode) {
	l.load(n.args[0])
	l.read(n.args[0])
	l.op(op)
}

// binary emits op of a and b, or reverse of b and a, whatever needs fewer moves. With wide, both are taken as 128 bits.
func (l *lowering) binary(a, b *node, op, reverse opcode, wide bool) {
	if a == b {
		l.settle(a)
	}
	widen := func(n *node) {
		if wide && l.classOf(n) == classWord {
			l.op(opWiden)
		}
	}
	o, ready := l.ready(b)
	first, firstReady := l.ready(a)
	switch {
	case ready:
		l.load(a)
		widen(a)
		l.with(op, o)
	case firstReady || l.acc == b:
		if !firstReady {
			// b is in the accumulator and nowhere else.
			o = l.keep(b)
			l.load(a)
			widen(a)
			l.with(op, o)
			break
		}
		l.load(b)
		widen(b)
		l.with(reverse, first)
	default:
		o = l.settle(b)
		l.load(a)
		widen(a)
		l.with(op, o)
	}
	l.read(a)
	l.read(b)
}

func (l *lowering) compare(n *node, ops, mirrored [3]opcode) {
	a, b := n.args[0], n.args[1]
	k := 0
	ca, cb := l.classOf(a), l.classOf(b)
	switch {
	case ca == classFloat || cb == classFloat:
		k = 2
	case ca == classWide || cb == classWide:
		k = 1
	}
	l.binary(a, b, ops[k], mirrored[k], k == 1)
}

// limits are the least and the greatest value of an exact type.
func limits(t column.Type) (lo, hi column.Int128) {
	if t.Kind == column.Decimal {
		hi = column.Pow10(int(t.Precision)).Sub(column.Int128{Lo: 1})
		return hi.Neg(), hi
	}
	return convert.IntRange(t.Kind)
}

// check emits a test that the accumulator is in t's range.
func (l *lowering) check(t column.Type, wide bool) {
	lo, hi := limits(t)
	if wide {
		l.emit(opWrange, operand{}, 0, 0, l.pool(lo.Lo, uint64(lo.Hi), hi.Lo, uint64(hi.Hi)))
		return
	}
	if t.Kind == column.Int64 {
		return
	}
	l.emit(opRange, operand{}, 0, 0, l.pool(lo.Lo, hi.Lo))
}

func (l *lowering) arithmetic(n *node) {
	a, b, op, t := n.args[0], n.args[1], n.in.Op, n.typ
	if t.Kind.IsFloat() {
		ops := map[kernels.Op][2]opcode{kernels.OpAdd: {opFadd, opFadd}, kernels.OpSub: {opFsub, opFrsub}, kernels.OpMul: {opFmul, opFmul}, kernels.OpDiv: {opFdiv, opFrdiv}}[op]
		l.binary(a, b, ops[0], ops[1], false)
		if t.Kind == column.Float32 {
			l.op(opFround)
		}
		return
	}
	decimal := t.Kind == column.Decimal
	sure := decimal && op != kernels.OpDiv && op != kernels.OpMod && roomy(op, t, a.typ, b.typ)
	if classOf(t) == classWide {
		narrow := classOf(a.typ) == classWord && classOf(b.typ) == classWord
		switch {
		case op == kernels.OpMul && narrow:
			l.binary(a, b, opProduct, opProduct, false)
		case op == kernels.OpMul:
			l.binary(a, b, opWmul, opWmul, true)
		case op == kernels.OpAdd:
			l.binary(a, b, opWadd, opWadd, true)
		default:
			l.binary(a, b, opWsub, opWrsub, true)
		}
		if !sure {
			l.check(t, true)
		}
		return
	}
	ops := map[kernels.Op][2]opcode{
		kernels.OpAdd: {opAdd, opAdd}, kernels.OpSub: {opSub, opRsub}, kernels.OpMul: {opMul, opMul}, kernels.OpDiv: {opDiv, opRdiv}, kernels.OpMod: {opMod, opRmod},
	}[op]
	l.binary(a, b, ops[0], ops[1], false)
	if !sure {
		l.check(t, false)
	}
}

func (l *lowering) sign(n *node) {
	l.load(n.args[0])
	l.read(n.args[0])
	neg := n.in.Op == kernels.OpNeg
	pick := func(a, b opcode) opcode {
		if neg {
			return a
		}
		return b
	}
	switch classOf(n.typ) {
	case classFloat:
		l.op(pick(opFneg, opFabs))
	case classWide:
		l.op(pick(opWneg, opWabs))
	default:
		l.op(pick(opNeg, opAbs))
		if n.typ.Kind != column.Decimal {
			l.check(n.typ, false)
		}
	}
}

func (l *lowering) inSet(n *node) {
	set := n.in.Set
	var values []int64
	for _, v := range set.Values {
		values = append(values, v.Int64())
	}
	slices.Sort(values)
	values = slices.Compact(values)
	words := make([]uint64, len(values))
	for i, v := range values {
		words[i] = uint64(v)
	}
	l.load(n.args[0])
	l.read(n.args[0])
	l.emit(opInset, operand{}, uint16(len(words)), 0, l.pool(words...))
	if set.HasNull {
		l.with(opOr, operand{from: fromNull}) // a miss is NULL
	}
}

func (l *lowering) cast(n *node) {
	a, to := n.args[0], n.typ
	from := a.typ
	l.load(a)
	l.read(a)
	factor := func(up int) operand { return operand{from: fromConst, imm: column.Pow10(up).Lo} }
	switch {
	case from.Kind == column.Float32, from.Kind == column.Timestamp, from.Kind == column.TimestampTZ:
	case from.Kind == column.Date:
		l.with(opMul, operand{from: fromConst, imm: uint64(column.MicrosPerDay)})
	case to.Kind == column.Float64:
		l.op(opTofloat)
		if from.Scale > 0 {
			l.with(opFdiv, operand{from: fromConst, imm: math.Float64bits(column.Pow10(int(from.Scale)).Float64())})
		}
	case to.Kind.IsInteger():
		l.check(to, false)
	case classOf(from) == classWide:
		if to.Scale > from.Scale {
			l.with(opWmul, factor(int(to.Scale-from.Scale)))
		}
		l.check(to, true)
		if classOf(to) == classWord {
			l.op(opNarrow)
		}
	case classOf(to) == classWide:
		l.with(opProduct, factor(int(to.Scale-from.Scale)))
		l.check(to, true)
	default:
		if to.Scale > from.Scale {
			l.with(opMul, factor(int(to.Scale-from.Scale)))
		}
		l.check(to, false)
	}
	// What is in the accumulator is no longer the operand.
	l.acc = nil
}
