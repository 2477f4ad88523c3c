package sql

import (
	"context"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// ChangedRows is the table of the rows that a statement adds, changes or removes, each beside the rows of other tables that it met: what RETURNING reads
// where a statement has FROM, USING or a source. Its columns are known by the names of several tables.
type ChangedRows struct {
	catalog.Table
	names *ChangedNames
}

// ChangedNames tells how RETURNING knows the columns that a query of [parse.Changed] has.
type ChangedNames struct {
	rels    []changedRelation
	visible []changedName // what * stands for
	action  int           // the column of merge_action(), 0: none, since no table is without columns
	others  int           // the columns from this one on are those of the other tables
}

type changedRelation struct {
	schema, alias string
	cols          []changedName
}

type changedName struct {
	name   string
	column int
}

// Over is a table whose columns are those of the query, under the names that it has for them.
func (n *ChangedNames) Over(t catalog.Table) *ChangedRows { return &ChangedRows{Table: t, names: n} }

// BindChanged binds a query for changed rows. o.Targets are the types of the table's columns; the result has those columns, the action of MERGE, and then
// the columns of the other tables, each once.
func BindChanged(ctx context.Context, c *parse.Changed, resolver catalog.Resolver, o Options) (*Bound, *ChangedNames, error) {
	b := newBinder(ctx, resolver, o)
	b.pos = c.Tree.Positions
	from := &changing{of: c, targets: o.Targets}
	r, err := b.query(c.Tree.Stmt, nil, mode{changing: from})
	if err != nil {
		return nil, nil, err
	}
	n, err := inZone(r.node, o.Zone)
	return &Bound{Plan: n, IDs: b.ids}, &from.names, err
}

// changing adds the columns of the other tables to the result of a query for changed rows.
type changing struct {
	of      *parse.Changed
	targets []column.Type
	names   ChangedNames
}

// columns are those of the other tables in FROM, whose names it keeps, and the types that the whole result is assigned to.
func (c *changing) columns(sc *scope) ([]logical.Col, []column.Type) {
	types := c.targets[:len(c.targets):len(c.targets)]
	if c.of.Merge {
		c.names.action = len(types)
		types = append(types, column.T(column.Text))
	}
	c.names.others = len(types)
	rels, visible := sc.rels, sc.visible
	own := changedRelation{alias: c.of.Alias}
	if c.of.First {
		for i, col := range rels[0].cols {
			own.cols = append(own.cols, changedName{col.Name, i})
		}
		rels, visible = rels[1:], visible[len(rels[0].cols):]
	} else {
		for i, t := range c.of.Tree.Stmt.TargetList[:len(c.targets)] {
			own.cols = append(own.cols, changedName{t.GetResTarget().GetName(), i})
		}
	}
	var cols []logical.Col
	at := map[expr.ColumnID]int{}
	named := func(list []logical.Col) []changedName {
		var out []changedName
		for _, col := range list {
			if _, ok := at[col.ID]; !ok {
				at[col.ID] = len(types)
				types, cols = append(types, known(col.Type)), append(cols, col)
			}
			out = append(out, changedName{col.Name, at[col.ID]})
		}
		return out
	}
	others := named(visible)
	c.names.rels = append(c.names.rels, own)
	for _, r := range rels {
		c.names.rels = append(c.names.rels, changedRelation{schema: r.schema, alias: r.alias, cols: named(r.cols)})
	}
	if c.names.visible = append(own.cols[:len(own.cols):len(own.cols)], others...); c.of.Merge {
		c.names.visible = append(others, own.cols...)
	}
	return cols, types
}

// actionRelation is the alias of the column that merge_action() reads, which no name can be.
const actionRelation = "merge_action()"

// changedRows binds the table that RETURNING reads, under the names of all the tables whose columns it has.
func (b *binder) changedRows(t *ChangedRows) *fromItem {
	scan := b.scan(t.Table, "", "").node
	cols := scan.Columns()
	under := func(names []changedName) []logical.Col {
		out := make([]logical.Col, len(names))
		for i, n := range names {
			out[i] = cols[n.column]
			out[i].Name = n.name
		}
		return out
	}
	item := &fromItem{node: scan, visible: under(t.names.visible)}
	for _, r := range t.names.rels {
		item.rels = append(item.rels, &relation{schema: r.schema, alias: r.alias, cols: under(r.cols)})
	}
	b.others = map[expr.ColumnID]bool{}
	for _, c := range cols[t.names.others:] {
		b.others[c.ID] = true
	}
	if t.names.action > 0 {
		b.action = &relation{alias: actionRelation, cols: cols[t.names.action : t.names.action+1]}
		item.rels = append(item.rels, b.action)
	}
	return item
}

// readsOthers reports whether RETURNING reads columns of other tables than the one that the statement changes.
func (b *binder) readsOthers() bool {
	for _, r := range b.refs {
		if b.others[r.column.ID] {
			return true
		}
	}
	return false
}

// mergeAction binds merge_action(), which the list of RETURNING knows, in its subqueries too.
func (b *binder) mergeAction(f *pg.MergeSupportFunc, s *scope) (expr.Expr, error) {
	for o := s; o != nil && b.action != nil; o = o.parent {
		if slices.Contains(o.rels, b.action) {
			return b.reference(b.action.cols[0], o, s, b.at(f.Location)), nil
		}
	}
	return nil, fault.New(fault.SyntaxError, "MERGE_ACTION() can only be used in the RETURNING list of a MERGE command").At(b.at(f.Location))
}
