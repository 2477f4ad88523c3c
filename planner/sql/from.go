package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// fromItem is a part of FROM: its plan and the names that it brings.
type fromItem struct {
	node    logical.Node
	rels    []*relation
	visible []logical.Col
}

// tableItem is a fromItem of one relation.
func tableItem(n logical.Node, schema, alias string, cols []logical.Col) *fromItem {
	return &fromItem{node: n, rels: []*relation{{schema: schema, alias: alias, cols: cols}}, visible: cols}
}

// from binds a FROM clause, or the one row of a query without.
func (b *binder) from(list []*pg.Node, outer *scope) (logical.Node, *scope, error) {
	if len(list) == 0 {
		return &logical.Values{Rows: [][]expr.Expr{{}}}, newScope(outer, nil, nil, ""), nil
	}
	var all *fromItem
	for _, n := range list {
		start := len(b.refs)
		item, err := b.fromItem(n, outer, all)
		if err != nil {
			return nil, nil, err
		}
		if all == nil {
			all = item
			continue
		}
		if err := b.checkAliases(all, item, n); err != nil {
			return nil, nil, err
		}
		if u := lateralUnnest(all.node, item.node); u != nil {
			all = all.beside(item)
			all.node = u
			continue
		}
		join := &logical.Join{Kind: logical.Inner, Left: all.node, Right: item.node, Dependent: b.readsSince(start, all.node)}
		all = all.beside(item)
		all.node = join
	}
	return all.node, newScope(outer, all.rels, all.visible, ""), nil
}

// beside joins the names of two items; nil stands for none. The node is left to the caller.
func (f *fromItem) beside(g *fromItem) *fromItem {
	if f == nil {
		return g
	}
	return &fromItem{
		rels:    append(f.rels[:len(f.rels):len(f.rels)], g.rels...),
		visible: append(f.visible[:len(f.visible):len(f.visible)], g.visible...),
	}
}

// readsSince reports whether a reference made since start reads a column of n: what stands beside n depends on it.
func (b *binder) readsSince(start int, n logical.Node) bool {
	if start == len(b.refs) {
		return false
	}
	own := map[expr.ColumnID]bool{}
	for _, c := range n.Columns() {
		own[c.ID] = true
	}
	for _, r := range b.refs[start:] {
		if own[r.column.ID] {
			return true
		}
	}
	return false
}

func (b *binder) checkAliases(f, g *fromItem, n *pg.Node) error {
	for _, r := range f.rels {
		for _, q := range g.rels {
			if r.alias == q.alias && r.schema == q.schema {
				return fault.New(fault.DuplicateAlias, "table name %q specified more than once", q.alias).At(b.at(locationOf(n))).
					WithHint("Give one of them another alias.")
			}
		}
	}
	return nil
}

// fromItem binds one part of FROM. left is what stands before it in the same FROM, which LATERAL parts may read.
func (b *binder) fromItem(n *pg.Node, outer *scope, left *fromItem) (*fromItem, error) {
	if err := b.enter(locationOf(n)); err != nil {
		return nil, err
	}
	defer b.leave()
	switch r := n.Node.(type) {
	case *pg.Node_RangeVar:
		return b.table(r.RangeVar)
	case *pg.Node_RangeSubselect:
		return b.derived(r.RangeSubselect, outer, left)
	case *pg.Node_RangeFunction:
		return b.tableFunction(r.RangeFunction, lateralScope(outer, left))
	case *pg.Node_JoinExpr:
		return b.join(r.JoinExpr, outer, left)
	case *pg.Node_RangeTableSample:
		return b.sample(r.RangeTableSample, outer, left)
	}
	return nil, b.unsupported(locationOf(n), "this item in FROM")
}

// lateralScope is the scope of a part that may read what stands before it.
func lateralScope(outer *scope, left *fromItem) *scope {
	if left == nil {
		return outer
	}
	return newScope(outer, left.rels, left.visible, "FROM")
}

// table binds a table's, view's or CTE's name.
func (b *binder) table(r *pg.RangeVar) (*fromItem, error) {
	position := b.at(r.Location)
	var item *fromItem
	var err error
	if c := b.lookupCTE(r.Relname); c != nil && r.Schemaname == "" {
		item, err = b.cteReference(c, position)
	} else {
		item, err = b.catalogTable(r, position)
	}
	if err != nil {
		return nil, err
	}
	return b.aliased(item, r.Alias, position)
}

