package random

import "strings"

// boolean makes a condition.
func (g *Generator) boolean(s *scope, b budget) *Node {
	if b.size <= 0 && (b.depth == 0 || g.chance(85)) {
		return g.comparison(s, b)
	}
	b = b.smaller()
	switch n := g.random.IntN(32); {
	case n == 24:
		return node(Boolean, "($"+g.pick(" = ANY ", " <> ALL ", " < ANY ")+"(ARRAY[$, $, $]))", g.small4(s), g.literal(Integer), g.literal(Integer), g.small4(s))
	case n == 25:
		pattern := g.pick("^a", "b", "[0-9]+", "e.*e", "^.?b?", "(a|e)b?", "ï")
		if g.chance(30) {
			return node(Boolean, "($ !~ '"+pattern+"')", g.expression(Text, s, b)).in("(NOT regexp_matches($, '" + pattern + "'))")
		}
		return node(Boolean, "($ ~ '"+pattern+"')", g.expression(Text, s, b)).in("regexp_matches($, '" + pattern + "')")
	case n < 6:
		return g.comparison(s, b)
	case n < 11:
		return node(Boolean, "($"+g.pick(" AND ", " OR ", " OR ")+"$)", g.boolean(s, b), g.boolean(s, b))
	case n == 11:
		return node(Boolean, "(NOT $)", g.boolean(s, b))
	case n == 12:
		return node(Boolean, "($"+g.pick(" IS NULL", " IS NOT NULL")+")", g.expression(g.anyKind(), s, b))
	case n < 15:
		k := g.kind(Integer, Text, Date, Decimal, Double, Real, Zoned, UUID, Bytes, Huge)
		list := listOf(", ", 1, g.leaf(k, s), g.leaf(k, s), g.literal(k))
		if g.chance(50) {
			list = listOf(", ", 1, g.literal(k), g.literal(k), g.literal(k), g.literal(k))
		}
		return node(Boolean, "($"+g.pick(" IN ($))", " IN ($))", " NOT IN ($))"), g.expression(k, s, b), list)
	case n == 15:
		k := g.kind(Integer, Date, Decimal, Text, Double, Timestamp)
		return node(Boolean, "($"+g.pick(" BETWEEN ", " BETWEEN ", " NOT BETWEEN ")+"$ AND $)", g.expression(k, s, b), g.leaf(k, s), g.leaf(k, s))
	case n == 16 && g.chance(25):
		return node(Boolean, "($"+g.pick(" LIKE ", " NOT LIKE ", " ILIKE ")+"$)", g.expression(Text, s, b), g.leaf(Text, s))
	case n == 16:
		return node(Boolean, "($"+g.pick(" LIKE ", " LIKE ", " NOT LIKE ")+g.pick("'a%'", "'%b%'", "'_b%'", "'%leave%view'", "''", "'%'", "'___'", "'%a'", "'na_ve'", "'%e%e%'")+")",
			g.expression(Text, s, b))
	case n == 17:
		return node(Boolean, "($"+g.pick(" IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE")+")", g.boolean(s, b))
	case n == 18:
		return node(Boolean, g.pick("starts_with($, $)", "(strpos($, $) > 0)"), g.expression(Text, s, b), g.leaf(Text, s))
	case n == 26:
		return g.listed(s, b)
	case n == 27:
		k := g.kind(Integer, Date, Decimal, Text, Timestamp, Zoned)
		x, low, high := g.expression(k, s, b), g.leaf(k, s), g.leaf(k, s)
		return node(Boolean, "($ BETWEEN SYMMETRIC $ AND $)", x, low, high).in("(($ BETWEEN $ AND $) OR ($ BETWEEN $ AND $))", 0, 1, 2, 0, 2, 1)
	case n == 28:
		return node(Boolean, "($ IS"+g.pick("", " NOT")+" UNKNOWN)", g.boolean(s, b)).in("($ IS NULL)").negated()
	case n == 29:
		pattern := g.pick("a%", "(a|b)+", "%[bc]", "_+", "%(é|ï)%", "")
		expression := strings.NewReplacer("%", ".*", "_", ".").Replace(pattern)
		return node(Boolean, "($ SIMILAR TO '"+pattern+"')", g.expression(Text, s, b)).in("regexp_full_match($, '" + expression + "')")
	case n < 23 && b.depth > 0:
		return g.subqueryPredicate(s, b)
	}
	return g.leaf(Boolean, s)
}

func (g *Generator) operator() string {
	return g.pick(" = ", " = ", " <> ", " < ", " <= ", " > ", " >= ", " IS DISTINCT FROM ", " IS NOT DISTINCT FROM ")
}

