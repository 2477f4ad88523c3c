package sql

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// fullBySubquery takes apart a full join whose condition has a subquery, which may read both sides; item has the join's columns under new IDs afterwards:
//
//	L Full Join R on p     →     With l as L, r as R: l Left Join r on p  Union All  r Anti Join l on p, with NULLs for l
//
// refs are the references that were made while the sides were bound: sides that read what is outside are not shared, and the join stays.
func (b *binder) fullBySubquery(item *fromItem, node *logical.Join, refs []ref, outer *scope) {
	if node.Kind != logical.Full || node.Cond == nil || !logical.HasSubquery(node.Cond) {
		return
	}
	for _, r := range refs {
		for s := outer; s != nil; s = s.parent {
			if r.owner == s {
				return
			}
		}
	}
	l, r := &logical.CTE{Name: "left", Plan: node.Left}, &logical.CTE{Name: "right", Plan: node.Right}
	read := func(c *logical.CTE, s logical.Substitution) *logical.CTERef {
		out := &logical.CTERef{CTE: c}
		for _, col := range c.Plan.Columns() {
			old := col.ID
			col.ID = b.ids.Next()
			out.Cols = append(out.Cols, col)
			s[old] = col.Expr()
		}
		return out
	}
	first, second := logical.Substitution{}, logical.Substitution{}
	matched := &logical.Join{Kind: logical.Left, Left: read(l, first), Right: read(r, first)}
	matched.Cond = first.Apply(node.Cond)
	alone := &logical.Join{Kind: logical.Anti, Left: read(r, second), Right: read(l, second)}
	alone.Cond = second.Apply(node.Cond)
	rest, _ := logical.Copy(alone, b.ids) // the subquery stands in the plan twice, under different IDs
	p := &logical.Project{Input: rest}
	for _, c := range node.Left.Columns() {
		p.Exprs = append(p.Exprs, &expr.Literal{Value: column.NullValue(c.Type)})
		p.Cols = append(p.Cols, logical.Col{ID: b.ids.Next(), Name: c.Name, Type: c.Type, Nullable: true})
	}
	for _, c := range rest.Columns() {
		p.Exprs = append(p.Exprs, c.Expr())
		c.ID = b.ids.Next()
		p.Cols = append(p.Cols, c)
	}
	union := &logical.SetOp{Kind: logical.Union, All: true, In: []logical.Node{matched, p}}
	fresh := map[expr.ColumnID]expr.ColumnID{}
	for _, c := range node.Columns() {
		old := c.ID
		c.ID, c.Nullable = b.ids.Next(), true
		fresh[old] = c.ID
		union.Cols = append(union.Cols, c)
	}
	item.node = &logical.With{CTEs: []*logical.CTE{l, r}, Input: union}
	renumber := func(cols []logical.Col) []logical.Col {
		out := make([]logical.Col, len(cols))
		for i, c := range cols {
			c.ID = fresh[c.ID]
			out[i] = c
		}
		return out
	}
	for i, rel := range item.rels {
		item.rels[i] = &relation{schema: rel.schema, alias: rel.alias, cols: renumber(rel.cols)}
	}
	item.visible = renumber(item.visible)
}
