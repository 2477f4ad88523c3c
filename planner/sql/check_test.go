package sql

import (
	"fmt"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// check verifies what every plan promises: expressions read only columns of their input or of a query around, with the same types; sides of
// comparisons, arms and set operations have equal types; and no literal is left without a type.
func check(n logical.Node) error {
	return checkNode(n, nil)
}

func checkNode(n logical.Node, outer []logical.Col) error {
	reach := outer
	for _, in := range n.Inputs() {
		reach = append(reach[:len(reach):len(reach)], in.Columns()...)
	}
	for i, in := range n.Inputs() {
		around := outer
		if j, ok := n.(*logical.Join); ok && j.Dependent && i == 1 {
			around = append(outer[:len(outer):len(outer)], j.Left.Columns()...)
		}
		if err := checkNode(in, around); err != nil {
			return err
		}
	}
	if w, ok := n.(*logical.With); ok {
		for _, c := range w.CTEs {
			if err := checkNode(c.Plan, nil); err != nil {
				return fmt.Errorf("CTE %s: %w", c.Name, err)
			}
		}
	}
	for _, e := range expressions(n) {
		if err := checkExpr(e, reach); err != nil {
			return err
		}
	}
	switch n := n.(type) {
	case *logical.SetOp:
		for _, in := range n.In {
			for i, c := range in.Columns() {
				if !c.Type.Equal(n.Cols[i].Type) {
					return fmt.Errorf("column %d of a set operation is %s and %s", i, c.Type, n.Cols[i].Type)
				}
			}
		}
	case *logical.Project:
		for i, e := range n.Exprs {
			if !e.Type().Equal(n.Cols[i].Type) {
				return fmt.Errorf("projected %s is %s, not %s", e, e.Type(), n.Cols[i].Type)
			}
		}
	}
	seen := map[expr.ColumnID]bool{}
	for _, c := range n.Columns() {
		if seen[c.ID] {
			return fmt.Errorf("%T has column %s#%d twice", n, c.Name, c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

func checkExpr(e expr.Expr, reach []logical.Col) error {
	var failed error
	expr.Walk(e, func(e expr.Expr) bool {
		if failed != nil {
			return false
		}
		switch e := e.(type) {
		case *expr.Column:
			for _, c := range reach {
				if c.ID == e.ID {
					if !c.Type.Equal(e.Typ) {
						failed = fmt.Errorf("%s is read as %s and made as %s", e, e.Typ, c.Type)
					}
					return true
				}
			}
			failed = fmt.Errorf("%s is out of reach", e)
		case *expr.Literal:
			if e.Untyped {
				failed = fmt.Errorf("literal %s has no type", e)
			}
		case *expr.Comparison:
			if !e.Left.Type().Equal(e.Right.Type()) {
				failed = fmt.Errorf("%s compares %s and %s", e, e.Left.Type(), e.Right.Type())
			}
		case *logical.Subquery:
			for i, l := range e.Left {
				if c := e.Plan.Columns()[i]; !c.Type.Equal(l.Type()) {
					failed = fmt.Errorf("%s compares %s and %s", e, l.Type(), c.Type)
				}
			}
			if failed == nil {
				failed = checkNode(e.Plan, reach)
			}
		}
		return failed == nil
	})
	return failed
}

// expressions are those of a node itself.
func expressions(n logical.Node) []expr.Expr {
	switch n := n.(type) {
	case *logical.Values:
		var out []expr.Expr
		for _, row := range n.Rows {
			out = append(out, row...)
		}
		return out
	case *logical.Unnest:
		return n.Lists
	case *logical.Series:
		return []expr.Expr{n.Start, n.Stop, n.Step}
	case *logical.Project:
		return n.Exprs
	case *logical.Filter:
		return []expr.Expr{n.Cond}
	case *logical.Join:
		if n.Cond != nil {
			return []expr.Expr{n.Cond}
		}
	case *logical.Aggregate:
		out := append([]expr.Expr{}, n.Groups...)
		for _, a := range n.Aggs {
			out = append(out, a.Args...)
			if a.Filter != nil {
				out = append(out, a.Filter)
			}
			for _, k := range a.OrderBy {
				out = append(out, k.Expr)
			}
		}
		return out
	case *logical.Distinct:
		return n.On
	case *logical.Sort:
		var out []expr.Expr
		for _, k := range n.Keys {
			out = append(out, k.Expr)
		}
		return out
	}
	return nil
}
