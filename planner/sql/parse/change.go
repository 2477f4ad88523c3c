package parse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// Change is DELETE or UPDATE. What becomes of the table's rows is a query over them, which Count and Rows make.
type Change struct {
	Verb  string // DELETE or UPDATE
	Table Name
	Sets  []Assignment // of UPDATE

	Returning *Returning // nil: no rows come back

	alias     string
	with      *pg.WithClause
	others    []*pg.Node // the tables of USING or FROM
	where     *pg.Node   // nil: all rows
	positions ast.Positions
}

// Assignment is a column that UPDATE sets.
type Assignment struct {
	Column   string
	Position int
	Default  bool // to its default

	value *pg.Node
}

func (*Change) body() {}

func (c *converter) remove(s *pg.DeleteStmt) (Body, error) {
	out, err := c.change("DELETE", s.Relation, s.WithClause, s.UsingClause, s.WhereClause)
	if err != nil {
		return nil, err
	}
	out.Returning = c.returning(s.ReturningList, s.Relation, s.WithClause, len(s.UsingClause) > 0)
	return out, nil
}

func (c *converter) update(s *pg.UpdateStmt) (Body, error) {
	out, err := c.change("UPDATE", s.Relation, s.WithClause, s.FromClause, s.WhereClause)
	if err != nil {
		return nil, err
	}
	out.Returning = c.returning(s.ReturningList, s.Relation, s.WithClause, len(s.FromClause) > 0)
	out.Sets, err = c.assignments(s.TargetList)
	return out, err
}

// assignments converts the list of SET.
func (c *converter) assignments(list []*pg.Node) ([]Assignment, error) {
	var out []Assignment
	for _, n := range list {
		t := n.GetResTarget()
		a := Assignment{Column: t.GetName(), Position: c.at(t.GetLocation()), value: t.GetVal()}
		if len(t.GetIndirection()) > 0 {
			return nil, c.unsupported("UPDATE of a part of a column")
		}
		if m := a.value.GetMultiAssignRef(); m != nil {
			row := m.GetSource().GetRowExpr()
			if row == nil || int(m.GetColno()) > len(row.Args) {
				return nil, c.unsupported("UPDATE of several columns by a query")
			}
			if int(m.GetNcolumns()) != len(row.Args) {
				return nil, fault.New(fault.SyntaxError, "number of columns does not match number of values").At(a.Position)
			}
			a.value = row.Args[m.GetColno()-1]
		}
		a.Default = a.value.GetSetToDefault() != nil
		for _, other := range out {
			if other.Column == a.Column {
				return nil, fault.New(fault.SyntaxError, "multiple assignments to same column %q", a.Column).At(a.Position)
			}
		}
		out = append(out, a)
	}
	return out, nil
}

func (c *converter) change(verb string, table *pg.RangeVar, with *pg.WithClause, others []*pg.Node, where *pg.Node) (*Change, error) {
	if where.GetCurrentOfExpr() != nil {
		return nil, c.unsupported(verb + " … WHERE CURRENT OF")
	}
	out := &Change{Verb: verb, Table: c.rangeVar(table), with: with, others: others, where: where, positions: c.positions}
	out.alias = table.GetAlias().GetAliasname()
	if out.alias == "" {
		out.alias = table.GetRelname()
	}
	return out, nil
}

// condition holds for the rows that the statement is about; nil: for all.
func (c *Change) condition() *pg.Node {
	if len(c.others) == 0 {
		return c.where
	}
	one := &pg.ResTarget{Val: pg.MakeAConstIntNode(1, -1)}
	inner := &pg.SelectStmt{
		TargetList: []*pg.Node{{Node: &pg.Node_ResTarget{ResTarget: one}}}, FromClause: c.others, WhereClause: c.where,
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}
	return &pg.Node{Node: &pg.Node_SubLink{SubLink: &pg.SubLink{
		SubLinkType: pg.SubLinkType_EXISTS_SUBLINK, Subselect: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: inner}},
	}}}
}

// from is the table under the name that the session knows it by.
func (c *Change) from(table string) []*pg.Node {
	return tableAs(table, c.alias)
}

func (c *Change) query(targets []*pg.Node, table string, where *pg.Node) *Query {
	s := &pg.SelectStmt{
		WithClause: c.with, TargetList: targets, FromClause: c.from(table), WhereClause: where,
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}
	return &Query{Tree: ast.Select{Stmt: s, Positions: c.positions}}
}

func target(name string, value *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Name: name, Val: value, Location: -1}}}
}

