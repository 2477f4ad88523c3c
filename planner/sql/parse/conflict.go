package parse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// Conflict is ON CONFLICT with a target: what the rows of an INSERT would conflict on. Tables have no unique constraints, so there is none that matches,
// and what is left to do is to tell mistakes in the rest of the clause as PostgreSQL does.
type Conflict struct {
	Constraint string       // ON CONSTRAINT; empty: columns or expressions are named
	Sets       []Assignment // of DO UPDATE
	Position   int          // of the target

	alias     string
	elements  []*pg.Node // expressions over the table
	only      *pg.Node   // the target's WHERE, nil without
	update    bool
	where     *pg.Node // of DO UPDATE, nil without
	positions ast.Positions
}

// conflict converts ON CONFLICT; nil where there can be no conflict: DO NOTHING without a target.
func (c *converter) conflict(s *pg.OnConflictClause, table *pg.RangeVar) (*Conflict, error) {
	update := s.GetAction() == pg.OnConflictAction_ONCONFLICT_UPDATE
	if s.GetInfer() == nil {
		if update {
			return nil, fault.New(fault.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").At(c.at(s.Location)).
				WithHint("For example, ON CONFLICT (column_name).")
		}
		return nil, nil
	}
	out := &Conflict{
		Constraint: s.Infer.Conname, Position: c.at(s.Infer.Location), alias: table.GetAlias().GetAliasname(), only: s.Infer.WhereClause, update: update,
		where: s.WhereClause, positions: c.positions,
	}
	if out.alias == "" {
		out.alias = table.GetRelname()
	}
	for _, n := range s.Infer.IndexElems {
		e := n.GetIndexElem()
		value := e.GetExpr()
		if value == nil {
			value = columnOf(out.alias, e.GetName())
			value.GetColumnRef().Fields = value.GetColumnRef().Fields[1:]
			value.GetColumnRef().Location = s.Infer.Location
		}
		out.elements = append(out.elements, value)
	}
	var err error
	out.Sets, err = c.assignments(s.TargetList)
	return out, err
}

// Target is a query of what the target names, over the table.
func (c *Conflict) Target(table string) *Query {
	var targets []*pg.Node
	for _, e := range c.elements {
		targets = append(targets, target("", e))
	}
	return c.query(targets, tableAs(table, c.alias), c.only)
}

// Update is a query of what DO UPDATE sets columns to, without defaults, over the table and the rows that were to be added; nil for DO NOTHING.
func (c *Conflict) Update(table string) (q *Query, columns []string) {
	if !c.update {
		return nil, nil
	}
	var targets []*pg.Node
	for _, a := range c.Sets {
		if !a.Default {
			targets, columns = append(targets, target("", a.value)), append(columns, a.Column)
		}
	}
	return c.query(targets, append(tableAs(table, c.alias), tableAs(table, "excluded")...), c.where), columns
}

func (c *Conflict) query(targets, from []*pg.Node, where *pg.Node) *Query {
	if len(targets) == 0 {
		targets = []*pg.Node{target("", pg.MakeAConstIntNode(1, -1))}
	}
	s := &pg.SelectStmt{
		TargetList: targets, FromClause: from, WhereClause: where, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}
	return &Query{Tree: ast.Select{Stmt: s, Positions: c.positions}}
}
