package parse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// Returning is the list of RETURNING: what comes back of each row that a statement adds, changes or removes.
type Returning struct {
	list      []*pg.Node
	alias     string // the name that the list knows the rows by
	others    bool   // the statement reads other tables, whose columns do not come back
	positions ast.Positions
}

// returning converts RETURNING; nil without one.
func (c *converter) returning(list []*pg.Node, table *pg.RangeVar, others bool) *Returning {
	if len(list) == 0 {
		return nil
	}
	out := &Returning{list: list, alias: table.GetAlias().GetAliasname(), others: others, positions: c.positions}
	if out.alias == "" {
		out.alias = table.GetRelname()
	}
	return out
}

// Query reads what comes back from a table of the rows in question.
func (r *Returning) Query(table string) (*Query, error) {
	if r.others {
		for _, n := range r.list {
			if fields := n.GetResTarget().GetVal().GetColumnRef().GetFields(); len(fields) == 1 && fields[0].GetAStar() != nil {
				return nil, fault.New(fault.FeatureNotSupported, "RETURNING * of a statement that reads other tables is not supported").
					At(r.positions.At(n.GetResTarget().GetLocation())).WithHint("Only columns of the table that is changed come back: RETURNING %s.*.", r.alias)
			}
		}
	}
	s := &pg.SelectStmt{
		TargetList: r.list, FromClause: tableAs(table, r.alias), LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}
	return &Query{Tree: ast.Select{Stmt: s, Positions: r.positions}}, nil
}

// tableAs is FROM table AS alias.
func tableAs(table, alias string) []*pg.Node {
	r := &pg.RangeVar{Relname: table, Inh: true, Relpersistence: "p", Alias: &pg.Alias{Aliasname: alias}, Location: -1}
	return []*pg.Node{{Node: &pg.Node_RangeVar{RangeVar: r}}}
}
