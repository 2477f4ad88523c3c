package logical

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

// ApartTotals is an aggregation whose empty grouping sets are aggregations without groups of their own:
//
//	Aggregate by [a] [s: sum(b)] sets [[0] []]   →   Union all [a, s]
//	                                                   Aggregate by [a] [s: sum(b)] sets [[0]]
//	                                                   Project [a: NULL, s]
//	                                                     Aggregate [s: sum(b)]
func ApartTotals(n *Aggregate, ids *IDs) Node {
	cols := n.Columns()
	out := &SetOp{Kind: Union, All: true, Cols: cols}
	leg := func(sets [][]int, total bool) {
		c, s := Copy(&Aggregate{Input: n.Input, GroupCols: n.GroupCols, Groups: n.Groups, AggCols: n.AggCols, Aggs: n.Aggs, Sets: sets}, ids)
		if !total {
			out.In = append(out.In, Keep(c, c.Columns()))
			return
		}
		a := *c.(*Aggregate)
		a.Groups, a.GroupCols, a.Sets = nil, nil, nil
		p := &Project{Input: &a}
		for i, g := range n.GroupCols {
			g.ID, g.Nullable = s[g.ID].(*expr.Column).ID, true
			p.Cols, p.Exprs = append(p.Cols, g), append(p.Exprs, &expr.Literal{Value: column.NullValue(n.GroupCols[i].Type)})
		}
		for _, g := range a.AggCols {
			p.Cols, p.Exprs = append(p.Cols, g), append(p.Exprs, g.Expr())
		}
		out.In = append(out.In, p)
	}
	var sets [][]int
	totals := 0
	for _, s := range n.Sets {
		if len(s) == 0 {
			totals++
		} else {
			sets = append(sets, s)
		}
	}
	if len(sets) > 0 {
		leg(sets, false)
	}
	for range totals {
		leg(nil, true)
	}
	if len(out.In) == 1 {
		in := out.In[0].Columns()
		p := &Project{Input: out.In[0], Cols: cols}
		for _, c := range in {
			p.Exprs = append(p.Exprs, c.Expr())
		}
		return p
	}
	return out
}
