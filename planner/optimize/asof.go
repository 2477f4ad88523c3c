package optimize

import (
	"slices"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// pushAsOf moves predicates on the left side's columns below an as-of join: they drop left rows, whose partners nobody else has. Predicates on the
// right side's columns stay above, since below they would choose other partners.
func pushAsOf(o *optimizer, n *logical.AsOf, preds []expr.Expr) (logical.Node, error) {
	inside := logical.Set(n.Left.Columns())
	var below, above []expr.Expr
	for _, p := range preds {
		if inside.Covers(logical.Used(p)) && !logical.IsVolatile(p) && !logical.HasSubquery(p) {
			below = append(below, p)
		} else {
			above = append(above, p)
		}
	}
	l, err := push(o, n.Left, below)
	if err != nil {
		return nil, err
	}
	r, err := push(o, n.Right, nil)
	if err != nil {
		return nil, err
	}
	return logical.Where(n.WithInputs([]logical.Node{l, r}), logical.Unique(above)...), nil
}

// asOf pushes the domain into the left side, which decides which rows there are, and, where the right side reads outer columns, into that too: what
// represents them there is a further key.
func (d *domain) asOf(n *logical.AsOf) (logical.Node, rep, error) {
	l, lr, err := d.push(n.Left, d.only(logical.Free(n.Right)).Union(d.used(logical.Exprs(n)...)))
	if err != nil {
		return nil, nil, err
	}
	c := *logical.MapExprs(n, lr.substitution().Apply).(*logical.AsOf)
	c.Left = l
	if !correlated(n.Right, d.left) {
		return &c, lr, nil
	}
	r, rr, err := d.push(n.Right, d.used(append(slices.Clone(n.RightKeys), n.RightBound)...))
	if err != nil {
		return nil, nil, err
	}
	s := rr.substitution()
	c.Right, c.RightKeys, c.RightBound = r, s.ApplyAll(n.RightKeys), s.Apply(n.RightBound)
	if c.NullSafe == nil {
		c.NullSafe = make([]bool, len(c.LeftKeys))
	}
	c.NullSafe, c.LeftKeys = slices.Clone(c.NullSafe), slices.Clone(c.LeftKeys)
	for _, id := range rr.ids() {
		c.LeftKeys, c.RightKeys = append(c.LeftKeys, lr[id].Expr()), append(c.RightKeys, rr[id].Expr())
		c.NullSafe = append(c.NullSafe, true)
	}
	return &c, lr, nil
}
