package optimize

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// prune removes columns that nobody reads, from scans up, and projections that only leave columns out, since physical operators pass on no
// more than their parents need:
//
//	Aggregate by [a] []              →     Aggregate by [a] []
//	  Project [a, b]                         Scan t [a]
//	    Scan t [a, b, c]
func prune(_ *optimizer, n logical.Node) (logical.Node, error) { return exactly(n), nil }

// exactly prunes below n and keeps n's columns as they are.
func exactly(n logical.Node) logical.Node {
	cols := n.Columns()
	return logical.Keep(pruned(n, logical.Set(cols)), cols)
}

// pruned is n with at least the columns in need, in any order.
func pruned(n logical.Node, need logical.ColSet) logical.Node {
	switch n := n.(type) {
	case *logical.Scan:
		return pruneScan(n, need)
	case *logical.Project:
		return pruneProject(n, need)
	case *logical.Filter:
		return n.WithInputs([]logical.Node{pruned(n.Input, need.Union(logical.Used(n.Cond)))})
	case *logical.Sort:
		return n.WithInputs([]logical.Node{pruned(n.Input, need.Union(logical.Used(logical.Exprs(n)...)))})
	case *logical.Limit:
		return n.WithInputs([]logical.Node{pruned(n.Input, need)})
	case *logical.Distinct:
		if n.On == nil {
			return n.WithInputs([]logical.Node{exactly(n.Input)})
		}
		return n.WithInputs([]logical.Node{pruned(n.Input, need.Union(logical.Used(n.On...)))})
	case *logical.Aggregate:
		return pruneAggregate(n, need)
	case *logical.Join:
		if n.Kind == logical.Mark && !need.Has(n.Mark.ID) {
			return pruned(n.Left, need)
		}
		below := need.Union(logical.Used(n.Cond))
		return n.WithInputs([]logical.Node{pruned(n.Left, below), pruned(n.Right, below)})
	case *logical.SetOp:
		return pruneSetOp(n, need)
	}
	return n
}

func pruneScan(n *logical.Scan, need logical.ColSet) logical.Node {
	need = need.Union(logical.Used(n.Filters...))
	c := *n
	c.Cols, c.Source = nil, nil
	for i, col := range n.Cols {
		if need.Has(col.ID) {
			c.Cols, c.Source = append(c.Cols, col), append(c.Source, n.Source[i])
		}
	}
	if len(c.Cols) == len(n.Cols) {
		return n
	}
	return &c
}

func pruneProject(n *logical.Project, need logical.ColSet) logical.Node {
	var cols []logical.Col
	var exprs []expr.Expr
	same := true
	for i, c := range n.Cols {
		if !need.Has(c.ID) {
			continue
		}
		r, ok := n.Exprs[i].(*expr.Column)
		same = same && ok && r.ID == c.ID
		cols, exprs = append(cols, c), append(exprs, n.Exprs[i])
	}
	in := pruned(n.Input, logical.Used(exprs...))
	if same {
		return in
	}
	p := &logical.Project{Input: in, Cols: cols, Exprs: exprs}
	return mergeProjects(p)
}

func pruneAggregate(n *logical.Aggregate, need logical.ColSet) logical.Node {
	c := *n
	c.Aggs, c.AggCols = nil, nil
	for i, col := range n.AggCols {
		if need.Has(col.ID) {
			c.Aggs, c.AggCols = append(c.Aggs, n.Aggs[i]), append(c.AggCols, col)
		}
	}
	if len(c.Aggs) == 0 && len(n.Groups) == 0 && n.Sets == nil {
		return unit()
	}
	c.Input = pruned(n.Input, logical.Used(logical.Exprs(&c)...))
	return &c
}

// pruneSetOp drops columns of UNION ALL only: the others compare whole rows.
func pruneSetOp(n *logical.SetOp, need logical.ColSet) logical.Node {
	c := *n
	c.In = make([]logical.Node, len(n.In))
	if n.Kind != logical.Union || !n.All {
		for i, in := range n.In {
			c.In[i] = exactly(in)
		}
		return &c
	}
	var keep []int
	c.Cols = nil
	for i, col := range n.Cols {
		if need.Has(col.ID) {
			keep = append(keep, i)
			c.Cols = append(c.Cols, col)
		}
	}
	for i, in := range n.In {
		all := in.Columns()
		cols := make([]logical.Col, len(keep))
		for j, k := range keep {
			cols[j] = all[k]
		}
		c.In[i] = logical.Keep(pruned(in, logical.Set(cols)), cols)
	}
	return &c
}
