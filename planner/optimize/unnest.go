package optimize

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// unnest replaces every subquery and every dependent join by ordinary joins, after Neumann and Kemper, "Unnesting Arbitrary Queries" (2015):
//
//	Filter exists (subquery:         →     Semi Join on o.k = c.k
//	    Filter o.k = c.k                     Scan c
//	      Scan o)                            Scan o
//	  Scan c
//
// It works from the innermost subquery outwards. A subquery's plan is joined to the input of the node whose expression it stands in
// (attach), conditions on outer columns move up into that join where they can (pull.go), and what stays correlated is computed for
// the set of all outer values at once (domain.go).
func unnest(o *optimizer, n logical.Node) (logical.Node, error) {
	u := &unnester{o: o}
	return u.node(n)
}

type unnester struct{ o *optimizer }

// node unnests n and everything below it. The result has n's columns in order.
func (u *unnester) node(n logical.Node) (logical.Node, error) {
	n, err := logical.MapInputs(n, u.node)
	if err != nil {
		return nil, err
	}
	if j, ok := n.(*logical.Join); ok && j.Dependent {
		return u.dependent(j)
	}
	found := false
	for _, e := range logical.Exprs(n) {
		found = found || logical.HasSubquery(e)
	}
	if !found {
		return n, nil
	}
	cols := n.Columns()
	switch n := n.(type) {
	case *logical.Filter:
		r, err := u.filter(n.Input, expr.Conjuncts(n.Cond))
		if err != nil {
			return nil, err
		}
		return logical.Keep(r, cols), nil
	case *logical.Join:
		return u.join(n)
	case *logical.Values:
		return u.values(n)
	case *logical.Series:
		return nil, fault.New(fault.FeatureNotSupported, "a subquery as an argument of generate_series is not supported")
	}
	// All others compute their expressions over their only input.
	in := n.Inputs()[0]
	var failed error
	r := logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		if failed != nil {
			return e
		}
		var v expr.Expr
		in, v, failed = u.value(in, e)
		return v
	})
	if failed != nil {
		return nil, failed
	}
	return logical.Keep(r.WithInputs([]logical.Node{in}), cols), nil
}

