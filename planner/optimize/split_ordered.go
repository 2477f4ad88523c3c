package optimize

import (
	"slices"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// splitOrdered lets aggregates of one query have different orders: an aggregation sorts its input once, so each order gets an aggregation of its own over
// the same rows, and the groups are joined.
//
//	Aggregate by [k] [list(a order by b), list(a order by c)]   →   Inner Join on k is not distinct from k
//	                                                                  Aggregate by [k] [list(a order by b)]
//	                                                                  Aggregate by [k] [list(a order by c)]
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
	if a.Sets != nil {
		return nil, fault.New(fault.FeatureNotSupported, "aggregates with different ORDER BY over grouping sets are not supported").
			WithHint("Compute them in subqueries that are joined.")
	}
	cols := a.Columns()
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
		again = &logical.Aggregate{Input: in, GroupCols: c.GroupCols, Groups: again.Groups, AggCols: c.AggCols, Aggs: again.Aggs}
		var conds []expr.Expr
		for k, g := range a.GroupCols {
			conds = append(conds, logical.Compare(expr.IsNotDistinct, g.Expr(), c.GroupCols[k].Expr()))
		}
		joined = &logical.Join{Kind: logical.Inner, Left: joined, Right: again, Cond: expr.Conjunction(conds)}
	}
	return logical.Keep(replaceFirst(joined, d.left), cols), nil
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
