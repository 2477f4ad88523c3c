package optimize

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// simplify folds constants, brings conditions into a form that later rules recognize, and removes nodes that do nothing:
//
//	Filter not (a > 1 + 1 or b)      →     Filter a <= 2 and not b
//	Right Join on c                  →     Left Join on c (sides exchanged)
//	Filter false                     →     Values, no rows
//	  Scan t
func simplify(o *optimizer, n logical.Node) (logical.Node, error) {
	n, err := logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return simplify(o, c) })
	if err != nil {
		return nil, err
	}
	var failed error
	n = logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		r, err := simplifyExpr(o, e)
		if err != nil {
			failed = err
			return e
		}
		return r
	})
	if failed != nil {
		return nil, failed
	}
	return simplifyNode(n), nil
}

// simplifyExpr simplifies e and the plans of subqueries in it.
func simplifyExpr(o *optimizer, e expr.Expr) (expr.Expr, error) {
	var failed error
	e = expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if q, ok := e.(*logical.Subquery); ok {
			p, err := simplify(o, q.Plan)
			if err != nil {
				failed = err
				return e
			}
			c := *q
			c.Plan = p
			return &c
		}
		return e
	})
	if failed != nil {
		return nil, failed
	}
	return factorOr(expr.Fold(pushNot(expr.Fold(e)))), nil
}

// simplifyNode removes n where its simplified expressions or inputs make it trivial.
func simplifyNode(n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		terms := logical.Unique(expr.Conjuncts(n.Cond))
		var kept []expr.Expr
		for _, t := range terms {
			if logical.IsBool(t, false) || logical.IsNull(t) {
				return logical.Empty(n.Columns())
			}
			if !logical.IsBool(t, true) {
				kept = append(kept, t)
			}
		}
		if contradict(kept) || logical.IsEmpty(n.Input) {
			return logical.Empty(n.Columns())
		}
		if len(kept) == len(terms) && len(terms) == len(expr.Conjuncts(n.Cond)) {
			if f, ok := n.Input.(*logical.Filter); ok {
				return logical.Where(f, n.Cond)
			}
			return n
		}
		return logical.Where(n.Input, kept...)
	case *logical.Scan:
		if len(n.Filters) == 0 {
			return n
		}
		c := *n
		c.Filters = nil
		terms := logical.Unique(expr.Conjuncts(expr.Conjunction(n.Filters)))
		for _, t := range terms {
			if logical.IsBool(t, false) || logical.IsNull(t) {
				return logical.Empty(n.Cols)
			}
			if !logical.IsBool(t, true) {
				c.Filters = append(c.Filters, t)
			}
		}
		if contradict(c.Filters) {
			return logical.Empty(n.Cols)
		}
		return &c
	case *logical.Project:
		if logical.IsEmpty(n.Input) {
			return logical.Empty(n.Cols)
		}
		return mergeProjects(n)
	case *logical.Join:
		return simplifyJoin(n)
	case *logical.Sort:
		return simplifySort(n)
	case *logical.Limit:
		if n.Count == 0 || logical.IsEmpty(n.Input) {
			return logical.Empty(n.Columns())
		}
		if n.Count < 0 && n.Offset == 0 {
			return n.Input
		}
	case *logical.Unnest:
		if logical.IsEmpty(n.Input) {
			return logical.Empty(n.Columns())
		}
	case *logical.AsOf:
		if logical.IsEmpty(n.Left) || !n.Outer && logical.IsEmpty(n.Right) {
			return logical.Empty(n.Columns())
		}
	case *logical.Window:
		if logical.IsEmpty(n.Input) {
			return logical.Empty(n.Columns())
		}
	case *logical.Recursion:
		if logical.IsEmpty(n.Seed) {
			return logical.Empty(n.Cols)
		}
	case *logical.Distinct:
		if logical.IsEmpty(n.Input) || n.On == nil && unique(n.Input) {
			return n.Input
		}
	case *logical.Aggregate:
		if len(n.Groups) > 0 && n.Sets == nil && logical.IsEmpty(n.Input) {
			return logical.Empty(n.Columns())
		}
	}
	return n
}

