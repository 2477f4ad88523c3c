package optimize

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// derive adds what the conditions of an inner join imply for one of its sides:
//
//	a = b and a = 5                                    also b = 5
//	(t.x = 1 and u.y = 2) or (t.x = 3 and u.y = 4)     also t.x = 1 or t.x = 3, and u.y = 2 or u.y = 4
func derive(pool []expr.Expr, left, right logical.ColSet) []expr.Expr {
	out := pool
	for _, t := range pool {
		if or, ok := t.(*expr.Or); ok && !logical.HasSubquery(t) && !logical.IsVolatile(t) {
			used := logical.Used(t)
			if left.Covers(used) || right.Covers(used) {
				continue
			}
			for _, side := range []logical.ColSet{left, right} {
				if d := onSide(or, side); d != nil {
					out = append(out, d)
				}
			}
		}
	}
	return logical.Unique(append(out, transitive(pool)...))
}

// onSide is what an OR implies for one side: the OR of the parts of its terms that read that side alone; nil when a term has none.
func onSide(or *expr.Or, side logical.ColSet) expr.Expr {
	var arms []expr.Expr
	for _, arm := range or.Terms {
		var parts []expr.Expr
		for _, c := range expr.Conjuncts(arm) {
			used := logical.Used(c)
			switch {
			case len(used) > 0 && side.Covers(used):
				parts = append(parts, c)
			case side.Intersects(used):
				if inner, ok := c.(*expr.Or); ok {
					if d := onSide(inner, side); d != nil {
						parts = append(parts, d)
					}
				}
			}
		}
		if len(parts) == 0 {
			return nil
		}
		arms = append(arms, expr.Conjunction(parts))
	}
	return disjunction(logical.Unique(arms))
}

// transitive carries predicates of one column and constants over equalities of columns.
func transitive(pool []expr.Expr) []expr.Expr {
	equal := newClasses()
	for _, t := range pool {
		if a, b, ok := columnEquality(t); ok {
			equal.join(a, b)
		}
	}
	if len(equal.parent) == 0 {
		return nil
	}
	var out []expr.Expr
	for _, t := range pool {
		col, ok := constrained(t)
		if !ok {
			continue
		}
		for _, other := range equal.members(col.ID) {
			if other.ID != col.ID && other.Typ.Equal(col.Typ) {
				out = append(out, logical.Substitution{col.ID: other}.Apply(t))
			}
		}
	}
	return out
}

// columnEquality recognizes a = b of two columns of one type.
func columnEquality(t expr.Expr) (a, b *expr.Column, ok bool) {
	c, ok := t.(*expr.Comparison)
	if !ok || c.Op != expr.Eq {
		return nil, nil, false
	}
	a, ok1 := c.Left.(*expr.Column)
	b, ok2 := c.Right.(*expr.Column)
	if !ok1 || !ok2 || a.ID == b.ID || !a.Typ.Equal(b.Typ) {
		return nil, nil, false
	}
	return a, b, true
}

// constrained recognizes a comparison of a column with a constant, or its membership in a list.
func constrained(t expr.Expr) (*expr.Column, bool) {
	switch t := t.(type) {
	case *expr.Comparison:
		l, r := t.Left, t.Right
		if _, ok := l.(*expr.Literal); ok {
			l, r = r, l
		}
		col, ok1 := l.(*expr.Column)
		_, ok2 := r.(*expr.Literal)
		return col, ok1 && ok2 && t.Op != expr.IsDistinct && t.Op != expr.IsNotDistinct
	case *expr.In:
		col, ok := t.Arg.(*expr.Column)
		return col, ok
	}
	return nil, false
}

// classes is a union-find structure over columns.
type classes struct {
	parent map[expr.ColumnID]expr.ColumnID
	cols   map[expr.ColumnID]*expr.Column
	order  []expr.ColumnID
}

func newClasses() *classes {
	return &classes{parent: map[expr.ColumnID]expr.ColumnID{}, cols: map[expr.ColumnID]*expr.Column{}}
}

func (c *classes) root(id expr.ColumnID) expr.ColumnID {
	for c.parent[id] != id {
		c.parent[id] = c.parent[c.parent[id]]
		id = c.parent[id]
	}
	return id
}

func (c *classes) add(col *expr.Column) {
	if _, ok := c.parent[col.ID]; !ok {
		c.parent[col.ID] = col.ID
		c.cols[col.ID] = col
		c.order = append(c.order, col.ID)
	}
}

func (c *classes) join(a, b *expr.Column) {
	c.add(a)
	c.add(b)
	c.parent[c.root(a.ID)] = c.root(b.ID)
}

// members are the columns equal to id, in the order in which they were met; none when it is in no class.
func (c *classes) members(id expr.ColumnID) []*expr.Column {
	if _, ok := c.parent[id]; !ok {
		return nil
	}
	var out []*expr.Column
	for _, other := range c.order {
		if c.root(other) == c.root(id) {
			out = append(out, c.cols[other])
		}
	}
	return out
}
