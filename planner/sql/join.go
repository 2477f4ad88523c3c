package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

var joinKinds = map[pg.JoinType]logical.JoinKind{
	pg.JoinType_JOIN_INNER: logical.Inner, pg.JoinType_JOIN_LEFT: logical.Left,
	pg.JoinType_JOIN_RIGHT: logical.Right, pg.JoinType_JOIN_FULL: logical.Full,
}

// join binds JOIN in all its kinds. before is what stands before it in the same FROM.
func (b *binder) join(j *pg.JoinExpr, outer *scope, before *fromItem) (*fromItem, error) {
	if f, r := pivotCall(j); f != nil {
		item, err := b.pivoted(j, f, outer, before)
		if err != nil {
			return nil, err
		}
		return b.aliased(item, r.Alias, b.at(f.Location))
	}
	kind, ok := joinKinds[j.Jointype]
	if !ok {
		return nil, b.unsupported(locationOf(j.Rarg), "this kind of join")
	}
	larg := j.Larg
	asOf := false
	if before, ok := asOfMark(j); ok {
		asOf, larg = true, before
	} else if half, left, ok := halfJoin(j); ok {
		kind, larg = half, left
	}
	first := len(b.refs)
	left, err := b.fromItem(larg, outer, before)
	if err != nil {
		return nil, err
	}
	start := len(b.refs)
	right, err := b.fromItem(j.Rarg, outer, before.beside(left))
	if err != nil {
		return nil, err
	}
	if err := b.checkAliases(left, right, j.Rarg); err != nil {
		return nil, err
	}
	node := &logical.Join{Kind: kind, Left: left.node, Right: right.node, Dependent: b.readsSince(start, left.node)}
	if node.Dependent && (kind == logical.Right || kind == logical.Full) {
		return nil, fault.New(fault.InvalidColumnReference, "the right side of a RIGHT or FULL JOIN cannot read its left side").At(b.at(locationOf(j.Rarg)))
	}
	var item *fromItem
	if j.IsNatural || len(j.UsingClause) > 0 {
		item, err = b.using(j, node, left, right, asOf)
	} else {
		item = left.beside(right)
		if u := b.joinUnnest(j, node); u != nil && !asOf {
			item.node, node = u, nil
		}
		sides := b.refs[first:]
		if node != nil && j.Quals != nil {
			on := newScope(outer, item.rels, item.visible, "JOIN conditions")
			node.Cond, err = b.boolean(j.Quals, on, "JOIN/ON")
		}
		if node != nil {
			item.node = node
			b.fullBySubquery(item, node, sides, outer)
		}
		if asOf && err == nil {
			item.node, err = b.asOf(j, node, node.Cond)
		}
	}
	if err != nil {
		return nil, err
	}
	if kind == logical.Semi || kind == logical.Anti {
		item = &fromItem{node: node, rels: left.rels, visible: left.visible}
	}
	item.refresh()
	if j.JoinUsingAlias != nil {
		return nil, b.unsupported(locationOf(j.Rarg), "an alias of USING")
	}
	if j.Alias != nil {
		return b.aliased(item, j.Alias, b.at(locationOf(j.Rarg)))
	}
	return item, nil
}

// refresh takes over which columns the join made nullable.
func (f *fromItem) refresh() {
	nullable := map[expr.ColumnID]bool{}
	for _, c := range f.node.Columns() {
		nullable[c.ID] = c.Nullable
	}
	again := func(cols []logical.Col) []logical.Col {
		out := make([]logical.Col, len(cols))
		for i, c := range cols {
			c.Nullable = nullable[c.ID]
			out[i] = c
		}
		return out
	}
	for i, r := range f.rels {
		f.rels[i] = &relation{schema: r.schema, alias: r.alias, cols: again(r.cols)}
	}
	f.visible = again(f.visible)
}

