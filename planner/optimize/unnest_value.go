package optimize

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// value makes e computable over an input that has the results of its subqueries as columns.
func (u *unnester) value(in logical.Node, e expr.Expr) (logical.Node, expr.Expr, error) {
	if !logical.HasSubquery(e) {
		return in, e, nil
	}
	var failed error
	r := expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		q, ok := e.(*logical.Subquery)
		if !ok || failed != nil {
			return e
		}
		var v expr.Expr
		in, v, failed = u.subquery(in, q)
		return v
	})
	return in, r, failed
}

// subquery joins one subquery, whose left operands have none, to in.
func (u *unnester) subquery(in logical.Node, q *logical.Subquery) (logical.Node, expr.Expr, error) {
	p, err := u.plan(q)
	if err != nil {
		return nil, nil, err
	}
	switch q.Kind {
	case logical.ScalarSubquery:
		return u.scalar(in, p)
	case logical.ExistsSubquery:
		p, always := forExists(p)
		if always {
			return in, logical.Bool(true), nil
		}
		return u.mark(in, p, nil)
	}
	p = forAny(p)
	cmp := compareRows(q.Op, q.Left, p.Columns())
	op := q.Op
	if q.Kind == logical.AllSubquery {
		// x op ALL is NOT (x not-op ANY), also where it is unknown.
		cmp, op = negate(cmp, nil), op.Negate()
	}
	in, v, err := u.any(in, p, cmp, len(q.Left) == 1 && op == expr.Eq)
	if q.Kind == logical.AllSubquery && err == nil {
		v = &expr.Not{Arg: v}
	}
	return in, v, err
}

// mark is whether p has a row for which conds are true: never NULL.
func (u *unnester) mark(in, p logical.Node, conds []expr.Expr) (logical.Node, expr.Expr, error) {
	m := u.boolCol("mark")
	r, err := u.attach(logical.Mark, in, p, conds, m)
	return r, isTrue(m.Expr()), err
}

// any is whether cmp holds for a row of p: NULL when it is NULL for some row and true for none.
func (u *unnester) any(in, p logical.Node, cmp expr.Expr, equality bool) (logical.Node, expr.Expr, error) {
	both := append(append([]logical.Col{}, in.Columns()...), p.Columns()...)
	if logical.NotNull(cmp, both) {
		return u.mark(in, p, expr.Conjuncts(cmp))
	}
	if equality && !correlated(p, in) {
		m := u.boolCol("mark")
		r, err := u.attach(logical.Mark, in, p, []expr.Expr{cmp}, m)
		return r, m.Expr(), err
	}
	// Two marks: is it true for some row, and if not, is it anything but false for some row.
	again, s := logical.Copy(p, u.o.ids)
	in, sure, err := u.mark(in, p, expr.Conjuncts(cmp))
	if err != nil {
		return nil, nil, err
	}
	in, maybe, err := u.mark(in, again, []expr.Expr{notFalse(s.Apply(cmp))})
	if err != nil {
		return nil, nil, err
	}
	return in, &expr.Case{
		Whens: []expr.When{{Cond: sure, Then: logical.Bool(true)}, {Cond: maybe, Then: null(column.T(column.Bool))}},
		Else:  logical.Bool(false), Typ: column.T(column.Bool),
	}, nil
}

// scalar is the one value of p. What gives one row for sure is joined without a check:
//
//	Filter a > (subquery:            →     Filter a > 2 * s
//	    Project [2 * s]                      Left Join on t.k = u.k
//	      Aggregate [s: sum(b)]                Scan t
//	        Filter t.k = u.k                   Aggregate by [u.k] [s: sum(b)]
//	          Scan u)                            Scan u
//	  Scan t
func (u *unnester) scalar(in, p logical.Node) (logical.Node, expr.Expr, error) {
	col := p.Columns()[0]
	if !correlated(p, in) {
		kind := logical.Single
		switch {
		case exactlyOne(p):
			kind = logical.Inner
		case atMostOne(p):
			kind = logical.Left
		}
		return &logical.Join{Kind: kind, Left: in, Right: p}, col.Expr(), nil
	}
	r, values, ok, err := u.aggregated(in, p)
	if err != nil {
		return nil, nil, err
	}
	if ok {
		return r, values[0], nil
	}
	kind := logical.Single
	if atMostOne(p) {
		kind = logical.Left
	}
	r, err = u.attach(kind, in, p, nil, logical.Col{})
	return r, col.Expr(), err
}

