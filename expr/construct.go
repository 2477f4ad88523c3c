package expr

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// comparisonType is the type that two operands are compared in.
func comparisonType(op CompareOp, l, r Expr) (column.Type, error) {
	switch {
	case isUntyped(l) && isUntyped(r):
		return column.T(column.Text), nil
	case isUntyped(l):
		return r.Type(), nil
	case isUntyped(r):
		return l.Type(), nil
	}
	t, ok := common(l, r)
	if !ok || t.Kind == column.Map {
		e := fault.New(fault.UndefinedFunction, "operator does not exist: %s %s %s", l.Type(), op, r.Type())
		return t, e.WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
	}
	return t, nil
}

// narrowLiteral is literal e in the type of the other operand, where it has exactly the same value there: then the other operand, usually a
// column, needs no cast, and statistics and dictionaries apply to it.
func narrowLiteral(e Expr, to column.Type) (Expr, bool) {
	l, ok := e.(*Literal)
	if !ok || l.Value.Null || l.Untyped {
		return nil, false
	}
	from := l.Value.Type
	exact := from.Kind.IsInteger() || from.Kind == column.Decimal
	switch {
	case exact && (to.Kind.IsInteger() || to.Kind == column.Decimal):
	case (from.Kind == column.Timestamp) && to.Kind == column.Date:
	default:
		return nil, false
	}
	v, err := convert.Value(l.Value, to)
	if err != nil {
		return nil, false
	}
	back, err := convert.Value(v, from)
	if err != nil || back.Int != l.Value.Int {
		return nil, false
	}
	return &Literal{Value: v}, true
}

// NewComparison compares two operands after converting both to their common type: decimals to one scale, integers with decimals as decimals, dates
// with timestamps as timestamps. Operands that cannot be compared fail with 42883.
func NewComparison(op CompareOp, l, r Expr) (Expr, error) {
	l, r = exactLiteral(l, r.Type()), exactLiteral(r, l.Type())
	if n, ok := narrowLiteral(r, l.Type()); ok {
		r = n
	} else if n, ok := narrowLiteral(l, r.Type()); ok {
		l = n
	}
	t, err := comparisonType(op, l, r)
	if err != nil {
		return nil, err
	}
	if l, err = coerceImplicit(l, t); err != nil {
		return nil, err
	}
	if r, err = coerceImplicit(r, t); err != nil {
		return nil, err
	}
	return compared(op, l, r), nil
}

// NewIn is membership of arg in a list. Literals (after folding) form one In node; other members become comparisons joined by OR.
func NewIn(arg Expr, list []Expr, negated bool) (Expr, error) {
	if len(list) == 0 {
		return nil, fault.New(fault.SyntaxError, "IN needs at least one value")
	}
	values := make([]Expr, len(list))
	for i, e := range list {
		e = exactLiteral(e, arg.Type())
		if narrowed, ok := narrowLiteral(e, arg.Type()); ok {
			e = narrowed
		}
		values[i] = e
	}
	t, err := CommonType("IN", slices.Concat([]Expr{arg}, values))
	if err != nil {
		return nil, fault.New(fault.UndefinedFunction, "operator does not exist: %s = %s", arg.Type(), mismatched(arg, values).Type()).
			WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
	}
	if arg, err = coerceImplicit(arg, t); err != nil {
		return nil, err
	}
	in := &In{Arg: arg, Negated: negated}
	var others []Expr
	for _, e := range values {
		if e, err = coerceImplicit(e, t); err != nil {
			return nil, err
		}
		if l, ok := Fold(e).(*Literal); ok && !t.Kind.IsNested() {
			if in.List == nil {
				in.List = make([]column.Value, 0, len(values))
			}
			in.List = append(in.List, l.Value)
			continue
		}
		op := Eq
		if negated {
			op = Ne
		}
		others = append(others, compared(op, arg, e))
	}
	if len(in.List) == 1 {
		op := Eq
		if negated {
			op = Ne
		}
		others = append(others, &Comparison{Op: op, Left: arg, Right: &Literal{Value: in.List[0]}})
	} else if len(in.List) > 0 {
		others = append([]Expr{in}, others...)
	}
	if len(others) == 1 {
		return others[0], nil
	}
	if negated {
		return &And{Terms: others}, nil
	}
	return &Or{Terms: others}, nil
}

// mismatched is the first of list that has no common type with arg.
func mismatched(arg Expr, list []Expr) Expr {
	for _, e := range list {
		if isUntyped(e) {
			continue
		}
		if _, ok := common(arg, e); !ok {
			return e
		}
	}
	return list[0]
}

// NewCase is the searched CASE; els nil means ELSE NULL. The results get their common type.
func NewCase(whens []When, els Expr) (Expr, error) {
	if els == nil {
		els = &Literal{Value: column.NullValue(column.T(column.Null)), Untyped: true}
	}
	results := []Expr{}
	for _, w := range whens {
		results = append(results, w.Then)
	}
	t, err := CommonType("CASE", append(results, els))
	if err != nil {
		return nil, err
	}
	c := &Case{Typ: t, Whens: make([]When, len(whens))}
	for i, w := range whens {
		if c.Whens[i].Cond, err = asBoolean(w.Cond, "CASE/WHEN"); err != nil {
			return nil, err
		}
		if c.Whens[i].Then, err = coerceImplicit(w.Then, t); err != nil {
			return nil, err
		}
	}
	if c.Else, err = coerceImplicit(els, t); err != nil {
		return nil, err
	}
	return c, nil
}

// NewCoalesce is the first argument that is not NULL, in the arguments' common type.
func NewCoalesce(args []Expr) (Expr, error) {
	if len(args) == 0 {
		return nil, fault.New(fault.SyntaxError, "COALESCE needs at least one argument")
	}
	out, _, err := unify("COALESCE", args)
	if err != nil {
		return nil, err
	}
	if len(out) == 1 {
		return out[0], nil
	}
	return &Coalesce{Args: out}, nil
}

// unify converts the expressions to their common type.
func unify(context string, args []Expr) ([]Expr, column.Type, error) {
	t, err := CommonType(context, args)
	if err != nil {
		return nil, t, err
	}
	out := make([]Expr, len(args))
	for i, a := range args {
		if out[i], err = coerceImplicit(a, t); err != nil {
			return nil, t, err
		}
	}
	return out, t, nil
}

// NewAnd is the conjunction of one or more boolean terms; nested conjunctions are joined into one.
func NewAnd(terms ...Expr) (Expr, error) {
	var out []Expr
	for _, t := range terms {
		b, err := asBoolean(t, "AND")
		if err != nil {
			return nil, err
		}
		if a, ok := b.(*And); ok {
			out = append(out, a.Terms...)
		} else {
			out = append(out, b)
		}
	}
	if len(out) == 1 {
		return out[0], nil
	}
	return &And{Terms: out}, nil
}

// NewOr is the disjunction of one or more boolean terms; nested disjunctions are joined into one.
func NewOr(terms ...Expr) (Expr, error) {
	var out []Expr
	for _, t := range terms {
		b, err := asBoolean(t, "OR")
		if err != nil {
			return nil, err
		}
		if o, ok := b.(*Or); ok {
			out = append(out, o.Terms...)
		} else {
			out = append(out, b)
		}
	}
	if len(out) == 1 {
		return out[0], nil
	}
	return &Or{Terms: out}, nil
}

// NewNot is the negation of a boolean.
func NewNot(e Expr) (Expr, error) {
	b, err := asBoolean(e, "NOT")
	if err != nil {
		return nil, err
	}
	return &Not{Arg: b}, nil
}
