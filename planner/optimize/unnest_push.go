package optimize

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// join pushes the domain into the sides that read it; what both represent has to agree.
func (d *domain) join(n *logical.Join) (logical.Node, rep, error) {
	c := *n
	terms := expr.Conjuncts(n.Cond)
	switch n.Kind {
	case logical.Inner:
		l, lr, err := d.push(n.Left, nil)
		if err != nil {
			return nil, nil, err
		}
		r, rr, err := d.push(n.Right, nil)
		if err != nil {
			return nil, nil, err
		}
		c.Left, c.Right = l, r
		all := rep{}
		var stay, filter []expr.Expr
		for id, col := range rr {
			all[id] = col
		}
		for _, id := range lr.ids() {
			if other, ok := rr[id]; ok {
				stay = append(stay, sameValue(lr[id], other, false))
			}
			all[id] = lr[id]
		}
		for _, t := range terms {
			if len(d.used(t)) > 0 {
				filter = append(filter, t)
			} else {
				stay = append(stay, t)
			}
		}
		c.Cond = expr.Conjunction(stay)
		return d.filter(&c, all, filter)
	case logical.Right:
		c.Kind, c.Left, c.Right = logical.Left, n.Right, n.Left
		return d.join(&c)
	case logical.Full:
		want := d.only(logical.Free(n))
		l, lr, err := d.push(n.Left, want)
		if err != nil {
			return nil, nil, err
		}
		r, rr, err := d.push(n.Right, want)
		if err != nil {
			return nil, nil, err
		}
		c.Left, c.Right = l, r
		terms = lr.substitution().ApplyAll(terms)
		all := rep{}
		cols := slices.Clone(n.Columns())
		exprs := logical.References(cols)
		for _, id := range lr.ids() {
			terms = append(terms, sameValue(lr[id], rr[id], false))
			col := lr[id]
			col.ID, col.Nullable = d.u.o.ids.Next(), lr[id].Nullable || rr[id].Nullable
			all[id] = col
			cols = append(cols, col)
			exprs = append(exprs, &expr.Coalesce{Args: []expr.Expr{lr[id].Expr(), rr[id].Expr()}})
		}
		c.Cond = expr.Conjunction(terms)
		return &logical.Project{Input: &c, Cols: cols, Exprs: exprs}, all, nil
	}
	// The left side decides which rows there are: it represents all that the right side and the condition read.
	l, lr, err := d.push(n.Left, d.only(logical.Free(n.Right)).Union(d.used(terms...)))
	if err != nil {
		return nil, nil, err
	}
	c.Left = l
	terms = lr.substitution().ApplyAll(terms)
	if correlated(n.Right, d.left) {
		if n.Kind == logical.NullAwareAnti {
			c.Kind = logical.Anti
			terms = []expr.Expr{notFalse(expr.Conjunction(terms))}
		}
		r, rr, err := d.push(n.Right, nil)
		if err != nil {
			return nil, nil, err
		}
		c.Right = r
		for _, id := range rr.ids() {
			terms = append(terms, sameValue(lr[id], rr[id], n.Kind == logical.Mark))
		}
	}
	c.Cond = expr.Conjunction(terms)
	return &c, lr, nil
}

// group is an aggregation grouped by what represents the outer columns, too. Without groups of its own, those of no rows are missing.
func (d *domain) group(n *logical.Aggregate) (logical.Node, rep, error) {
	in, r, err := d.push(n.Input, d.used(logical.Exprs(n)...))
	if err != nil {
		return nil, nil, err
	}
	c := *logical.MapExprs(n, r.substitution().Apply).(*logical.Aggregate)
	c.Input = in
	more := r.cols(n.GroupCols)
	c.GroupCols = append(slices.Clone(n.GroupCols), more...)
	c.Groups = append(slices.Clone(c.Groups), logical.References(more)...)
	if n.Sets != nil {
		c.Sets = make([][]int, len(n.Sets))
		for i, s := range n.Sets {
			c.Sets[i] = slices.Clone(s)
			for j := range more {
				c.Sets[i] = append(c.Sets[i], len(n.Groups)+j)
			}
		}
	}
	return &c, r, nil
}

// aggregate gives an aggregation without groups its row for every outer value, by an outer join with the set of them.
func (d *domain) aggregate(n *logical.Aggregate) (logical.Node, rep, error) {
	if slices.ContainsFunc(n.Sets, func(s []int) bool { return len(s) == 0 }) {
		return d.push(logical.ApartTotals(n, d.u.o.ids), nil)
	}
	if len(n.Groups) > 0 {
		return d.group(n)
	}
	reads := d.only(logical.Free(n))
	g, r, err := d.group(n)
	if err != nil {
		return nil, nil, err
	}
	v, vr := d.values(reads)
	var conds []expr.Expr
	for _, id := range r.ids() {
		conds = append(conds, sameValue(vr[id], r[id], false))
	}
	// The aggregation's own columns get new names below, so that the projection can give the old ones to what stands for no rows.
	inner := *g.(*logical.Aggregate)
	inner.AggCols = d.u.fresh(n.AggCols)
	s := renaming(n.AggCols, inner.AggCols)
	zero := whenMissing(n)
	cols := append(slices.Clone(n.AggCols), vr.cols(nil)...)
	exprs := make([]expr.Expr, 0, len(cols))
	for _, c := range n.AggCols {
		e := expr.Expr(c.Expr())
		if z, ok := zero[c.ID]; ok {
			e = z
		}
		exprs = append(exprs, s.Apply(e))
	}
	exprs = append(exprs, logical.References(vr.cols(nil))...)
	j := &logical.Join{Kind: logical.Left, Left: v, Right: &inner, Cond: expr.Conjunction(conds)}
	return &logical.Project{Input: j, Cols: cols, Exprs: exprs}, vr, nil
}

