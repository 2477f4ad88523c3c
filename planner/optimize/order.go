package optimize

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// orderJoins finds, for each group of adjacent joins, the order in which they cost least:
//
//	Inner Join on a.x = b.x          →     Inner Join on c.y = a.y
//	  Inner Join on a.y = c.y                Inner Join on a.x = b.x
//	    Scan a                                 Scan a
//	    Scan c                                 Scan b where z = 1
//	  Scan b where z = 1                     Scan c
//
// Inner joins are free to move. A left, semi, anti or mark join keeps its right side to itself and may come at any place where the left
// columns that it reads are there: dropping or adding rows for others changes nothing of what it does to each row.
func orderJoins(o *optimizer, n logical.Node) (logical.Node, error) {
	g := &graph{o: o, est: o.estimator()}
	if !joins(n) || relations(n) > maxRelations {
		// Of a group that is too large the upper joins stay as they are; what is below them is ordered.
		return logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return orderJoins(o, c) })
	}
	if err := g.collect(n); err != nil {
		return nil, err
	}
	r := g.build()
	return logical.Keep(r, n.Columns()), nil
}

// maxRelations bounds the relations of a group: sets of them are words of 64 bits.
const maxRelations = 60

// relations is how many relations the group of joins at n has.
func relations(n logical.Node) int {
	if !joins(n) {
		return 1
	}
	switch n := n.(type) {
	case *logical.Join:
		if n.Kind != logical.Inner {
			return relations(n.Left) + 1
		}
		return relations(n.Left) + relations(n.Right)
	case *logical.Filter:
		return relations(n.Input)
	case *logical.Project:
		return relations(n.Input)
	}
	return 1
}

// joins reports whether n is the top of a group of joins.
func joins(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Join:
		return movable(n)
	case *logical.Filter:
		return !logical.IsVolatile(n.Cond) && joins(n.Input)
	case *logical.Project:
		return selects(n) && joins(n.Input)
	}
	return false
}

func movable(n *logical.Join) bool {
	switch n.Kind {
	case logical.Inner, logical.Left, logical.Semi, logical.Anti, logical.NullAwareAnti, logical.Mark:
		return !n.Dependent && !logical.IsVolatile(orTrue(n.Cond))
	}
	return false
}

// selects reports whether n only leaves columns out.
func selects(n *logical.Project) bool {
	for i, e := range n.Exprs {
		if c, ok := e.(*expr.Column); !ok || c.ID != n.Cols[i].ID {
			return false
		}
	}
	return true
}
