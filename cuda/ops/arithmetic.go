package ops

import (
	"math"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda/opcode"
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
		k := opcode.Op(op - kernels.OpEq)
		mirrored := [...]opcode.Op{0, 1, 4, 5, 2, 3}[k]
		l.compare(n, [3]opcode.Op{opcode.Eq + k, opcode.Weq + k, opcode.Feq + k}, [3]opcode.Op{opcode.Eq + mirrored, opcode.Weq + mirrored, opcode.Feq + mirrored})
	case kernels.OpIsDistinct, kernels.OpIsNotDistinct:
		same := [3]opcode.Op{opcode.Same, opcode.Wsame, opcode.Fsame}
		l.compare(n, same, same)
		if op == kernels.OpIsDistinct {
			l.op(opcode.Not)
		}
	case kernels.OpNot:
		l.unary(n, opcode.Not)
	case kernels.OpIsNull:
		l.unary(n, opcode.Isnull)
	case kernels.OpIsNotNull:
		l.unary(n, opcode.Isnotnull)
	case kernels.OpIsTrue:
		l.unary(n, opcode.Istrue)
	case kernels.OpIsFalse:
		l.unary(n, opcode.Isfalse)
	case kernels.OpExtractYear, kernels.OpExtractMonth, kernels.OpExtractDay:
		l.load(n.args[0])
		l.read(n.args[0])
		// The ends of the range stand for the infinities, of which only the CPU knows what to say.
		if n.args[0].typ.Kind == column.Date {
			l.emit(opcode.Range, operand{}, 0, 0, l.pool(wordOf(column.DateMinusInfinity+1), wordOf(column.DateInfinity-1)))
		} else {
			l.emit(opcode.Range, operand{}, 0, 0, l.pool(wordOf(math.MinInt64+1), wordOf(math.MaxInt64-1)))
			l.op(opcode.Tsday)
		}
		l.op(opcode.Year + opcode.Op(op-kernels.OpExtractYear))
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

// wordOf is the word of a signed number.
func wordOf(v int64) uint64 { return uint64(v) }

func (l *lowering) unary(n *node, op opcode.Op) {
	l.load(n.args[0])
	l.read(n.args[0])
	l.op(op)
}

// binary emits op of a and b, or reverse of b and a, whatever needs fewer moves. With wide, both are taken as 128 bits.
func (l *lowering) binary(a, b *node, op, reverse opcode.Op, wide bool) {
	if a == b {
		l.settle(a)
	}
	widen := func(n *node) {
		if wide && l.classOf(n) == classWord {
			l.op(opcode.Widen)
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

func (l *lowering) compare(n *node, ops, mirrored [3]opcode.Op) {
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
		l.emit(opcode.Wrange, operand{}, 0, 0, l.pool(lo.Lo, uint64(lo.Hi), hi.Lo, uint64(hi.Hi)))
		return
	}
	if t.Kind == column.Int64 {
		return
	}
	l.emit(opcode.Range, operand{}, 0, 0, l.pool(lo.Lo, hi.Lo))
}

func (l *lowering) arithmetic(n *node) {
	a, b, op, t := n.args[0], n.args[1], n.in.Op, n.typ
	if t.Kind.IsFloat() {
		ops := map[kernels.Op][2]opcode.Op{kernels.OpAdd: {opcode.Fadd, opcode.Fadd}, kernels.OpSub: {opcode.Fsub, opcode.Frsub}, kernels.OpMul: {opcode.Fmul, opcode.Fmul}, kernels.OpDiv: {opcode.Fdiv, opcode.Frdiv}}[op]
		l.binary(a, b, ops[0], ops[1], false)
		if t.Kind == column.Float32 {
			l.op(opcode.Fround)
		}
		return
	}
	decimal := t.Kind == column.Decimal
	sure := decimal && op != kernels.OpDiv && op != kernels.OpMod && roomy(op, t, a.typ, b.typ)
	if classOf(t) == classWide {
		narrow := classOf(a.typ) == classWord && classOf(b.typ) == classWord
		switch {
		case op == kernels.OpMul && narrow:
			l.binary(a, b, opcode.Product, opcode.Product, false)
		case op == kernels.OpMul:
			l.binary(a, b, opcode.Wmul, opcode.Wmul, true)
		case op == kernels.OpAdd:
			l.binary(a, b, opcode.Wadd, opcode.Wadd, true)
		default:
			l.binary(a, b, opcode.Wsub, opcode.Wrsub, true)
		}
		if !sure {
			l.check(t, true)
		}
		return
	}
	ops := map[kernels.Op][2]opcode.Op{
		kernels.OpAdd: {opcode.Add, opcode.Add}, kernels.OpSub: {opcode.Sub, opcode.Rsub}, kernels.OpMul: {opcode.Mul, opcode.Mul}, kernels.OpDiv: {opcode.Div, opcode.Rdiv}, kernels.OpMod: {opcode.Mod, opcode.Rmod},
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
	pick := func(a, b opcode.Op) opcode.Op {
		if neg {
			return a
		}
		return b
	}
	switch classOf(n.typ) {
	case classFloat:
		l.op(pick(opcode.Fneg, opcode.Fabs))
	case classWide:
		l.op(pick(opcode.Wneg, opcode.Wabs))
	default:
		l.op(pick(opcode.Neg, opcode.Abs))
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
	l.emit(opcode.Inset, operand{}, uint16(len(words)), 0, l.pool(words...))
	if set.HasNull {
		l.with(opcode.Or, operand{from: opcode.FromNull}) // a miss is NULL
	}
}

func (l *lowering) cast(n *node) {
	a, to := n.args[0], n.typ
	from := a.typ
	l.load(a)
	l.read(a)
	factor := func(up int) operand { return operand{from: opcode.FromConst, imm: column.Pow10(up).Lo} }
	switch {
	case from.Kind == column.Float32, from.Kind == column.Timestamp, from.Kind == column.TimestampTZ:
	case from.Kind == column.Date:
		l.with(opcode.Mul, operand{from: opcode.FromConst, imm: uint64(column.MicrosPerDay)})
	case to.Kind == column.Float64:
		l.op(opcode.Tofloat)
		if from.Scale > 0 {
			l.with(opcode.Fdiv, operand{from: opcode.FromConst, imm: math.Float64bits(column.Pow10(int(from.Scale)).Float64())})
		}
	case to.Kind.IsInteger():
		l.check(to, false)
	case classOf(from) == classWide:
		if to.Scale > from.Scale {
			l.with(opcode.Wmul, factor(int(to.Scale-from.Scale)))
		}
		l.check(to, true)
		if classOf(to) == classWord {
			l.op(opcode.Narrow)
		}
	case classOf(to) == classWide:
		l.with(opcode.Product, factor(int(to.Scale-from.Scale)))
		l.check(to, true)
	default:
		if to.Scale > from.Scale {
			l.with(opcode.Mul, factor(int(to.Scale-from.Scale)))
		}
		l.check(to, false)
	}
	// What is in the accumulator is no longer the operand.
	l.acc = nil
}
