package plantest

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// AsOfQueries are as-of joins over Small. They ask of the right side only for what is compared: which one of several rows at the nearest bound is met is open.
var AsOfQueries = []string{
	`select t.a, t.b, t.k, u.c from t asof join u on t.a >= u.c`,
	`select t.a, t.b, u.c from t asof join u on t.a < u.c where t.b > 0`,
	`select t.a, t.b, t.k, u.d, u.k from t asof join u on t.k = u.k and t.b > u.d`,
	`select t.a, t.b, u.c, u.d from t asof left join u on t.a = u.c and t.b <= u.d`,
	`select t.a, t.b, u.c, u.d from t asof left join u on t.a is not distinct from u.c and t.b + 1 > u.d - 1`,
	`select t.a, u.c, v.e from t asof left join u on t.a >= u.c asof join v on t.b >= v.e`,
	`select t.k, max(u.d), count(u.d) from t asof left join u on t.k = u.k and t.b >= u.d group by t.k`,
}

func (x *Interpreter) asOf(n *logical.AsOf, outer row) (out []row, err error) {
	left, err := x.rows(n.Left, outer)
	if err != nil {
		return nil, err
	}
	right, err := x.rows(n.Right, outer)
	if err != nil {
		return nil, err
	}
	terms := []expr.Expr{&expr.Comparison{Op: n.Op, Left: n.LeftBound, Right: n.RightBound}}
	for i, l := range n.LeftKeys {
		op := expr.Eq
		if n.NullSafe != nil && n.NullSafe[i] {
			op = expr.IsNotDistinct
		}
		terms = append(terms, &expr.Comparison{Op: op, Left: l, Right: n.RightKeys[i]})
	}
	for _, l := range left {
		var nearest row
		var bound column.Value
		for _, r := range right {
			is, _, err := x.holds(expr.Conjunction(terms), with(with(outer, l), r))
			if err != nil {
				return nil, err
			}
			if !is {
				continue
			}
			v, err := x.eval(n.RightBound, with(outer, r))
			if err != nil {
				return nil, err
			}
			if nearest == nil || v.Int.Cmp(bound.Int) > 0 == (n.Op == expr.Ge || n.Op == expr.Gt) {
				nearest, bound = r, v
			}
		}
		switch {
		case nearest != nil:
			out = append(out, with(l, nearest))
		case n.Outer:
			pad := row{}
			for _, c := range n.Right.Columns() {
				pad[c.ID] = column.NullValue(c.Type)
			}
			out = append(out, with(l, pad))
		}
	}
	return out, nil
}
