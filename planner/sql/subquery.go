package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// subLink binds a subquery in an expression.
func (b *binder) subLink(l *pg.SubLink, s *scope) (expr.Expr, error) {
	position := b.at(l.Location)
	q := &logical.Subquery{Typ: column.T(column.Bool), Pos: position}
	if l.SubLinkType == pg.SubLinkType_ARRAY_SUBLINK {
		return b.arraySubquery(l, s)
	}
	b.links++
	plan, err := b.query(l.Subselect.GetSelectStmt(), s, mode{exists: l.SubLinkType == pg.SubLinkType_EXISTS_SUBLINK})
	b.links--
	if err != nil {
		return nil, err
	}
	q.Plan = plan.node
	cols := plan.columns()
	switch l.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		q.Kind = logical.ExistsSubquery
		return q, nil
	case pg.SubLinkType_EXPR_SUBLINK:
		if len(cols) != 1 {
			return nil, fault.New(fault.SyntaxError, "subquery must return only one column").At(position)
		}
		if e := onlyExpression(plan.node); e != nil {
			return e, nil
		}
		q.Kind, q.Typ = logical.ScalarSubquery, cols[0].Type
		return q, nil
	case pg.SubLinkType_ANY_SUBLINK:
		q.Kind = logical.AnySubquery
	case pg.SubLinkType_ALL_SUBLINK:
		q.Kind = logical.AllSubquery
	default:
		return nil, b.unsupported(l.Location, "this kind of subquery")
	}
	if len(l.OperName) > 0 {
		var ok bool
		if q.Op, ok = compareOps[lastString(l.OperName)]; !ok {
			return nil, b.unsupported(l.Location, "%s with ANY or ALL of a subquery", lastString(l.OperName))
		}
	}
	return b.quantified(q, l, s)
}

// onlyExpression is the expression of SELECT expression without FROM or anything else, otherwise nil: such a subquery is its expression.
func onlyExpression(n logical.Node) expr.Expr {
	p, ok := n.(*logical.Project)
	if !ok || len(p.Exprs) != 1 {
		return nil
	}
	if v, ok := p.Input.(*logical.Values); !ok || len(v.Cols) > 0 || len(v.Rows) != 1 {
		return nil
	}
	return p.Exprs[0]
}

// quantified binds the left side of ANY and ALL and gives both sides equal types.
func (b *binder) quantified(q *logical.Subquery, l *pg.SubLink, s *scope) (expr.Expr, error) {
	left := []*pg.Node{l.Testexpr}
	if row := l.Testexpr.GetRowExpr(); row != nil {
		left = row.Args
	}
	cols := q.Plan.Columns()
	position := b.at(l.Location)
	switch {
	case len(cols) > len(left):
		return nil, fault.New(fault.SyntaxError, "subquery has too many columns: %d for %d", len(cols), len(left)).At(position)
	case len(cols) < len(left):
		return nil, fault.New(fault.SyntaxError, "subquery has too few columns: %d for %d", len(cols), len(left)).At(position)
	case len(left) > 1 && q.Op != expr.Eq && q.Op != expr.Ne:
		return nil, b.unsupported(l.Location, "%s of a row with ANY or ALL", q.Op)
	}
	right, names := make([]expr.Expr, len(cols)), make([]string, len(cols))
	converted := false
	for i, n := range left {
		e, err := b.expr(n, s)
		if err != nil {
			return nil, err
		}
		c, err := expr.NewComparison(q.Op, e, cols[i].Expr())
		if err != nil {
			return nil, fault.At(err, b.at(locationOf(n)))
		}
		both, ok := c.(*expr.Comparison)
		if !ok {
			return nil, fault.New(fault.Internal, "comparison with a subquery became %s", c).At(position)
		}
		q.Left = append(q.Left, both.Left)
		right[i], names[i] = both.Right, cols[i].Name
		if _, plain := right[i].(*expr.Column); !plain {
			converted = true
		}
	}
	if converted {
		q.Plan = b.project(q.Plan, right, names)
	}
	return q, nil
}
