package expr

import (
	"fmt"
	"strings"

	"github.com/polybolos-db/polybolos/column"
)

var boolType = column.T(column.Bool)

// Type and Children of every node.

func (e *Column) Type() column.Type          { return e.Typ }
func (e *Column) Children() []Expr           { return nil }
func (e *Column) WithChildren([]Expr) Expr   { return e }
func (e *Ref) Type() column.Type             { return e.Typ }
func (e *Ref) Children() []Expr              { return nil }
func (e *Ref) WithChildren([]Expr) Expr      { return e }
func (e *Literal) Type() column.Type         { return e.Value.Type }
func (e *Literal) Children() []Expr          { return nil }
func (e *Literal) WithChildren([]Expr) Expr  { return e }
func (e *Call) Type() column.Type            { return e.Typ }
func (e *Call) Children() []Expr             { return e.Args }
func (e *Call) WithChildren(c []Expr) Expr   { return &Call{Fn: e.Fn, Args: c, Typ: e.Typ, Pos: e.Pos} }
func (e *Cast) Type() column.Type            { return e.To }
func (e *Cast) Children() []Expr             { return []Expr{e.Arg} }
func (e *Cast) WithChildren(c []Expr) Expr   { return &Cast{Arg: c[0], To: e.To, Try: e.Try, Pos: e.Pos} }
func (e *And) Type() column.Type             { return boolType }
func (e *And) Children() []Expr              { return e.Terms }
func (e *And) WithChildren(c []Expr) Expr    { return &And{Terms: c} }
func (e *Or) Type() column.Type              { return boolType }
func (e *Or) Children() []Expr               { return e.Terms }
func (e *Or) WithChildren(c []Expr) Expr     { return &Or{Terms: c} }
func (e *Not) Type() column.Type             { return boolType }
func (e *Not) Children() []Expr              { return []Expr{e.Arg} }
func (e *Not) WithChildren(c []Expr) Expr    { return &Not{Arg: c[0]} }
func (e *IsNull) Type() column.Type          { return boolType }
func (e *IsNull) Children() []Expr           { return []Expr{e.Arg} }
func (e *IsNull) WithChildren(c []Expr) Expr { return &IsNull{Arg: c[0], Negated: e.Negated} }
func (e *Coalesce) Type() column.Type        { return e.Args[0].Type() }
func (e *Coalesce) Children() []Expr         { return e.Args }
func (e *Coalesce) WithChildren(c []Expr) Expr {
	return &Coalesce{Args: c}
}
func (e *In) Type() column.Type { return boolType }
func (e *In) Children() []Expr  { return []Expr{e.Arg} }
func (e *In) WithChildren(c []Expr) Expr {
	return &In{Arg: c[0], List: e.List, Negated: e.Negated}
}
func (e *Comparison) Type() column.Type { return boolType }
func (e *Comparison) Children() []Expr  { return []Expr{e.Left, e.Right} }
func (e *Comparison) WithChildren(c []Expr) Expr {
	return &Comparison{Op: e.Op, Left: c[0], Right: c[1]}
}
func (e *Case) Type() column.Type { return e.Typ }

// Children of a Case are condition and result of each arm in turn, then ELSE.
func (e *Case) Children() []Expr {
	out := make([]Expr, 0, 2*len(e.Whens)+1)
	for _, w := range e.Whens {
		out = append(out, w.Cond, w.Then)
	}
	return append(out, e.Else)
}

// WithChildren takes the order of Children.
func (e *Case) WithChildren(c []Expr) Expr {
	n := &Case{Typ: e.Typ, Else: c[len(c)-1], Whens: make([]When, len(e.Whens))}
	for i := range n.Whens {
		n.Whens[i] = When{Cond: c[2*i], Then: c[2*i+1]}
	}
	return n
}

func (e *Column) String() string { return fmt.Sprintf("%s#%d", e.Name, e.ID) }
func (e *Ref) String() string {
	if e.Name != "" {
		return e.Name
	}
	return fmt.Sprintf("$%d", e.Index)
}

