package logical

import (
	"maps"

	"github.com/polybolos-db/polybolos/expr"
)

// Copy is n under fresh column IDs. What n reads from outside keeps its ID, and CTERefs keep their CTE. n has no With.
func Copy(n Node, ids *IDs) (Node, Substitution) {
	if m, ok := n.(*SetOp); ok {
		c := *m
		c.In = make([]Node, len(m.In))
		for i, in := range m.In {
			c.In[i], _ = Copy(in, ids)
		}
		s := Substitution{}
		c.Cols = renew(m.Cols, ids, s)
		return &c, s
	}
	if r, ok := n.(*Recursion); ok {
		return copyRecursion(r, ids)
	}
	in := n.Inputs()
	seen := Substitution{}
	if len(in) > 0 {
		copies := make([]Node, len(in))
		for i, c := range in {
			var s Substitution
			if j, ok := n.(*Join); ok && i == 1 && j.Dependent {
				c = seen.ApplyNode(c)
			}
			copies[i], s = Copy(c, ids)
			maps.Copy(seen, s)
		}
		n = n.WithInputs(copies)
	}
	inside := maps.Clone(seen)
	// A scan's filters read the columns that the scan itself makes.
	if t, ok := n.(*Scan); ok {
		c := *t
		c.Cols = renew(t.Cols, ids, seen)
		return MapExprs(&c, func(e expr.Expr) expr.Expr { return copyExpr(e, seen, ids) }), seen
	}
	n = MapExprs(n, func(e expr.Expr) expr.Expr { return copyExpr(e, inside, ids) })
	switch t := n.(type) {
	case *Values:
		c := *t
		c.Cols = renew(t.Cols, ids, seen)
		return &c, seen
	case *Series:
		c := *t
		c.Col = renew([]Col{t.Col}, ids, seen)[0]
		return &c, seen
	case *CTERef:
		c := *t
		c.Cols = renew(t.Cols, ids, seen)
		return &c, seen
	case *WorkingTable:
		c := *t
		c.Cols = renew(t.Cols, ids, seen)
		return &c, seen
	case *Unnest:
		c := *t
		c.Cols = renew(t.Cols, ids, seen)
		if t.Ordinality != nil {
			c.Ordinality = &renew([]Col{*t.Ordinality}, ids, seen)[0]
		}
		return &c, seen
	case *Window:
		c := *t
		c.Cols = renew(t.Cols, ids, seen)
		return &c, seen
	case *Project:
		c := *t
		clear(seen)
		c.Cols = renew(t.Cols, ids, seen)
		return &c, seen
	case *Aggregate:
		c := *t
		clear(seen)
		c.GroupCols = renew(t.GroupCols, ids, seen)
		c.AggCols = renew(t.AggCols, ids, seen)
		return &c, seen
	case *Join:
		c := *t
		if t.Kind == Mark {
			c.Mark = renew([]Col{t.Mark}, ids, seen)[0]
		}
		return &c, seen
	}
	return n, seen
}

// copyExpr renames by s and copies the plans of subqueries, so that no two places share an ID.
func copyExpr(e expr.Expr, s Substitution, ids *IDs) expr.Expr {
	return expr.Rewrite(s.Apply(e), func(e expr.Expr) expr.Expr {
		if q, ok := e.(*Subquery); ok {
			c := *q
			c.Plan, _ = Copy(q.Plan, ids)
			return &c
		}
		return e
	})
}

func renew(cols []Col, ids *IDs, s Substitution) []Col {
	out := make([]Col, len(cols))
	for i, c := range cols {
		old := c.ID
		c.ID = ids.Next()
		out[i] = c
		s[old] = c.Expr()
	}
	return out
}
