package logical

import "github.com/polybolos-db/polybolos/expr"

// AsOf gives each left row the one right row whose keys are equal and whose bound is nearest on the side that Op names: of all right rows for which
// LeftBound Op RightBound holds the one with the greatest bound (Op >= or >) or the least (<= or <); which one of several with that bound is not
// defined. A left row without such a row is left out, with Outer filled up with NULLs. A NULL bound is near to nothing, a NULL key equals nothing,
// unless NullSafe says so.
type AsOf struct {
	Left, Right           Node
	Outer                 bool
	LeftKeys, RightKeys   []expr.Expr // pairwise of one type; they may be empty
	NullSafe              []bool      // by key; nil: none
	Op                    expr.CompareOp
	LeftBound, RightBound expr.Expr // of one type
}

// Columns are the left side's, then the right side's.
func (n *AsOf) Columns() []Col {
	kind := Inner
	if n.Outer {
		kind = Left
	}
	return (&Join{Kind: kind, Left: n.Left, Right: n.Right}).Columns()
}

// Inputs are the sides.
func (n *AsOf) Inputs() []Node { return []Node{n.Left, n.Right} }

// WithInputs replaces the sides.
func (n *AsOf) WithInputs(in []Node) Node { c := *n; c.Left, c.Right = in[0], in[1]; return &c }

// mapAsOf applies one and list to the expressions of n: the left keys, the right keys, the bounds.
func mapAsOf(n *AsOf, one func(expr.Expr) expr.Expr, list func([]expr.Expr) []expr.Expr) *AsOf {
	c := *n
	c.LeftKeys, c.RightKeys = list(n.LeftKeys), list(n.RightKeys)
	c.LeftBound, c.RightBound = one(n.LeftBound), one(n.RightBound)
	return &c
}

func describeAsOf(n *AsOf) string {
	s := "AsOf Join on "
	if n.Outer {
		s = "AsOf Left Join on "
	}
	for i, l := range n.LeftKeys {
		op := expr.Eq
		if n.NullSafe != nil && n.NullSafe[i] {
			op = expr.IsNotDistinct
		}
		s += Compare(op, l, n.RightKeys[i]).String() + " and "
	}
	return s + Compare(n.Op, n.LeftBound, n.RightBound).String()
}
