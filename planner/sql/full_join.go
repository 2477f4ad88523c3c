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
// refs are the references that were made while the sides were bound: sides that read what is outside cannot be shared, and stand in the plan twice.
func (b *binder) fullBySubquery(item *fromItem, node *logical.Join, refs []ref, outer *scope) {
	if node.Kind != logical.Full || node.Cond == nil || !logical.HasSubquery(node.Cond) {
		return
	}
	matched := &logical.Join{Kind: logical.Left, Left: node.Left, Right: node.Right, Cond: node.Cond}
	alone := &logical.Join{Kind: logical.Anti, Left: node.Right, Right: node.Left, Cond: node.Cond}
	var shared []*logical.CTE
	if !readsOutside(refs, outer) {
		shared = b.sharedSides(matched, alone)
	} else if !repeatable(node.Left) || !repeatable(node.Right) {
		return
	}
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
	item.node = union
	if len(shared) > 0 {
		item.node = &logical.With{CTEs: shared, Input: union}
	}
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

// readsOutside reports whether one of the references reads a scope around the join.
func readsOutside(refs []ref, outer *scope) bool {
	for _, r := range refs {
		for s := outer; s != nil; s = s.parent {
			if r.owner == s {
				return true
			}
		}
	}
	return false
}

// repeatable reports whether a plan may stand in a query twice: it gives the same rows each time, and shares none of its own.
func repeatable(n logical.Node) bool {
	return !logical.Any(n, func(n logical.Node) bool {
		switch n.(type) {
		case *logical.With, *logical.Recursion:
			return true
		}
		for _, e := range logical.Exprs(n) {
			if logical.IsVolatile(e) {
				return true
			}
		}
		return false
	})
}

// sharedSides makes the sides of a join, and of another with the sides exchanged, references to the same two plans.
func (b *binder) sharedSides(join, exchanged *logical.Join) []*logical.CTE {
	l, r := &logical.CTE{Name: "left", Plan: join.Left}, &logical.CTE{Name: "right", Plan: join.Right}
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
	join.Left, join.Right = read(l, first), read(r, first)
	join.Cond = first.Apply(join.Cond)
	exchanged.Left, exchanged.Right = read(r, second), read(l, second)
	exchanged.Cond = second.Apply(exchanged.Cond)
	return []*logical.CTE{l, r}
}
