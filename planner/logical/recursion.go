package logical

import "github.com/polybolos-db/polybolos/expr"

// Recursion is WITH RECURSIVE: the rows of Seed, then those of Step over what was found last, until a round finds nothing; without All each row but
// once. Columns are matched by position.
type Recursion struct {
	Table      *WorkTable
	All        bool
	Seed, Step Node
	Cols       []Col // fresh IDs
}

// WorkTable names the rows that the last round of a recursion found. Identity is the pointer's.
type WorkTable struct{ Name string }

// WorkingTable reads a work table; it stands only inside the Step of its Recursion.
type WorkingTable struct {
	Table *WorkTable
	Cols  []Col
}

// Columns are the recursion's own.
func (n *Recursion) Columns() []Col { return n.Cols }

// Inputs are Seed and Step.
func (n *Recursion) Inputs() []Node { return []Node{n.Seed, n.Step} }

// WithInputs replaces Seed and Step.
func (n *Recursion) WithInputs(in []Node) Node {
	c := *n
	c.Seed, c.Step = in[0], in[1]
	return &c
}

// Columns are the work table's, under IDs of this reader.
func (n *WorkingTable) Columns() []Col         { return n.Cols }
func (n *WorkingTable) Inputs() []Node         { return nil }
func (n *WorkingTable) WithInputs([]Node) Node { return n }

// ReadsWork reports whether n reads a work table of a recursion around it.
func ReadsWork(n Node) bool {
	reads, own := map[*WorkTable]bool{}, map[*WorkTable]bool{}
	eachNode(n, func(n Node) {
		switch n := n.(type) {
		case *WorkingTable:
			reads[n.Table] = true
		case *Recursion:
			own[n.Table] = true
		}
	})
	for t := range reads {
		if !own[t] {
			return true
		}
	}
	return false
}

// eachNode calls f on n and all nodes below, those of subqueries and CTEs included.
func eachNode(n Node, f func(Node)) {
	f(n)
	for _, e := range Exprs(n) {
		expr.Walk(e, func(e expr.Expr) bool {
			if q, ok := e.(*Subquery); ok {
				eachNode(q.Plan, f)
			}
			return true
		})
	}
	if w, ok := n.(*With); ok {
		for _, c := range w.CTEs {
			eachNode(c.Plan, f)
		}
	}
	for _, c := range n.Inputs() {
		eachNode(c, f)
	}
}

// copyRecursion is n under fresh IDs with a work table of its own.
func copyRecursion(n *Recursion, ids *IDs) (Node, Substitution) {
	c := *n
	c.Table = &WorkTable{Name: n.Table.Name}
	c.Seed, _ = Copy(n.Seed, ids)
	c.Step, _ = Copy(n.Step, ids)
	c.Step = retable(c.Step, n.Table, c.Table)
	s := Substitution{}
	c.Cols = renew(n.Cols, ids, s)
	return &c, s
}

// retable makes the readers of one work table read another.
func retable(n Node, from, to *WorkTable) Node {
	if w, ok := n.(*WorkingTable); ok && w.Table == from {
		return &WorkingTable{Table: to, Cols: w.Cols}
	}
	r, _ := MapInputs(n, func(c Node) (Node, error) { return retable(c, from, to), nil })
	return MapExprs(r, func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			q, ok := e.(*Subquery)
			if !ok {
				return e
			}
			c := *q
			if c.Plan = retable(q.Plan, from, to); c.Plan == q.Plan {
				return e
			}
			return &c
		})
	})
}