// filter applies terms to in, those without subqueries first.
func (u *unnester) filter(in logical.Node, terms []expr.Expr) (logical.Node, error) {
	var plain, nested []expr.Expr
	for _, t := range terms {
		if logical.HasSubquery(t) {
			nested = append(nested, t)
		} else {
			plain = append(plain, t)
		}
	}
	in = logical.Where(in, plain...)
	for _, t := range nested {
		var err error
		if in, err = u.conjunct(in, t); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// join takes subqueries out of a join's condition: above an inner join, otherwise to the side that they read.
func (u *unnester) join(n *logical.Join) (logical.Node, error) {
	var plain, nested []expr.Expr
	for _, t := range expr.Conjuncts(n.Cond) {
		if logical.HasSubquery(t) {
			nested = append(nested, t)
		} else {
			plain = append(plain, t)
		}
	}
	cols := n.Columns()
	c := *n
	if n.Kind == logical.Inner {
		c.Cond = expr.Conjunction(plain)
		r, err := u.filter(&c, nested)
		if err != nil {
			return nil, err
		}
		return logical.Keep(r, cols), nil
	}
	left, right := logical.Set(n.Left.Columns()), logical.Set(n.Right.Columns())
	var both []expr.Expr
	for _, t := range nested {
		used := logical.Used(t)
		var err error
		switch {
		case !used.Intersects(left):
			c.Right, t, err = u.value(c.Right, t)
		case !used.Intersects(right):
			c.Left, t, err = u.value(c.Left, t)
		default:
			both = append(both, t)
			continue
		}
		if err != nil {
			return nil, err
		}
		plain = append(plain, t)
	}
	c.Cond = expr.Conjunction(plain)
	if len(both) > 0 {
		r, err := u.joinLateral(&c, both)
		if err != nil {
			return nil, err
		}
		return logical.Keep(r, cols), nil
	}
	return logical.Keep(&c, cols), nil
}

// joinLateral adds terms with subqueries that read both sides of a join: they filter its inner side, which then reads the outer one.
//
//	Left Join x = y and exists (… x … y …)     →     Dependent Left Join x = y
//	  L, R                                             L, Filter exists (… x … y …) of R
func (u *unnester) joinLateral(n *logical.Join, terms []expr.Expr) (logical.Node, error) {
	c := *n
	switch n.Kind {
	case logical.Left, logical.Semi, logical.Anti:
	case logical.Right:
		c.Kind, c.Left, c.Right = logical.Left, n.Right, n.Left
	default:
		return nil, fault.New(fault.FeatureNotSupported, "a subquery in the ON condition of a full join that reads both sides is not supported")
	}
	inner := c.Right.Columns()
	in, err := u.filter(c.Right, terms)
	if err != nil {
		return nil, err
	}
	c.Right = logical.Keep(in, inner)
	return u.dependent(&c)
}

// values makes rows with subqueries projections of one row each.
func (u *unnester) values(n *logical.Values) (logical.Node, error) {
	rows := make([]logical.Node, len(n.Rows))
	for i, row := range n.Rows {
		cols := n.Cols
		if len(n.Rows) > 1 {
			cols = u.fresh(n.Cols)
		}
		r, err := u.node(&logical.Project{Input: unit(), Cols: cols, Exprs: row})
		if err != nil {
			return nil, err
		}
		rows[i] = r
	}
	if len(rows) == 1 {
		return rows[0], nil
	}
	return &logical.SetOp{Kind: logical.Union, All: true, In: rows, Cols: n.Cols}, nil
}

// unit is one row without columns.
func unit() logical.Node { return &logical.Values{Rows: [][]expr.Expr{{}}} }

func (u *unnester) fresh(cols []logical.Col) []logical.Col {
	out := make([]logical.Col, len(cols))
	for i, c := range cols {
		c.ID = u.o.ids.Next()
		out[i] = c
	}
	return out
}

func (u *unnester) boolCol(name string) logical.Col {
	return logical.Col{ID: u.o.ids.Next(), Name: name, Type: column.T(column.Bool), Nullable: true}
}

// plan is a subquery's plan under IDs of its own, with the subqueries inside it unnested.
func (u *unnester) plan(q *logical.Subquery) (logical.Node, error) {
	p, _ := logical.Copy(q.Plan, u.o.ids)
	p, err := u.node(p)
	return p, fault.At(err, q.Pos)
}

// conjunct filters in by a term with subqueries. EXISTS, IN and their negations become semi and anti joins.
func (u *unnester) conjunct(in logical.Node, t expr.Expr) (logical.Node, error) {
	negated := false
	inner := t
	if n, ok := t.(*expr.Not); ok {
		negated, inner = true, n.Arg
	}
	q, ok := inner.(*logical.Subquery)
	if !ok || q.Kind == logical.ScalarSubquery {
		r, v, err := u.value(in, t)
		if err != nil {
			return nil, err
		}
		return logical.Where(r, v), nil
	}
	p, err := u.plan(q)
	if err != nil {
		return nil, err
	}
	if q.Kind == logical.ExistsSubquery {
		p, always := forExists(p)
		switch {
		case always && negated:
			return logical.Empty(in.Columns()), nil
		case always:
			return in, nil
		case negated:
			return u.attach(logical.Anti, in, p, nil, logical.Col{})
		}
		return u.attach(logical.Semi, in, p, nil, logical.Col{})
	}
	left := make([]expr.Expr, len(q.Left))
	for i, e := range q.Left {
		if in, left[i], err = u.value(in, e); err != nil {
			return nil, err
		}
	}
	p = forAny(p)
	// x op ANY holds when the comparison is true for some row; x op ALL when there is none for which it is not true.
	cmp := compareRows(q.Op, left, p.Columns())
	if (q.Kind == logical.AnySubquery) != negated {
		if negated {
			cmp = negate(cmp, nil) // NOT (x op ALL)
		}
		return u.attach(logical.Semi, in, p, expr.Conjuncts(cmp), logical.Col{})
	}
	op := q.Op
	if q.Kind == logical.AllSubquery {
		cmp, op = negate(cmp, nil), op.Negate()
	}
	both := append(append([]logical.Col{}, in.Columns()...), p.Columns()...)
	if logical.NotNull(cmp, both) {
		return u.attach(logical.Anti, in, p, expr.Conjuncts(cmp), logical.Col{})
	}
	if len(left) == 1 && op == expr.Eq && !correlated(p, in) {
		return u.attach(logical.NullAwareAnti, in, p, []expr.Expr{cmp}, logical.Col{})
	}
	return u.attach(logical.Anti, in, p, []expr.Expr{notFalse(cmp)}, logical.Col{})
}

// compareRows compares expressions with a plan's columns, as = and <> compare rows.
func compareRows(op expr.CompareOp, left []expr.Expr, cols []logical.Col) expr.Expr {
	terms := make([]expr.Expr, len(left))
	for i, e := range left {
		terms[i] = logical.Compare(op, e, cols[i].Expr())
	}
	if op == expr.Ne || op == expr.IsDistinct {
		return disjunction(terms)
	}
	return expr.Conjunction(terms)
}

// notFalse is true where e is true or NULL.
func notFalse(e expr.Expr) expr.Expr {
	return &expr.Coalesce{Args: []expr.Expr{e, logical.Bool(true)}}
}

// isTrue is false where e is NULL.
func isTrue(e expr.Expr) expr.Expr {
	return &expr.Coalesce{Args: []expr.Expr{e, logical.Bool(false)}}
}

func correlated(p, in logical.Node) bool {
	return logical.Free(p).Intersects(logical.Set(in.Columns()))
}

// forExists strips what does not change whether there is a row; always says that there is one.
func forExists(p logical.Node) (stripped logical.Node, always bool) {
	switch n := p.(type) {
	case *logical.Project:
		return forExists(n.Input)
	case *logical.Distinct:
		return forExists(n.Input)
	case *logical.Sort:
		return forExists(n.Input)
	case *logical.Window:
		return forExists(n.Input)
	case *logical.Limit:
		if n.Count != 0 && n.Offset == 0 {
			return forExists(n.Input)
		}
	case *logical.Aggregate:
		for _, s := range n.Sets {
			if len(s) == 0 {
				return p, true
			}
		}
		if len(n.Groups) == 0 {
			return p, true
		}
		return forExists(n.Input)
	case *logical.Values:
		return p, len(n.Rows) > 0
	}
	return p, false
}

// forAny strips what does not change which values there are.
func forAny(p logical.Node) logical.Node {
	switch n := p.(type) {
	case *logical.Distinct:
		if n.On == nil {
			return forAny(n.Input)
		}
	case *logical.Sort:
		return forAny(n.Input)
	}
	return p
}
