package physical

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
)

func (p *planner) sort(n *logical.Sort, need logical.ColSet, count, offset int64) (result, error) {
	below := need.Union(nil)
	for _, k := range n.Keys {
		below.AddUsed(k.Expr)
	}
	in, err := p.build(n.Input, below)
	if err != nil {
		return result{}, err
	}
	return p.sortOn(in, n.Keys, count, offset, p.est.Rows(n))
}

// sortOn orders in; later keys that repeat a column say nothing.
func (p *planner) sortOn(in result, keys []expr.SortKey, count, offset int64, rows float64) (result, error) {
	es := make([]expr.Expr, len(keys))
	for i, k := range keys {
		es[i] = k.Expr
	}
	in, at, err := p.columnsOf(in, es)
	if err != nil {
		return result{}, err
	}
	s := &plan.Sort{Info: plan.Info{Rows: rows}, Input: in.node, Count: count, Offset: offset}
	if count >= 0 {
		s.Rows = min(s.Rows, float64(count))
	}
	seen := map[int]bool{}
	for i, k := range keys {
		if !seen[at[i]] {
			seen[at[i]] = true
			s.Keys = append(s.Keys, kernels.SortKey{Column: at[i], Descending: k.Descending, NullsFirst: k.NullsFirst})
		}
	}
	return result{s, in.pos}, nil
}

// limit over a sort is a top-N sort. Projections between them were moved above the limit by the optimizer.
func (p *planner) limit(n *logical.Limit, need logical.ColSet) (result, error) {
	if s, ok := n.Input.(*logical.Sort); ok && n.Count >= 0 {
		return p.sort(s, need, n.Count, n.Offset)
	}
	in, err := p.build(n.Input, need)
	if err != nil {
		return result{}, err
	}
	return result{&plan.Limit{Info: p.info(n), Input: in.node, Count: n.Count, Offset: n.Offset}, in.pos}, nil
}
