package optimize

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// attach joins p, which may read in's columns, to in. conds are over the columns of both. The result has in's columns, and p's or the mark
// as the kind says; there may be more.
func (u *unnester) attach(kind logical.JoinKind, in, p logical.Node, conds []expr.Expr, mark logical.Col) (logical.Node, error) {
	outer := logical.Set(in.Columns())
	if logical.Free(p).Intersects(outer) {
		var pulled []expr.Expr
		p, pulled = pull(p, outer)
		conds = append(append([]expr.Expr{}, conds...), pulled...)
	}
	switch kind {
	case logical.Semi, logical.Anti, logical.Mark:
		// Nobody above sees p's columns, so what its projection computes can be computed in the condition.
		for {
			t, ok := p.(*logical.Project)
			if !ok || !logical.Used(t.Exprs...).Intersects(outer) {
				break
			}
			s := logical.Substitution{}
			for i, c := range t.Cols {
				s[c.ID] = t.Exprs[i]
			}
			conds, p = s.ApplyAll(conds), t.Input
		}
	}
	if logical.Free(p).Intersects(outer) {
		d := u.domain(in)
		r, rep, err := d.push(p, nil)
		if err != nil {
			return nil, err
		}
		in, p = d.left, r
		conds = append(conds, d.match(rep, in.Columns(), kind == logical.Mark)...)
	}
	return &logical.Join{Kind: kind, Left: in, Right: p, Cond: expr.Conjunction(conds), Mark: mark}, nil
}

// dependent unnests a LATERAL join, whose sides have no subqueries any more.
func (u *unnester) dependent(n *logical.Join) (logical.Node, error) {
	cols := n.Columns()
	c := *n
	c.Dependent = false
	if n.Kind != logical.Inner && logical.HasSubquery(orTrue(n.Cond)) {
		var plain, nested []expr.Expr
		for _, t := range expr.Conjuncts(n.Cond) {
			if logical.HasSubquery(t) {
				nested = append(nested, t)
			} else {
				plain = append(plain, t)
			}
		}
		c.Cond = expr.Conjunction(plain)
		r, err := u.joinLateral(&c, nested)
		if err != nil {
			return nil, err
		}
		return logical.Keep(r, cols), nil
	}
	if logical.HasSubquery(orTrue(n.Cond)) {
		r, err := u.join(&c)
		if err != nil {
			return nil, err
		}
		if j, ok := r.(*logical.Join); ok {
			c = *j
		} else {
			c.Cond = nil
		}
		if c.Cond == nil && n.Cond != nil {
			// An inner join's condition went into a filter above it; the dependent join itself has none then.
			bare := *n
			bare.Cond = nil
			in, err := u.dependent(&bare)
			if err != nil {
				return nil, err
			}
			f, err := u.filter(in, expr.Conjuncts(n.Cond))
			if err != nil {
				return nil, err
			}
			return logical.Keep(f, cols), nil
		}
	}
	if !correlated(c.Right, c.Left) {
		return logical.Keep(&c, cols), nil
	}
	if c.Kind == logical.Inner || c.Kind == logical.Left && c.Cond == nil {
		r, values, ok, err := u.aggregated(c.Left, c.Right)
		if err != nil {
			return nil, err
		}
		if ok && onlyProjects(c.Right) {
			p := &logical.Project{Input: r, Cols: cols, Exprs: append(logical.References(c.Left.Columns()), values...)}
			return logical.Where(p, expr.Conjuncts(c.Cond)...), nil
		}
	}
	r, err := u.attach(c.Kind, c.Left, c.Right, expr.Conjuncts(c.Cond), logical.Col{})
	if err != nil {
		return nil, err
	}
	return logical.Keep(r, cols), nil
}

func orTrue(e expr.Expr) expr.Expr {
	if e == nil {
		return logical.Bool(true)
	}
	return e
}

// onlyProjects reports whether p gives exactly its aggregation's row.
func onlyProjects(p logical.Node) bool {
	switch p := p.(type) {
	case *logical.Project:
		return onlyProjects(p.Input)
	case *logical.Sort:
		return onlyProjects(p.Input)
	case *logical.Aggregate:
		return true
	}
	return false
}

// pull takes the conditions on outer columns out of p, from where they may move up into the join above:
//
//	Project [x]                      →     Project [x, k]        and t.k = u.k
//	  Filter t.k = u.k and y > 1             Filter y > 1
//	    Scan u                                 Scan u
func pull(p logical.Node, outer logical.ColSet) (logical.Node, []expr.Expr) {
	switch n := p.(type) {
	case *logical.Filter:
		in, pulled := pull(n.Input, outer)
		var stay []expr.Expr
		for _, t := range expr.Conjuncts(n.Cond) {
			if logical.Used(t).Intersects(outer) && !logical.IsVolatile(t) {
				pulled = append(pulled, t)
			} else {
				stay = append(stay, t)
			}
		}
		return logical.Where(in, stay...), pulled
	case *logical.Project:
		in, pulled := pull(n.Input, outer)
		if len(pulled) == 0 {
			return n, nil
		}
		c := &logical.Project{Input: in, Cols: append([]logical.Col{}, n.Cols...), Exprs: append([]expr.Expr{}, n.Exprs...)}
		have := logical.Set(n.Cols)
		used := logical.Used(pulled...)
		for _, col := range in.Columns() {
			if used.Has(col.ID) && !have.Has(col.ID) {
				c.Cols, c.Exprs = append(c.Cols, col), append(c.Exprs, col.Expr())
			}
		}
		return c, pulled
	case *logical.Sort:
		in, pulled := pull(n.Input, outer)
		if len(pulled) > 0 {
			return &logical.Sort{Input: in, Keys: n.Keys}, pulled
		}
	case *logical.Join:
		c := *n
		var pulled []expr.Expr
		c.Left, pulled = pull(n.Left, outer)
		if n.Kind == logical.Inner {
			var more []expr.Expr
			c.Right, more = pull(n.Right, outer)
			pulled = append(pulled, more...)
			var stay []expr.Expr
			for _, t := range expr.Conjuncts(n.Cond) {
				if logical.Used(t).Intersects(outer) && !logical.IsVolatile(t) {
					pulled = append(pulled, t)
				} else {
					stay = append(stay, t)
				}
			}
			c.Cond = expr.Conjunction(stay)
		} else if n.Kind == logical.Right || n.Kind == logical.Full {
			return n, nil
		}
		if len(pulled) > 0 {
			return &c, pulled
		}
	}
	return p, nil
}
