package logical

import "github.com/polybolos-db/polybolos/expr"

// Unnest gives each row of its input once for every element of the lists: the input's columns, then the elements, NULL beyond a shorter list's end, then
// the element's number from 1. A row whose lists are all empty or NULL gives no row, with Outer one of NULLs.
type Unnest struct {
	Input      Node
	Lists      []expr.Expr
	Cols       []Col // one for each list
	Ordinality *Col  // nil: not wanted
	Outer      bool
}

// Columns are the input's, then those of the elements, then the number.
func (n *Unnest) Columns() []Col {
	in := n.Input.Columns()
	return append(in[:len(in):len(in)], n.made()...)
}

func (n *Unnest) made() []Col {
	if n.Ordinality == nil {
		return n.Cols
	}
	return append(n.Cols[:len(n.Cols):len(n.Cols)], *n.Ordinality)
}

func (n *Unnest) Inputs() []Node { return []Node{n.Input} }

// WithInputs replaces the input.
func (n *Unnest) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

func describeUnnest(n *Unnest) string {
	s := "Unnest"
	if n.Outer {
		s = "Outer Unnest"
	}
	return s + " [" + columns(n.made()) + "] of " + expressions(n.Lists, ", ")
}
