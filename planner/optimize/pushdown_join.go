package optimize

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// pushJoin sorts predicates and join conditions by the side that they read. A predicate that no row filled up with NULL survives makes an
// outer join an inner one:
//
//	Filter u.b > 1                   →     Inner Join on t.a = u.a
//	  Left Join on t.a = u.a                 Scan t
//	    Scan t                               Scan u where b > 1
//	    Scan u
func pushJoin(o *optimizer, n *logical.Join, preds []expr.Expr) (logical.Node, error) {
	if anti, rest, ok := withoutPartner(n, preds); ok {
		return push(o, anti, rest)
	}
	left, right := logical.Set(n.Left.Columns()), logical.Set(n.Right.Columns())
	kind := n.Kind
	for _, p := range preds {
		switch kind {
		case logical.Left:
			if rejectsNull(p, right) {
				kind = logical.Inner
			}
		case logical.Full:
			l, r := rejectsNull(p, left), rejectsNull(p, right)
			switch {
			case l && r:
				kind = logical.Inner
			case l:
				kind = logical.Left
			case r:
				c := *n
				c.Kind, c.Left, c.Right = logical.Left, n.Right, n.Left
				j, err := pushJoin(o, &c, preds)
				if err != nil {
					return nil, err
				}
				return logical.Keep(j, n.Columns()), nil
			}
		case logical.Right:
			if rejectsNull(p, left) {
				kind = logical.Inner
			}
		}
	}
	c := *n
	c.Kind = kind
	var toLeft, toRight, cond, above []expr.Expr
	terms := expr.Conjuncts(n.Cond)
	switch kind {
	case logical.Inner:
		pool := logical.Unique(append(append([]expr.Expr{}, terms...), preds...))
		pool = derive(pool, left, right)
		for _, t := range pool {
			used := logical.Used(t)
			switch {
			case logical.HasSubquery(t) || logical.IsVolatile(t):
				cond = append(cond, t)
			case len(used) > 0 && left.Covers(used):
				toLeft = append(toLeft, t)
			case len(used) > 0 && right.Covers(used):
				toRight = append(toRight, t)
			default:
				cond = append(cond, t)
			}
		}
	case logical.Mark, logical.NullAwareAnti, logical.Single, logical.Semi, logical.Anti, logical.Left:
		for _, p := range preds {
			if left.Covers(logical.Used(p)) {
				toLeft = append(toLeft, p)
			} else {
				above = append(above, p)
			}
		}
		for _, t := range terms {
			used := logical.Used(t)
			stays := kind == logical.Mark || kind == logical.NullAwareAnti || logical.HasSubquery(t) || logical.IsVolatile(t) || len(used) == 0
			switch {
			case !stays && right.Covers(used):
				toRight = append(toRight, t)
			case !stays && kind == logical.Semi && left.Covers(used):
				toLeft = append(toLeft, t)
			default:
				cond = append(cond, t)
			}
		}
	case logical.Full, logical.Right:
		above, cond = preds, terms
	}
	c.Cond = expr.Conjunction(cond)
	var err error
	if c.Left, err = push(o, n.Left, toLeft); err != nil {
		return nil, err
	}
	if c.Right, err = push(o, n.Right, toRight); err != nil {
		return nil, err
	}
	return logical.Where(&c, logical.Unique(above)...), nil
}

// withoutPartner recognizes a left join that is only asked for the rows without a partner:
//
//	Filter u.a is null               →     Project [t.*, NULL]
//	  Left Join on t.a = u.a                 Anti Join on t.a = u.a
//	    Scan t                                 Scan t
//	    Scan u                                 Scan u
func withoutPartner(n *logical.Join, preds []expr.Expr) (anti logical.Node, rest []expr.Expr, ok bool) {
	if n.Kind != logical.Left || n.Dependent || n.Cond == nil {
		return nil, nil, false
	}
	right := logical.Set(n.Right.Columns())
	for i, p := range preds {
		null, isNull := p.(*expr.IsNull)
		if !isNull || null.Negated {
			continue
		}
		col, isCol := null.Arg.(*expr.Column)
		if !isCol || !right.Has(col.ID) || !rejectsNull(n.Cond, logical.ColSet{col.ID: {}}) {
			continue
		}
		c := *n
		c.Kind = logical.Anti
		rest = append(append(rest, preds[:i]...), preds[i+1:]...)
		p := padded(n)
		return p.WithInputs([]logical.Node{&c}), rest, true
	}
	return nil, nil, false
}

// rejectsNull reports whether p is false or NULL wherever all of cols are NULL.
func rejectsNull(p expr.Expr, cols logical.ColSet) bool {
	switch p := p.(type) {
	case *expr.And:
		for _, t := range p.Terms {
			if rejectsNull(t, cols) {
				return true
			}
		}
		return false
	case *expr.Or:
		for _, t := range p.Terms {
			if !rejectsNull(t, cols) {
				return false
			}
		}
		return true
	case *expr.IsNull:
		return p.Negated && isNullWith(p.Arg, cols)
	case *expr.Literal:
		return logical.IsBool(p, false) || logical.IsNull(p)
	case *expr.Coalesce:
		for _, a := range p.Args {
			if !rejectsNull(a, cols) {
				return false
			}
		}
		return true
	}
	return isNullWith(p, cols)
}

// isNullWith reports whether e is NULL wherever all of cols are NULL.
func isNullWith(e expr.Expr, cols logical.ColSet) bool {
	switch e := e.(type) {
	case *expr.Column:
		return cols.Has(e.ID)
	case *expr.Literal:
		return e.Value.Null
	case *expr.Cast:
		return isNullWith(e.Arg, cols)
	case *expr.Not:
		return isNullWith(e.Arg, cols)
	case *expr.In:
		return isNullWith(e.Arg, cols)
	case *expr.Comparison:
		if e.Op == expr.IsDistinct || e.Op == expr.IsNotDistinct {
			return false
		}
		return isNullWith(e.Left, cols) || isNullWith(e.Right, cols)
	case *expr.Call:
		if !strict(e) {
			return false
		}
		for _, a := range e.Args {
			if isNullWith(a, cols) {
				return true
			}
		}
	case *expr.Coalesce:
		for _, a := range e.Args {
			if !isNullWith(a, cols) {
				return false
			}
		}
		return true
	}
	return false
}

// strict reports whether a call is NULL when an argument is.
func strict(c *expr.Call) bool {
	switch op := c.Fn.Op; {
	case op >= kernels.OpAdd && op <= kernels.OpGe, op == kernels.OpLike, op == kernels.OpILike,
		op >= kernels.OpExtractYear && op <= kernels.OpExtractQuarter:
		return true
	}
	return c.Fn.Impl != nil && c.Fn.Impl.Strict
}
