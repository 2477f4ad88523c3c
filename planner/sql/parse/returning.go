package parse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// Returning is the list of RETURNING: what comes back of each row that a statement adds, changes or removes.
type Returning struct {
	Others bool // the statement reads other tables, whose columns the list may name

	list      []*pg.Node
	alias     string // the name that the list knows the rows by
	with      *pg.WithClause
	positions ast.Positions
}

// returning converts RETURNING; nil without one.
func (c *converter) returning(list []*pg.Node, table *pg.RangeVar, with *pg.WithClause, others bool) *Returning {
	if len(list) == 0 {
		return nil
	}
	out := &Returning{Others: others, list: list, alias: table.GetAlias().GetAliasname(), with: with, positions: c.positions}
	if out.alias == "" {
		out.alias = table.GetRelname()
	}
	return out
}

// Query reads what comes back from a table of the rows in question.
func (r *Returning) Query(table string) *Query { return r.query(tableAs(table, r.alias)) }

// Changed reads what comes back from the rows that queries of [Changed] gave, which the resolver knows as table.
func (r *Returning) Changed(table string) *Query {
	return r.query([]*pg.Node{{Node: &pg.Node_RangeVar{RangeVar: &pg.RangeVar{Relname: table, Inh: true, Relpersistence: "p", Location: -1}}}})
}

func (r *Returning) query(from []*pg.Node) *Query {
	s := &pg.SelectStmt{
		WithClause: r.with, TargetList: r.list, FromClause: from, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT,
		Op: pg.SetOperation_SETOP_NONE,
	}
	return &Query{Tree: ast.Select{Stmt: s, Positions: r.positions}}
}

// tableAs is FROM table AS alias.
func tableAs(table, alias string) []*pg.Node {
	r := &pg.RangeVar{Relname: table, Inh: true, Relpersistence: "p", Alias: &pg.Alias{Aliasname: alias}, Location: -1}
	return []*pg.Node{{Node: &pg.Node_RangeVar{RangeVar: r}}}
}
