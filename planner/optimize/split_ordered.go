package optimize

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// splitOrdered lets aggregates of one query have different orders: an aggregation sorts its input once, so each order gets an aggregation of its own over
// the same rows, and the groups are joined.
//
//	Aggregate by [k] [list(a order by b), list(a order by c)]   →   Inner Join on k is not distinct from k
//	                                                                  Aggregate by [k] [list(a order by b)]
//	                                                                  Aggregate by [k] [list(a order by c)]
//
// Of grouping sets, a NULL of the join's keys may also stand for what a set leaves out: marked adds what tells the sets apart.
func splitOrdered(o *optimizer, n logical.Node) (logical.Node, error) {
	n, err := logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return splitOrdered(o, c) })
	if err != nil {
		return nil, err
	}
	a, ok := n.(*logical.Aggregate)
	if !ok {
		return n, nil
	}
	orders := ordersOf(a)
	if len(orders) < 2 {
		return n, nil
	}
	cols := a.Columns()
	if a.Sets != nil {
		a = marked(a, o.ids)
	}
	d := (&unnester{o: o}).domain(a.Input)
	var joined logical.Node
	for i, members := range orders {
		c := *a
		c.Aggs, c.AggCols = nil, nil
		for _, m := range members {
			c.Aggs, c.AggCols = append(c.Aggs, a.Aggs[m]), append(c.AggCols, a.AggCols[m])
		}
		if i == 0 {
			joined = &c
			continue
		}
		in, s := d.source()
		c.Groups = s.ApplyAll(a.Groups)
		c.GroupCols = d.u.fresh(a.GroupCols)
		again := logical.MapExprs(&c, s.Apply).(*logical.Aggregate)
		again = &logical.Aggregate{Input: in, GroupCols: c.GroupCols, Groups: again.Groups, AggCols: c.AggCols, Aggs: again.Aggs, Sets: a.Sets}
		var conds []expr.Expr
		for k, g := range a.GroupCols {
			conds = append(conds, logical.Compare(expr.IsNotDistinct, g.Expr(), c.GroupCols[k].Expr()))
		}
		joined = &logical.Join{Kind: logical.Inner, Left: joined, Right: again, Cond: expr.Conjunction(conds)}
	}
	return logical.Keep(replaceFirst(joined, d.left), cols), nil
}

// marked is an aggregation over grouping sets that groups by a constant beside each group: it is NULL in the rows of the sets that leave the group out.
func marked(n *logical.Aggregate, ids *logical.IDs) *logical.Aggregate {
	c := *n
	c.Groups, c.GroupCols = slices.Clone(n.Groups), slices.Clone(n.GroupCols)
	for range n.Groups {
		c.Groups = append(c.Groups, logical.Bool(true))
		c.GroupCols = append(c.GroupCols, logical.Col{ID: ids.Next(), Name: "grouping", Type: column.T(column.Bool), Nullable: true})
	}
	c.Sets = make([][]int, len(n.Sets))
	for i, set := range n.Sets {
		c.Sets[i] = slices.Clone(set)
		for _, g := range set {
			c.Sets[i] = append(c.Sets[i], len(n.Groups)+g)
		}
	}
	return &c
}

// replaceFirst is a chain of joins with another input below its first aggregation: finding a second source may have made the input a shared one.
func replaceFirst(n, in logical.Node) logical.Node {
	if j, ok := n.(*logical.Join); ok {
		return j.WithInputs([]logical.Node{replaceFirst(j.Left, in), j.Right})
	}
	return n.WithInputs([]logical.Node{in})
}

// ordersOf groups the aggregates of n by the order that they want; those that want none go with the first.
func ordersOf(n *logical.Aggregate) [][]int {
	var keys [][]expr.SortKey
	var out [][]int
	var free []int
	for i, a := range n.Aggs {
		if !a.Fn.Op.Ordered() || len(a.OrderBy) == 0 {
			free = append(free, i)
			continue
		}
		at := slices.IndexFunc(keys, func(k []expr.SortKey) bool { return slices.EqualFunc(k, a.OrderBy, sameSortKey) })
		if at < 0 {
			at = len(keys)
			keys, out = append(keys, a.OrderBy), append(out, nil)
		}
		out[at] = append(out[at], i)
	}
	if len(out) > 0 {
		out[0] = append(out[0], free...)
	}
	return out
}

func sameSortKey(a, b expr.SortKey) bool {
	return a.Descending == b.Descending && a.NullsFirst == b.NullsFirst && logical.Key(a.Expr) == logical.Key(b.Expr)
}
