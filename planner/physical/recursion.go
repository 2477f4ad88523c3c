package physical

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// recursion plans both inputs to the same columns.
func (p *planner) recursion(n *logical.Recursion) (result, error) {
	at := len(p.work)
	p.work[n.Table] = at
	out := &plan.Recursion{Info: p.info(n), Table: at, All: n.All, Out: openFields(n.Cols)}
	types := make([]column.Type, len(n.Cols))
	pos := layout{}
	for i, c := range n.Cols {
		types[i] = c.Type
		pos[c.ID] = i
	}
	for _, side := range []struct {
		in  logical.Node
		out *plan.Node
	}{{n.Seed, &out.Seed}, {n.Step, &out.Step}} {
		cols := side.in.Columns()
		r, err := p.build(side.in, logical.Set(cols))
		if err != nil {
			return result{}, err
		}
		*side.out = p.ordered(r, cols, types)
	}
	return result{out, pos}, nil
}

func (p *planner) workingTable(n *logical.WorkingTable) (result, error) {
	at, ok := p.work[n.Table]
	if !ok {
		return result{}, missing(n.Cols[0].Expr())
	}
	pos := layout{}
	for i, c := range n.Cols {
		pos[c.ID] = i
	}
	return result{&plan.WorkingTable{Info: p.info(n), Table: at, Out: openFields(n.Cols)}, pos}, nil
}

// openFields are columns that may all be NULL: what a later round finds is not known when the first one is planned.
func openFields(cols []logical.Col) []column.Field {
	out := make([]column.Field, len(cols))
	for i, c := range cols {
		out[i] = column.Field{Name: c.Name, Type: c.Type}
	}
	return out
}

// distributeRecursion keeps the rounds in one task: what does not depend on them is gathered there.
func (p *planner) distributeRecursion(n *plan.Recursion) (plan.Node, spread) {
	n.Seed = p.gathered(n.Seed)
	n.Step = p.gatherLeaves(n.Step)
	return n, one
}

// gatherLeaves gathers the largest parts of n that read no working table.
func (p *planner) gatherLeaves(n plan.Node) plan.Node {
	if !plan.ReadsWork(n) {
		return p.gathered(n)
	}
	out, _ := plan.MapInputs(n, func(in plan.Node) (plan.Node, error) { return p.gatherLeaves(in), nil })
	if j, ok := n.(*plan.HashJoin); ok {
		p.rare[out.(*plan.HashJoin)], p.asked[out.(*plan.HashJoin)] = p.rare[j], p.asked[j]
	}
	return out
}
