package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// NewCast is the explicit cast of e to a type. Literals are converted at once, so a bad one fails here (22P02, 22007, 22003); with try it becomes
// NULL. A conversion that does not exist fails with 42846.
func NewCast(e Expr, to column.Type, try bool) (Expr, error) {
	from := e.Type()
	if l, ok := e.(*Literal); ok {
		v, err := castLiteral(l, to)
		if err != nil {
			if try && convert.CastableType(from, to) {
				return &Literal{Value: column.NullValue(to), Zone: l.Zone}, nil
			}
			return nil, err
		}
		v.Type = to
		return &Literal{Value: v, Zone: l.Zone}, nil
	}
	if from.Equal(to) {
		return e, nil
	}
	if !convert.CastableType(from, to) {
		return nil, fault.New(fault.CannotCoerce, "cannot cast type %s to %s", from, to)
	}
	return &Cast{Arg: e, To: to, Try: try}, nil
}

// EmptyList is ARRAY[], whose type the context chooses: it is an error where there is none.
func EmptyList() *Literal {
	return &Literal{Value: column.Value{Type: column.ListType(column.T(column.Null))}, Untyped: true}
}

// castLiteral converts a literal's value as the clocks of its zone have it.
func castLiteral(l *Literal, to column.Type) (column.Value, error) {
	if l.Untyped && l.Value.Type.Kind == column.List {
		if to.Kind != column.List || to.Elem().Kind == column.Null {
			return column.Value{}, fault.New(fault.IndeterminateDatatype, "cannot determine type of empty array").
				WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
		}
		return column.Value{Type: to}, nil
	}
	if l.Zone == nil || l.Value.Null || hasZone(l.Value.Type) == hasZone(to) {
		return convert.Value(l.Value, to)
	}
	plain := &Cast{Arg: &Literal{Value: l.Value}, To: to}
	e, err := inZone(plain, l.Zone)
	if err != nil {
		return column.Value{}, err
	}
	if e == plain {
		return convert.Value(l.Value, to)
	}
	return Evaluate(e)
}

// Coerce converts e to a type as storing into a column does: implicit casts, narrowing among numbers, anything printable into text, and literals
// without a type. Everything else fails with 42804.
func Coerce(e Expr, to column.Type) (Expr, error) {
	if isUntyped(e) {
		return NewCast(e, to, false)
	}
	from := e.Type()
	if from.Equal(to) {
		return e, nil
	}
	if !assignable(from.Kind, to.Kind) || to.Kind.IsNested() && !assignableNested(from, to) {
		return nil, fault.New(fault.DatatypeMismatch, "expression is of type %s but type %s is wanted", from, to).
			WithHint("You will need to rewrite or cast the expression.")
	}
	return NewCast(e, to, false)
}

// coerceImplicit is e as type to, which it is known to convert to implicitly.
func coerceImplicit(e Expr, to column.Type) (Expr, error) {
	if to.Kind == column.Null || e.Type().Equal(to) && !isUntyped(e) {
		return e, nil
	}
	return NewCast(e, to, false)
}

// asBoolean converts an operand of AND, OR, NOT or a condition; what names the construct.
func asBoolean(e Expr, what string) (Expr, error) {
	if isUntyped(e) {
		return NewCast(e, boolType, false)
	}
	if e.Type().Kind != column.Bool {
		return nil, fault.New(fault.DatatypeMismatch, "argument of %s must be type boolean, not type %s", what, e.Type())
	}
	return e, nil
}
