package optimize

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// hoistCTEs gathers all WITH clauses at the top, and puts CTEs that are read once, or that depend on an outer query, in the place of their reference.
//
//	Filter x > (subquery: With a: Scan t      →     Filter x > (subquery: Project [c#9: c#2] Scan t)
//	              CTE a [c#9])
//	  Scan u                                          Scan u
func hoistCTEs(o *optimizer, n logical.Node) (logical.Node, error) {
	h := &hoister{o: o, uses: map[*logical.CTE]int{}, inline: map[*logical.CTE]logical.Node{}, shared: map[*logical.CTE]*logical.CTE{}}
	h.count(n)
	if len(h.uses) == 0 && !logical.Any(n, isWith) && !hasWithInside(n) {
		return n, nil
	}
	n = h.node(n)
	if len(h.kept) == 0 {
		return n, nil
	}
	return &logical.With{CTEs: h.kept, Input: n}, nil
}

func isWith(n logical.Node) bool { _, ok := n.(*logical.With); return ok }

// hasWithInside reports whether a subquery of n has a WITH.
func hasWithInside(n logical.Node) bool {
	found := false
	eachPlan(n, func(n logical.Node) { found = found || isWith(n) })
	return found
}

// eachPlan calls f on n and all nodes below, those of subqueries and CTEs included.
func eachPlan(n logical.Node, f func(logical.Node)) {
	f(n)
	for _, e := range logical.Exprs(n) {
		expr.Walk(e, func(e expr.Expr) bool {
			if q, ok := e.(*logical.Subquery); ok {
				eachPlan(q.Plan, f)
			}
			return true
		})
	}
	if w, ok := n.(*logical.With); ok {
		for _, c := range w.CTEs {
			eachPlan(c.Plan, f)
		}
	}
	for _, c := range n.Inputs() {
		eachPlan(c, f)
	}
}

type hoister struct {
	o      *optimizer
	uses   map[*logical.CTE]int
	inline map[*logical.CTE]logical.Node
	shared map[*logical.CTE]*logical.CTE
	kept   []*logical.CTE
}

func (h *hoister) count(n logical.Node) {
	eachPlan(n, func(n logical.Node) {
		if r, ok := n.(*logical.CTERef); ok {
			h.uses[r.CTE]++
		}
	})
}

// node removes the Withs in n and below.
func (h *hoister) node(n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.With:
		for _, c := range n.CTEs {
			p := h.node(c.Plan)
			switch {
			case h.uses[c] == 0:
			case h.uses[c] == 1 || cheap(p) || len(logical.Free(p)) > 0 || logical.ReadsWork(p):
				h.inline[c] = p
			default:
				s := &logical.CTE{Name: c.Name, Plan: p}
				h.shared[c] = s
				h.kept = append(h.kept, s)
			}
		}
		return h.node(n.Input)
	case *logical.CTERef:
		if s, ok := h.shared[n.CTE]; ok {
			return &logical.CTERef{CTE: s, Cols: n.Cols}
		}
		if p, ok := h.inline[n.CTE]; ok {
			if h.uses[n.CTE] > 1 {
				p, _ = logical.Copy(p, h.o.ids)
			}
			return &logical.Project{Input: p, Cols: n.Cols, Exprs: logical.References(p.Columns())}
		}
		return n
	}
	r, _ := logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return h.node(c), nil })
	return logical.MapExprs(r, func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			q, ok := e.(*logical.Subquery)
			if !ok {
				return e
			}
			p := h.node(q.Plan)
			if p == q.Plan {
				return e
			}
			c := *q
			c.Plan = p
			return &c
		})
	})
}

// cheap reports whether computing p anew costs less than keeping it: constants, and plain scans with projections, of what is kept already too.
func cheap(p logical.Node) bool {
	switch p := p.(type) {
	case *logical.Values:
		return len(p.Rows) <= 100
	case *logical.Scan, *logical.CTERef:
		return true
	case *logical.Project:
		for _, e := range p.Exprs {
			switch e.(type) {
			case *expr.Column, *expr.Literal:
			default:
				return false
			}
		}
		return cheap(p.Input)
	}
	return false
}