// using joins on equal columns of both sides, which the result shows once. Of an as-of join the last column is that of the left side, which is at or
// behind that of the right.
func (b *binder) using(j *pg.JoinExpr, node *logical.Join, left, right *fromItem, asOf bool) (*fromItem, error) {
	position := b.at(locationOf(j.Rarg))
	names := make([]string, 0, len(j.UsingClause))
	if j.IsNatural {
		for _, c := range left.visible {
			for _, d := range right.visible {
				if c.Name == d.Name {
					names = append(names, c.Name)
					break
				}
			}
		}
	} else {
		for _, n := range j.UsingClause {
			names = append(names, n.GetString_().GetSval())
		}
	}
	var terms, merged []expr.Expr
	var keptL, keptR = map[string]bool{}, map[string]bool{}
	for i, name := range names {
		if keptL[name] {
			return nil, fault.New(fault.DuplicateColumn, "column name %q appears more than once in USING clause", name).At(position)
		}
		keptL[name], keptR[name] = true, true
		l, err := usingColumn(left, name, "left", position)
		if err != nil {
			return nil, err
		}
		r, err := usingColumn(right, name, "right", position)
		if err != nil {
			return nil, err
		}
		op := expr.Eq
		if asOf && i == len(names)-1 {
			op = expr.Ge
		}
		equal, err := expr.NewComparison(op, l.Expr(), r.Expr())
		if err != nil {
			return nil, fault.At(err, position)
		}
		terms = append(terms, equal)
		m, err := mergedColumn(node.Kind, l, r)
		if err != nil {
			return nil, fault.At(err, position)
		}
		merged = append(merged, m)
	}
	node.Cond = expr.Conjunction(terms)
	item := &fromItem{node: node, rels: append(left.rels[:len(left.rels):len(left.rels)], right.rels...)}
	if node.Kind == logical.Semi || node.Kind == logical.Anti {
		return item, nil
	}
	joined := logical.Node(node)
	if asOf {
		var err error
		if joined, err = b.asOf(j, node, node.Cond); err != nil {
			return nil, err
		}
	}
	item.visible, item.node = b.mergedColumns(joined, merged, names)
	for _, c := range left.visible {
		if !keptL[c.Name] {
			item.visible = append(item.visible, c)
		}
	}
	for _, c := range right.visible {
		if !keptR[c.Name] {
			item.visible = append(item.visible, c)
		}
	}
	return item, nil
}

func usingColumn(f *fromItem, name, side string, position int) (logical.Col, error) {
	found := -1
	for i, c := range f.visible {
		if c.Name != name {
			continue
		}
		if found >= 0 {
			return logical.Col{}, fault.New(fault.AmbiguousColumn, "common column name %q appears more than once in %s table", name, side).At(position)
		}
		found = i
	}
	if found < 0 {
		e := fault.New(fault.UndefinedColumn, "column %q specified in USING clause does not exist in %s table", name, side).At(position)
		names := make([]string, len(f.visible))
		for i, c := range f.visible {
			names[i] = c.Name
		}
		return logical.Col{}, withSuggestion(e, name, names)
	}
	return f.visible[found], nil
}

// mergedColumn is the value of a USING column: that of the side which always has one.
func mergedColumn(kind logical.JoinKind, l, r logical.Col) (expr.Expr, error) {
	t, err := expr.CommonType("JOIN/USING", []expr.Expr{l.Expr(), r.Expr()})
	if err != nil {
		return nil, err
	}
	le, err := expr.Coerce(l.Expr(), t)
	if err != nil {
		return nil, err
	}
	if kind == logical.Inner || kind == logical.Left || kind == logical.Semi || kind == logical.Anti {
		return le, nil
	}
	re, err := expr.Coerce(r.Expr(), t)
	if err != nil || kind == logical.Right {
		return re, err
	}
	return expr.NewCoalesce([]expr.Expr{le, re})
}

// mergedColumns computes the USING columns that are not simply a side's own, in a projection over the join.
func (b *binder) mergedColumns(join logical.Node, merged []expr.Expr, names []string) ([]logical.Col, logical.Node) {
	inputs := join.Columns()
	visible := make([]logical.Col, len(merged))
	cols, exprs := append([]logical.Col{}, inputs...), make([]expr.Expr, len(inputs))
	for i, c := range inputs {
		exprs[i] = c.Expr()
	}
	for i, m := range merged {
		if c, ok := m.(*expr.Column); ok {
			for _, in := range inputs {
				if in.ID == c.ID {
					visible[i] = in
				}
			}
			visible[i].Name = names[i]
			continue
		}
		visible[i] = logical.Col{ID: b.ids.Next(), Name: names[i], Type: m.Type(), Nullable: !logical.NotNull(m, inputs)}
		cols, exprs = append(cols, visible[i]), append(exprs, m)
	}
	if len(cols) == len(inputs) {
		return visible, join
	}
	return visible, &logical.Project{Input: join, Cols: cols, Exprs: exprs}
}
