package physical

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// setOp brings the inputs to one layout and combines them.
func (p *planner) setOp(n *logical.SetOp) (result, error) {
	types := make([]column.Type, len(n.Cols))
	out := make([]column.Field, len(n.Cols))
	pos := layout{}
	for i, c := range n.Cols {
		types[i] = c.Type
		out[i] = column.Field{Name: c.Name, Type: c.Type, NotNull: true}
		pos[c.ID] = i
	}
	in := make([]plan.Node, len(n.In))
	for i, c := range n.In {
		cols := c.Columns()
		r, err := p.build(c, logical.Set(cols))
		if err != nil {
			return result{}, err
		}
		in[i] = p.ordered(r, cols, types)
		for j, f := range in[i].Fields() {
			out[j].NotNull = out[j].NotNull && f.NotNull
		}
	}
	switch n.Kind {
	case logical.Union:
		u := &plan.Union{In: in, Out: out}
		for _, c := range in {
			u.Rows += c.Meta().Rows
		}
		if n.All {
			return result{u, pos}, nil
		}
		d, pos := p.distinctRows(result{u, pos}, n.Cols, p.info(n))
		return result{d, pos}, nil
	case logical.Intersect:
		return result{&plan.SetOp{Info: p.info(n), Kind: plan.Intersect, All: n.All, Left: in[0], Right: in[1], Out: out}, pos}, nil
	}
	return result{&plan.SetOp{Info: p.info(n), Kind: plan.Except, All: n.All, Left: in[0], Right: in[1], Out: out}, pos}, nil
}

// shareRead reads a CTE's rows; the first reader plans it.
func (p *planner) shareRead(n *logical.CTERef) (result, error) {
	at, ok := p.ctes[n.CTE]
	if !ok {
		cols := n.CTE.Plan.Columns()
		r, err := p.build(n.CTE.Plan, logical.Set(cols))
		if err != nil {
			return result{}, err
		}
		types := make([]column.Type, len(cols))
		for i, c := range cols {
			types[i] = c.Type
		}
		at = len(p.shared)
		p.shared = append(p.shared, p.ordered(r, cols, types))
		p.ctes[n.CTE] = at
	}
	fields := p.shared[at].Fields()
	out := append([]column.Field{}, fields...)
	pos := layout{}
	for i, c := range n.Cols {
		out[i].Name = c.Name
		pos[c.ID] = i
	}
	return result{&plan.SharedRead{Info: p.info(n), Shared: at, Out: out}, pos}, nil
}
