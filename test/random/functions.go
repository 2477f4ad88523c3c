package random

import "fmt"

// greatest is a column, or the greatest or least of two.
func (g *Generator) greatest(k Kind, s *scope) *Node {
	if x := g.leaf(k, s); g.chance(60) {
		return x
	}
	return node(k, g.pick("greatest", "least")+"($, $)", g.leaf(k, s), g.leaf(k, s))
}

func (g *Generator) huge(s *scope) *Node {
	switch g.random.IntN(4) {
	case 0:
		return node(Huge, g.pick("abs($)", "(- $)", "(+ $)"), g.leaf(Huge, s))
	case 1:
		return node(Huge, "CAST($ AS "+typeName(Huge)+")", g.small4(s))
	}
	return g.greatest(Huge, s)
}

// realLimit is far below where the quarters that columns hold are no longer exact.
const realLimit = 1e5

func (g *Generator) real(s *scope, b budget) *Node {
	x := g.expression(Real, s, b)
	switch g.random.IntN(6) {
	case 0, 1:
		if y := g.leaf(Real, s); x.bound+y.bound < realLimit {
			return bounded(node(Real, "($"+g.pick(" + ", " - ")+"$)", x, y), x.bound+y.bound)
		}
	case 2:
		return bounded(node(Real, g.pick("abs($)", "(- $)"), x), x.bound)
	case 3:
		return bounded(node(Real, g.pick("greatest", "least")+"($, $)", x, g.leaf(Real, s)), 1e38)
	case 4:
		if i := g.small(s); i.bound < realLimit {
			return bounded(node(Real, "CAST($ AS real)", i), i.bound)
		}
	}
	return x
}

func (g *Generator) zoned(s *scope, b budget) *Node {
	x := g.expression(Zoned, s, b)
	switch g.random.IntN(8) {
	case 0:
		return node(Zoned, "CAST($ AS timestamptz)", g.tameMoment(s))
	case 1:
		return node(Zoned, "date_trunc('"+g.pick("year", "quarter", "month", "week", "day", "hour", "minute")+"', $)", x)
	case 2, 3:
		return node(Zoned, "($"+g.pick(" + ", " - ")+"interval "+g.pick("'1 month'", "'36 hours'", "'1 day'", "'90 minutes'", "'1 month 1 day 1 hour'", "'-3 days'")+")", x)
	case 4:
		return node(Zoned, "($ AT TIME ZONE '"+g.zone()+"')", g.tameMoment(s))
	case 5:
		return node(Zoned, g.pick("greatest", "least")+"($, $)", x, g.leaf(Zoned, s))
	case 6:
		return node(Zoned, "($ + $)", x, g.leaf(Interval, s))
	}
	return x
}

// tameMoment is a time of the years that time zones have rules for.
func (g *Generator) tameMoment(s *scope) *Node {
	return node(Timestamp, "(timestamp '1993-01-01 00:00:00' + $ * interval '"+g.pick("6 hours", "1 day", "30 minutes")+"')", node(Integer, "($ % 2000)", g.small4(s)))
}

func (g *Generator) bytes(s *scope, b budget) *Node {
	x := g.leaf(Bytes, s)
	switch g.random.IntN(3) {
	case 0:
		return node(Bytes, "($ || $)", x, g.expression(Bytes, s, b))
	case 1:
		return node(Bytes, "coalesce($, $)", x, g.leaf(Bytes, s))
	}
	return x
}

func (g *Generator) texts(s *scope, b budget) *Node {
	x := g.leaf(Texts, s)
	switch g.random.IntN(6) {
	case 0:
		return node(Texts, "($ || $)", x, g.leaf(Texts, s)).in("list_concat($, $)")
	case 1:
		return node(Texts, "array_append($, $)", x, g.expression(Text, s, b))
	case 2:
		return node(Texts, "array_remove($, $)", x, g.leaf(Text, s)).in("error('no such function')")
	case 3:
		return node(Texts, "($)[1:2]", x)
	case 4:
		return node(Texts, "string_to_array($, "+g.pick("' '", "'a'", "'ab'")+")", g.expression(Text, s, b)).in("error('differs')")
	}
	return x
}

