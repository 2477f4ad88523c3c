package optimize

import (
	"math"
	"slices"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize/estimate"
)

// exhaustive is the number of relations up to which all orders are tried: 3^10 pairs of sets take about 10 ms, each further relation three
// times as long. Larger groups are ordered greedily.
const exhaustive = 10

// Costs a row: looking one up, putting one into a hash table, comparing one pair in a nested loop, giving one out.
const (
	probeCost = 1.0
	buildCost = 2.0
	pairCost  = 0.5
	outCost   = 1.0
)

// partial is the best way found to join a set of relations.
type partial struct {
	rels        set
	left, right *partial // nil for a relation
	cost        float64
	stats       *estimate.Stats
	bare        bool // a relation that a left, semi, anti or mark join has yet to bring in
}

// build is the group in its best order.
func (g *graph) build() logical.Node {
	single, all := g.singles()
	var best *partial
	if len(g.rels) <= exhaustive {
		best = g.dynamic(single, all)
	} else {
		best = g.greedy(single)
	}
	if best == nil {
		return g.inOrder()
	}
	return g.withConstants(g.node(best))
}

// singles are the relations, and the set of all of them.
func (g *graph) singles() (single []*partial, all set) {
	for i, r := range g.rels {
		all |= bit(i)
		p := &partial{rels: bit(i), stats: r.stats, bare: r.join != nil}
		if p.stats == nil {
			p.stats = g.est.Of(r.node)
		}
		if own := g.own(bit(i)); len(own) > 0 && !p.bare {
			p.stats = &estimate.Stats{Rows: p.stats.Rows * estimate.Selectivity(expr.Conjunction(own), p.stats), Cols: p.stats.Cols}
		}
		single = append(single, p)
	}
	return single, all
}

// withConstants is n with the conditions that read no relation.
func (g *graph) withConstants(n logical.Node) logical.Node {
	var constants []expr.Expr
	for _, t := range g.terms {
		if t.rels == 0 {
			constants = append(constants, t.cond)
		}
	}
	return logical.Where(n, constants...)
}

// own are the conditions on one relation alone.
func (g *graph) own(rel set) []expr.Expr {
	var out []expr.Expr
	for _, t := range g.terms {
		if t.rels == rel {
			out = append(out, t.cond)
		}
	}
	return out
}

// inOrder joins the relations as they stand.
func (g *graph) inOrder() logical.Node {
	var n logical.Node
	for i, r := range g.rels {
		switch {
		case i == 0:
			n = r.node
		case r.join != nil:
			n = r.join.WithInputs([]logical.Node{n, r.node})
		default:
			n = &logical.Join{Kind: logical.Inner, Left: n, Right: r.node}
		}
	}
	var conds []expr.Expr
	for _, e := range g.equal {
		var first *expr.Column
		e.rels.each(func(i int) {
			if first == nil {
				first = e.col[i]
				return
			}
			conds = append(conds, logical.Compare(expr.Eq, first, e.col[i]))
		})
	}
	for _, t := range g.terms {
		conds = append(conds, t.cond)
	}
	return logical.Where(n, conds...)
}

// dynamic tries all orders, smaller sets first. Cross products are considered for single rows, and everywhere when there is no other way.
func (g *graph) dynamic(single []*partial, all set) *partial {
	for _, cross := range []bool{false, true} {
		if best := g.tabulate(single, all, cross)[all]; best != nil {
			return best
		}
	}
	return nil
}

// tabulate is the best way to join each set of relations, nil where there is none.
func (g *graph) tabulate(single []*partial, all set, cross bool) []*partial {
	table := make([]*partial, all+1)
	for _, p := range single {
		table[p.rels] = p
	}
	for s := set(1); s <= all; s++ {
		if s.single() {
			continue
		}
		// Every split once, except that a bare relation is always on the right.
		for l := (s - 1) & s; l != 0; l = (l - 1) & s {
			r := s &^ l
			a, b := table[l], table[r]
			if a == nil || b == nil || a.bare || !b.bare && l < r {
				continue
			}
			g.offer(table, a, b, cross)
		}
	}
	return table
}

