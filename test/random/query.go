package random

import (
	"fmt"
	"math"
	"strings"
)

// maxRows bounds the product of the rows of the tables in one FROM.
const maxRows = 30_000

// Statement makes a query and says whether its rows have an order.
func (g *Generator) Statement() (query *Node, ordered bool) {
	g.names, g.groups, g.ctes = 0, 0, nil
	with := node(Clause, "")
	if g.chance(20) {
		var list []*Node
		for range 1 + g.random.IntN(2) {
			q, r := g.named(budget{1, 2}, g.name("w"))
			list = append(list, node(Clause, r.name+" AS ($)", q))
			g.ctes = append(g.ctes, r)
		}
		with = node(Clause, "WITH $ ", listOf(", ", 1, list...)).orNothing()
	}
	shape := g.shape(1 + g.random.IntN(4))
	if g.chance(25) {
		shape = append(shape, Output)
	}
	var body *Node
	switch {
	case g.chance(15):
		body = g.setOperation(shape, nil, budget{1, 2})
	default:
		body = g.block(shape, nil, budget{2, 3})
	}
	order := node(Clause, "")
	for _, k := range shape {
		if k == Output {
			return node(Query, "$$", with, body), false
		}
	}
	if g.chance(40) {
		order = g.order(len(shape))
		ordered = true
	}
	return node(Query, "$$$", with, body, order), ordered
}

// order is a total order with, most of the time, a limit.
func (g *Generator) order(columns int) *Node {
	list := make([]*Node, columns)
	for i, c := range g.random.Perm(columns) {
		list[i] = node(Clause, fmt.Sprintf("%d%s NULLS %s", c+1, g.pick("", " ASC", " DESC"), g.pick("FIRST", "LAST")))
	}
	limit := node(Clause, "")
	if g.chance(70) {
		limit = node(Clause, g.pick(" LIMIT 0", " LIMIT 1", " LIMIT 5", " LIMIT 5", " LIMIT 20", " LIMIT 3 OFFSET 2", " OFFSET 3", " LIMIT 100 OFFSET 1")).orNothing()
	}
	return node(Clause, " ORDER BY $$", listOf(", ", 1, list...), limit).orNothing()
}

func (g *Generator) shape(n int) []Kind {
	shape := make([]Kind, n)
	for i := range shape {
		shape[i] = g.anyKind()
	}
	return shape
}