// number is an integer of a function that few queries have.
func (g *Generator) number(s *scope, b budget) *Node {
	x := g.small4(s)
	switch g.random.IntN(16) {
	case 0:
		return sized(node(Integer, "gcd($, $)", x, g.small4(s)), 4, 1e6)
	case 1:
		return sized(node(Integer, "CAST(sign($) AS integer)", g.leaf(g.kind(Integer, Decimal), s)), 4, 1)
	case 2:
		return sized(node(Integer, "mod($, "+g.pick("7", "-3", "10")+")", x), 4, 10)
	case 3:
		return sized(node(Integer, "(~ $)", x), 4, 1e6+1)
	case 4:
		return sized(node(Integer, "($ # $)", x, g.small4(s)).in("xor($, $)"), 4, 1<<21)
	case 5:
		return sized(node(Integer, "(abs($) "+g.pick("<< 2", ">> 1", ">> 3")+")", x), 4, 4e6)
	case 6:
		return sized(node(Integer, g.pick("ascii($)", "bit_length($)"), g.expression(Text, s, b)), 4, 1e7)
	case 7:
		return sized(node(Integer, "array_position($, $)", g.leaf(List, s), g.small4(s)), 4, 1000)
	case 8:
		return sized(node(Integer, "coalesce(array_length($, 1), 0)", g.expression(g.kind(List, Texts), s, b)).in("coalesce(len($), 0)"), 4, 1000)
	case 9:
		return sized(node(Integer, "CAST(date_part('"+g.pick("year", "month", "day", "dow", "doy", "hour", "minute")+"', $) AS integer)", g.expression(g.kind(Timestamp, Zoned), s, b)), 4, 1e4)
	case 10:
		return sized(node(Integer, "width_bucket(CAST($ AS double precision), 0, 100, 7)", x).in("error('no such function')"), 4, 8)
	case 11:
		return sized(node(Integer, "CAST(extract("+g.pick("hour", "minute")+" FROM $) AS integer)", g.expression(g.kind(Time, Timestamp, Zoned), s, b)), 4, 60)
	case 12:
		if d := g.expression(Double, s, b); d.bound < 1e8 {
			return sized(node(Integer, "CAST($ AS integer)", d), 4, 1e8)
		}
	case 13:
		return sized(node(Integer, "octet_length($)", g.expression(Bytes, s, b)), 4, 1e4)
	case 14:
		return sized(node(Integer, "position($ IN $)", g.leaf(Text, s), g.expression(Text, s, b)), 4, 1e6)
	case 15:
		return sized(node(Integer, "CAST(floor(extract(epoch FROM $)) AS bigint)", g.expression(g.kind(Date, Zoned), s, b)), 8, 1e12)
	}
	return x
}

// phrase is a text of a function that few queries have.
func (g *Generator) phrase(s *scope, b budget) *Node {
	x := g.expression(Text, s, b)
	switch g.random.IntN(16) {
	case 0:
		return node(Text, "overlay($ PLACING 'XY' FROM 2 FOR 3)", x).in("error('no such function')")
	case 1:
		return node(Text, "initcap($)", x).in("error('no such function')")
	case 2:
		return node(Text, "regexp_replace($, '"+g.pick("[a-c]", "b+", "(.)(.)", "e|é")+"', '"+g.pick("X", "", "<\\1>")+"', 'g')", x)
	case 3:
		return node(Text, g.pick("ltrim", "rtrim")+"($, "+g.pick("'ab'", "' a'")+")", x)
	case 4:
		return node(Text, "substr($, "+fmt.Sprint(1+g.random.IntN(5))+")", x)
	case 5:
		return node(Text, g.pick("left", "right")+"($, $)", x, node(Integer, "CAST($ % 20 AS integer)", g.small4(s)))
	case 6:
		return node(Text, "repeat($, $)", g.literal(Text), node(Integer, "CAST(abs($) % 4 AS integer)", g.small4(s)))
	case 7:
		return node(Text, "chr(CAST(97 + abs($) % 26 AS integer))", g.small4(s))
	case 8:
		return node(Text, "array_to_string($, ',')", g.expression(g.kind(List, Texts), s, b))
	case 9:
		return node(Text, "($)["+g.pick("1", "2", "3")+"]", g.expression(Texts, s, b))
	case 10:
		return node(Text, "encode($, 'hex')", g.expression(Bytes, s, b)).in("lower(hex($))")
	case 11:
		return node(Text, "to_char($, '"+g.pick("YYYY-MM-DD HH24:MI:SS", "Dy DD Mon YYYY", "HH12:MI:SS.US AM", "IYYY-IW-ID", "DDD J Q")+"')", g.expression(g.kind(Timestamp, Zoned), s, b)).in("error('no such function')")
	case 12:
		return node(Text, "quote_literal($)", x).in("error('no such function')")
	case 13:
		return node(Text, "CAST($ AS text)", g.expression(g.kind(Bytes, Huge, UUID), s, b))
	case 14:
		return node(Text, "substring($ from '"+g.pick("a.", "[b-e]+", "(.)b", "^é")+"')", x).in("error('differs')")
	case 15:
		return node(Text, "concat($, $, $)", x, g.leaf(g.kind(Integer, Date, Boolean, Timestamp), s), g.leaf(Text, s))
	}
	return x
}

