package logical

import (
	"maps"

	"github.com/polybolos-db/polybolos/expr"
)

// ColSet is a set of columns.
type ColSet map[expr.ColumnID]struct{}

// Add puts id into the set.
func (s ColSet) Add(id expr.ColumnID) { s[id] = struct{}{} }

// AddCols puts all of cols into the set.
func (s ColSet) AddCols(cols []Col) {
	for _, c := range cols {
		s.Add(c.ID)
	}
}

// AddUsed puts the columns that e reads into the set, those that subqueries in e read from outside included.
func (s ColSet) AddUsed(e expr.Expr) {
	expr.Walk(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Column:
			s.Add(e.ID)
		case *Subquery:
			maps.Copy(s, Free(e.Plan))
		}
		return true
	})
}

// Has reports whether id is in the set.
func (s ColSet) Has(id expr.ColumnID) bool { _, ok := s[id]; return ok }

// Covers reports whether all of t is in s.
func (s ColSet) Covers(t ColSet) bool {
	for id := range t {
		if !s.Has(id) {
			return false
		}
	}
	return true
}

// Intersects reports whether s and t have a column in common.
func (s ColSet) Intersects(t ColSet) bool {
	if len(t) < len(s) {
		s, t = t, s
	}
	for id := range s {
		if t.Has(id) {
			return true
		}
	}
	return false
}

// Union is a new set with the columns of s and t.
func (s ColSet) Union(t ColSet) ColSet {
	u := maps.Clone(s)
	if u == nil {
		u = ColSet{}
	}
	maps.Copy(u, t)
	return u
}

// Set is the set of cols.
func Set(cols []Col) ColSet {
	s := make(ColSet, len(cols))
	s.AddCols(cols)
	return s
}

// Used is the set of the columns that the expressions read.
func Used(es ...expr.Expr) ColSet {
	s := ColSet{}
	for _, e := range es {
		s.AddUsed(e)
	}
	return s
}

// Find is the column with that ID.
func Find(cols []Col, id expr.ColumnID) (Col, bool) {
	for _, c := range cols {
		if c.ID == id {
			return c, true
		}
	}
	return Col{}, false
}

// Free is the set of columns that n reads and no node in it makes: what it is correlated by.
func Free(n Node) ColSet {
	used, made := ColSet{}, ColSet{}
	addFree(n, used, made)
	for id := range made {
		delete(used, id)
	}
	return used
}

func addFree(n Node, used, made ColSet) {
	for _, e := range Exprs(n) {
		used.AddUsed(e)
	}
	made.AddCols(Makes(n))
	for _, c := range n.Inputs() {
		addFree(c, used, made)
	}
	if w, ok := n.(*With); ok {
		for _, c := range w.CTEs {
			addFree(c.Plan, used, made)
		}
	}
}

// Makes is the columns that n itself makes, rather than passes on from its inputs.
func Makes(n Node) []Col {
	switch n := n.(type) {
	case *Scan, *Values, *Series, *SetOp, *CTERef, *Recursion, *WorkingTable:
		return n.Columns()
	case *Project:
		return fresh(n.Cols, n.Exprs)
	case *Aggregate:
		return append(fresh(n.GroupCols, n.Groups), n.AggCols...)
	case *Unnest:
		return n.made()
	case *Window:
		return n.Cols
	case *Join:
		if n.Kind == Mark {
			return []Col{n.Mark}
		}
	}
	return nil
}

// fresh leaves out the columns that are a reference to themselves.
func fresh(cols []Col, exprs []expr.Expr) []Col {
	out := make([]Col, 0, len(cols))
	for i, c := range cols {
		if r, ok := exprs[i].(*expr.Column); !ok || r.ID != c.ID {
			out = append(out, c)
		}
	}
	return out
}
