package ops

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// supported says why the program kernel cannot compute n from its operands; nil when it can.
func supported(n *node) error {
	op := n.in.Op
	name := opNames[op]
	switch op {
	case kernels.OpIsNull, kernels.OpIsNotNull:
		if classOf(n.args[0].typ) == classNone && !n.args[0].leaf() {
			return kernels.Unsupportedf("values of type %s stay on the CPU", n.args[0].typ)
		}
		return nil
	case kernels.OpCall:
		return kernels.Unsupportedf("function %s has no kernel", n.in.Call.Name)
	case kernels.OpLike, kernels.OpILike:
		return kernels.Unsupportedf("%s has no kernel", name)
	}
	for _, t := range append([]column.Type{n.typ}, types(n)...) {
		if classOf(t) == classNone || t.Kind == column.UUID {
			return kernels.Unsupportedf("%s of type %s has no kernel", name, t)
		}
	}
	switch op {
	case kernels.OpAdd, kernels.OpSub, kernels.OpMul, kernels.OpDiv, kernels.OpMod, kernels.OpNeg, kernels.OpAbs:
		return arithmeticSupported(n, name)
	case kernels.OpCast:
		return castSupported(n.args[0].typ, n.typ, n.in.Lossy)
	case kernels.OpInSet:
		if classOf(n.args[0].typ) != classWord || len(n.in.Set.Values) > mostInSet {
			return kernels.Unsupportedf("IN of %d values of type %s has no kernel", len(n.in.Set.Values), n.args[0].typ)
		}
	case kernels.OpNone:
		return kernels.Unsupportedf("an instruction without an operation")
	}
	return nil
}

// mostInSet is the number of values of IN that an instruction can name.
const mostInSet = 1 << 12

var opNames = map[kernels.Op]string{
	kernels.OpAdd: "+", kernels.OpSub: "-", kernels.OpMul: "*", kernels.OpDiv: "/", kernels.OpMod: "%", kernels.OpNeg: "negation", kernels.OpAbs: "abs",
	kernels.OpEq: "=", kernels.OpNe: "<>", kernels.OpLt: "<", kernels.OpLe: "<=", kernels.OpGt: ">", kernels.OpGe: ">=",
	kernels.OpIsDistinct: "IS DISTINCT FROM", kernels.OpIsNotDistinct: "IS NOT DISTINCT FROM", kernels.OpIsTrue: "IS TRUE", kernels.OpIsFalse: "IS FALSE",
	kernels.OpNot: "NOT", kernels.OpAnd: "AND", kernels.OpOr: "OR", kernels.OpCase: "CASE", kernels.OpCoalesce: "COALESCE", kernels.OpCast: "cast",
	kernels.OpInSet: "IN", kernels.OpLike: "LIKE", kernels.OpILike: "ILIKE",
	kernels.OpExtractYear: "extract(year)", kernels.OpExtractMonth: "extract(month)", kernels.OpExtractDay: "extract(day)",
}

// types are the operands' types.
func types(n *node) []column.Type {
	var out []column.Type
	n.operands(func(m *node) { out = append(out, m.typ) })
	return out
}

func arithmeticSupported(n *node, name string) error {
	t, op := n.typ, n.in.Op
	if op == kernels.OpNeg || op == kernels.OpAbs {
		return nil
	}
	a, b := n.args[0].typ, n.args[1].typ
	if t.Kind == column.Decimal {
		if a.Kind != column.Decimal || b.Kind != column.Decimal {
			return kernels.Unsupportedf("%s of %s and %s has no kernel", name, a, b)
		}
		wide := classOf(a) == classWide || classOf(b) == classWide
		switch op {
		case kernels.OpDiv:
			return kernels.Unsupportedf("division of decimals has no kernel")
		case kernels.OpMod:
			if wide || classOf(t) == classWide {
				return kernels.Unsupportedf("remainder of wide decimals has no kernel")
			}
		case kernels.OpMul:
			if t.Scale != a.Scale+b.Scale || wide && classOf(t) != classWide {
				return kernels.Unsupportedf("a product that is rounded to %s has no kernel", t)
			}
		default:
			if wide && classOf(t) != classWide || a.Scale != t.Scale || b.Scale != t.Scale {
				return kernels.Unsupportedf("%s of %s and %s giving %s has no kernel", name, a, b, t)
			}
		}
		return nil
	}
	if a.Physical() != t.Physical() || b.Physical() != t.Physical() || t.Kind == column.Float32 && op == kernels.OpMod || t.Kind == column.Float64 && op == kernels.OpMod {
		return kernels.Unsupportedf("%s of %s has no kernel", name, t)
	}
	return nil
}

// castSupported says which conversions have a kernel.
func castSupported(from, to column.Type, lossy bool) error {
	no := kernels.Unsupportedf("the cast of %s to %s has no kernel", from, to)
	if lossy {
		return kernels.Unsupportedf("TRY_CAST has no kernel")
	}
	exact := func(t column.Type) bool { return t.Kind.IsInteger() || t.Kind == column.Decimal }
	switch {
	case from.Kind == column.Float32 && to.Kind == column.Float64,
		from.Kind == column.Date && (to.Kind == column.Timestamp || to.Kind == column.TimestampTZ),
		from.Kind == column.Timestamp && to.Kind == column.TimestampTZ, from.Kind == column.TimestampTZ && to.Kind == column.Timestamp:
		return nil
	case exact(from) && to.Kind == column.Float64 && classOf(from) == classWord:
		return nil
	case exact(from) && to.Kind.IsInteger() && classOf(to) == classWord && from.Scale == 0 && classOf(from) == classWord:
		return nil
	case exact(from) && to.Kind == column.Decimal && to.Scale >= from.Scale && to.Scale-from.Scale <= column.MaxPrecision64:
		if classOf(from) == classWide && classOf(to) == classWord && to.Scale != from.Scale {
			return no
		}
		return nil
	}
	return no
}
