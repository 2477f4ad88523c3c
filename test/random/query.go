package random

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// maxRows bounds the product of the rows of the tables in one FROM.
const maxRows = 30_000

// Statement makes a query and says whether its rows have an order.
func (g *Generator) Statement() (query *Node, ordered bool) {
	g.begin()
	with := node(Clause, "")
	if g.chance(24) {
		var list []*Node
		word := "WITH"
		for range 1 + g.random.IntN(2) {
			if g.chance(30) {
				word = "WITH RECURSIVE"
				q, r := g.recursive(g.name("w"))
				list = append(list, q)
				g.ctes = append(g.ctes, r)
				continue
			}
			q, r := g.named(budget{1, 2}, g.name("w"), nil)
			list = append(list, node(Clause, r.name+" AS ($)", q))
			g.ctes = append(g.ctes, r)
		}
		with = node(Clause, word+" $ ", listOf(", ", 1, list...)).orNothing()
	}
	shape := g.shape(1 + g.random.IntN(4))
	var body *Node
	switch {
	case g.chance(15):
		body = g.setOperation(shape, nil, budget{1, 2})
	default:
		if g.chance(30) {
			shape = append(shape, Output)
		}
		body = g.block(shape, nil, budget{2 + g.random.IntN(5)/4, 3})
	}
	order := node(Clause, "")
	if slices.Contains(shape, Output) {
		return node(Query, "$$", with, body), false
	}
	if g.chance(40) {
		order = g.order(len(shape))
		ordered = true
	} else if g.chance(4) {
		// All rows that are equal to the last one come too, so that the order need not be total.
		order = node(Clause, " ORDER BY 1"+g.direction()+" FETCH FIRST "+g.pick("1", "2", "5", "20")+" ROWS WITH TIES").orNothing()
	}
	return node(Query, "$$$", with, body, order), ordered
}

// ordered reports whether a statement still has the order that it was made with.
func (n *Node) ordered() bool {
	return len(n.Kids) == 3 && n.Kids[2].template != ""
}

// Failing makes a query that may end in an error: what it computes, it computes for every row of one table, so all engines must end in the same
// error or none.
func (g *Generator) Failing() *Node {
	g.begin()
	s := &scope{}
	t := g.tables[1+g.random.IntN(len(g.tables)-1)]
	r := t.as(g.name("r"))
	s.leaves = r.columns
	x, y := g.expression(Integer, s, budget{0, 1}), g.leaf(Integer, s)
	// DuckDB answers a division by zero with NULL.
	checked := node(Integer, "(CASE WHEN coalesce($, $) IS NULL THEN NULL ELSE CAST($ AS bigint) / CAST($ AS bigint) END)", y, x, x, y).
		in("(CASE WHEN $ = 0 AND $ IS NOT NULL THEN error('division by zero') ELSE CAST($ AS bigint) // CAST($ AS bigint) END)")
	d := g.leaf(Decimal, s)
	e := []*Node{
		checked, checked,
		node(Integer, "(CAST($ AS bigint)"+g.pick(" + ", " - ", " * ")+"CAST($ AS bigint))", x, y),
		node(Integer, "CAST($ AS "+g.pick("smallint", "integer")+")", x),
		node(Decimal, "CAST($ AS decimal("+g.pick("8,2", "6,3", "12,0")+"))", d),
		node(Integer, "CAST($ AS integer)", d),
		node(Integer, "(- $)", g.leaf(Integer, s)),
	}[g.random.IntN(7)]
	return node(Query, "SELECT $ AS c0 FROM $", e, node(Clause, t.Name+" AS "+r.name))
}