func (e *Literal) String() string { return quoteValue(e.Value) }

func quoteValue(v column.Value) string {
	if v.Null {
		return "NULL"
	}
	switch v.Type.Kind {
	case column.Text:
		return "'" + strings.ReplaceAll(v.Str, "'", "''") + "'"
	case column.Date, column.Time, column.Timestamp, column.TimestampTZ, column.Interval, column.Binary, column.UUID:
		return v.Type.String() + " '" + v.String() + "'"
	}
	return v.String()
}

func (e *Call) String() string {
	if e.Fn.Operator != "" {
		switch len(e.Args) {
		case 1:
			return e.Fn.Operator + operand(e.Args[0])
		case 2:
			return operand(e.Args[0]) + " " + e.Fn.Operator + " " + operand(e.Args[1])
		}
	}
	return e.Fn.Name + "(" + join(e.Args, ", ") + ")"
}

func (e *Cast) String() string {
	if e.Try {
		return "try_cast(" + e.Arg.String() + " as " + e.To.String() + ")"
	}
	return "cast(" + e.Arg.String() + " as " + e.To.String() + ")"
}

func (e *And) String() string { return joinOperands(e.Terms, " and ") }
func (e *Or) String() string  { return joinOperands(e.Terms, " or ") }
func (e *Not) String() string { return "not " + operand(e.Arg) }

func (e *IsNull) String() string {
	if e.Negated {
		return operand(e.Arg) + " is not null"
	}
	return operand(e.Arg) + " is null"
}

func (e *Coalesce) String() string { return "coalesce(" + join(e.Args, ", ") + ")" }

// shownInList is the number of IN-list values that String prints.
const shownInList = 10

func (e *In) String() string {
	var b strings.Builder
	b.WriteString(operand(e.Arg))
	if e.Negated {
		b.WriteString(" not")
	}
	b.WriteString(" in (")
	for i, v := range e.List {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == shownInList {
			fmt.Fprintf(&b, "... %d more", len(e.List)-i)
			break
		}
		b.WriteString(quoteValue(v))
	}
	return b.String() + ")"
}

func (e *Comparison) String() string {
	return operand(e.Left) + " " + e.Op.String() + " " + operand(e.Right)
}

func (e *Case) String() string {
	var b strings.Builder
	b.WriteString("case")
	for _, w := range e.Whens {
		b.WriteString(" when " + w.Cond.String() + " then " + w.Then.String())
	}
	return b.String() + " else " + e.Else.String() + " end"
}

// String prints the call as SQL would write it.
func (c *AggCall) String() string {
	var b strings.Builder
	b.WriteString(c.Fn.Name + "(")
	if c.Distinct {
		b.WriteString("distinct ")
	}
	if len(c.Args) == 0 {
		b.WriteString("*")
	}
	b.WriteString(join(c.Args, ", "))
	for i, k := range c.OrderBy {
		b.WriteString([]string{" order by ", ", "}[min(i, 1)] + k.String())
	}
	b.WriteString(")")
	if c.Filter != nil {
		b.WriteString(" filter (where " + c.Filter.String() + ")")
	}
	return b.String()
}

// String prints the key as SQL would write it; the default order of NULLs is left out.
func (k SortKey) String() string {
	s := k.Expr.String()
	if k.Descending {
		s += " desc"
	}
	if k.NullsFirst != k.Descending {
		s += map[bool]string{true: " nulls first", false: " nulls last"}[k.NullsFirst]
	}
	return s
}

// operand prints e in parentheses where it is compound.
func operand(e Expr) string {
	switch e := e.(type) {
	case *And, *Or, *Comparison, *In, *IsNull, *Not, *Case:
		return "(" + e.String() + ")"
	case *Call:
		if e.Fn.Operator != "" {
			return "(" + e.String() + ")"
		}
	}
	return e.String()
}

func join(es []Expr, sep string) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.String()
	}
	return strings.Join(parts, sep)
}

func joinOperands(es []Expr, sep string) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = operand(e)
	}
	return strings.Join(parts, sep)
}