// Count is the query for the number of rows of a table that the statement is about.
func (c *Change) Count(table string) *Query {
	return c.query([]*pg.Node{target("count", countAll())}, table, c.condition())
}

func countAll() *pg.Node {
	return &pg.Node{Node: &pg.Node_FuncCall{FuncCall: &pg.FuncCall{
		Funcname: []*pg.Node{pg.MakeStrNode("count")}, AggStar: true, Funcformat: pg.CoercionForm_COERCE_EXPLICIT_CALL, Location: -1,
	}}}
}

func columnOf(table, name string) *pg.Node {
	return &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: []*pg.Node{pg.MakeStrNode(table), pg.MakeStrNode(name)}, Location: -1}}}
}

func isNotTrue(e *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_BooleanTest{BooleanTest: &pg.BooleanTest{Arg: e, Booltesttype: pg.BoolTestType_IS_NOT_TRUE, Location: -1}}}
}

// Kept is the query for the rows that the statement is not about; nil when it is about all.
func (c *Change) Kept(table string, columns []string) *Query {
	where := c.condition()
	if where == nil {
		return nil
	}
	var targets []*pg.Node
	for _, name := range columns {
		targets = append(targets, target(name, columnOf(c.alias, name)))
	}
	return c.query(targets, table, isNotTrue(where))
}

// Updated is the query for the new values of the rows that an UPDATE is about.
func (c *Change) Updated(table string, columns []string, defaults []*Query) (*Query, error) {
	var targets []*pg.Node
	for i, name := range columns {
		value := columnOf(c.alias, name)
		for _, a := range c.Sets {
			if a.Column != name {
				continue
			}
			var err error
			if value, err = c.value(a, defaults[i]); err != nil {
				return nil, err
			}
		}
		targets = append(targets, target(name, value))
	}
	return c.query(targets, table, c.condition()), nil
}

// Returned is the query for what comes back of the rows that a DELETE removes.
func (c *Change) Returned(table string) *Query {
	q := c.Returning.Query(table)
	q.Tree.Stmt.WhereClause = c.condition()
	return q
}

// Rows is the query for all rows of a table of these columns as the statement leaves them. defaults are queries of the columns' defaults.
func (c *Change) Rows(table string, columns []string, defaults []*Query) (*Query, error) {
	var targets []*pg.Node
	for i, name := range columns {
		old := columnOf(c.alias, name)
		value := old
		for _, a := range c.Sets {
			if a.Column != name {
				continue
			}
			var err error
			if value, err = c.value(a, defaults[i]); err != nil {
				return nil, err
			}
			if when := c.condition(); when != nil {
				value = &pg.Node{Node: &pg.Node_CaseExpr{CaseExpr: &pg.CaseExpr{
					Args:      []*pg.Node{{Node: &pg.Node_CaseWhen{CaseWhen: &pg.CaseWhen{Expr: when, Result: value, Location: -1}}}},
					Defresult: old, Location: -1,
				}}}
			}
		}
		targets = append(targets, target(name, value))
	}
	if c.Verb == "UPDATE" {
		return c.query(targets, table, nil), nil
	}
	where := c.condition()
	if where == nil {
		return nil, fault.New(fault.Internal, "a DELETE of all rows leaves none to query")
	}
	return c.query(targets, table, isNotTrue(where)), nil
}

// All reports whether the statement is about all rows.
func (c *Change) All() bool { return c.where == nil && len(c.others) == 0 }

// defaultNode is a column's default as an expression.
func defaultNode(name string, def *Query) (*pg.Node, error) {
	if def == nil || len(def.Tree.Stmt.GetTargetList()) != 1 {
		return nil, fault.New(fault.Internal, "the default of column %q is no expression", name)
	}
	return def.Tree.Stmt.TargetList[0].GetResTarget().GetVal(), nil
}

// value is what a column is set to.
func (c *Change) value(a Assignment, def *Query) (*pg.Node, error) {
	if a.Default {
		return defaultNode(a.Column, def)
	}
	if len(c.others) == 0 {
		return a.value, nil
	}
	// The rows of the other tables that a row meets must agree: more than one is an error.
	inner := &pg.SelectStmt{
		TargetList: []*pg.Node{target("", a.value)}, FromClause: c.others, WhereClause: c.where,
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}
	return &pg.Node{Node: &pg.Node_SubLink{SubLink: &pg.SubLink{
		SubLinkType: pg.SubLinkType_EXPR_SUBLINK, Subselect: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: inner}}, Location: -1,
	}}}, nil
}
