package random

// boolean makes a condition.
func (g *Generator) boolean(s *scope, b budget) *Node {
	if b.size <= 0 {
		return g.comparison(s, b)
	}
	b = b.smaller()
	switch n := g.random.IntN(24); {
	case n < 6:
		return g.comparison(s, b)
	case n < 11:
		return node(Boolean, "($"+g.pick(" AND ", " OR ")+"$)", g.boolean(s, b), g.boolean(s, b))
	case n == 11:
		return node(Boolean, "(NOT $)", g.boolean(s, b))
	case n == 12:
		return node(Boolean, "($"+g.pick(" IS NULL", " IS NOT NULL")+")", g.expression(g.anyKind(), s, b))
	case n < 15:
		k := g.kind(Integer, Text, Date, Decimal, Double)
		list := listOf(", ", 1, g.leaf(k, s), g.leaf(k, s), g.literal(k))
		if g.chance(50) {
			list = listOf(", ", 1, g.literal(k), g.literal(k), g.literal(k), g.literal(k))
		}
		return node(Boolean, "($"+g.pick(" IN ($))", " IN ($))", " NOT IN ($))"), g.expression(k, s, b), list)
	case n == 15:
		k := g.kind(Integer, Date, Decimal, Text, Double, Timestamp)
		return node(Boolean, "($"+g.pick(" BETWEEN ", " BETWEEN ", " NOT BETWEEN ")+"$ AND $)", g.expression(k, s, b), g.leaf(k, s), g.leaf(k, s))
	case n == 16:
		return node(Boolean, "($"+g.pick(" LIKE ", " LIKE ", " NOT LIKE ")+g.pick("'a%'", "'%b%'", "'_b%'", "'%leave%view'", "''", "'%'", "'___'", "'%a'", "'na_ve'", "'%e%e%'")+")",
			g.expression(Text, s, b))
	case n == 17:
		return node(Boolean, "($"+g.pick(" IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE")+")", g.boolean(s, b))
	case n == 18:
		return node(Boolean, g.pick("starts_with($, $)", "(strpos($, $) > 0)"), g.expression(Text, s, b), g.leaf(Text, s))
	case n < 23 && b.depth > 0:
		return g.subqueryPredicate(s, b)
	}
	return g.leaf(Boolean, s)
}

func (g *Generator) operator() string {
	return g.pick(" = ", " = ", " <> ", " < ", " <= ", " > ", " >= ", " IS DISTINCT FROM ", " IS NOT DISTINCT FROM ")
}

func (g *Generator) comparison(s *scope, b budget) *Node {
	k := g.kind(Integer, Integer, Integer, Decimal, Text, Date, Timestamp, Double, Boolean)
	other := k
	if g.chance(15) {
		switch k {
		case Integer:
			other = g.kind(Decimal, Double)
		case Date:
			other = Timestamp
		}
	}
	b = b.smaller()
	x, y := g.expression(k, s, b), g.expression(other, s, b)
	if k != other && k == Integer && (x.bound > 1e9 || other == Decimal && y.precision-y.scale+max(y.scale, 0) > 36) {
		return node(Boolean, "($ IS NOT NULL)", y)
	}
	if k == Decimal && wider(&Node{}, x, y).precision > 37 {
		return node(Boolean, "($ IS NOT NULL)", y)
	}
	return node(Boolean, "($"+g.operator()+"$)", x, y)
}

// subqueryPredicate is EXISTS, IN, ANY or ALL.
func (g *Generator) subqueryPredicate(s *scope, b budget) *Node {
	inner := budget{b.depth - 1, 2}
	k := g.kind(Integer, Integer, Text, Date, Decimal, Timestamp)
	switch n := g.random.IntN(10); {
	case n < 4:
		return node(Boolean, g.pick("EXISTS ($)", "NOT EXISTS ($)"), g.block([]Kind{g.anyKind()}, s, inner))
	case n < 8:
		x := g.expression(k, s, budget{0, 1})
		return node(Boolean, "($"+g.pick(" IN ($))", " IN ($))", " NOT IN ($))"), x, g.block([]Kind{k}, s, inner))
	}
	x := g.expression(k, s, budget{0, 1})
	return node(Boolean, "($"+g.pick(" = ", " <> ", " < ", " <= ", " > ", " >= ")+g.pick("ANY", "ALL", "SOME")+" ($))", x, g.block([]Kind{k}, s, inner))
}

// scalar makes a subquery of at most one row.
func (g *Generator) scalar(k Kind, outer *scope, b budget) *Node {
	inner := budget{b.depth, 2}
	if g.chance(70) || k == Boolean {
		s := &scope{outer: outer}
		from := g.from(s, inner)
		out := g.aggregate(k, s)
		return wider(node(k, "(SELECT $ FROM $$)", out, from, g.where(s, inner, 75)), out)
	}
	s := &scope{outer: outer}
	from := g.from(s, inner)
	out := g.expression(k, s, budget{0, 1})
	return wider(node(k, "(SELECT $ FROM $$ ORDER BY 1"+g.pick(" ASC", " DESC")+" NULLS "+g.pick("FIRST", "LAST")+" LIMIT 1)", out, from, g.where(s, inner, 75)), out)
}
