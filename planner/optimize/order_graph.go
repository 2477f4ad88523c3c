package optimize

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize/estimate"
)

// set is a set of relations of a graph.
type set uint64

func (s set) has(t set) bool   { return s&t == t }
func (s set) meets(t set) bool { return s&t != 0 }
func (s set) single() bool     { return bits.OnesCount64(uint64(s)) == 1 }
func bit(i int) set            { return 1 << i }
func (s set) first() int       { return bits.TrailingZeros64(uint64(s)) }
func (s set) each(f func(i int)) {
	for ; s != 0; s &= s - 1 {
		f(s.first())
	}
}

// graph is a group of joins: relations and what connects them.
type graph struct {
	o     *optimizer
	est   *estimate.Estimator
	rels  []relation
	terms []term // conditions that hold above all joins they read
	equal []class
	owner map[expr.ColumnID]int
	// asTheyAre leaves the inputs of the group as they are.
	asTheyAre bool
}

// relation is an input of the group. One that a left, semi, anti or mark join brings has that join; reads are the relations whose columns
// the join's condition reads, which must be there before.
type relation struct {
	node  logical.Node
	join  *logical.Join
	conds []expr.Expr
	terms []term // of conds
	reads set
	stats *estimate.Stats // of node, where they are known better than by its estimate
}

// term is a condition and the relations that it reads. An equality has those of its sides in a and b; they are empty for all else.
type term struct {
	cond expr.Expr
	rels set
	a, b set
}

func (g *graph) term(c expr.Expr) term {
	t := term{cond: c, rels: g.reads(c)}
	if cmp, ok := c.(*expr.Comparison); ok && (cmp.Op == expr.Eq || cmp.Op == expr.IsNotDistinct) {
		t.a, t.b = g.reads(cmp.Left), g.reads(cmp.Right)
	}
	return t
}

// links reports whether the term is first decidable by a join of l and r.
func (t *term) links(l, r set) bool { return (l | r).has(t.rels) && t.rels.meets(l) && t.rels.meets(r) }

// keyed reports whether it equates something of l with something of r.
func (t *term) keyed(l, r set) bool {
	return t.a != 0 && t.b != 0 && (l.has(t.a) && r.has(t.b) || l.has(t.b) && r.has(t.a))
}

// class is columns that are all equal, at most one of each relation.
type class struct {
	rels set
	col  map[int]*expr.Column
}

// collect takes a group of joins apart. Inputs are ordered first.
func (g *graph) collect(n logical.Node) error {
	var conds []expr.Expr
	if err := g.walk(n, &conds); err != nil {
		return err
	}
	g.connect()
	for _, c := range logical.Unique(conds) {
		if !g.equality(c) {
			g.terms = append(g.terms, g.term(c))
		}
	}
	return nil
}

// connect notes whose columns are whose, and what the joins that bring relations read.
func (g *graph) connect() {
	g.owner = map[expr.ColumnID]int{}
	for i, r := range g.rels {
		for _, c := range r.node.Columns() {
			g.owner[c.ID] = i
		}
		if r.join != nil && r.join.Kind == logical.Mark {
			g.owner[r.join.Mark.ID] = i
		}
	}
	for i := range g.rels {
		r := &g.rels[i]
		if r.join != nil {
			r.reads = g.reads(r.conds...) &^ bit(i)
			for _, c := range r.conds {
				r.terms = append(r.terms, g.term(c))
			}
		}
	}
}

// input is an input of the group, its own joins in order.
func (g *graph) input(n logical.Node) (logical.Node, error) {
	if g.asTheyAre {
		return n, nil
	}
	return orderJoins(g.o, n)
}

