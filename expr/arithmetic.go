package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// numericKinds are the kinds that have arithmetic of their own, narrowest first.
var numericKinds = []column.Kind{
	column.Int32, column.Int64, column.Decimal, column.Float32, column.Float64,
	column.Int16, column.Int8, column.Uint8, column.Uint16, column.Uint32, column.Uint64,
}

// arithmeticFunctions are the numeric operators.
func arithmeticFunctions() []*Function {
	var out []*Function
	for _, o := range []struct {
		name string
		op   kernels.Op
		doc  string
	}{
		{"+", kernels.OpAdd, "Sum."},
		{"-", kernels.OpSub, "Difference."},
		{"*", kernels.OpMul, "Product."},
		{"/", kernels.OpDiv, "Quotient; of integers it is truncated toward zero."},
		{"%", kernels.OpMod, "Remainder, with the sign of the dividend."},
		{"mod", kernels.OpMod, "Remainder, with the sign of the dividend."},
	} {
		for _, k := range numericKinds {
			if k.IsFloat() && o.op == kernels.OpMod && o.name == "mod" {
				continue
			}
			t := column.T(k)
			f := &Function{Name: o.name, Operator: o.name, Params: params(t, t), Op: o.op, Result: t, Doc: o.doc}
			if o.name == "mod" {
				f.Operator = ""
			}
			if k == column.Decimal {
				f.Bind = func(args []Expr) (Bound, error) {
					return Bound{Result: decimalResult(o.op, args[0].Type(), args[1].Type()), Op: o.op}, nil
				}
				if o.op != kernels.OpMul && o.op != kernels.OpDiv {
					f.Prepare = oneScale
				}
			}
			out = append(out, f)
		}
	}
	for _, o := range []struct {
		name, operator string
		op             kernels.Op
		doc            string
	}{
		{"-", "-", kernels.OpNeg, "Negation."},
		{"abs", "", kernels.OpAbs, "The value without its sign."},
		{"@", "@", kernels.OpAbs, "The value without its sign."},
	} {
		for _, k := range numericKinds {
			if !k.IsSigned() && k != column.Decimal && !k.IsFloat() {
				continue
			}
			t := column.T(k)
			f := &Function{Name: o.name, Operator: o.operator, Params: params(t), Op: o.op, Result: t, Doc: o.doc}
			if k == column.Decimal {
				f.Bind = func(args []Expr) (Bound, error) { return Bound{Result: args[0].Type(), Op: o.op}, nil }
			}
			out = append(out, f)
		}
	}
	return out
}

// decimalResult is the type of an operation on two decimals: no digit is lost while 38 suffice.
func decimalResult(op kernels.Op, a, b column.Type) column.Type {
	pa, sa, pb, sb := int(a.Precision), int(a.Scale), int(b.Precision), int(b.Scale)
	switch op {
	case kernels.OpMul:
		p, s := pa+pb, sa+sb
		if p > column.MaxPrecision {
			s = max(column.MaxPrecision-(p-s), min(s, divisionScale))
			p = column.MaxPrecision
		}
		return column.DecimalType(p, s)
	case kernels.OpDiv:
		return column.DecimalType(column.MaxPrecision, max(divisionScale, sa, sb))
	case kernels.OpMod:
		return commonDecimal(a, b)
	}
	t := commonDecimal(a, b)
	whole := max(pa-sa, pb-sb)
	return column.DecimalType(min(whole+int(t.Scale)+1, column.MaxPrecision), int(t.Scale))
}

// oneScale brings two decimals to the greater of their scales, each keeping its own digits before the point.
func oneScale(args []Expr) ([]Expr, error) {
	scale := max(args[0].Type().Scale, args[1].Type().Scale)
	out := make([]Expr, len(args))
	for i, a := range args {
		t := a.Type()
		p := min(int(t.Precision)-int(t.Scale)+int(scale), column.MaxPrecision)
		e, err := coerceImplicit(a, column.DecimalType(max(p, 1), int(scale)))
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}
