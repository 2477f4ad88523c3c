package optimize

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// pushDown moves predicates to where they drop rows first, at best into scans, and turns filtered cross products into joins:
//
//	Filter a = b and c > 1           →     Inner Join on a = b
//	  Inner Join                             Scan t where c > 1
//	    Scan t                               Scan u
//	    Scan u
//
// Predicates with subqueries, volatile ones and those that read an outer query's columns stay where they are.
func pushDown(o *optimizer, n logical.Node) (logical.Node, error) {
	return push(o, n, nil)
}

// maxPushed bounds the nodes of a predicate that moves through a projection: it takes up what the projection computes, and in a chain of queries grows
// with every step.
const maxPushed = 100

// size is the number of e's nodes, as far as it matters.
func size(e expr.Expr) int {
	n := 0
	expr.Walk(e, func(expr.Expr) bool {
		n++
		return n <= maxPushed
	})
	return n
}

// push is n with preds applied, as far down as they go.
func push(o *optimizer, n logical.Node, preds []expr.Expr) (logical.Node, error) {
	n, err := pushInSubqueries(o, n)
	if err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *logical.Filter:
		return pushFilter(o, n, preds)
	case *logical.Scan:
		if len(preds) == 0 {
			return n, nil
		}
		c := *n
		c.Filters = logical.Unique(append(append([]expr.Expr{}, n.Filters...), preds...))
		return &c, nil
	case *logical.Project:
		s, inside := logical.Substitution{}, logical.Set(n.Input.Columns())
		for i, c := range n.Cols {
			s[c.ID] = n.Exprs[i]
		}
		var below, above []expr.Expr
		for _, p := range preds {
			ok := true
			expr.Columns(p, func(c *expr.Column) {
				// An expression over an outer query's columns has to stay where the unnesting finds it.
				if e := s[c.ID]; e != nil && (logical.HasSubquery(e) || logical.IsVolatile(e) || !inside.Covers(logical.Used(e))) {
					ok = false
				}
			})
			if ok {
				if moved := expr.Fold(s.Apply(p)); size(moved) <= maxPushed {
					below = append(below, moved)
					continue
				}
			}
			above = append(above, p)
		}
		return pushed(o, n, below, above)
	case *logical.Aggregate:
		return pushAggregate(o, n, preds)
	case *logical.Distinct:
		if n.On == nil {
			return pushed(o, n, preds, nil)
		}
		on := logical.ColSet{}
		for _, e := range n.On {
			if c, ok := e.(*expr.Column); ok {
				on.Add(c.ID)
			}
		}
		var below, above []expr.Expr
		for _, p := range preds {
			if on.Covers(logical.Used(p)) {
				below = append(below, p)
			} else {
				above = append(above, p)
			}
		}
		return pushed(o, n, below, above)
	case *logical.Sort:
		return pushed(o, n, preds, nil)
	case *logical.Unnest:
		// Elements have no place below; what only reads the input does.
		inside := logical.Set(n.Input.Columns())
		var below, above []expr.Expr
		for _, p := range preds {
			if inside.Covers(logical.Used(p)) && !logical.IsVolatile(p) {
				below = append(below, p)
			} else {
				above = append(above, p)
			}
		}
		return pushed(o, n, below, above)
	case *logical.AsOf:
		return pushAsOf(o, n, preds)
	case *logical.Window:
		// A predicate on partition keys drops whole partitions.
		keys := logical.ColSet{}
		for _, e := range n.Partition {
			if c, ok := e.(*expr.Column); ok {
				keys.Add(c.ID)
			}
		}
		var below, above []expr.Expr
		for _, p := range preds {
			if used := logical.Used(p); len(used) > 0 && keys.Covers(used) {
				below = append(below, p)
			} else {
				above = append(above, p)
			}
		}
		return pushed(o, n, below, above)
	case *logical.SetOp:
		return pushSetOp(o, n, preds)
	case *logical.Join:
		return pushJoin(o, n, preds)
	}
	return pushed(o, n, nil, preds)
}

// pushed is n, whose only input gets below, under a filter of above.
func pushed(o *optimizer, n logical.Node, below, above []expr.Expr) (logical.Node, error) {
	n, err := logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return push(o, c, below) })
	if err != nil {
		return nil, err
	}
	return logical.Where(n, logical.Unique(above)...), nil
}

// pushInSubqueries does the same in the plans of n's subqueries.
func pushInSubqueries(o *optimizer, n logical.Node) (logical.Node, error) {
	var failed error
	r := logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		if !logical.HasSubquery(e) {
			return e
		}
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			q, ok := e.(*logical.Subquery)
			if !ok {
				return e
			}
			p, err := push(o, q.Plan, nil)
			if err != nil {
				failed = err
				return e
			}
			c := *q
			c.Plan = p
			return &c
		})
	})
	return r, failed
}

func pushFilter(o *optimizer, n *logical.Filter, preds []expr.Expr) (logical.Node, error) {
	inside := logical.Set(n.Input.Columns())
	below := append([]expr.Expr{}, preds...)
	var above []expr.Expr
	for _, t := range expr.Conjuncts(n.Cond) {
		if logical.HasSubquery(t) || logical.IsVolatile(t) || !inside.Covers(logical.Used(t)) {
			above = append(above, t)
		} else {
			below = append(below, t)
		}
	}
	if len(preds) > 0 {
		below = logical.Unique(below) // a chain of queries may say the same at every step
	}
	in, err := push(o, n.Input, below)
	if err != nil {
		return nil, err
	}
	return logical.Where(in, above...), nil
}

// pushAggregate passes predicates on group columns: they drop whole groups.
func pushAggregate(o *optimizer, n *logical.Aggregate, preds []expr.Expr) (logical.Node, error) {
	s, inside := logical.Substitution{}, logical.Set(n.Input.Columns())
	if n.Sets == nil {
		for i, c := range n.GroupCols {
			if !logical.HasSubquery(n.Groups[i]) && !logical.IsVolatile(n.Groups[i]) && inside.Covers(logical.Used(n.Groups[i])) {
				s[c.ID] = n.Groups[i]
			}
		}
	}
	var below, above []expr.Expr
	for _, p := range preds {
		used := logical.Used(p)
		all := len(used) > 0
		for id := range used {
			_, ok := s[id]
			all = all && ok
		}
		if all {
			below = append(below, s.Apply(p))
		} else {
			above = append(above, p)
		}
	}
	return pushed(o, n, below, above)
}

func pushSetOp(o *optimizer, n *logical.SetOp, preds []expr.Expr) (logical.Node, error) {
	c := *n
	c.In = make([]logical.Node, len(n.In))
	for i, in := range n.In {
		s := logical.Substitution{}
		for j, col := range in.Columns() {
			s[n.Cols[j].ID] = col.Expr()
		}
		r, err := push(o, in, s.ApplyAll(preds))
		if err != nil {
			return nil, err
		}
		c.In[i] = r
	}
	return &c, nil
}
