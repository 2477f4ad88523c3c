package optimize

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// nestedKeys lets lists and structs be sorted and grouped by: operators see bytes that order and compare as the values do.
//
//	Sort by a                   →     Sort by sort_key(a)
//	Aggregate by [a] [f]        →     Project [a, f]
//	                                    Aggregate by [sort_key(a)] [a: any(a), f]
func nestedKeys(o *optimizer, n logical.Node) (logical.Node, error) {
	n, err := logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return nestedKeys(o, c) })
	if err != nil {
		return nil, err
	}
	// Unnesting compares outer columns as they are.
	n = logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Comparison); ok && c.Left.Type().Kind.IsNested() {
				return &expr.Comparison{Op: c.Op, Left: expr.OrderingKey(c.Left), Right: expr.OrderingKey(c.Right)}
			}
			return e
		})
	})
	switch n := n.(type) {
	case *logical.Sort:
		c := *n
		c.Keys = orderingKeys(n.Keys)
		return &c, nil
	case *logical.AsOf:
		c := *n
		c.LeftKeys, c.RightKeys = slices.Clone(n.LeftKeys), slices.Clone(n.RightKeys)
		for i := range c.LeftKeys {
			c.LeftKeys[i], c.RightKeys[i] = expr.OrderingKey(c.LeftKeys[i]), expr.OrderingKey(c.RightKeys[i])
		}
		c.LeftBound, c.RightBound = expr.OrderingKey(n.LeftBound), expr.OrderingKey(n.RightBound)
		return &c, nil
	case *logical.Window:
		c := *n
		c.Order, c.Partition = orderingKeys(n.Order), slices.Clone(n.Partition)
		for i, e := range c.Partition {
			c.Partition[i] = expr.OrderingKey(e)
		}
		return &c, nil
	case *logical.Distinct:
		if n.On != nil {
			c := *n
			c.On = slices.Clone(n.On)
			for i, e := range c.On {
				c.On[i] = expr.OrderingKey(e)
			}
			return &c, nil
		}
		if cols := n.Columns(); nestedColumns(cols) {
			return groupNested(o, &logical.Aggregate{Input: n.Input, GroupCols: cols, Groups: logical.References(cols)})
		}
	case *logical.SetOp:
		if n.All && n.Kind == logical.Union || !nestedColumns(n.Cols) {
			return n, nil
		}
		if n.Kind != logical.Union {
			return matchNested(o, n)
		}
		c := *n
		c.All = true
		return groupNested(o, &logical.Aggregate{Input: &c, GroupCols: n.Cols, Groups: logical.References(n.Cols)})
	case *logical.Aggregate:
		return groupNested(o, n)
	}
	return n, nil
}

func orderingKeys(keys []expr.SortKey) []expr.SortKey {
	out := slices.Clone(keys)
	for i := range out {
		out[i].Expr = expr.OrderingKey(out[i].Expr)
	}
	return out
}

func nestedColumns(cols []logical.Col) bool {
	return slices.ContainsFunc(cols, func(c logical.Col) bool { return c.Type.Kind.IsNested() })
}

// groupNested groups by the keys of nested values and takes any value of each group, since they are equal.
func groupNested(o *optimizer, n *logical.Aggregate) (logical.Node, error) {
	c := *n
	c.Aggs = slices.Clone(n.Aggs)
	for i, a := range c.Aggs {
		b := *a
		b.OrderBy = orderingKeys(a.OrderBy)
		if a.Distinct && a.Fn.Op == kernels.AggCount {
			b.Args = []expr.Expr{expr.OrderingKey(a.Args[0])}
		}
		c.Aggs[i] = &b
	}
	if !nestedColumns(n.GroupCols) {
		return &c, nil
	}
	c.Groups, c.GroupCols, c.AggCols = slices.Clone(n.Groups), slices.Clone(n.GroupCols), slices.Clone(n.AggCols)
	cols := n.Columns()
	outs := logical.References(cols)
	for i, g := range n.Groups {
		if !g.Type().Kind.IsNested() {
			continue
		}
		call, err := expr.NewAggregate("any", []expr.Expr{g}, false)
		if err != nil {
			return nil, err
		}
		key := logical.Col{ID: o.ids.Next(), Name: n.GroupCols[i].Name, Type: column.T(column.Binary), Nullable: n.GroupCols[i].Nullable}
		value := logical.Col{ID: o.ids.Next(), Name: n.GroupCols[i].Name, Type: g.Type(), Nullable: true}
		c.Groups[i], c.GroupCols[i] = expr.OrderingKey(g), key
		c.Aggs, c.AggCols = append(c.Aggs, call), append(c.AggCols, value)
		outs[i] = value.Expr()
		if n.Sets != nil {
			// A grouping set may leave the key out.
			absent := expr.When{Cond: &expr.IsNull{Arg: key.Expr()}, Then: &expr.Literal{Value: column.NullValue(g.Type())}}
			if outs[i], err = expr.NewCase([]expr.When{absent}, value.Expr()); err != nil {
				return nil, err
			}
		}
	}
	return &logical.Project{Input: &c, Cols: cols, Exprs: outs}, nil
}

// matchNested is INTERSECT or EXCEPT as a semi or anti join on the keys of all columns, of distinct rows, or with ALL of rows that are numbered among their
// equals.
func matchNested(o *optimizer, n *logical.SetOp) (logical.Node, error) {
	var conds []expr.Expr
	sides := make([]logical.Node, 2)
	keys := make([][]expr.Expr, 2)
	for i, in := range n.In {
		for _, c := range in.Columns() {
			keys[i] = append(keys[i], expr.OrderingKey(c.Expr()))
		}
		sides[i] = in
		if n.All {
			w := logical.RowNumber(in, nil, o.ids)
			w.Partition = keys[i]
			sides[i], keys[i] = w, append(slices.Clone(keys[i]), w.Cols[0].Expr())
		}
	}
	for i, k := range keys[0] {
		conds = append(conds, logical.Compare(expr.IsNotDistinct, k, keys[1][i]))
	}
	j := &logical.Join{Kind: logical.Semi, Left: sides[0], Right: sides[1], Cond: expr.Conjunction(conds)}
	if n.Kind == logical.Except {
		j.Kind = logical.Anti
	}
	p := &logical.Project{Input: j, Cols: n.Cols, Exprs: logical.References(n.In[0].Columns())}
	if n.All {
		return p, nil
	}
	return groupNested(o, &logical.Aggregate{Input: p, GroupCols: n.Cols, Groups: logical.References(n.Cols)})
}
