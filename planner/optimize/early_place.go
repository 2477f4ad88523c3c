package optimize

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize/estimate"
)

// Costs of grouping a row, beside those of joining one: a key to hash and compare, and a text, whose bytes lie elsewhere. A new group costs as much
// again. With them query 10 of TPC-H, which groups by seven columns, five of them texts, spends in its estimate what it does in its profile.
const (
	groupCost   = 1.0
	keyCost     = 0.5
	textKeyCost = 1.0
)

const (
	// minEarlyRows are too few rows to bother: they are grouped within a millisecond.
	minEarlyRows = 10_000
	// maxEarlyRelations bounds the relations of a group of joins below an aggregation: all sets of them are looked at.
	maxEarlyRelations = 8
	// earlyGain is the cost that may be left of what is above the place. Estimates of groups are rough, and a wrong place costs an aggregation more.
	earlyGain = 0.9
	// maxEarlyPlaces bounds the places whose joins are ordered.
	maxEarlyPlaces = 4
)

// early looks for the place of a lower aggregation below a.
type early struct {
	o      *optimizer
	a      *logical.Aggregate
	g      *graph
	single []*partial
	table  []*partial // nil when all relations are small
	args   set        // the relations that have to be below: what they bring is summed or counted
}

// place is a set of relations to group, or one relation that a left join brings.
type place struct {
	rels   set
	outer  bool
	keys   []logical.Col
	rows   float64
	groups float64
}

func newEarly(o *optimizer, a *logical.Aggregate) (*early, error) {
	e := &early{o: o, a: a, g: &graph{o: o, est: o.estimator(), asTheyAre: true}}
	if err := e.g.collect(a.Input); err != nil {
		return nil, err
	}
	all := set(0)
	e.single, all = e.g.singles()
	if !slices.ContainsFunc(e.single, func(p *partial) bool { return p.stats.Rows >= minEarlyRows }) {
		return e, nil
	}
	e.table = e.g.tabulate(e.single, all, false)
	for _, c := range a.Aggs {
		if !idempotent(c.Fn.Op) {
			e.args |= e.g.reads(c.Args...)
		}
	}
	return e, nil
}

// all is the set of all relations.
func (e *early) all() set { return set(len(e.table) - 1) }

// best is the query with a lower aggregation at the best place, nil when none is worth it.
func (e *early) best() (logical.Node, error) {
	if e.table == nil {
		return nil, nil
	}
	whole := e.table[e.all()]
	if whole == nil {
		return nil, nil
	}
	var places []place
	for s := set(1); s < e.all(); s++ {
		if p, ok := e.place(s); ok {
			places = append(places, p)
		}
	}
	slices.SortStableFunc(places, func(p, q place) int { return cmp.Compare(e.lower(p)+p.groups, e.lower(q)+q.groups) })
	var best logical.Node
	least := math.Inf(1)
	now := whole.cost + grouping(e.a.Groups, whole.stats.Rows, estimate.Groups(e.a.Groups, whole.stats))
	for _, p := range places[:min(len(places), maxEarlyPlaces)] {
		n, rest, err := e.rewritten(p)
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		inside := 0.0
		if !p.outer {
			inside = e.table[p.rels].cost
		}
		if c := e.lower(p) + rest; c < earlyGain*(now-inside) && c+inside < least {
			least, best = c+inside, n
		}
	}
	return best, nil
}

// lower is the cost of the lower aggregation at p.
func (e *early) lower(p place) float64 { return grouping(logical.References(p.keys), p.rows, p.groups) }

// grouping is the cost of grouping rows.
func grouping(keys []expr.Expr, rows, groups float64) float64 {
	c := groupCost
	for _, k := range keys {
		if k.Type().Kind == column.Text || k.Type().Kind == column.Binary {
			c += textKeyCost
		} else {
			c += keyCost
		}
	}
	return c * (rows + groups)
}

// place is the relations s as a place, if they can be one.
func (e *early) place(s set) (place, bool) {
	p := place{rels: s}
	first := e.g.rels[s.first()]
	switch {
	case s.single() && first.join != nil:
		if first.join.Kind != logical.Left || !e.plainArguments() {
			return p, false
		}
		p.outer, p.rows = true, e.single[s.first()].stats.Rows
	case e.table[s] == nil:
		return p, false
	default:
		p.rows = e.table[s].stats.Rows
	}
	if !s.has(e.args) || p.rows < minEarlyRows {
		return p, false
	}
	// An aggregate of both sides has no place below.
	for _, c := range e.a.Aggs {
		if reads := e.g.reads(c.Args...); idempotent(c.Fn.Op) && reads.meets(s) && !s.has(reads) {
			return p, false
		}
	}
	var ok bool
	if p.keys, ok = e.keys(s, p.outer); !ok {
		return p, false
	}
	p.groups = e.groups(p)
	return p, p.groups < 0.9*p.rows
}

// plainArguments reports whether each argument is a column, so that it is NULL where a left join finds no partner.
func (e *early) plainArguments() bool {
	for _, c := range e.a.Aggs {
		for _, a := range c.Args {
			if _, ok := a.(*expr.Column); !ok {
				return false
			}
		}
	}
	return true
}

