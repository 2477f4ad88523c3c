package logical

import (
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

// Where is n with the rows where all conds are true; n itself without conds. It merges with a filter at the top of n.
func Where(n Node, conds ...expr.Expr) Node {
	var terms []expr.Expr
	for _, c := range conds {
		terms = append(terms, expr.Conjuncts(c)...)
	}
	if len(terms) == 0 {
		return n
	}
	if f, ok := n.(*Filter); ok {
		return &Filter{Input: f.Input, Cond: expr.Conjunction(append(expr.Conjuncts(f.Cond), terms...))}
	}
	return &Filter{Input: n, Cond: expr.Conjunction(terms)}
}

// Keep is n with exactly cols, in that order; n itself when they are its columns.
func Keep(n Node, cols []Col) Node {
	have := n.Columns()
	same := len(have) == len(cols)
	for i := 0; same && i < len(cols); i++ {
		same = have[i].ID == cols[i].ID
	}
	if same {
		return n
	}
	return &Project{Input: n, Cols: cols, Exprs: References(cols)}
}

// References are expressions that read cols.
func References(cols []Col) []expr.Expr {
	out := make([]expr.Expr, len(cols))
	for i, c := range cols {
		out[i] = c.Expr()
	}
	return out
}

// Bool is a boolean constant.
func Bool(b bool) expr.Expr { return &expr.Literal{Value: column.BoolValue(b)} }

// IsBool reports whether e is the constant b; NULL is neither.
func IsBool(e expr.Expr, b bool) bool {
	l, ok := e.(*expr.Literal)
	return ok && !l.Value.Null && l.Value.Type.Kind == column.Bool && l.Value.Bool() == b
}

// IsNull reports whether e is a constant NULL.
func IsNull(e expr.Expr) bool {
	l, ok := e.(*expr.Literal)
	return ok && l.Value.Null
}

// Compare is left op right.
func Compare(op expr.CompareOp, left, right expr.Expr) expr.Expr {
	return &expr.Comparison{Op: op, Left: left, Right: right}
}

// Empty is no rows of cols.
func Empty(cols []Col) Node { return &Values{Cols: cols} }

// IsEmpty reports whether n is constantly without rows.
func IsEmpty(n Node) bool {
	v, ok := n.(*Values)
	return ok && len(v.Rows) == 0
}

// Any reports whether f is true for n or a node below it.
func Any(n Node, f func(Node) bool) bool {
	if f(n) {
		return true
	}
	for _, c := range n.Inputs() {
		if Any(c, f) {
			return true
		}
	}
	return false
}

// HasSubquery reports whether e has a subquery in it.
func HasSubquery(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if _, ok := e.(*Subquery); ok {
			found = true
		}
		return !found
	})
	return found
}

// IsVolatile reports whether e may give another value for the same row.
func IsVolatile(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && c.Fn.Volatility == expr.Volatile {
			found = true
		}
		return !found
	})
	return found
}

// NotNull reports whether e is never NULL over rows of cols, as far as its shape tells.
func NotNull(e expr.Expr, cols []Col) bool {
	switch e := e.(type) {
	case *expr.Column:
		c, ok := Find(cols, e.ID)
		return ok && !c.Nullable
	case *expr.Literal:
		return !e.Value.Null
	case *expr.IsNull:
		return true
	case *expr.Cast:
		return !e.Try && NotNull(e.Arg, cols)
	case *expr.Coalesce:
		for _, a := range e.Args {
			if NotNull(a, cols) {
				return true
			}
		}
	case *expr.Comparison:
		if e.Op == expr.IsDistinct || e.Op == expr.IsNotDistinct {
			return true
		}
		return NotNull(e.Left, cols) && NotNull(e.Right, cols)
	case *expr.And, *expr.Or, *expr.Not:
		for _, c := range e.Children() {
			if !NotNull(c, cols) {
				return false
			}
		}
		return true
	}
	return false
}

// Key tells expressions apart: equal keys mean equal values on equal rows, for expressions that are not volatile and have no subquery.
func Key(e expr.Expr) string {
	var b strings.Builder
	b.WriteString(e.Type().String() + " " + e.String())
	expr.Walk(e, func(e expr.Expr) bool {
		// Long lists are printed in part.
		if in, ok := e.(*expr.In); ok {
			for _, v := range in.List {
				b.WriteString("\x00" + v.String())
			}
		}
		return true
	})
	return b.String()
}

// Unique is terms without repetitions; volatile terms and those with subqueries are all kept.
func Unique(terms []expr.Expr) []expr.Expr {
	if len(terms) < 2 {
		return slices.Clone(terms)
	}
	seen := map[string]bool{}
	out := make([]expr.Expr, 0, len(terms))
	for _, t := range terms {
		if !HasSubquery(t) && !IsVolatile(t) {
			k := Key(t)
			if seen[k] {
				continue
			}
			seen[k] = true
		}
		out = append(out, t)
	}
	return out
}
