package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// intDigits are the digits of the decimal type that an integer type converts to.
var intDigits = map[column.Kind]int{
	column.Int8: 3, column.Int16: 5, column.Int32: 10, column.Int64: 19,
	column.Uint8: 3, column.Uint16: 5, column.Uint32: 10, column.Uint64: 20,
}

// implicitTargets lists, for each kind, what it converts to without being asked, nearest first.
var implicitTargets = map[column.Kind][]column.Kind{
	column.Int8:      {column.Int16, column.Int32, column.Int64, column.Decimal, column.Float32, column.Float64},
	column.Int16:     {column.Int32, column.Int64, column.Decimal, column.Float32, column.Float64},
	column.Int32:     {column.Int64, column.Decimal, column.Float32, column.Float64},
	column.Int64:     {column.Decimal, column.Float32, column.Float64},
	column.Uint8:     {column.Uint16, column.Int16, column.Uint32, column.Int32, column.Uint64, column.Int64, column.Decimal, column.Float32, column.Float64},
	column.Uint16:    {column.Uint32, column.Int32, column.Uint64, column.Int64, column.Decimal, column.Float32, column.Float64},
	column.Uint32:    {column.Uint64, column.Int64, column.Decimal, column.Float32, column.Float64},
	column.Uint64:    {column.Decimal, column.Float32, column.Float64},
	column.Decimal:   {column.Float32, column.Float64},
	column.Float32:   {column.Float64},
	column.Date:      {column.Timestamp, column.TimestampTZ},
	column.Timestamp: {column.TimestampTZ},
	column.Time:      {column.Interval},
}

// implicit reports whether from converts to to without being asked.
func implicit(from, to column.Kind) bool {
	if from == to || from == column.Null {
		return true
	}
	for _, k := range implicitTargets[from] {
		if k == to {
			return true
		}
	}
	return false
}

// assignable reports whether a value of kind from may be stored into a column of kind to: implicit casts, narrowing between numbers and
// between dates and timestamps, and anything into text.
func assignable(from, to column.Kind) bool {
	return implicit(from, to) || to == column.Text && !from.IsNested() || from.IsNumeric() && to.IsNumeric() ||
		(from == column.Timestamp || from == column.TimestampTZ) && (to == column.Date || to == column.Timestamp || to == column.Time)
}

// decimalOf is the decimal type that holds every value of an integer or decimal expression; literals count their own digits.
func decimalOf(e Expr) column.Type {
	t := e.Type()
	if t.Kind == column.Decimal {
		return t
	}
	if l, ok := e.(*Literal); ok && !l.Value.Null && t.Kind.IsInteger() {
		digits := 1
		for digits < column.MaxPrecision && !l.Value.Int.FitsPrecision(digits) {
			digits++
		}
		return column.DecimalType(digits, 0)
	}
	if d, ok := intDigits[t.Kind]; ok {
		return column.DecimalType(d, 0)
	}
	return column.DecimalType(column.MaxPrecision, 0)
}

// commonDecimal is the decimal that holds the values of both types, with the digits before the point cut at 38 in all.
func commonDecimal(a, b column.Type) column.Type {
	scale := max(a.Scale, b.Scale)
	whole := max(int(a.Precision)-int(a.Scale), int(b.Precision)-int(b.Scale))
	return column.DecimalType(min(whole+int(scale), column.MaxPrecision), int(scale))
}

// commonKind is the nearer of two kinds that the other converts to; ok is false when there is none.
func commonKind(a, b column.Kind) (column.Kind, bool) {
	if a == b {
		return a, true
	}
	if a == column.Null {
		return b, true
	}
	if b == column.Null {
		return a, true
	}
	if implicit(a, b) {
		return b, true
	}
	if implicit(b, a) {
		return a, true
	}
	for _, k := range implicitTargets[a] {
		if implicit(b, k) {
			// A 32-bit float cannot stand for both an integer and a decimal or another float.
			if k == column.Float32 {
				return column.Float64, true
			}
			return k, true
		}
	}
	return 0, false
}

// common is the type that both expressions' values convert to. Untyped literals are the caller's matter.
func common(a, b Expr) (column.Type, bool) {
	ta, tb := a.Type(), b.Type()
	k, ok := commonKind(ta.Kind, tb.Kind)
	if !ok {
		return column.Type{}, false
	}
	switch {
	case k == column.Decimal && ta.Kind == column.Null:
		return decimalOf(b), true
	case k == column.Decimal && tb.Kind == column.Null:
		return decimalOf(a), true
	case k == column.Decimal:
		return commonDecimal(decimalOf(a), decimalOf(b)), true
	case ta.Kind == k && ta.Kind.IsNested() && tb.Kind == k:
		return commonNested(ta, tb)
	case ta.Kind == k:
		return ta, true
	case tb.Kind == k:
		return tb, true
	}
	return column.T(k), true
}

// isUntyped reports whether e is a string literal or NULL whose type the context chooses.
func isUntyped(e Expr) bool {
	l, ok := e.(*Literal)
	return ok && (l.Untyped || l.Value.Type.Kind == column.Null)
}

// CommonType is the type that CASE, UNION, VALUES, COALESCE, IN and the like give to several expressions: the nearest one that all convert to
// implicitly; untyped literals follow the others and are text among themselves. context names the construct in the error (42804).
func CommonType(context string, es []Expr) (column.Type, error) {
	var sofar Expr
	for _, e := range es {
		if isUntyped(e) || e.Type().Kind == column.Null {
			continue
		}
		if sofar == nil {
			sofar = e
			continue
		}
		t, ok := common(sofar, e)
		if !ok {
			return column.Type{}, fault.New(fault.DatatypeMismatch, "%s types %s and %s cannot be matched", context, sofar.Type(), e.Type())
		}
		if !t.Equal(sofar.Type()) {
			sofar = &Ref{Typ: t}
		} else if _, isLiteral := sofar.(*Literal); isLiteral {
			sofar = &Ref{Typ: t}
		}
	}
	if sofar == nil {
		return column.T(column.Text), nil
	}
	return sofar.Type(), nil
}
