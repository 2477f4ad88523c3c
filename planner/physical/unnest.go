package physical

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// unnest computes the lists as columns and passes on what is needed of the input.
func (p *planner) unnest(n *logical.Unnest, need logical.ColSet) (result, error) {
	in, err := p.build(n.Input, need.Union(logical.Used(n.Lists...)))
	if err != nil {
		return result{}, err
	}
	in, lists, err := p.columnsOf(in, n.Lists)
	if err != nil {
		return result{}, err
	}
	out := &plan.Unnest{Info: p.info(n), Input: in.node, Lists: lists, Ordinality: n.Ordinality != nil, Outer: n.Outer}
	fields := in.node.Fields()
	pos := layout{}
	for _, c := range n.Input.Columns() {
		at, ok := in.pos[c.ID]
		if !ok || !need.Has(c.ID) {
			continue
		}
		k := slices.Index(out.Keep, at)
		if k < 0 {
			k = len(out.Keep)
			out.Keep = append(out.Keep, at)
			out.Out = append(out.Out, fields[at])
		}
		pos[c.ID] = k
	}
	for _, c := range n.Cols {
		pos[c.ID] = len(out.Out)
		out.Out = append(out.Out, column.Field{Name: c.Name, Type: c.Type})
	}
	if c := n.Ordinality; c != nil {
		pos[c.ID] = len(out.Out)
		out.Out = append(out.Out, column.Field{Name: c.Name, Type: c.Type})
	}
	return result{out, pos}, nil
}