// keys are the columns of s that something outside of it reads; false when a value of one may stand for others.
func (e *early) keys(s set, outer bool) ([]logical.Col, bool) {
	need := logical.Used(e.a.Groups...)
	for i := range e.g.terms {
		if t := &e.g.terms[i]; outer || !s.has(t.rels) {
			need.AddUsed(t.cond)
		}
	}
	for i, r := range e.g.rels {
		if r.join != nil && (outer || !s.has(bit(i))) {
			for _, c := range r.conds {
				need.AddUsed(c)
			}
		}
	}
	for _, c := range e.g.equal {
		if c.rels.meets(s) && !s.has(c.rels) {
			need.Add(representative(c, s, need).ID)
		}
	}
	var keys []logical.Col
	fine := true
	s.each(func(i int) {
		r := e.g.rels[i]
		cols := r.node.Columns()
		if r.join != nil && !outer {
			cols = r.join.WithInputs([]logical.Node{&logical.Values{}, r.node}).Columns()
		}
		for _, c := range cols {
			if need.Has(c.ID) {
				keys = append(keys, c)
				fine = fine && groupable(c.Type)
			}
		}
	})
	return keys, fine
}

// representative is the column of a class that stands for those of s: one that is needed anyway, if there is one.
func representative(c class, s set, need logical.ColSet) *expr.Column {
	var first *expr.Column
	(c.rels & s).each(func(i int) {
		if col := c.col[i]; first == nil || need.Has(col.ID) && !need.Has(first.ID) {
			first = col
		}
	})
	return first
}

// groups is the estimated number of groups at p. No column has more values than rows of the relation that it comes from, or of one that it is equal to.
func (e *early) groups(p place) float64 {
	rows := p.rows
	groups := 1.0
	byRelation := map[int]float64{}
	for _, k := range p.keys {
		rel := e.g.owner[k.ID]
		values := e.values(k.ID, rel)
		for _, c := range e.g.equal {
			if col := c.col[rel]; col == nil || col.ID != k.ID {
				continue
			}
			(c.rels & p.rels).each(func(i int) { values = math.Min(values, e.values(c.col[i].ID, i)) })
		}
		if byRelation[rel] == 0 {
			byRelation[rel] = 1
		}
		byRelation[rel] *= values
	}
	for rel, values := range byRelation {
		groups *= math.Min(values, math.Max(1, e.single[rel].stats.Rows))
	}
	return math.Max(1, math.Min(groups, rows))
}

// values is how many values a column has in the rows of its relation.
func (e *early) values(id expr.ColumnID, rel int) float64 {
	s := e.single[rel].stats
	c, ok := s.Cols[id]
	if !ok {
		return math.Max(1, s.Rows)
	}
	return math.Max(1, math.Min(estimate.Groups([]expr.Expr{&expr.Column{ID: id}}, &estimate.Stats{Rows: s.Rows, Cols: map[expr.ColumnID]estimate.Column{id: c}}), s.Rows))
}

// rewritten is the query with the lower aggregation at p, and the cost of what is above it.
func (e *early) rewritten(p place) (logical.Node, float64, error) {
	in := e.g.rels[p.rels.first()].node
	if !p.outer {
		in = e.g.node(e.table[p.rels])
	}
	split := &parts{o: e.o, outer: p.outer, cols: in.Columns()}
	for i, c := range e.a.Aggs {
		reads := e.g.reads(c.Args...)
		if err := split.add(c, e.a.AggCols[i], !idempotent(c.Fn.Op) || reads.meets(p.rels)); err != nil {
			return nil, 0, err
		}
	}
	lower := &logical.Aggregate{Input: in, GroupCols: p.keys, Groups: logical.References(p.keys), AggCols: split.lowerCols, Aggs: split.lower}
	g := e.above(p, lower)
	single, all := g.singles()
	joined := g.tabulate(single, all, false)[all]
	if joined == nil {
		return nil, 0, nil
	}
	rest := joined.cost + grouping(e.a.Groups, joined.stats.Rows, estimate.Groups(e.a.Groups, joined.stats))
	upper := &logical.Aggregate{Input: g.withConstants(g.node(joined)), GroupCols: e.a.GroupCols, Groups: e.a.Groups, AggCols: split.upperCols, Aggs: split.upper}
	cols := e.a.Columns()
	return &logical.Project{Input: upper, Cols: cols, Exprs: append(logical.References(e.a.GroupCols), split.result...)}, rest, nil
}

// above is the group of joins with lower in place of the relations of p.
func (e *early) above(p place, lower *logical.Aggregate) *graph {
	g := &graph{o: e.o, est: e.g.est, asTheyAre: true, owner: map[expr.ColumnID]int{}}
	at := map[int]int{} // where relations are now
	stats := &estimate.Stats{Rows: p.groups, Cols: map[expr.ColumnID]estimate.Column{}}
	below := e.single[p.rels.first()].stats
	if !p.outer {
		below = e.table[p.rels].stats
	}
	maps.Copy(stats.Cols, e.g.est.Of(lower).Cols)
	for _, k := range p.keys {
		stats.Cols[k.ID] = below.Cols[k.ID]
	}
	for i, r := range e.g.rels {
		switch {
		case i == p.rels.first():
			at[i] = len(g.rels)
			r.node, r.stats, r.terms, r.reads = lower, stats, nil, 0
			if !p.outer {
				r.join, r.conds = nil, nil
			}
			g.rels = append(g.rels, r)
		case p.rels.has(bit(i)):
			at[i] = at[p.rels.first()]
		default:
			at[i] = len(g.rels)
			r.terms, r.reads = nil, 0
			g.rels = append(g.rels, r)
		}
	}
	g.connect()
	for _, t := range e.g.terms {
		if !p.rels.has(t.rels) || t.rels == 0 || p.outer {
			g.terms = append(g.terms, g.term(t.cond))
		}
	}
	for _, c := range e.g.equal {
		if p.rels.has(c.rels) {
			continue
		}
		moved := class{col: map[int]*expr.Column{}}
		c.rels.each(func(i int) {
			col := c.col[i]
			if p.rels.has(bit(i)) {
				col = representative(c, p.rels, logical.Set(p.keys))
			}
			moved.rels |= bit(at[i])
			moved.col[at[i]] = col
		})
		g.equal = append(g.equal, moved)
	}
	return g
}