// limit numbers the rows of each outer value in their order:
//
//	Limit 2                          →     Filter n <= 2
//	  Sort by x                              Window by [d] order x [n: row_number()]
//	    …                                      …
func (d *domain) limit(n *logical.Limit) (logical.Node, rep, error) {
	if n.Offset == 0 && (n.Count < 0 || n.Count >= 1 && atMostOne(n.Input)) {
		return d.push(n.Input, nil)
	}
	if p, ok := n.Input.(*logical.Project); ok && !slices.ContainsFunc(p.Exprs, logical.IsVolatile) {
		return d.push(&logical.Project{Input: &logical.Limit{Input: p.Input, Count: n.Count, Offset: n.Offset}, Cols: p.Cols, Exprs: p.Exprs}, nil)
	}
	if n.Offset == 0 && n.Count == 1 {
		in, r, err := d.push(n.Input, nil)
		if err != nil {
			return nil, nil, err
		}
		return &logical.Distinct{Input: in, On: logical.References(r.cols(nil))}, r, nil
	}
	sorted, order := n.Input, []expr.SortKey(nil)
	if s, ok := sorted.(*logical.Sort); ok {
		sorted, order = s.Input, s.Keys
	}
	number := logical.RowNumber(sorted, order, d.u.o.ids)
	in, r, err := d.window(number, nil)
	if err != nil {
		return nil, nil, err
	}
	col := number.Cols[0]
	least := func(v int64) expr.Expr { return &expr.Literal{Value: column.IntValue(col.Type, v)} }
	var conds []expr.Expr
	if n.Offset > 0 {
		conds = append(conds, logical.Compare(expr.Gt, col.Expr(), least(n.Offset)))
	}
	if n.Count >= 0 && n.Count+n.Offset >= n.Count {
		conds = append(conds, logical.Compare(expr.Le, col.Expr(), least(n.Count+n.Offset)))
	}
	return logical.Where(in, conds...), r, nil
}

// window computes its functions for each outer value apart.
func (d *domain) window(n *logical.Window, want logical.ColSet) (logical.Node, rep, error) {
	in, r, err := d.push(n.Input, d.only(logical.Free(n)).Union(want))
	if err != nil {
		return nil, nil, err
	}
	c := *logical.MapExprs(n, r.substitution().Apply).(*logical.Window)
	c.Input = in
	c.Partition = append(slices.Clone(c.Partition), logical.References(r.cols(nil))...)
	return &c, r, nil
}

// setOp matches the representing columns by position, as all others.
func (d *domain) setOp(n *logical.SetOp) (logical.Node, rep, error) {
	reads := d.only(logical.Free(n))
	c := *n
	c.In = make([]logical.Node, len(n.In))
	all := rep{}
	c.Cols = slices.Clone(n.Cols)
	for i, in := range n.In {
		p, r, err := d.push(in, reads)
		if err != nil {
			return nil, nil, err
		}
		cols := slices.Clone(in.Columns())
		exprs := logical.References(cols)
		for _, id := range slices.Sorted(keysOf(reads)) {
			col := r[id]
			exprs = append(exprs, col.Expr())
			col.ID = d.u.o.ids.Next()
			cols = append(cols, col)
			if i == 0 {
				out := col
				out.ID = d.u.o.ids.Next()
				c.Cols = append(c.Cols, out)
				all[id] = out
			} else if col.Nullable {
				out := all[id]
				out.Nullable = true
				all[id] = out
				c.Cols[slices.IndexFunc(c.Cols, func(x logical.Col) bool { return x.ID == out.ID })] = out
			}
		}
		c.In[i] = &logical.Project{Input: p, Cols: cols, Exprs: exprs}
	}
	return &c, all, nil
}

func keysOf(s logical.ColSet) func(func(expr.ColumnID) bool) {
	return func(yield func(expr.ColumnID) bool) {
		for id := range s {
			if !yield(id) {
				return
			}
		}
	}
}

// rows computes each row of VALUES for every outer value.
func (d *domain) rows(n *logical.Values) (logical.Node, rep, error) {
	reads := d.only(logical.Free(n))
	one := func(cols []logical.Col, row []expr.Expr) (*logical.Project, rep) {
		v, r := d.values(reads)
		more := r.cols(nil)
		return &logical.Project{
			Input: v, Cols: append(slices.Clone(cols), more...), Exprs: append(r.substitution().ApplyAll(row), logical.References(more)...),
		}, r
	}
	if len(n.Rows) == 1 {
		p, r := one(n.Cols, n.Rows[0])
		return p, r, nil
	}
	u := &logical.SetOp{Kind: logical.Union, All: true, Cols: slices.Clone(n.Cols)}
	all := rep{}
	for i, row := range n.Rows {
		p, r := one(d.u.fresh(n.Cols), row)
		u.In = append(u.In, p)
		if i == 0 {
			for _, id := range r.ids() {
				c := r[id]
				c.ID = d.u.o.ids.Next()
				u.Cols = append(u.Cols, c)
				all[id] = c
			}
		}
	}
	return u, all, nil
}
