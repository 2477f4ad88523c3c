package sql

import (
	"math/big"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

// constant makes a literal: integers take the smallest of int4, int8 and numeric that holds them, numbers with a point or exponent are
// exact decimals, strings and NULL have no type of their own yet.
func (b *binder) constant(c *pg.A_Const) (expr.Expr, error) {
	if c.Isnull {
		return untypedNull(), nil
	}
	switch v := c.Val.(type) {
	case *pg.A_Const_Ival:
		return &expr.Literal{Value: column.IntValue(column.T(column.Int32), int64(v.Ival.GetIval()))}, nil
	case *pg.A_Const_Fval:
		return number(v.Fval.GetFval(), b.at(c.Location))
	case *pg.A_Const_Boolval:
		return &expr.Literal{Value: column.BoolValue(v.Boolval.GetBoolval())}, nil
	case *pg.A_Const_Sval:
		return untypedText(v.Sval.GetSval()), nil
	case *pg.A_Const_Bsval:
		return nil, b.unsupported(c.Location, "a bit string")
	}
	return nil, b.unsupported(c.Location, "this constant")
}

func untypedNull() *expr.Literal {
	return &expr.Literal{Value: column.NullValue(column.T(column.Null)), Untyped: true}
}

func untypedText(s string) *expr.Literal {
	return &expr.Literal{Value: column.TextValue(s), Untyped: true}
}

// maxExponent bounds the exponents of constants: double precision has none beyond.
const maxExponent = 400

// number parses a numeric constant, exactly up to 38 digits.
func number(text string, position int) (expr.Expr, error) {
	digits := strings.ReplaceAll(text, "_", "")
	if len(digits) > 2 && digits[0] == '0' && strings.IndexByte("xXoObB", digits[1]) >= 0 {
		v, ok := new(big.Int).SetString(digits, 0)
		if !ok {
			return nil, fault.New(fault.SyntaxError, "invalid integer %q", text).At(position)
		}
		digits = v.String()
	}
	mantissa, exponent := digits, 0
	if i := strings.IndexAny(digits, "eE"); i >= 0 {
		n, err := strconv.Atoi(digits[i+1:])
		if err != nil || n > maxExponent || n < -maxExponent {
			return nil, fault.New(fault.NumericOutOfRange, "number %q is out of range", text).At(position)
		}
		mantissa, exponent = digits[:i], n
	}
	scale := 0
	if i := strings.IndexByte(mantissa, '.'); i >= 0 {
		scale = len(mantissa) - i - 1
		mantissa = mantissa[:i] + mantissa[i+1:]
	}
	isInteger := scale == 0 && mantissa == digits
	scale -= exponent
	if scale < 0 {
		mantissa += strings.Repeat("0", -scale)
		scale = 0
	}
	unscaled, ok := new(big.Int).SetString(mantissa, 10)
	if !ok {
		return nil, fault.New(fault.SyntaxError, "invalid number %q", text).At(position)
	}
	if isInteger && unscaled.IsInt64() {
		v := unscaled.Int64()
		kind := column.Int64
		if v == int64(int32(v)) {
			kind = column.Int32
		}
		return &expr.Literal{Value: column.IntValue(column.T(kind), v)}, nil
	}
	precision := max(len(new(big.Int).Abs(unscaled).String()), scale, 1)
	value, fits := column.Int128FromBig(unscaled)
	if precision > column.MaxPrecision || !fits {
		// What only an exponent makes that long is no decimal that anybody counts in.
		if f, err := strconv.ParseFloat(digits, 64); err == nil && strings.ContainsAny(digits, "eE") {
			return &expr.Literal{Value: column.FloatValue(f)}, nil
		}
		return nil, fault.New(fault.NumericOutOfRange, "number %q has more than %d digits", shorten(text), column.MaxPrecision).At(position).
			WithHint("Write it as a string cast to double precision.")
	}
	return &expr.Literal{Value: column.Value{Type: column.DecimalType(precision, scale), Int: value}}, nil
}

func shorten(text string) string {
	if len(text) > 50 {
		return text[:50] + "…"
	}
	return text
}

// parameter binds $n to its value.
func (b *binder) parameter(p *pg.ParamRef) (expr.Expr, error) {
	n := int(p.Number)
	if n < 1 || n > len(b.options.Parameters) {
		return nil, fault.New(fault.UndefinedParameter, "there is no parameter $%d", n).At(b.at(p.Location))
	}
	v := b.options.Parameters[n-1]
	return &expr.Literal{Value: v, Untyped: v.Null && v.Type.Kind == column.Null}, nil
}