// offer enters the join of a and b when it is possible and the cheapest so far.
func (g *graph) offer(table []*partial, a, b *partial, cross bool) {
	s := a.rels | b.rels
	old := table[s]
	keyed, ok := g.joinable(a, b, cross)
	if !ok {
		return
	}
	// All orders give the same rows, so that the first estimate serves for all.
	var stats *estimate.Stats
	if old != nil {
		stats = old.stats
	} else {
		stats = g.estimate(a, b)
	}
	c := a.cost + b.cost + g.cost(a, b, stats.Rows, keyed)
	if old == nil || c < old.cost {
		table[s] = &partial{rels: s, left: a, right: b, cost: c, stats: stats}
	}
}

// joinable reports whether a and b can be joined next, and whether by hash.
func (g *graph) joinable(a, b *partial, cross bool) (keyed, ok bool) {
	if b.bare {
		r := g.rels[b.rels.first()]
		for i := range r.terms {
			keyed = keyed || r.terms[i].keyed(a.rels, b.rels)
		}
		return keyed, a.rels.has(r.reads)
	}
	linked, keyed := g.connected(a.rels, b.rels)
	return keyed, linked || cross || a.stats.Rows <= 1 || b.stats.Rows <= 1
}

func (g *graph) estimate(a, b *partial) *estimate.Stats {
	if b.bare {
		r := g.rels[b.rels.first()]
		s := estimate.Join(r.join.Kind, r.conds, a.stats, b.stats, r.join)
		if more := g.above(a.rels, b.rels); len(more) > 0 {
			s = &estimate.Stats{Rows: s.Rows * estimate.Selectivity(expr.Conjunction(more), s), Cols: s.Cols}
		}
		return s
	}
	conds := g.between(a.rels, b.rels)
	return estimate.Join(logical.Inner, conds, a.stats, b.stats, nil)
}

// cost of the join itself: the cheaper side goes into the hash table where the kind leaves the choice.
func (g *graph) cost(a, b *partial, out float64, keyed bool) float64 {
	l, r := a.stats.Rows, b.stats.Rows
	if !keyed {
		return l*r*pairCost + l + r + out*outCost
	}
	c := buildCost*r + probeCost*l
	if !b.bare || g.rels[b.rels.first()].join.Kind != logical.Mark && g.rels[b.rels.first()].join.Kind != logical.NullAwareAnti {
		c = math.Min(c, buildCost*l+probeCost*r)
	}
	return c + out*outCost
}

// greedy joins, again and again, the two that give the fewest rows.
func (g *graph) greedy(single []*partial) *partial {
	open := append([]*partial{}, single...)
	tried := map[[2]*partial]*partial{} // joins of pairs, nil when impossible; most pairs are there in many rounds
	for len(open) > 1 {
		var best *partial
		for _, cross := range []bool{false, true} {
			for i, a := range open {
				for j, b := range open {
					if i == j || a.bare || !b.bare && j < i {
						continue
					}
					p, ok := tried[[2]*partial{a, b}]
					if !ok || p == nil && cross {
						p = g.join(a, b, cross)
						tried[[2]*partial{a, b}] = p
					}
					if p != nil && (best == nil || p.stats.Rows < best.stats.Rows || p.stats.Rows == best.stats.Rows && p.cost < best.cost) {
						best = p
					}
				}
			}
			if best != nil {
				break
			}
		}
		if best == nil {
			return nil
		}
		open = slices.DeleteFunc(open, func(p *partial) bool { return p == best.left || p == best.right })
		open = append(open, best)
	}
	return open[0]
}

// join is the join of a and b, nil when it is not possible. Its cost is its own alone.
func (g *graph) join(a, b *partial, cross bool) *partial {
	keyed, ok := g.joinable(a, b, cross)
	if !ok {
		return nil
	}
	stats := g.estimate(a, b)
	return &partial{rels: a.rels | b.rels, left: a, right: b, stats: stats, cost: g.cost(a, b, stats.Rows, keyed)}
}

// node makes the plan of p.
func (g *graph) node(p *partial) logical.Node {
	if p.left == nil {
		n := g.rels[p.rels.first()].node
		if p.bare {
			return n
		}
		return logical.Where(n, g.own(p.rels)...)
	}
	l, r := g.node(p.left), g.node(p.right)
	if p.right.bare {
		j := g.rels[p.right.rels.first()].join
		return logical.Where(j.WithInputs([]logical.Node{l, r}), g.above(p.left.rels, p.right.rels)...)
	}
	conds := g.between(p.left.rels, p.right.rels)
	return &logical.Join{Kind: logical.Inner, Left: l, Right: r, Cond: expr.Conjunction(conds)}
}
