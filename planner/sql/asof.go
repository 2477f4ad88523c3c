package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// asOfMark finds the marker that the parser leaves for ASOF JOIN.
func asOfMark(j *pg.JoinExpr) (left *pg.Node, ok bool) {
	l := j.Larg.GetJoinExpr()
	if l == nil {
		return nil, false
	}
	r := l.Rarg.GetRangeVar()
	return l.Larg, r.GetRelname() == ast.AsOfTable && r.GetSchemaname() == "" && r.GetAlias() == nil
}

// asOf makes the node of an as-of join whose condition is cond: equalities between the sides and one comparison, in any order.
func (b *binder) asOf(j *pg.JoinExpr, join *logical.Join, cond expr.Expr) (logical.Node, error) {
	position := b.at(locationOf(j.Rarg))
	if join.Kind != logical.Inner && join.Kind != logical.Left {
		return nil, b.unsupported(locationOf(j.Rarg), "ASOF %s JOIN", join.Kind).WithHint("ASOF JOIN and ASOF LEFT JOIN exist; exchange the sides and turn the comparison.")
	}
	if join.Dependent {
		return nil, b.unsupported(locationOf(j.Rarg), "ASOF JOIN with a right side that reads its left side")
	}
	n := &logical.AsOf{Left: join.Left, Right: join.Right, Outer: join.Kind == logical.Left}
	left, right := logical.Set(join.Left.Columns()), logical.Set(join.Right.Columns())
	for _, t := range expr.Conjuncts(cond) {
		c, ok := t.(*expr.Comparison)
		if !ok {
			return nil, asOfCondition(t, position)
		}
		op, l, r := c.Op, c.Left, c.Right
		if right.Intersects(logical.Used(l)) {
			op, l, r = op.Swap(), r, l
		}
		if right.Intersects(logical.Used(l)) || left.Intersects(logical.Used(r)) {
			return nil, asOfCondition(t, position)
		}
		switch op {
		case expr.Eq, expr.IsNotDistinct:
			n.LeftKeys, n.RightKeys = append(n.LeftKeys, l), append(n.RightKeys, r)
			n.NullSafe = append(n.NullSafe, op == expr.IsNotDistinct)
		case expr.Ge, expr.Gt, expr.Le, expr.Lt:
			if n.LeftBound != nil {
				return nil, fault.New(fault.SyntaxError, "ASOF JOIN takes one comparison by >=, >, <= or <, and %s is a second", t).At(position)
			}
			n.Op, n.LeftBound, n.RightBound = op, l, r
		default:
			return nil, asOfCondition(t, position)
		}
	}
	if n.LeftBound == nil {
		return nil, fault.New(fault.SyntaxError, "ASOF JOIN needs a comparison by >=, >, <= or < between its sides").At(position).
			WithHint("Write it as in a ASOF JOIN b ON a.k = b.k AND a.t >= b.t.")
	}
	b.withoutSubqueries(n)
	return n, nil
}

func asOfCondition(t expr.Expr, position int) error {
	return fault.New(fault.FeatureNotSupported, "the condition %s of an ASOF JOIN is not supported", t).At(position).
		WithHint("It takes equalities between its sides, joined by AND with one comparison by >=, >, <= or <; put other conditions into WHERE, or into a subquery.")
}

// withoutSubqueries computes keys and bounds that hold subqueries in projections of the sides.
func (b *binder) withoutSubqueries(n *logical.AsOf) {
	compute := func(side logical.Node, e expr.Expr) (logical.Node, expr.Expr) {
		if !logical.HasSubquery(e) {
			return side, e
		}
		cols := side.Columns()
		key := logical.Col{ID: b.ids.Next(), Name: "key", Type: e.Type(), Nullable: true}
		exprs := append(logical.References(cols), e)
		return &logical.Project{Input: side, Cols: append(cols[:len(cols):len(cols)], key), Exprs: exprs}, key.Expr()
	}
	for i := range n.LeftKeys {
		n.Left, n.LeftKeys[i] = compute(n.Left, n.LeftKeys[i])
		n.Right, n.RightKeys[i] = compute(n.Right, n.RightKeys[i])
	}
	n.Left, n.LeftBound = compute(n.Left, n.LeftBound)
	n.Right, n.RightBound = compute(n.Right, n.RightBound)
}
