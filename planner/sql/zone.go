package sql

import (
	"time"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// inZone is a bound plan as a session in a time zone means it, with the plans of its subqueries.
func inZone(n logical.Node, zone *time.Location) (logical.Node, error) {
	if zone == nil || zone == time.UTC {
		return n, nil
	}
	if w, ok := n.(*logical.With); ok {
		for _, t := range w.CTEs {
			p, err := inZone(t.Plan, zone)
			if err != nil {
				return nil, err
			}
			t.Plan = p
		}
	}
	n, err := logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return inZone(c, zone) })
	if err != nil {
		return nil, err
	}
	var failed error
	n = logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		e = expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			q, ok := e.(*logical.Subquery)
			if !ok || failed != nil {
				return e
			}
			p, err := inZone(q.Plan, zone)
			if err != nil {
				failed = err
				return e
			}
			c := *q
			c.Plan = p
			return &c
		})
		r, err := expr.InZone(e, zone)
		if err != nil {
			failed = err
			return e
		}
		return r
	})
	return n, failed
}
