package optimize

import (
	"fmt"
	"strings"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize/estimate"
)

// A subplan is worth keeping for a second reader when it is small and much smaller than what it is computed from.
const (
	maxSharedRows    = 1_000_000
	minSharedSavings = 4 // rows scanned for each row kept
)

// shareCommon computes joins and aggregations that occur twice only once:
//
//	Inner Join on x > y              →     With common: Inner Join on a = b …
//	  Aggregate by [a] [x: sum(b)]           Inner Join on x > y
//	    Inner Join on a = b …                  Aggregate by [a] [x: sum(b)]
//	  Aggregate [y: max(c)]                      CTE common
//	    Inner Join on a = b …                  Aggregate [y: max(c)]
//	                                             CTE common
//
// Only whole groups of joins are shared: a part of one would not take part in their ordering any more.
func shareCommon(o *optimizer, n logical.Node) (logical.Node, error) {
	s := &sharer{
		o: o, est: o.estimator(), prints: map[logical.Node]string{}, count: map[string]int{},
		ctes: map[string]*logical.CTE{}, tables: map[catalog.Table]int{}, known: map[*logical.CTE]int{},
	}
	plans := []*logical.Node{}
	w, ok := n.(*logical.With)
	if !ok {
		w = &logical.With{Input: n}
	}
	for _, c := range w.CTEs {
		plans = append(plans, &c.Plan)
	}
	plans = append(plans, &w.Input)
	for _, p := range plans {
		s.visit(*p, false)
	}
	again := false
	for _, c := range s.count {
		again = again || c > 1
	}
	if !again {
		return n, nil
	}
	var ctes []*logical.CTE
	in := w.Input
	for i, p := range plans {
		r := s.replace(*p, false)
		ctes = append(ctes, s.made...)
		s.made = nil
		if i < len(w.CTEs) {
			w.CTEs[i].Plan = r
			ctes = append(ctes, w.CTEs[i])
		} else {
			in = r
		}
	}
	// What is read but once, because its other readers became one themselves, goes back to its place.
	return hoistCTEs(o, &logical.With{CTEs: ctes, Input: in})
}

type sharer struct {
	o      *optimizer
	est    *estimate.Estimator
	prints map[logical.Node]string
	count  map[string]int
	ctes   map[string]*logical.CTE
	made   []*logical.CTE
	tables map[catalog.Table]int
	known  map[*logical.CTE]int
}

// visit counts the candidates in n; inside says that n is part of a group of joins above it.
func (s *sharer) visit(n logical.Node, inside bool) {
	if !inside && s.candidate(n) {
		if p, ok := s.print(n); ok {
			s.prints[n] = p
			s.count[p]++
		}
	}
	for _, c := range n.Inputs() {
		s.visit(c, s.group(n, inside))
	}
}

// group reports whether the inputs of n may belong to a group of joins that n belongs to.
func (s *sharer) group(n logical.Node, inside bool) bool {
	switch n.(type) {
	case *logical.Join:
		return true
	case *logical.Filter, *logical.Project:
		return inside
	}
	return false
}

func (s *sharer) candidate(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
	case *logical.Join:
		if n.Dependent || n.Kind != logical.Inner {
			return false
		}
	default:
		return false
	}
	rows := s.est.Rows(n)
	return rows <= maxSharedRows && rows*minSharedSavings <= s.scanned(n)
}

func (s *sharer) scanned(n logical.Node) float64 {
	if t, ok := n.(*logical.Scan); ok {
		all := *t
		all.Filters = nil
		return s.est.Rows(&all)
	}
	rows := 0.0
	for _, c := range n.Inputs() {
		rows += s.scanned(c)
	}
	return rows
}

// replace puts references in the place of what occurs more than once.
func (s *sharer) replace(n logical.Node, inside bool) logical.Node {
	p, ok := s.prints[n]
	if !ok || inside || s.count[p] < 2 {
		r, _ := logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return s.replace(c, s.group(n, inside)), nil })
		return r
	}
	c, ok := s.ctes[p]
	if !ok {
		plan, _ := logical.Copy(n, s.o.ids)
		c = &logical.CTE{Name: fmt.Sprintf("common %d", len(s.ctes)+1), Plan: plan}
		s.ctes[p] = c
		s.made = append(s.made, c)
	}
	return &logical.CTERef{CTE: c, Cols: n.Columns()}
}

// print is a text that is equal for plans that compute the same, whatever their column IDs. ok is false for what must not be shared.
func (s *sharer) print(n logical.Node) (string, bool) {
	if len(logical.Free(n)) > 0 {
		return "", false
	}
	f := &fingerprint{s: s, names: logical.Substitution{}, ok: true}
	f.node(n)
	return f.b.String(), f.ok
}

type fingerprint struct {
	s     *sharer
	b     strings.Builder
	names logical.Substitution
	ok    bool
}

func (f *fingerprint) node(n logical.Node) {
	fmt.Fprintf(&f.b, "(%T ", n)
	for _, c := range n.Inputs() {
		f.node(c)
	}
	// A scan's filters read its own columns, all other expressions those of the inputs.
	scan, isScan := n.(*logical.Scan)
	if isScan {
		f.name(scan.Cols)
	}
	switch n := n.(type) {
	case *logical.Scan:
		at, ok := f.s.tables[n.Table]
		if !ok {
			at = len(f.s.tables)
			f.s.tables[n.Table] = at
		}
		fmt.Fprintf(&f.b, "table %d %v limit %d", at, n.Source, n.Limit)
	case *logical.CTERef:
		at, ok := f.s.known[n.CTE]
		if !ok {
			at = len(f.s.known)
			f.s.known[n.CTE] = at
		}
		fmt.Fprintf(&f.b, "cte %d", at)
	case *logical.Join:
		fmt.Fprintf(&f.b, "%s", n.Kind)
	case *logical.Aggregate:
		fmt.Fprintf(&f.b, "%d %v", len(n.Groups), n.Sets)
		for _, a := range n.Aggs {
			fmt.Fprintf(&f.b, " %s %t %d %t %s", a.Fn.Name, a.Distinct, len(a.Args), a.Filter != nil, a.Typ)
			for _, k := range a.OrderBy {
				fmt.Fprintf(&f.b, " %t %t", k.Descending, k.NullsFirst)
			}
		}
	case *logical.Project, *logical.Filter:
	default:
		f.ok = false // few are worth it
	}
	for _, e := range logical.Exprs(n) {
		if logical.IsVolatile(e) || logical.HasSubquery(e) {
			f.ok = false
		}
		f.b.WriteString("[" + logical.Key(f.names.Apply(e)) + "]")
	}
	if !isScan {
		f.name(logical.Makes(n))
	}
	f.b.WriteString(")")
}

// name numbers columns in the order in which they are met.
func (f *fingerprint) name(cols []logical.Col) {
	for _, c := range cols {
		f.names[c.ID] = &expr.Column{ID: expr.ColumnID(len(f.names)), Typ: c.Type}
		fmt.Fprintf(&f.b, " %s", c.Type)
	}
}
