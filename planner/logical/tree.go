package logical

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

func (n *Scan) Columns() []Col     { return n.Cols }
func (n *Values) Columns() []Col   { return n.Cols }
func (n *Series) Columns() []Col   { return []Col{n.Col} }
func (n *Project) Columns() []Col  { return n.Cols }
func (n *Filter) Columns() []Col   { return n.Input.Columns() }
func (n *Distinct) Columns() []Col { return n.Input.Columns() }
func (n *Sort) Columns() []Col     { return n.Input.Columns() }
func (n *Limit) Columns() []Col    { return n.Input.Columns() }
func (n *SetOp) Columns() []Col    { return n.Cols }
func (n *With) Columns() []Col     { return n.Input.Columns() }
func (n *CTERef) Columns() []Col   { return n.Cols }

// Columns are the group columns, then the aggregates'.
func (n *Aggregate) Columns() []Col {
	return append(n.GroupCols[:len(n.GroupCols):len(n.GroupCols)], n.AggCols...)
}

// Columns are the left side's, then the right side's; sides that outer joins fill up become nullable.
func (n *Join) Columns() []Col {
	k := &n.known
	if k.cols == nil || k.left != n.Left || k.right != n.Right || k.kind != n.Kind || k.mark != n.Mark.ID {
		*k = joinColumns{left: n.Left, right: n.Right, kind: n.Kind, mark: n.Mark.ID, cols: n.columns()}
	}
	return k.cols[:len(k.cols):len(k.cols)]
}

func (n *Join) columns() []Col {
	l, r := n.Left.Columns(), n.Right.Columns()
	switch n.Kind {
	case Semi, Anti, NullAwareAnti:
		return l
	case Mark:
		return append(l[:len(l):len(l)], n.Mark)
	}
	out := make([]Col, 0, len(l)+len(r))
	out = append(append(out, l...), r...)
	for i := range out {
		if i < len(l) && (n.Kind == Right || n.Kind == Full) || i >= len(l) && (n.Kind == Left || n.Kind == Full || n.Kind == Single) {
			out[i].Nullable = true
		}
	}
	return out
}

func (n *Scan) Inputs() []Node      { return nil }
func (n *Values) Inputs() []Node    { return nil }
func (n *Series) Inputs() []Node    { return nil }
func (n *CTERef) Inputs() []Node    { return nil }
func (n *Project) Inputs() []Node   { return []Node{n.Input} }
func (n *Filter) Inputs() []Node    { return []Node{n.Input} }
func (n *Distinct) Inputs() []Node  { return []Node{n.Input} }
func (n *Sort) Inputs() []Node      { return []Node{n.Input} }
func (n *Limit) Inputs() []Node     { return []Node{n.Input} }
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }
func (n *Join) Inputs() []Node      { return []Node{n.Left, n.Right} }
func (n *SetOp) Inputs() []Node     { return n.In }

// Inputs of a With are the main plan alone: CTE plans are reached through CTEs.
func (n *With) Inputs() []Node { return []Node{n.Input} }

func (n *Scan) WithInputs([]Node) Node       { return n }
func (n *Values) WithInputs([]Node) Node     { return n }
func (n *Series) WithInputs([]Node) Node     { return n }
func (n *CTERef) WithInputs([]Node) Node     { return n }
func (n *Project) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }
func (n *Filter) WithInputs(in []Node) Node  { c := *n; c.Input = in[0]; return &c }
func (n *Distinct) WithInputs(in []Node) Node {
	c := *n
	c.Input = in[0]
	return &c
}
func (n *Sort) WithInputs(in []Node) Node      { c := *n; c.Input = in[0]; return &c }
func (n *Limit) WithInputs(in []Node) Node     { c := *n; c.Input = in[0]; return &c }
func (n *Aggregate) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }
func (n *Join) WithInputs(in []Node) Node      { c := *n; c.Left, c.Right = in[0], in[1]; return &c }
func (n *SetOp) WithInputs(in []Node) Node     { c := *n; c.In = in; return &c }
func (n *With) WithInputs(in []Node) Node      { c := *n; c.Input = in[0]; return &c }

// Type is boolean, or for a scalar subquery its column's type.
func (s *Subquery) Type() column.Type { return s.Typ }

// Children are the left operands; the plan is not an expression.
func (s *Subquery) Children() []expr.Expr { return s.Left }

// WithChildren replaces the left operands.
func (s *Subquery) WithChildren(c []expr.Expr) expr.Expr {
	n := *s
	n.Left = c
	return &n
}

// String names the kind; the plan is printed by Format.
func (s *Subquery) String() string {
	switch s.Kind {
	case ExistsSubquery:
		return "exists (subquery)"
	case AnySubquery, AllSubquery:
		parts := make([]string, len(s.Left))
		for i, e := range s.Left {
			parts[i] = e.String()
		}
		quantifier := " any (subquery)"
		if s.Kind == AllSubquery {
			quantifier = " all (subquery)"
		}
		return strings.Join(parts, ", ") + " " + s.Op.String() + quantifier
	}
	return "(subquery)"
}
