package optimize

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

func null(t column.Type) expr.Expr { return &expr.Literal{Value: column.NullValue(t)} }

// pushNot moves NOT down to where it can be taken into a comparison, by De Morgan's laws, which hold in three-valued logic:
//
//	not (a < b or c in (1, 2))     →     a >= b and c not in (1, 2)
func pushNot(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if n, ok := e.(*expr.Not); ok {
			return negate(n.Arg, e)
		}
		return e
	})
}

// negate is NOT e; keep is that expression, when it exists already.
func negate(e, keep expr.Expr) expr.Expr {
	switch e := e.(type) {
	case *expr.Not:
		return e.Arg
	case *expr.And:
		return &expr.Or{Terms: negateAll(e.Terms)}
	case *expr.Or:
		return &expr.And{Terms: negateAll(e.Terms)}
	case *expr.Comparison:
		return &expr.Comparison{Op: e.Op.Negate(), Left: e.Left, Right: e.Right}
	case *expr.IsNull:
		return &expr.IsNull{Arg: e.Arg, Negated: !e.Negated}
	case *expr.In:
		return &expr.In{Arg: e.Arg, List: e.List, Negated: !e.Negated}
	case *logical.Subquery:
		switch {
		case e.Kind == logical.AnySubquery && len(e.Left) == 1:
			c := *e
			c.Kind, c.Op = logical.AllSubquery, e.Op.Negate()
			return &c
		case e.Kind == logical.AllSubquery && len(e.Left) == 1:
			c := *e
			c.Kind, c.Op = logical.AnySubquery, e.Op.Negate()
			return &c
		}
	}
	if keep != nil {
		return keep
	}
	return &expr.Not{Arg: e}
}

func negateAll(terms []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(terms))
	for i, t := range terms {
		out[i] = negate(t, nil)
	}
	return out
}

// factorOr takes what all terms of an OR have in common out of it, and flattens nested ANDs and ORs:
//
//	(a and x) or (a and y)     →     a and (x or y)
func factorOr(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		switch e := e.(type) {
		case *expr.And:
			if slices.ContainsFunc(e.Terms, func(t expr.Expr) bool { _, ok := t.(*expr.And); return ok }) {
				return expr.Conjunction(expr.Conjuncts(e))
			}
		case *expr.Or:
			return factor(e)
		}
		return e
	})
}

func disjuncts(e expr.Expr) []expr.Expr {
	o, ok := e.(*expr.Or)
	if !ok {
		return []expr.Expr{e}
	}
	var out []expr.Expr
	for _, t := range o.Terms {
		out = append(out, disjuncts(t)...)
	}
	return out
}

func disjunction(terms []expr.Expr) expr.Expr {
	if len(terms) == 1 {
		return terms[0]
	}
	return &expr.Or{Terms: terms}
}

func factor(e *expr.Or) expr.Expr {
	terms := disjuncts(e)
	arms := make([][]expr.Expr, len(terms))
	count := map[string]int{}
	for i, t := range terms {
		arms[i] = logical.Unique(expr.Conjuncts(t))
		for _, c := range arms[i] {
			if !logical.HasSubquery(c) && !logical.IsVolatile(c) {
				count[logical.Key(c)]++
			}
		}
	}
	var common []expr.Expr
	for _, c := range arms[0] {
		if count[logical.Key(c)] == len(arms) {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		if len(terms) == len(e.Terms) {
			return e
		}
		return disjunction(terms)
	}
	rest := make([]expr.Expr, 0, len(arms))
	for _, arm := range arms {
		var left []expr.Expr
		for _, c := range arm {
			if logical.HasSubquery(c) || count[logical.Key(c)] != len(arms) {
				left = append(left, c)
			}
		}
		if len(left) == 0 {
			return expr.Conjunction(common) // the arm is the common part, which the others imply
		}
		rest = append(rest, expr.Conjunction(left))
	}
	return expr.Conjunction(append(common, disjunction(logical.Unique(rest))))
}

// contradict reports whether terms demand two different constants of one column.
func contradict(terms []expr.Expr) bool {
	demanded := map[expr.ColumnID]string{}
	for _, t := range terms {
		c, ok := t.(*expr.Comparison)
		if !ok || c.Op != expr.Eq {
			continue
		}
		col, ok1 := c.Left.(*expr.Column)
		lit, ok2 := c.Right.(*expr.Literal)
		if !ok1 || !ok2 || lit.Value.Null || lit.Value.Type.Kind.IsFloat() {
			continue
		}
		v := logical.Key(lit)
		if old, ok := demanded[col.ID]; ok && old != v {
			return true
		}
		demanded[col.ID] = v
	}
	return false
}