// pruning compares a column with a literal, often of another type: what scans, statistics and the simplifier decide about.
func (g *Generator) pruning(s *scope) *Node {
	k := g.kind(Integer, Integer, Integer, Decimal, Decimal, Text, Date, Timestamp, Double, Zoned, Real, Huge, UUID)
	x := g.leafOf(k, s)
	if x == nil {
		return g.literal(Boolean)
	}
	var literal string
	switch k {
	case Integer:
		literal = g.pick("0", "1", "'3'", "2.5", "-0.5", "3.00", "100000", "-32769", "3000000000", "2147483647", "CAST(1 AS bigint)", "CAST(7 AS smallint)")
		if x.bound > 1e15 && g.chance(50) {
			literal = g.pick("9223372036854775807", minInt64, "7", "9223372036854775807.5")
		}
	case Decimal:
		literal = g.pick("0", "1", "'1.50'", "1.255", "0.0001", "-19.75", "100", "99999999999.9999", "5.5")
	case Double:
		literal = g.pick("0", "1", "0.5", "'NaN'", "'Infinity'", "-20.25", "1000000", "'0.1'")
	case Text:
		literal = g.pick("'a'", "''", "'b'", "'long enough to leave the v'", "'thirteen byte'", "'日本'", "'B'")
	case Zoned:
		literal = g.pick("'1993-06-15 12:00:00'", "'1993-03-28 02:30:00'", "'1996-10-27 01:30:00+00'", "timestamp '1993-06-15 12:00:00'", "date '1993-06-15'",
			"timestamptz '1996-12-31 23:59:59.999999-11'")
	case Real:
		literal = g.pick("0", "1", "0.5", "'NaN'", "'-Infinity'", "1000000", "'0.1'", "CAST(0.1 AS real)")
	case Huge:
		literal = g.pick("0", "1", "-1", "'1.5'", "0.0000000001", "9999999999999999999999999999.9999999999", "2147483648", "CAST(7 AS bigint)")
	case UUID:
		literal = "'" + g.uuid() + "'"
	case Date:
		literal = g.pick("'1993-06-15'", "date '1992-01-01'", "timestamp '1993-06-15 12:00:00'", "timestamp '1993-06-15 00:00:00'", "'2000-12-28'")
	default:
		literal = g.pick("'1993-06-15 12:00:00'", "date '1993-06-15'", "timestamp '1992-01-01 00:00:00'", "'1996-12-31'")
	}
	y := node(Clause, literal)
	if g.chance(20) {
		return node(Boolean, "($"+g.operator()+"$)", y, x)
	}
	return node(Boolean, "($"+g.operator()+"$)", x, y)
}

// rows compares rows of two columns. In DuckDB they would be structs, in which NULL equals NULL.
func (g *Generator) rows(s *scope, b budget) *Node {
	k := g.kind(Integer, Text, Date)
	a, c, d, e := g.leaf(Integer, s), g.leaf(k, s), g.leaf(Integer, s), g.leaf(k, s)
	switch g.random.IntN(6) {
	case 4:
		operator := g.pick("<", ">")
		return node(Boolean, "(($, $) "+operator+" ($, $))", a, c, d, e).in("($ "+operator+" $ OR $ = $ AND $ "+operator+" $)", 0, 2, 0, 2, 1, 3)
	case 5:
		operator := g.pick("<", ">")
		return node(Boolean, "(($, $) "+operator+"= ($, $))", a, c, d, e).in("($ "+operator+" $ OR $ = $ AND $ "+operator+"= $)", 0, 2, 0, 2, 1, 3)
	case 0:
		if g.chance(50) {
			return node(Boolean, "(($, $) <> ($, $))", a, c, d, e).in("($ <> $ OR $ <> $)", 0, 2, 1, 3)
		}
		return node(Boolean, "(($, $) = ($, $))", a, c, d, e).in("($ = $ AND $ = $)", 0, 2, 1, 3)
	case 1:
		if b.depth > 0 {
			return node(Boolean, "(($, $)"+g.pick(" IN ", " NOT IN ")+"($))", a, c, g.block([]Kind{Integer, k}, s, budget{b.depth - 1, 1}))
		}
	}
	return node(Boolean, "(($, $) IN (($, $), ($, $)))", a, c, d, e, g.literal(Integer), g.literal(k)).
		in("($ = $ AND $ = $ OR $ = $ AND $ = $)", 0, 2, 1, 3, 0, 4, 1, 5)
}

func (g *Generator) comparison(s *scope, b budget) *Node {
	switch n := g.random.IntN(100); {
	case n < 30:
		return g.pruning(s)
	case n < 34:
		return g.rows(s, b)
	}
	k := g.kind(Integer, Integer, Integer, Decimal, Text, Date, Timestamp, Double, Boolean)
	if g.chance(15) {
		k = g.kind(rareKinds...)
	}
	other := k
	if g.chance(15) {
		switch k {
		case Zoned:
			other = g.kind(Timestamp, Date)
		case Real:
			other = Double
		case Integer:
			other = g.kind(Decimal, Double)
		case Date:
			other = Timestamp
		case Unsigned:
			other = Integer
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

// negated spells IS NOT UNKNOWN for DuckDB.
func (n *Node) negated() *Node {
	if strings.Contains(n.template, " NOT ") {
		n.other[DuckDB].template = "($ IS NOT NULL)"
	}
	return n
}

// listed is a condition on the elements of lists.
func (g *Generator) listed(s *scope, b budget) *Node {
	switch g.random.IntN(5) {
	case 0:
		return node(Boolean, "($"+g.pick(" @> ", " <@ ", " && ")+"$)", g.leaf(List, s), g.leaf(List, s))
	case 1:
		return node(Boolean, "($"+g.pick(" @> ", " && ")+"$)", g.leaf(Texts, s), g.leaf(Texts, s))
	case 2:
		return node(Boolean, "($"+g.pick(" = ANY ", " <> ANY ", " = ALL ", " > ALL ", " <= ANY ")+"($))", g.small4(s), g.leaf(List, s))
	case 3:
		return node(Boolean, "($"+g.pick(" = ANY ", " <> ALL ")+"($))", g.expression(Text, s, b), g.leaf(Texts, s))
	}
	return node(Boolean, "($ IS"+g.pick("", " NOT")+" NULL)", g.expression(g.kind(List, Texts), s, b))
}

// subqueryPredicate is EXISTS, IN, ANY or ALL.
func (g *Generator) subqueryPredicate(s *scope, b budget) *Node {
	inner := g.under(budget{b.depth - 1, 2})
	k := g.kind(Integer, Integer, Text, Date, Decimal, Timestamp, Zoned, UUID, Real, Huge)
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
	inner := g.under(budget{b.depth, 2})
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