// unique reports whether n's rows are known to be different from each other.
func unique(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Distinct:
		return n.On == nil
	case *logical.SetOp:
		return !n.All
	case *logical.Filter:
		return unique(n.Input)
	case *logical.Sort:
		return unique(n.Input)
	case *logical.Limit:
		return unique(n.Input)
	case *logical.Aggregate:
		return n.Sets == nil
	}
	return false
}

// simplifySort drops keys that are constants, and sorts whose order nobody sees.
func simplifySort(n *logical.Sort) logical.Node {
	if logical.IsEmpty(n.Input) {
		return n.Input
	}
	var keys []expr.SortKey
	for _, k := range n.Keys {
		if _, ok := k.Expr.(*expr.Literal); !ok {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return n.Input
	}
	in := n.Input
	if s, ok := in.(*logical.Sort); ok {
		// The new order is what counts; the old one decides among equals, which SQL leaves open.
		in = s.Input
	}
	if len(keys) == len(n.Keys) && in == n.Input {
		return n
	}
	return &logical.Sort{Input: in, Keys: keys}
}

func simplifyJoin(n *logical.Join) logical.Node {
	if n.Cond != nil {
		terms := logical.Unique(expr.Conjuncts(n.Cond))
		var kept []expr.Expr
		for _, t := range terms {
			if !logical.IsBool(t, true) {
				kept = append(kept, t)
			}
		}
		if len(kept) < len(terms) {
			c := *n
			c.Cond = expr.Conjunction(kept)
			n = &c
		}
	}
	if n.Kind == logical.Right {
		c := *n
		c.Kind, c.Left, c.Right = logical.Left, n.Right, n.Left
		return logical.Keep(&c, n.Columns())
	}
	never := n.Cond != nil && (logical.IsBool(n.Cond, false) || logical.IsNull(n.Cond))
	left, right := logical.IsEmpty(n.Left), logical.IsEmpty(n.Right)
	switch n.Kind {
	case logical.Inner:
		if never || left || right {
			return logical.Empty(n.Columns())
		}
	case logical.Semi:
		if never || left || right {
			return logical.Empty(n.Columns())
		}
	case logical.Anti:
		if left || right || never {
			return n.Left
		}
	case logical.NullAwareAnti:
		if left || right {
			return n.Left
		}
	case logical.Left, logical.Single:
		if left {
			return logical.Empty(n.Columns())
		}
		if right || never {
			return padded(n)
		}
	case logical.Mark:
		if left {
			return logical.Empty(n.Columns())
		}
		if right || n.Cond != nil && logical.IsBool(n.Cond, false) {
			cols := n.Columns()
			return &logical.Project{Input: n.Left, Cols: cols, Exprs: append(logical.References(n.Left.Columns()), logical.Bool(false))}
		}
	}
	return n
}

// padded is a left join's left side with NULL for all columns of the right.
func padded(n *logical.Join) logical.Node {
	exprs := logical.References(n.Left.Columns())
	for _, c := range n.Right.Columns() {
		exprs = append(exprs, null(c.Type))
	}
	return &logical.Project{Input: n.Left, Cols: n.Columns(), Exprs: exprs}
}

// mergeProjects makes one projection of two:
//
//	Project [c: b + 1]               →     Project [c: a * 2 + 1]
//	  Project [b: a * 2]                     Scan t
//	    Scan t
//
// unless the upper one would compute something of the lower one twice.
func mergeProjects(n *logical.Project) logical.Node {
	in, ok := n.Input.(*logical.Project)
	if !ok {
		return n
	}
	s := logical.Substitution{}
	uses := map[expr.ColumnID]int{}
	for _, e := range n.Exprs {
		if logical.HasSubquery(e) {
			return n
		}
		expr.Columns(e, func(c *expr.Column) { uses[c.ID]++ })
	}
	for i, c := range in.Cols {
		e := in.Exprs[i]
		switch e.(type) {
		case *expr.Column, *expr.Literal:
		default:
			if uses[c.ID] > 1 || logical.HasSubquery(e) || logical.IsVolatile(e) {
				return n
			}
		}
		s[c.ID] = e
	}
	return &logical.Project{Input: in.Input, Cols: n.Cols, Exprs: s.ApplyAll(n.Exprs)}
}
