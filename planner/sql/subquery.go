package sql

import (
	"fmt"
	"slices"

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
	switch op := lastString(l.OperName); {
	case l.SubLinkType == pg.SubLinkType_ARRAY_SUBLINK:
		return b.arraySubquery(l, s)
	case slices.Contains(patternOps, op) && (l.SubLinkType == pg.SubLinkType_ANY_SUBLINK || l.SubLinkType == pg.SubLinkType_ALL_SUBLINK):
		patterns, err := b.arraySubquery(l, s)
		if err != nil {
			return nil, err
		}
		return b.listedPatterns(l.Testexpr, patterns, op, l.SubLinkType == pg.SubLinkType_ALL_SUBLINK, l.Location, s)
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

// rowSubqueryCost is what a column of such a subquery, which is bound again for each, counts towards maxRepeated.
const rowSubqueryCost = 1_000

// rowSubquery binds (a, b) op (SELECT x, y …): the row is compared with the columns of the one row, each by a subquery of its own.
func (b *binder) rowSubquery(op expr.CompareOp, row *pg.RowExpr, l *pg.SubLink, s *scope) (expr.Expr, error) {
	plan, err := b.query(l.Subselect.GetSelectStmt(), s, mode{})
	if err != nil {
		return nil, err
	}
	n := len(row.Args)
	switch cols := len(plan.columns()); {
	case cols > n:
		return nil, fault.New(fault.SyntaxError, "subquery has too many columns: %d for %d", cols, n).At(b.at(l.Location))
	case cols < n:
		return nil, fault.New(fault.SyntaxError, "subquery has too few columns: %d for %d", cols, n).At(b.at(l.Location))
	}
	if b.repeats += rowSubqueryCost * n; b.repeats > maxRepeated {
		return nil, fault.New(fault.StatementTooComplex, "comparisons of rows with subqueries are nested too deep").At(b.at(l.Location))
	}
	names := make([]*pg.Node, n)
	for i := range names {
		names[i] = pg.MakeStrNode(fmt.Sprint("c", i+1))
	}
	right := &pg.RowExpr{Location: l.Location}
	for i := range names {
		from := &pg.RangeSubselect{Subquery: l.Subselect, Alias: &pg.Alias{Aliasname: "row", Colnames: names}}
		field := &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: names[i : i+1], Location: l.Location}}}
		one := &pg.SelectStmt{
			TargetList: []*pg.Node{{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: field, Location: l.Location}}}},
			FromClause: []*pg.Node{{Node: &pg.Node_RangeSubselect{RangeSubselect: from}}}, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT,
			Op: pg.SetOperation_SETOP_NONE,
		}
		right.Args = append(right.Args, &pg.Node{Node: &pg.Node_SubLink{SubLink: &pg.SubLink{
			SubLinkType: pg.SubLinkType_EXPR_SUBLINK, Subselect: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: one}}, Location: l.Location,
		}}})
	}
	return b.compareRows(op, row, right, s)
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