// order is a total order with, most of the time, a limit.
func (g *Generator) order(columns int) *Node {
	list := make([]*Node, columns)
	for i, c := range g.random.Perm(columns) {
		list[i] = node(Clause, fmt.Sprintf("%d%s%s", c+1, g.pick("", " ASC", " DESC"), g.pick("", " NULLS FIRST", " NULLS LAST")))
	}
	limit := node(Clause, "")
	if g.chance(70) {
		limit = node(Clause, g.pick(" LIMIT 1", " LIMIT 5", " LIMIT 5", " LIMIT 20", " LIMIT 20", " LIMIT 3 OFFSET 2", " OFFSET 3", " LIMIT 100 OFFSET 1")).orNothing()
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
	if g.chance(25) {
		sides = append(sides, g.block(shape, outer, b))
	}
	for _, s := range sides {
		s.Kids[1].group = group
	}
	operator := func() string {
		return g.pick("UNION", "UNION ALL", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
	}
	rows := 0
	for _, s := range sides {
		rows += s.rows()
	}
	if len(sides) > 2 {
		template := g.pick("($ ? $) ? $", "$ ? ($ ? $)", "$ ? $ ? $")
		return bounded(node(Query, strings.Replace(strings.Replace(template, "?", operator(), 1), "?", operator(), 1), sides...), float64(rows))
	}
	return bounded(node(Query, "$ "+operator()+" $", sides...), float64(rows))
}

// named makes a query whose columns c0, c1, … others may refer to. outer is what it may refer to itself.
func (g *Generator) named(b budget, name string, outer *scope) (*Node, *relation) {
	shape := append(g.shape(1+g.random.IntN(3)), Integer)
	r := &relation{name: name}
	var q *Node
	if g.chance(20) {
		q = g.setOperation(shape, outer, b)
	} else {
		q = g.block(shape, outer, b)
	}
	r.rows = q.rows()
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
	where := g.where(s, b, 40)
	rows := s.rows
	group, having := node(Clause, ""), node(Clause, "")
	if g.chance(35) {
		s, group, having = g.grouping(s, outer, b)
	}
	qualified := len(shape) > 0 && g.chance(7)
	list := make([]*Node, len(shape))
	for i, k := range shape {
		var e *Node
		switch {
		case k == Output && s.grouped != nil && g.chance(75):
			e = s.grouped(Output)
		case k == Output && g.chance(60):
			e = g.window(s, false)
		case k == Output:
			e = g.shown(s, b)
		default:
			e = g.expression(k, s, b)
		}
		list[i] = wider(node(Clause, fmt.Sprintf("$ AS c%d", i), e), e)
	}
	if qualified || g.chance(6) && g.distinguishable(list[0].Kids[0]) && !slices.Contains(shape, Output) {
		n := g.picked(listOf(", ", 1, list...), from, where, group, having, s, qualified)
		n.bound = float64(rows)
		return n
	}
	distinct := node(Clause, "")
	if g.chance(12) {
		distinct = node(Clause, "DISTINCT ").orNothing()
	}
	n := node(Query, "SELECT $$ FROM $$$$", distinct, listOf(", ", 1, list...), from, where, group, having)
	n.bound = float64(rows)
	return n
}

// distinguishable says whether an expression may stand in DISTINCT ON: it is no constant, and has neither a subquery nor NaN, which are not found to be the same expression again.
func (g *Generator) distinguishable(e *Node) bool {
	text := e.SQL(Here)
	return e.column && !strings.Contains(text, "SELECT") && !strings.Contains(text, "'NaN'")
}

// picked keeps some rows of a block: those of a condition on windows, or the first of each value of the first output column.
func (g *Generator) picked(list, from, where, group, having *Node, s *scope, qualified bool) *Node {
	alias := g.name("d")
	if !qualified {
		// The other columns put the rows in a total order.
		order := make([]string, len(list.Kids)-1)
		for i := range order {
			order[i] = fmt.Sprintf(", %d%s", i+2, g.pick("", " DESC"))
		}
		first := list.Kids[0].Kids[0]
		return node(Query, "SELECT * FROM (SELECT DISTINCT ON ($) $ FROM $$$$ ORDER BY 1"+g.pick("", " DESC", " NULLS FIRST")+strings.Join(order, "")+") AS "+alias,
			first, list, from, where, group, having)
	}
	names := make([]string, len(list.Kids))
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	var condition *Node
	if g.chance(50) {
		condition = node(Boolean, "($"+g.pick(" = ", " <= ", " > ")+g.pick("1", "2", "3")+")", g.window(s, true))
	} else {
		condition = node(Boolean, "("+g.pick("rank()", "dense_rank()", "count(*)")+" OVER ($) "+g.pick("= 1", "<= 2", "> 1")+")", g.over(s, false))
	}
	return node(Query, "SELECT * FROM (SELECT$ $ FROM $$$$ QUALIFY $) AS "+alias, node(Clause, ""), list, from, where, group, having, condition).
		pg("SELECT "+strings.Join(names, ", ")+" FROM (SELECT$ $, $ AS qualified FROM $$$$) AS "+alias+" WHERE qualified", 0, 1, 6, 2, 3, 4, 5)
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
		form := " GROUP BY $"
		// An expression that folds to a constant keeps its value in PostgreSQL where the set leaves it out, so only columns.
		if g.chance(12) && !slices.ContainsFunc(keys, func(k *Node) bool { return len(k.Kids) > 0 }) {
			form = g.pick(" GROUP BY ROLLUP ($)", " GROUP BY CUBE ($)", " GROUP BY GROUPING SETS (($), ())")
			grouped.columns = nil // a key is NULL in some rows, which a subquery would have to see
			grouped.sets = true
			plain := grouped.grouped
			grouped.grouped = func(k Kind) *Node {
				if (k == Integer || k == Output) && g.chance(30) {
					if len(keys) > 1 && g.chance(40) {
						return sized(node(k, "grouping($, $)", keys[1], keys[0]), 4, 3)
					}
					return sized(node(k, "grouping($)", keys[g.random.IntN(len(keys))]), 4, 1)
				}
				return plain(k)
			}
			if len(keys) == 3 {
				form = g.pick(" GROUP BY ROLLUP (($, $), $)", " GROUP BY ROLLUP ($), CUBE ($, $)", " GROUP BY GROUPING SETS (($, $), ROLLUP ($))", " GROUP BY GROUPING SETS (CUBE ($, $), ($), ())")
				group = node(Clause, form, keys...).orNothing()
			}
			if len(keys) == 2 && g.chance(60) {
				group = node(Clause, g.pick(" GROUP BY GROUPING SETS (($), ($))", " GROUP BY GROUPING SETS (($, $), ())", " GROUP BY $, ROLLUP ($)"), keys...).orNothing()
			}
		}
		if group.template == "" {
			group = node(Clause, form, listOf(", ", 1, keys...)).orNothing()
		}
	}
	if g.chance(20) {
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
		switch n := g.random.IntN(9); {
		case n == 8:
			e := argument(Integer)
			return sized(call(k, g.pick("bit_and(", "bit_or(", "bit_xor("), e), e.width, math.Pow(2, float64(8*e.width-1)))
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
	case UUID, Bytes:
		e := argument(k)
		return node(k, "min($)", e).pg("(array_agg($ ORDER BY $))[1]", 0, 0)
	case List:
		e := node(Integer, "CAST($ AS integer)", g.small(local))
		if !e.column { // DuckDB does not order by a literal
			return node(k, "array_agg($)", e)
		}
		return node(k, "array_agg($ ORDER BY $)", e, e)
	case Text:
		if g.chance(8) {
			e := argument(k)
			if e.column { // DuckDB does not order by a literal
				return node(k, "string_agg($, ',' ORDER BY $)", e, e)
			}
		}
	case Output:
		return g.shownAggregate(argument, call)
	}
	e := argument(k)
	if k == Texts && !e.column {
		return e
	}
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
	if g.chance(25) {
		return g.quantile(argument, call)
	}
	switch g.random.IntN(6) {
	case 5:
		x, y := tame(g.kind(Integer, Double)), tame(g.kind(Integer, Double))
		return node(Output, g.pick("covar_pop(", "covar_samp(", "regr_count(", "regr_avgx(")+"$, $)", x, y)
	case 0, 4:
		return call(Output, "sum(", argument(Integer))
	case 1:
		return call(Output, g.pick("avg(", "avg(DISTINCT "), tame(g.kind(Integer, Decimal)))
	case 2:
		return call(Output, g.pick("sum(", "avg("), tame(Double))
	}
	return call(Output, g.pick("stddev_samp(", "stddev_pop(", "var_samp(", "var_pop("), tame(g.kind(Integer, Double)))
}

// shown is a number that is not computed with further.
func (g *Generator) shown(s *scope, b budget) *Node {
	if g.chance(35) {
		return g.display(s, b)
	}
	switch g.random.IntN(5) {
	case 3:
		return node(Output, "extract("+g.pick("epoch", "second", "year", "month", "hour")+" FROM $)", g.leaf(g.kind(Timestamp, Interval, Zoned), s))
	case 4:
		return node(Output, "($ - $)", g.expression(Timestamp, s, b), g.leaf(Timestamp, s))
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