func (b *binder) catalogTable(r *pg.RangeVar, position int) (*fromItem, error) {
	if b.resolver == nil {
		return nil, fault.New(fault.UndefinedTable, "relation %q does not exist", r.Relname).At(position)
	}
	t, v, err := b.resolver.Table(b.ctx, r.Schemaname, r.Relname)
	if err != nil {
		return nil, fault.At(err, position)
	}
	if v != nil {
		node, names, err := b.view(v.Name, v.SQL, v.Columns, position)
		if err != nil {
			return nil, err
		}
		return tableItem(node, r.Schemaname, r.Relname, renamed(node.Columns(), names)), nil
	}
	if c, ok := t.(*ChangedRows); ok {
		return b.changedRows(c), nil
	}
	if c, ok := t.(catalog.Constant); ok {
		return b.constantTable(c, r.Schemaname, r.Relname)
	}
	return b.scan(t, r.Schemaname, r.Relname), nil
}

// view binds a view's query as if it stood alone.
func (b *binder) view(name, text string, columns []string, position int) (logical.Node, []string, error) {
	if b.views++; b.views > maxViews {
		return nil, nil, fault.New(fault.StatementTooComplex, "views are nested more than %d deep", maxViews).At(position)
	}
	defer func() { b.views-- }()
	if err := b.expand(position); err != nil {
		return nil, nil, err
	}
	// An error inside has its place in the view's text, not in the statement.
	inView := func(err error) error {
		if e, ok := fault.As(err); ok {
			e.Position = 0
			return e.At(position).In("view %q", name)
		}
		return err
	}
	list, err := parse.Script(text)
	if err != nil {
		return nil, nil, inView(err)
	}
	if len(list) != 1 {
		return nil, nil, fault.New(fault.WrongObjectType, "view %q does not hold one query", name).At(position)
	}
	q, ok := list[0].Body.(*parse.Query)
	if !ok {
		return nil, nil, fault.New(fault.WrongObjectType, "view %q does not hold a query", name).At(position)
	}
	pos, ctes, binding, place := b.pos, b.ctes, b.binding, b.options.Place
	b.pos, b.ctes, b.binding, b.options.Place = q.Tree.Positions, nil, nil, position
	r, err := b.query(q.Tree.Stmt, nil, mode{})
	b.pos, b.ctes, b.binding, b.options.Place = pos, ctes, binding, place
	if err != nil {
		return nil, nil, inView(err)
	}
	names := make([]string, len(r.columns()))
	for i, c := range r.columns() {
		names[i] = c.Name
		if i < len(columns) {
			names[i] = columns[i]
		}
	}
	return r.node, names, nil
}

// derived binds a subquery in FROM.
func (b *binder) derived(r *pg.RangeSubselect, outer *scope, left *fromItem) (*fromItem, error) {
	sc := outer
	if r.Lateral {
		sc = lateralScope(outer, left)
	}
	s := r.Subquery.GetSelectStmt()
	q, err := b.query(s, sc, mode{})
	if err != nil {
		return nil, err
	}
	return b.aliased(tableItem(q.node, "", "", q.columns()), r.Alias, b.at(queryLocation(s)))
}

// aliased applies AS alias (columns).
func (b *binder) aliased(item *fromItem, a *pg.Alias, position int) (*fromItem, error) {
	if a == nil {
		return item, nil
	}
	cols := item.visible
	if len(a.Colnames) > len(cols) {
		return nil, fault.New(fault.InvalidColumnReference, "table %q has %d columns available but %d columns specified", a.Aliasname, len(cols),
			len(a.Colnames)).At(position)
	}
	if len(a.Colnames) > 0 {
		names := make([]string, len(cols))
		for i, c := range cols {
			names[i] = c.Name
			if i < len(a.Colnames) {
				names[i] = a.Colnames[i].GetString_().GetSval()
			}
		}
		cols = renamed(cols, names)
	}
	return tableItem(item.node, "", a.Aliasname, cols), nil
}

// halfJoin finds the marker that the parser leaves for SEMI and ANTI joins.
func halfJoin(j *pg.JoinExpr) (kind logical.JoinKind, left *pg.Node, ok bool) {
	l := j.Larg.GetJoinExpr()
	if l == nil || j.Jointype != pg.JoinType_JOIN_INNER {
		return 0, nil, false
	}
	switch r := l.Rarg.GetRangeVar(); {
	case r.GetSchemaname() != "" || r.GetAlias() != nil:
		return 0, nil, false
	case r.GetRelname() == ast.SemiTable:
		return logical.Semi, l.Larg, true
	case r.GetRelname() == ast.AntiTable:
		return logical.Anti, l.Larg, true
	}
	return 0, nil, false
}
