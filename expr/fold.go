package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/cpu"
)

// Evaluate computes an expression that reads no column.
func Evaluate(e Expr) (column.Value, error) {
	if l, ok := e.(*Literal); ok {
		return l.Value, nil
	}
	p, err := Compile([]Expr{e}, nil)
	if err != nil {
		return column.Value{}, err
	}
	a := mem.NewArena(nil)
	defer a.Free()
	ev, err := cpu.NewEvaluator(p, a)
	if err != nil {
		return column.Value{}, err
	}
	var out [1]*column.Vector
	if err := ev.Eval(&column.Batch{Len: 1}, out[:]); err != nil {
		return column.Value{}, err
	}
	if out[0].Len == 0 {
		return column.Value{}, fault.New(fault.Internal, "constant expression gave no row")
	}
	v := out[0].ValueAt(0)
	v.Type = e.Type()
	return v, nil
}

// Fold replaces constant subexpressions by literals where their evaluation succeeds; those that fail stay, since they may never be reached. It
// also simplifies AND, OR, NOT and CASE over constants, and comparisons of a widened column with a literal that the narrow type holds.
func Fold(e Expr) Expr { return Rewrite(e, foldNode) }

func foldNode(e Expr) Expr {
	switch e := e.(type) {
	case *Literal, *Column, *Ref:
		return e
	case *And:
		return foldTerms(e.Terms, false)
	case *Or:
		return foldTerms(e.Terms, true)
	case *Case:
		return foldCase(e)
	case *Coalesce:
		return foldCoalesce(e)
	case *Comparison:
		if n := unwiden(e); n != nil {
			return n
		}
	case *Call:
		if e.Fn.Volatility != Immutable {
			return e
		}
	}
	for _, c := range e.Children() {
		if _, ok := c.(*Literal); !ok {
			return e
		}
	}
	v, err := Evaluate(e)
	if err != nil {
		return e
	}
	return &Literal{Value: v}
}

// foldTerms simplifies a conjunction (absorbing false) or a disjunction (absorbing true).
func foldTerms(terms []Expr, absorbing bool) Expr {
	var out []Expr
	for _, t := range terms {
		l, ok := t.(*Literal)
		if !ok || l.Value.Null {
			out = append(out, t)
			continue
		}
		if l.Value.Bool() == absorbing {
			return l
		}
	}
	switch {
	case len(out) == 0:
		return &Literal{Value: column.BoolValue(!absorbing)}
	case len(out) == 1:
		return out[0]
	case absorbing:
		return &Or{Terms: out}
	}
	return &And{Terms: out}
}

func foldCase(e *Case) Expr {
	var whens []When
	els := e.Else
	for _, w := range e.Whens {
		if l, ok := w.Cond.(*Literal); ok {
			if l.Value.Null || !l.Value.Bool() {
				continue
			}
			els = w.Then
			break
		}
		whens = append(whens, w)
	}
	if len(whens) == 0 {
		return els
	}
	if len(whens) == len(e.Whens) && els == e.Else {
		return e
	}
	return &Case{Whens: whens, Else: els, Typ: e.Typ}
}

func foldCoalesce(e *Coalesce) Expr {
	var out []Expr
	for _, a := range e.Args {
		if l, ok := a.(*Literal); ok {
			if l.Value.Null {
				continue
			}
			out = append(out, a)
			break
		}
		out = append(out, a)
	}
	switch len(out) {
	case 0:
		return e.Args[0]
	case 1:
		return out[0]
	case len(e.Args):
		return e
	}
	return &Coalesce{Args: out}
}

// unwiden turns cast(x as wider) op literal into x op narrower literal where both mean the same, so that a column stands alone: integers widened to larger
// ones or decimals, decimals to a larger scale, dates to timestamps (whose comparison with a time within a day moves to the day). nil when it does not apply.
func unwiden(e *Comparison) Expr {
	c, l, op := e.Left, e.Right, e.Op
	if _, ok := c.(*Literal); ok {
		c, l, op = l, c, op.Swap()
	}
	cast, ok1 := c.(*Cast)
	lit, ok2 := l.(*Literal)
	if !ok1 || !ok2 || lit.Value.Null || cast.Try {
		return nil
	}
	from := cast.Arg.Type()
	if !implicit(from.Kind, cast.To.Kind) || from.Kind == column.Decimal && cast.To.Kind == column.Decimal && from.Scale > cast.To.Scale {
		return nil
	}
	if n, ok := narrowLiteral(lit, from); ok {
		return &Comparison{Op: op, Left: cast.Arg, Right: n}
	}
	if from.Kind == column.Date && cast.To.Kind == column.Timestamp {
		// A time within a day: days up to its own are less, later ones greater.
		us := lit.Value.Int64()
		day := us / column.MicrosPerDay
		if us%column.MicrosPerDay < 0 {
			day--
		}
		if day != int64(int32(day)) {
			return nil
		}
		d := &Literal{Value: column.IntValue(from, day)}
		switch op {
		case Lt, Le:
			return &Comparison{Op: Le, Left: cast.Arg, Right: d}
		case Gt, Ge:
			return &Comparison{Op: Gt, Left: cast.Arg, Right: d}
		}
	}
	return nil
}