func (g *Generator) setOperation(shape []Kind, outer *scope, b budget) *Node {
	g.groups++
	group := g.groups
	sides := []*Node{g.block(shape, outer, b), g.block(shape, outer, b)}
	for _, s := range sides {
		s.Kids[1].group = group
	}
	operator := g.pick("UNION", "UNION ALL", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
	return node(Query, "$ "+operator+" $", sides[0], sides[1])
}

// named makes a query whose columns c0, c1, … others may refer to.
func (g *Generator) named(b budget, name string) (*Node, *relation) {
	shape := append(g.shape(1+g.random.IntN(3)), Integer)
	r := &relation{name: name, rows: 50}
	var q *Node
	if g.chance(20) {
		q = g.setOperation(shape, nil, b)
	} else {
		q = g.block(shape, nil, b)
		r.rows = q.rows()
	}
	if g.chance(20) {
		order := g.order(len(shape))
		q = node(Query, "$$", q, order)
	}
	for i, k := range shape {
		name := fmt.Sprintf("c%d", i)
		n := node(k, r.name+"."+name)
		n.column = true
		// What the parts are bounded by gets lost in set operations, so assume little.
		n.width, n.bound, n.precision, n.scale = 8, math.Inf(1), 38, 0
		if out := q.outputs(); out != nil {
			wide := *out[i].Kids[0]
			n.width, n.bound, n.precision, n.scale = wide.width, wide.bound, wide.precision, wide.scale
		}
		r.columns = append(r.columns, n)
		r.names = append(r.names, name)
	}
	return q, r
}

// outputs are the select list of a block, nil for other queries.
func (n *Node) outputs() []*Node {
	if n.Kind == Query && strings.HasPrefix(n.template, "SELECT") {
		return n.Kids[1].Kids
	}
	return nil
}

// rows is about how many rows a block gives at most; it is kept in bound.
func (n *Node) rows() int { return max(1, int(n.bound)) }

// block makes SELECT … FROM … with output columns c0, c1, ….
func (g *Generator) block(shape []Kind, outer *scope, b budget) *Node {
	s := &scope{outer: outer}
	from := g.from(s, b)
	where := g.where(s, b, 55)
	rows := s.rows
	group, having := node(Clause, ""), node(Clause, "")
	if g.chance(35) {
		s, group, having = g.grouping(s, outer, b)
	}
	list := make([]*Node, len(shape))
	for i, k := range shape {
		var e *Node
		switch {
		case k == Output && s.grouped != nil:
			e = s.grouped(Output)
		case k == Output:
			e = g.shown(s, b)
		default:
			e = g.expression(k, s, b)
		}
		list[i] = wider(node(Clause, fmt.Sprintf("$ AS c%d", i), e), e)
	}
	distinct := node(Clause, "")
	if g.chance(12) {
		distinct = node(Clause, "DISTINCT ").orNothing()
	}
	n := node(Query, "SELECT $$ FROM $$$$", distinct, listOf(", ", 1, list...), from, where, group, having)
	n.bound = float64(rows)
	return n
}

func (g *Generator) where(s *scope, b budget, percent int) *Node {
	if !g.chance(percent) {
		return node(Clause, "")
	}
	return node(Clause, " WHERE $", g.boolean(s, b)).orNothing()
}

// grouping makes GROUP BY and HAVING, and the scope of what may stand beside them.
func (g *Generator) grouping(s, outer *scope, b budget) (grouped *scope, group, having *Node) {
	grouped = &scope{outer: outer, rows: s.rows}
	group, having = node(Clause, ""), node(Clause, "")
	var keys []*Node
	for range []int{0, 1, 1, 1, 2, 2, 3}[g.random.IntN(7)] {
		k := g.anyKind()
		key := g.leafOf(k, s)
		if g.chance(30) {
			if e := g.expression(k, &scope{leaves: s.leaves}, budget{0, 1}); e.column && len(e.Kids) > 0 {
				key = e
			}
		}
		if key == nil {
			continue
		}
		keys = append(keys, key)
		grouped.leaves = append(grouped.leaves, key)
		if len(key.Kids) == 0 {
			grouped.columns = append(grouped.columns, key)
		}
	}
	grouped.grouped = func(k Kind) *Node { return g.aggregate(k, s) }
	if len(keys) > 0 {
		group = node(Clause, " GROUP BY $", listOf(", ", 1, keys...)).orNothing()
	}
	if g.chance(25) {
		having = node(Clause, " HAVING $", g.boolean(grouped, budget{b.depth - 1, 2})).orNothing()
		if g.chance(50) {
			having = node(Clause, " HAVING "+g.pick("count(*) > 1", "count(*) < 5", "count(*) >= 0")).orNothing()
		}
	}
	return grouped, group, having
}

// leafOf is a column of this query itself, nil where there is none of the kind.
func (g *Generator) leafOf(k Kind, s *scope) *Node {
	return g.column(k, s.leaves, func() *Node { return nil })
}

// aggregate makes an aggregate of kind k over the columns of s alone: one of an outer query's columns would belong to that query.
func (g *Generator) aggregate(k Kind, s *scope) *Node {
	local := &scope{leaves: s.leaves}
	argument := func(k Kind) *Node {
		for range 4 {
			if e := g.expression(k, local, budget{0, 1}); e.column {
				return e
			}
		}
		if e := g.leafOf(k, s); e != nil {
			return e
		}
		return g.literal(k)
	}
	call := func(result Kind, function string, e *Node) *Node {
		filter := node(Clause, "")
		if g.chance(10) {
			filter = node(Clause, " FILTER (WHERE $)", g.boolean(local, budget{0, 1})).orNothing()
		}
		return node(result, function+"$)$", e, filter)
	}
	switch k {
	case Integer:
		switch n := g.random.IntN(8); {
		case n < 2:
			return sized(node(k, "count(*)"), 8, maxRows)
		case n < 4:
			return sized(call(k, g.pick("count(", "count(DISTINCT "), argument(g.anyKind())), 8, maxRows)
		case n < 6:
			if e := argument(Integer); e.width <= 4 && e.bound*maxRows < 1<<62 {
				return sized(node(k, "CAST($ AS bigint)", call(k, g.pick("sum(", "sum(", "sum(DISTINCT "), e)), 8, e.bound*maxRows)
			}
		}
	case Decimal:
		if e := argument(k); g.chance(50) && e.precision-e.scale <= 12 && e.scale <= 6 {
			return digits(node(k, "CAST($ AS decimal(26,6))", call(k, g.pick("sum(", "sum(", "sum(DISTINCT "), e)), 26, 6)
		}
	case Boolean:
		return call(k, g.pick("bool_and(", "bool_or("), argument(k))
	case Text:
		if g.chance(15) {
			e := argument(k)
			return node(k, "string_agg($, ',' ORDER BY $)", e, e)
		}
	case Output:
		return g.shownAggregate(argument, call)
	}
	e := argument(k)
	return wider(call(k, g.pick("min(", "max("), e), e)
}

// shownAggregate makes an aggregate whose type, or last digits, engines disagree about.
func (g *Generator) shownAggregate(argument func(Kind) *Node, call func(Kind, string, *Node) *Node) *Node {
	tame := func(k Kind) *Node {
		for range 8 {
			if e := argument(k); e.bound <= 1e6 && e.precision <= 15 {
				return e
			}
		}
		return g.literal(k)
	}
	switch g.random.IntN(5) {
	case 0:
		return call(Output, "sum(", argument(Integer))
	case 1:
		return call(Output, g.pick("avg(", "avg(DISTINCT "), tame(g.kind(Integer, Decimal)))
	case 2:
		return call(Output, g.pick("sum(", "avg("), tame(Double))
	case 3:
		return call(Output, g.pick("stddev_samp(", "stddev_pop(", "var_samp(", "var_pop("), tame(g.kind(Integer, Double)))
	}
	return call(Output, "avg(", argument(Integer))
}

// shown is a number that is not computed with further.
func (g *Generator) shown(s *scope, b budget) *Node {
	switch g.random.IntN(3) {
	case 0:
		x, y := g.expression(Decimal, s, b), g.leaf(Decimal, s)
		if x.precision <= 15 && y.precision <= 15 {
			return node(Output, "($ / nullif($, 0))", x, y)
		}
	case 1:
		if x := g.expression(Double, s, b); x.bound < 100 {
			return node(Output, g.pick("exp($)", "sin($)", "cos($)", "power($, 2)", "atan($)"), x)
		}
	}
	x := g.expression(Integer, s, b)
	return node(Output, g.pick("ln($)", "log($)"), sized(node(Integer, "(abs($ % 1000) + 1)", x), 8, 1001))
}