// display makes what is only shown.
func (g *Generator) display(s *scope, b budget) *Node {
	switch g.random.IntN(11) {
	case 0:
		return node(Output, "age($, $)", g.expression(Timestamp, s, b), g.leaf(Timestamp, s))
	case 1:
		return node(Output, "($ * "+g.pick("3", "-2", "0.5")+")", g.leaf(Interval, s)).in("error('differs')")
	case 2:
		return node(Output, "($"+g.pick(" + ", " - ")+"$)", g.leaf(Interval, s), g.leaf(Interval, s))
	case 3:
		return node(Output, g.pick("justify_hours", "justify_days", "justify_interval")+"($)", g.expression(Interval, s, b)).in("error('no such function')")
	case 4:
		return node(Output, "extract("+g.pick("epoch", "microseconds", "milliseconds", "second")+" FROM $)", g.expression(g.kind(Time, Timestamp, Zoned, Interval), s, b))
	case 5:
		return node(Output, "($ - $)", g.expression(Zoned, s, b), g.leaf(Zoned, s))
	case 6:
		if d := g.leaf(Decimal, s); d.precision <= 15 {
			return node(Output, g.pick("round($, -1)", "round($, 2)", "trunc($, 1)", "($ % 7)", "sign($)", "($ % 0.75)", "sqrt(abs($))"), d)
		}
	case 7:
		if x := g.expression(Double, s, b); x.bound < 1e4 {
			return node(Output, g.pick("cbrt($)", "degrees($)", "radians($)", "round($)", "sign($)", "tanh($)", "atan2($, 2)", "power(abs($), 0.5)"), x)
		}
	case 8:
		return node(Output, "date_bin(interval '"+g.pick("15 minutes", "7 days", "1 hour")+"', $, timestamp '1990-01-01 00:07:00')", g.expression(Timestamp, s, b)).in("error('no such function')")
	case 9:
		if x := g.leaf(Real, s); x.bound < realLimit {
			return node(Output, g.pick("($ * 2)", "floor($)", "ceil($)", "($ / 4)", "CAST($ AS double precision)", "CAST($ AS integer)"), x)
		}
	}
	return node(Output, "CAST($ AS double precision)", g.small(s))
}

// quantile makes an ordered-set aggregate, or one with a text or list of all values.
func (g *Generator) quantile(argument func(Kind) *Node, call func(Kind, string, *Node) *Node) *Node {
	k := g.kind(Integer, Text, Date, Timestamp)
	e := argument(k)
	if !e.column {
		return call(Output, "count(", e)
	}
	switch g.random.IntN(6) {
	case 0:
		if x := argument(Integer); x.column && x.bound <= 1e6 {
			return node(Output, "percentile_cont("+g.pick("0", "0.25", "0.5", "0.9", "1")+") WITHIN GROUP (ORDER BY $"+g.pick("", " DESC")+")", x)
		}
	case 1:
		return node(Output, "percentile_disc("+g.pick("0", "0.25", "0.5", "0.9", "1")+") WITHIN GROUP (ORDER BY $"+g.pick("", " DESC")+")", e)
	case 2:
		return node(Output, "array_agg(DISTINCT $ ORDER BY $)", e, e)
	case 3:
		return node(Output, "array_agg($ ORDER BY $ DESC NULLS LAST)", e, e)
	case 4:
		t := argument(Text)
		if t.column {
			return node(Output, "string_agg("+g.pick("", "DISTINCT ")+"$, '|' ORDER BY $)", t, t)
		}
	case 5:
		return node(Output, "avg($)", argument(Real)).realMean()
	}
	return call(Output, "count(DISTINCT ", e)
}

// realMean counts instead of a mean whose last digits depend on the order of the rows.
func (n *Node) realMean() *Node {
	if n.Kids[0].bound > realLimit {
		n.template = "count($)"
	}
	return n
}