// aggregated joins a correlated plan that is projections and filters over an aggregation without groups: grouped by the columns that
// correlate it, and left-joined since a group without rows is missing. values are the plan's columns over that join.
func (u *unnester) aggregated(in, p logical.Node) (r logical.Node, values []expr.Expr, ok bool, err error) {
	var chain []logical.Node
	n := p
	for {
		switch t := n.(type) {
		case *logical.Project:
			chain, n = append(chain, t), t.Input
			continue
		case *logical.Filter:
			chain, n = append(chain, t), t.Input
			continue
		case *logical.Sort:
			n = t.Input
			continue
		}
		break
	}
	agg, isAgg := n.(*logical.Aggregate)
	if !isAgg || len(agg.Groups) > 0 || agg.Sets != nil {
		return nil, nil, false, nil
	}
	for _, c := range chain {
		for _, e := range logical.Exprs(c) {
			if logical.IsVolatile(e) {
				return nil, nil, false, nil
			}
		}
	}
	s := logical.Substitution{}
	if correlated(agg, in) {
		d := u.domain(in)
		grouped, rep, err := d.group(agg)
		if err != nil {
			return nil, nil, false, err
		}
		in = d.left
		r = &logical.Join{Kind: logical.Left, Left: in, Right: grouped, Cond: expr.Conjunction(d.match(rep, in.Columns(), false))}
		s = whenMissing(agg)
	} else {
		r = &logical.Join{Kind: logical.Inner, Left: in, Right: agg}
	}
	var having []expr.Expr
	for i := len(chain) - 1; i >= 0; i-- {
		switch t := chain[i].(type) {
		case *logical.Filter:
			having = append(having, s.Apply(t.Cond))
		case *logical.Project:
			next := logical.Substitution{}
			for j, c := range t.Cols {
				next[c.ID] = s.Apply(t.Exprs[j])
			}
			s = next
		}
	}
	for _, c := range p.Columns() {
		v := s.Apply(c.Expr())
		if len(having) > 0 {
			v = &expr.Case{Whens: []expr.When{{Cond: expr.Conjunction(having), Then: v}}, Else: null(c.Type), Typ: c.Type}
		}
		values = append(values, v)
	}
	return r, values, true, nil
}

// whenMissing gives counts the value that they have for no rows, where the join found no group.
func whenMissing(agg *logical.Aggregate) logical.Substitution {
	s := logical.Substitution{}
	for i, a := range agg.Aggs {
		switch a.Fn.Op {
		case kernels.AggCount, kernels.AggCountStar, kernels.AggApproxCount:
			c := agg.AggCols[i]
			zero := &expr.Literal{Value: column.IntValue(c.Type, 0)}
			s[c.ID] = &expr.Coalesce{Args: []expr.Expr{c.Expr(), zero}}
		}
	}
	return s
}

// atMostOne reports whether n never has two rows.
func atMostOne(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
		return len(n.Groups) == 0 && n.Sets == nil
	case *logical.Values:
		return len(n.Rows) <= 1
	case *logical.Limit:
		return n.Count >= 0 && n.Count <= 1 || atMostOne(n.Input)
	case *logical.AsOf:
		return atMostOne(n.Left)
	case *logical.Project, *logical.Filter, *logical.Sort, *logical.Distinct, *logical.Window:
		return atMostOne(n.Inputs()[0])
	case *logical.Join:
		switch n.Kind {
		case logical.Inner, logical.Left:
			return atMostOne(n.Left) && atMostOne(n.Right)
		case logical.Semi, logical.Anti, logical.NullAwareAnti, logical.Mark, logical.Single:
			return atMostOne(n.Left)
		}
	}
	return false
}

// exactlyOne reports whether n always has one row.
func exactlyOne(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
		return len(n.Groups) == 0 && n.Sets == nil
	case *logical.Values:
		return len(n.Rows) == 1
	case *logical.Project, *logical.Sort, *logical.Distinct, *logical.Window:
		return exactlyOne(n.Inputs()[0])
	case *logical.Join:
		switch n.Kind {
		case logical.Inner:
			return n.Cond == nil && exactlyOne(n.Left) && exactlyOne(n.Right)
		case logical.Left:
			return exactlyOne(n.Left) && atMostOne(n.Right)
		case logical.Mark, logical.Single:
			return exactlyOne(n.Left)
		}
	}
	return false
}