func (g *graph) walk(n logical.Node, conds *[]expr.Expr) error {
	switch t := n.(type) {
	case *logical.Join:
		if !movable(t) {
			break
		}
		if err := g.walk(t.Left, conds); err != nil {
			return err
		}
		if t.Kind == logical.Inner {
			*conds = append(*conds, expr.Conjuncts(t.Cond)...)
			return g.walk(t.Right, conds)
		}
		r, err := g.input(t.Right)
		if err != nil {
			return err
		}
		g.rels = append(g.rels, relation{node: r, join: t, conds: expr.Conjuncts(t.Cond)})
		return nil
	case *logical.Filter:
		if joins(t) {
			*conds = append(*conds, expr.Conjuncts(t.Cond)...)
			return g.walk(t.Input, conds)
		}
	case *logical.Project:
		if joins(t) {
			return g.walk(t.Input, conds)
		}
	}
	r, err := logical.MapInputs(n, g.input)
	if err != nil {
		return err
	}
	g.rels = append(g.rels, relation{node: r})
	return nil
}

func (g *graph) reads(es ...expr.Expr) set {
	var s set
	for id := range logical.Used(es...) {
		if i, ok := g.owner[id]; ok {
			s |= bit(i)
		}
	}
	return s
}

// equality puts a = b into a class, so that equalities that follow from others need no tests of their own.
func (g *graph) equality(c expr.Expr) bool {
	a, b, ok := columnEquality(c)
	if !ok {
		return false
	}
	i, ok1 := g.owner[a.ID]
	j, ok2 := g.owner[b.ID]
	if !ok1 || !ok2 || i == j || g.rels[i].join != nil || g.rels[j].join != nil {
		return false
	}
	at := func(col *expr.Column, rel int) int {
		for k, e := range g.equal {
			if other := e.col[rel]; other != nil && other.ID == col.ID {
				return k
			}
		}
		g.equal = append(g.equal, class{rels: bit(rel), col: map[int]*expr.Column{rel: col}})
		return len(g.equal) - 1
	}
	k, l := at(a, i), at(b, j)
	if k == l {
		return true
	}
	if g.equal[k].rels.meets(g.equal[l].rels) {
		return false // two columns of one relation in one class would need a test of their own
	}
	for rel, col := range g.equal[l].col {
		g.equal[k].col[rel] = col
	}
	g.equal[k].rels |= g.equal[l].rels
	g.equal[l] = class{}
	return true
}

// between are the conditions of an inner join of l and r: one equality for each class in both, and what both together can first decide. Of a
// class's columns it takes those of the two relations that most classes connect: equalities between two tables tell the estimator of keys of
// several columns.
func (g *graph) between(l, r set) (conds []expr.Expr) {
	for _, e := range g.equal {
		best := 0
		var a, b *expr.Column
		(e.rels & l).each(func(i int) {
			(e.rels & r).each(func(j int) {
				if n := g.connections(bit(i) | bit(j)); n > best {
					best, a, b = n, e.col[i], e.col[j]
				}
			})
		})
		if a != nil {
			conds = append(conds, logical.Compare(expr.Eq, a, b))
		}
	}
	for _, t := range g.terms {
		if t.links(l, r) {
			conds = append(conds, t.cond)
		}
	}
	return conds
}

// connections is the number of classes that all relations of s have columns in.
func (g *graph) connections(s set) int {
	n := 0
	for _, e := range g.equal {
		if e.rels.has(s) {
			n++
		}
	}
	return n
}

// connected reports whether a condition links l and r, and whether it can be looked up in a hash table.
func (g *graph) connected(l, r set) (linked, keyed bool) {
	for i := range g.equal {
		if e := &g.equal[i]; e.rels.meets(l) && e.rels.meets(r) {
			return true, true
		}
	}
	for i := range g.terms {
		if t := &g.terms[i]; t.links(l, r) {
			linked = true
			if t.keyed(l, r) {
				return true, true
			}
		}
	}
	return linked, false
}

// above are the terms that a dependent relation, joined to l, makes decidable. They go above its join, not into it.
func (g *graph) above(l, dependent set) []expr.Expr {
	var out []expr.Expr
	for _, t := range g.terms {
		if (l | dependent).has(t.rels) && t.rels.meets(dependent) {
			out = append(out, t.cond)
		}
	}
	return out
}
