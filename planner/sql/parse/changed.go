package parse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// Changed is a query for the rows that a statement adds, changes or removes, each beside the rows of other tables that it met. Its targets are the
// columns of the table, as they are after the statement or, of removed rows, as they were; MERGE adds the name of the action.
type Changed struct {
	Tree  ast.Select // opaque outside planner/sql
	Alias string     // the name that the list of RETURNING knows the table by
	First bool       // FROM begins with the table; otherwise it has the other tables alone
	Merge bool       // the action is a target, and * begins with the other tables' columns
}

// Changed is the query for the rows that the statement is about and those of FROM or USING that they meet.
func (c *Change) Changed(table string, columns []string, defaults []*Query) (*Changed, error) {
	var targets []*pg.Node
	for i, name := range columns {
		value := columnOf(c.alias, name)
		for _, a := range c.Sets {
			if a.Column != name {
				continue
			}
			value = a.value
			if a.Default {
				var err error
				if value, err = defaultNode(name, defaults[i]); err != nil {
					return nil, err
				}
			}
		}
		targets = append(targets, target(name, value))
	}
	q := c.query(targets, table, c.where)
	q.Tree.Stmt.FromClause = append(q.Tree.Stmt.FromClause, c.others...)
	return &Changed{Tree: q.Tree, Alias: c.alias, First: true}, nil
}

// Changes are the queries for the rows that the clauses of MERGE change, remove and add, for those that there are. Of each, Kept says whether its rows
// are the table's afterwards.
func (m *Merge) Changes(table string, columns []string, defaults []*Query) (list []*Changed, kept []bool, err error) {
	add := func(action string, first bool, q *Query) {
		q.Tree.Stmt.TargetList = append(q.Tree.Stmt.TargetList, target("action", &pg.Node{Node: &pg.Node_TypeCast{TypeCast: &pg.TypeCast{
			Arg: pg.MakeAConstStrNode(action, -1), TypeName: &pg.TypeName{Names: []*pg.Node{pg.MakeStrNode("text")}, Typemod: -1, Location: -1}, Location: -1,
		}}}))
		list, kept = append(list, &Changed{Tree: q.Tree, Alias: m.alias, First: first, Merge: true}), append(kept, action != "DELETE")
	}
	var old []*pg.Node
	for _, name := range columns {
		old = append(old, target(name, columnOf(m.alias, name)))
	}
	if m.Has(Matched, "UPDATE") {
		q, err := m.Updated(table, columns, defaults)
		if err != nil {
			return nil, nil, err
		}
		add("UPDATE", true, q)
	}
	if m.Has(Matched, "DELETE") {
		add("DELETE", true, m.query(old[:len(old):len(old)], m.joined(table), m.chosen(Matched, "DELETE")))
	}
	if m.Has(NotMatchedBySource, "UPDATE") {
		q, err := m.UpdatedAlone(table, columns, defaults)
		if err != nil {
			return nil, nil, err
		}
		q.Tree.Stmt.FromClause = m.besideNone(table)
		add("UPDATE", true, q)
	}
	if m.Has(NotMatchedBySource, "DELETE") {
		add("DELETE", true, m.query(old[:len(old):len(old)], m.besideNone(table), m.alone("DELETE")))
	}
	if m.Has(NotMatchedByTarget, "INSERT") {
		q, err := m.Inserted(table, columns, defaults)
		if err != nil {
			return nil, nil, err
		}
		add("INSERT", false, q)
	}
	if len(list) == 0 { // nothing but DO NOTHING: no rows, but the columns are told by a query
		add("DELETE", true, m.query(old, m.joined(table), boolNode(false)))
	}
	return list, kept, nil
}

// besideNone is the table with NULLs for the columns of the source.
func (m *Merge) besideNone(table string) []*pg.Node {
	j := &pg.JoinExpr{Jointype: pg.JoinType_JOIN_LEFT, Larg: tableAs(table, m.alias)[0], Rarg: m.source, Quals: boolNode(false)}
	return []*pg.Node{{Node: &pg.Node_JoinExpr{JoinExpr: j}}}
}
