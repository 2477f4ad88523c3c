package logical

import (
	"github.com/polybolos-db/polybolos/expr"
)

// Exprs are the expressions of n itself, without those of its inputs.
func Exprs(n Node) []expr.Expr {
	var out []expr.Expr
	MapExprs(n, func(e expr.Expr) expr.Expr {
		out = append(out, e)
		return e
	})
	return out
}

// MapExprs is n with f applied to each of its own expressions; n itself when f changes nothing.
func MapExprs(n Node, f func(expr.Expr) expr.Expr) Node {
	changed := false
	one := func(e expr.Expr) expr.Expr {
		if e == nil {
			return nil
		}
		r := f(e)
		changed = changed || r != e
		return r
	}
	list := func(es []expr.Expr) []expr.Expr {
		out := make([]expr.Expr, len(es))
		for i, e := range es {
			out[i] = one(e)
		}
		return out
	}
	keys := func(ks []expr.SortKey) []expr.SortKey {
		out := make([]expr.SortKey, len(ks))
		for i, k := range ks {
			k.Expr = one(k.Expr)
			out[i] = k
		}
		return out
	}
	var r Node
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Filters = list(n.Filters)
		r = &c
	case *Values:
		c := *n
		c.Rows = make([][]expr.Expr, len(n.Rows))
		for i, row := range n.Rows {
			c.Rows[i] = list(row)
		}
		r = &c
	case *Series:
		c := *n
		c.Start, c.Stop, c.Step = one(n.Start), one(n.Stop), one(n.Step)
		r = &c
	case *Project:
		c := *n
		c.Exprs = list(n.Exprs)
		r = &c
	case *Filter:
		c := *n
		c.Cond = one(n.Cond)
		r = &c
	case *Join:
		c := *n
		c.Cond = one(n.Cond)
		r = &c
	case *Aggregate:
		c := *n
		c.Groups = list(n.Groups)
		c.Aggs = make([]*expr.AggCall, len(n.Aggs))
		for i, a := range n.Aggs {
			b := *a
			b.Args, b.Filter, b.OrderBy = list(a.Args), one(a.Filter), keys(a.OrderBy)
			c.Aggs[i] = &b
		}
		r = &c
	case *Distinct:
		c := *n
		if n.On != nil {
			c.On = list(n.On)
		}
		r = &c
	case *Sort:
		c := *n
		c.Keys = keys(n.Keys)
		r = &c
	case *Unnest:
		c := *n
		c.Lists = list(n.Lists)
		r = &c
	case *AsOf:
		r = mapAsOf(n, one, list)
	case *Window:
		r = mapWindow(n, one, list, keys)
	}
	if !changed {
		return n
	}
	return r
}

// MapInputs is n with f applied to its inputs; n itself when f changes nothing.
func MapInputs(n Node, f func(Node) (Node, error)) (Node, error) {
	in := n.Inputs()
	var changed []Node
	for i, c := range in {
		r, err := f(c)
		if err != nil {
			return nil, err
		}
		if r != c && changed == nil {
			changed = append(make([]Node, 0, len(in)), in...)
		}
		if changed != nil {
			changed[i] = r
		}
	}
	if changed == nil {
		return n, nil
	}
	return n.WithInputs(changed), nil
}

// Substitution replaces columns by expressions.
type Substitution map[expr.ColumnID]expr.Expr

// Apply replaces the columns in e, those that subqueries in e read from outside included.
func (s Substitution) Apply(e expr.Expr) expr.Expr {
	if len(s) == 0 || e == nil {
		return e
	}
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		switch e := e.(type) {
		case *expr.Column:
			if r, ok := s[e.ID]; ok {
				return r
			}
		case *Subquery:
			if p := s.ApplyNode(e.Plan); p != e.Plan {
				c := *e
				c.Plan = p
				return &c
			}
		}
		return e
	})
}

// ApplyAll is Apply on each of es.
func (s Substitution) ApplyAll(es []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = s.Apply(e)
	}
	return out
}

// ApplyNode replaces the columns in all expressions of n and below.
func (s Substitution) ApplyNode(n Node) Node {
	r, _ := MapInputs(n, func(c Node) (Node, error) { return s.ApplyNode(c), nil })
	if w, ok := r.(*With); ok {
		c := *w
		c.CTEs = make([]*CTE, len(w.CTEs))
		moved := map[*CTE]*CTE{}
		for i, t := range w.CTEs {
			c.CTEs[i] = &CTE{Name: t.Name, Plan: redirect(s.ApplyNode(t.Plan), moved)}
			moved[t] = c.CTEs[i]
		}
		c.Input = redirect(c.Input, moved)
		r = &c
	}
	return MapExprs(r, s.Apply)
}

// redirect makes the references in n to the keys of moved references to its values.
func redirect(n Node, moved map[*CTE]*CTE) Node {
	if len(moved) == 0 {
		return n
	}
	if r, ok := n.(*CTERef); ok {
		if t, ok := moved[r.CTE]; ok {
			return &CTERef{CTE: t, Cols: r.Cols}
		}
		return r
	}
	r, _ := MapInputs(n, func(c Node) (Node, error) { return redirect(c, moved), nil })
	if w, ok := r.(*With); ok {
		for _, t := range w.CTEs {
			t.Plan = redirect(t.Plan, moved)
		}
	}
	return MapExprs(r, func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if q, ok := e.(*Subquery); ok {
				c := *q
				c.Plan = redirect(q.Plan, moved)
				return &c
			}
			return e
		})
	})
}
