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
func prune(_ *optimizer, n logical.Node) (logical.Node, error) {
	p := &pruner{needs: map[*logical.CTE]map[int]bool{}}
	w, ok := n.(*logical.With)
	if !ok {
		return p.exactly(n), nil
	}
	return p.with(w), nil
}

// pruner remembers which columns of each CTE are read.
type pruner struct{ needs map[*logical.CTE]map[int]bool }

// with prunes the main plan, and then each CTE to what its readers, which come after it, need.
func (p *pruner) with(w *logical.With) logical.Node {
	in := p.exactly(w.Input)
	for i := len(w.CTEs) - 1; i >= 0; i-- {
		c := w.CTEs[i]
		var cols []logical.Col
		for j, col := range c.Plan.Columns() {
			if p.needs[c][j] {
				cols = append(cols, col)
			}
		}
		c.Plan = logical.Keep(p.pruned(c.Plan, logical.Set(cols)), cols)
	}
	for _, c := range w.CTEs {
		c.Plan = p.narrow(c.Plan)
	}
	return &logical.With{CTEs: w.CTEs, Input: p.narrow(in)}
}

// narrow makes references to CTEs read the columns that are left of them.
func (p *pruner) narrow(n logical.Node) logical.Node {
	r, ok := n.(*logical.CTERef)
	if !ok {
		r, _ := logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return p.narrow(c), nil })
		return r
	}
	c := &logical.CTERef{CTE: r.CTE}
	for i, col := range r.Cols {
		if p.needs[r.CTE][i] {
			c.Cols = append(c.Cols, col)
		}
	}
	return c
}

// exactly prunes below n and keeps n's columns as they are.
func (p *pruner) exactly(n logical.Node) logical.Node {
	cols := n.Columns()
	return logical.Keep(p.pruned(n, logical.Set(cols)), cols)
}

// pruned is n with at least the columns in need, in any order.
func (p *pruner) pruned(n logical.Node, need logical.ColSet) logical.Node {
	switch n := n.(type) {
	case *logical.Scan:
		return pruneScan(n, need)
	case *logical.Project:
		return p.project(n, need)
	case *logical.Filter:
		return n.WithInputs([]logical.Node{p.pruned(n.Input, need.Union(logical.Used(n.Cond)))})
	case *logical.Sort:
		return n.WithInputs([]logical.Node{p.pruned(n.Input, need.Union(logical.Used(logical.Exprs(n)...)))})
	case *logical.Limit:
		return n.WithInputs([]logical.Node{p.pruned(n.Input, need)})
	case *logical.Distinct:
		if n.On == nil {
			return n.WithInputs([]logical.Node{p.exactly(n.Input)})
		}
		return n.WithInputs([]logical.Node{p.pruned(n.Input, need.Union(logical.Used(n.On...)))})
	case *logical.Aggregate:
		return p.aggregate(n, need)
	case *logical.Join:
		if n.Kind == logical.Mark && !need.Has(n.Mark.ID) {
			return p.pruned(n.Left, need)
		}
		below := need.Union(logical.Used(n.Cond))
		return n.WithInputs([]logical.Node{p.pruned(n.Left, below), p.pruned(n.Right, below)})
	case *logical.SetOp:
		return p.setOp(n, need)
	case *logical.Unnest:
		return n.WithInputs([]logical.Node{p.pruned(n.Input, need.Union(logical.Used(n.Lists...)))})
	case *logical.AsOf:
		below := need.Union(logical.Used(logical.Exprs(n)...))
		return n.WithInputs([]logical.Node{p.pruned(n.Left, below), p.pruned(n.Right, below)})
	case *logical.Window:
		return p.window(n, need)
	case *logical.Recursion:
		return n.WithInputs([]logical.Node{p.exactly(n.Seed), p.exactly(n.Step)})
	case *logical.CTERef:
		if p.needs[n.CTE] == nil {
			p.needs[n.CTE] = map[int]bool{}
		}
		for i, c := range n.Cols {
			if need.Has(c.ID) {
				p.needs[n.CTE][i] = true
			}
		}
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

func (p *pruner) project(n *logical.Project, need logical.ColSet) logical.Node {
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
	in := p.pruned(n.Input, logical.Used(exprs...))
	if same {
		return in
	}
	return mergeProjects(&logical.Project{Input: in, Cols: cols, Exprs: exprs})
}

func (p *pruner) aggregate(n *logical.Aggregate, need logical.ColSet) logical.Node {
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
	c.Input = p.pruned(n.Input, logical.Used(logical.Exprs(&c)...))
	return &c
}

// window leaves out calls whose column nobody reads.
func (p *pruner) window(n *logical.Window, need logical.ColSet) logical.Node {
	c := *n
	c.Calls, c.Cols = nil, nil
	for i, col := range n.Cols {
		if need.Has(col.ID) {
			c.Calls, c.Cols = append(c.Calls, n.Calls[i]), append(c.Cols, col)
		}
	}
	if len(c.Calls) == 0 {
		return p.pruned(n.Input, need)
	}
	c.Input = p.pruned(n.Input, need.Union(logical.Used(logical.Exprs(&c)...)))
	return &c
}

// pruneSetOp drops columns of UNION ALL only: the others compare whole rows.
func (p *pruner) setOp(n *logical.SetOp, need logical.ColSet) logical.Node {
	c := *n
	c.In = make([]logical.Node, len(n.In))
	if n.Kind != logical.Union || !n.All {
		for i, in := range n.In {
			c.In[i] = p.exactly(in)
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
		c.In[i] = logical.Keep(p.pruned(in, logical.Set(cols)), cols)
	}
	return &c
}
