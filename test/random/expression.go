package random

import (
	"fmt"
	"math"
	"strings"
)

// expression makes an expression of kind k.
func (g *Generator) expression(k Kind, s *scope, b budget) *Node {
	if b.size <= 0 || g.chance(20) {
		return g.leaf(k, s)
	}
	if b.depth > 0 && g.chance(6) {
		return g.scalar(k, s, b.inner())
	}
	if g.chance(15) {
		return g.conditional(k, s, b.smaller())
	}
	switch k {
	case Integer:
		return g.integer(s, b.smaller())
	case Decimal:
		return g.decimal(s, b.smaller())
	case Double:
		return g.double(s, b.smaller())
	case Text:
		return g.text(s, b.smaller())
	case Date:
		return g.date(s, b.smaller())
	case Timestamp:
		return g.timestamp(s, b.smaller())
	case Interval:
		return g.interval(s, b.smaller())
	case Time:
		return g.time(s, b.smaller())
	case Unsigned:
		return g.unsigned(s, b.smaller())
	case List:
		return g.array(s)
	case Texts:
		return g.texts(s, b.smaller())
	case Real:
		return g.real(s, b.smaller())
	case Zoned:
		return g.zoned(s, b.smaller())
	case UUID:
		return g.greatest(UUID, s)
	case Bytes:
		return g.bytes(s, b.smaller())
	case Huge:
		return g.huge(s)
	}
	return g.boolean(s, b.smaller())
}

// leaf is a column, of this query or seldom of one around it, or a literal.
func (g *Generator) leaf(k Kind, s *scope) *Node {
	if s.grouped != nil && g.chance(60) {
		return g.column(k, s.leaves, func() *Node { return s.grouped(k) })
	}
	leaves := s.leaves
	for outer := s.outer; outer != nil && g.chance(35); outer = outer.outer {
		leaves = outer.columns
	}
	if g.chance(12) {
		return g.literal(k)
	}
	return g.column(k, leaves, func() *Node { return g.literal(k) })
}

// column is one of the leaves of a kind, or else what otherwise makes.
func (g *Generator) column(k Kind, leaves []*Node, otherwise func() *Node) *Node {
	var found []*Node
	for _, l := range leaves {
		if l.Kind == k {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		return otherwise()
	}
	n := found[g.random.IntN(len(found))]
	if len(n.Kids) > 0 {
		return n // a group key is the same everywhere, also when the query is reduced
	}
	c := *n
	return &c
}

func (g *Generator) null(k Kind) *Node {
	n := node(k, "CAST(NULL AS "+typeName(k)+")")
	if k == Unsigned {
		n = n.pg("CAST(NULL AS bigint)")
	}
	n.width, n.bound, n.precision, n.scale = 4, 1, 8, 2
	return n
}

func typeName(k Kind) string {
	switch k {
	case Integer:
		return "integer"
	case Decimal:
		return "decimal(8,2)"
	case Double:
		return "double precision"
	case Text:
		return "text"
	case Date:
		return "date"
	case Timestamp:
		return "timestamp"
	case Interval:
		return "interval"
	case Time:
		return "time"
	case Unsigned:
		return "uinteger"
	case List:
		return "integer[]"
	case Texts:
		return "text[]"
	case Real:
		return "real"
	case Zoned:
		return "timestamptz"
	case UUID:
		return "uuid"
	case Bytes:
		return "bytea"
	case Huge:
		return fmt.Sprintf("decimal(38,%d)", hugeScale)
	}
	return "boolean"
}

func (g *Generator) literal(k Kind) *Node {
	if g.chance(12) {
		return g.null(k)
	}
	switch k {
	case Integer:
		n := node(k, g.pick("0", "1", "2", "3", "7", "-1", "100"))
		n.width, n.bound = 4, 100
		return n
	case Decimal:
		n := node(k, g.pick("0.50", "1.25", "-3.75", "10.00", "0.00"))
		n.precision, n.scale = 4, 2
		return n
	case Double:
		n := node(k, "CAST("+g.pick("0", "1", "0.5", "-2.25", "10")+" AS double precision)")
		n.bound = 10
		return n
	case Text:
		n := node(k, "'"+g.word()+"'")
		n.bound = 40
		return n
	case Date:
		return node(k, g.day())
	case Timestamp:
		return node(k, g.moment())
	case Interval:
		return node(k, g.span())
	case Time:
		return node(k, g.clock())
	case List:
		return node(k, g.elements())
	case Texts:
		return node(k, g.words())
	case Real:
		return bounded(node(k, "CAST("+g.pick("0", "1", "0.5", "-2.25", "10")+" AS real)"), 10)
	case Zoned:
		return node(k, g.instant())
	case UUID:
		return node(k, "CAST('"+g.uuid()+"' AS uuid)")
	case Bytes:
		h := g.hex()
		return node(k, "decode('"+h+"', 'hex')").in("unhex('" + h + "')")
	case Huge:
		return node(k, "CAST("+g.hugeNumber()+" AS "+typeName(Huge)+")")
	case Unsigned:
		v := g.pick("0", "1", "2", "7", "200")
		return sized(node(k, "CAST("+v+" AS uinteger)").pg("CAST("+v+" AS bigint)"), 4, 200)
	}
	return node(k, g.pick("true", "false"))
}

// integerLimit is the largest value that a result of operands of these widths can have in every engine.
func integerLimit(a, b *Node) float64 {
	switch min(a.width, b.width) {
	case 2:
		return math.MaxInt16
	case 4:
		return math.MaxInt32
	}
	return math.MaxInt64 / 2
}

// sized says how wide an integer is and what bounds it.
func sized(n *Node, width int, bound float64) *Node {
	n.width, n.bound = width, bound
	return n
}

func (g *Generator) integer(s *scope, b budget) *Node {
	one := func() *Node { return g.expression(Integer, s, b) }
	switch g.random.IntN(18) {
	case 0, 1:
		x, y := one(), one()
		if sum := x.bound + y.bound; sum < integerLimit(x, y) {
			return sized(node(Integer, "($"+g.pick(" + ", " - ")+"$)", x, y), max(x.width, y.width), sum)
		}
		return x
	case 2:
		x, y := one(), one()
		if product := x.bound * y.bound; product < integerLimit(x, y) {
			return sized(node(Integer, "($ * $)", x, y), max(x.width, y.width), product)
		}
		return y
	case 3:
		x := one()
		if x.bound < integerLimit(x, x)-1 || x.width == 8 && x.bound < 1<<62 {
			return sized(node(Integer, "($ / $)", x, node(Integer, g.pick("2", "3", "-7"))).in("($ // $)"), max(4, x.width), x.bound)
		}
		return x
	case 4:
		x, y := one(), one()
		if x.bound < integerLimit(x, x)-1 {
			return sized(node(Integer, "($ / nullif($, 0))", x, y).in("($ // nullif($, 0))"), max(x.width, y.width), x.bound)
		}
		return x
	case 5:
		x, y := one(), one()
		if x.bound < integerLimit(x, x)-1 { // the smallest integer % -1 is an error in DuckDB
			return sized(node(Integer, "($ % nullif($, 0))", x, y), max(x.width, y.width), max(x.bound, 1))
		}
		return y
	case 6:
		x := one()
		if x.bound < integerLimit(x, x)-1 {
			return sized(node(Integer, g.pick("abs($)", "(- $)"), x), x.width, x.bound)
		}
		return x
	case 7:
		return sized(node(Integer, g.pick("length($)", "char_length($)", "octet_length($)"), g.expression(Text, s, b)).in("strlen($)"), 4, 1e6).fix()
	case 8:
		return sized(node(Integer, "CAST(extract("+g.pick("year", "month", "day", "quarter", "dow", "doy", "week", "isodow", "isoyear", "decade", "century")+" FROM $) AS integer)",
			g.expression(g.kind(Date, Timestamp, Zoned), s, b)), 4, 10000)
	case 9:
		return sized(node(Integer, "($ - $)", g.expression(Date, s, b), g.expression(Date, s, b)), 4, 1e6)
	case 10:
		x, y := one(), one()
		return sized(node(Integer, g.pick("greatest", "least")+"($, $)", x, y), max(x.width, y.width), max(x.bound, y.bound))
	case 11:
		x := one()
		switch {
		case g.chance(50):
			return sized(node(Integer, "CAST($ AS bigint)", x), 8, x.bound)
		case x.bound < math.MaxInt32:
			return sized(node(Integer, "CAST(CAST($ AS text) AS integer)", x), 4, x.bound)
		}
		return x
	}
	if g.chance(40) {
		return g.number(s, b)
	}
	switch g.random.IntN(6) {
	case 0:
		x, y := one(), one()
		return sized(node(Integer, "($"+g.pick(" & ", " | ")+"$)", x, y), max(x.width, y.width), math.Pow(2, float64(8*max(x.width, y.width)-1)))
	case 1:
		return sized(node(Integer, "CAST($ AS integer)", g.expression(Boolean, s, b)), 4, 1)
	case 2:
		if u := g.expression(Unsigned, s, b); u.bound <= 1<<32 {
			return sized(node(Integer, "CAST($ AS bigint)", u), 8, u.bound)
		}
	case 3:
		// NULL in PostgreSQL for an empty array, so it counts only those of a list that has some.
		return sized(node(Integer, "coalesce(cardinality($), -1)", g.leaf(List, s)).in("coalesce(len($), -1)"), 4, 1000)
	case 4:
		return sized(node(Integer, "($)["+g.pick("1", "2", "3", "9")+"]", g.leaf(List, s)), 4, 1000)
	case 5:
		return sized(node(Integer, g.pick("strpos($, $)", "strpos($, $)", "strpos($, $)"), g.expression(Text, s, b), g.leaf(Text, s)), 4, 1000)
	}
	d := g.leaf(Decimal, s)
	if d.precision-d.scale < 9 {
		return sized(node(Integer, "CAST($ AS integer)", d), 4, math.Pow10(d.precision-d.scale)+1)
	}
	return one()
}

// fix gives the functions that count characters one spelling in all dialects: only octet_length is called otherwise in DuckDB.
func (n *Node) fix() *Node {
	if !strings.HasPrefix(n.template, "octet") {
		n.other[DuckDB] = spelling{}
	}
	return n
}

// digits says how many digits a decimal has.
func digits(n *Node, precision, scale int) *Node {
	n.precision, n.scale = precision, scale
	return n
}

func (g *Generator) decimal(s *scope, b budget) *Node {
	one := func() *Node { return g.expression(Decimal, s, b) }
	switch g.random.IntN(9) {
	case 0, 1:
		x, y := one(), one()
		scale := max(x.scale, y.scale)
		if p := max(x.precision-x.scale, y.precision-y.scale) + scale + 1; p <= 32 {
			return digits(node(Decimal, "($"+g.pick(" + ", " - ")+"$)", x, y), p, scale)
		}
		return x
	case 2, 3:
		x, y := one(), one()
		if p := x.precision + y.precision; p <= 18 {
			return digits(node(Decimal, "($ * $)", x, y), p, x.scale+y.scale)
		}
		return y
	case 4:
		x := one()
		return digits(node(Decimal, g.pick("abs($)", "(- $)"), x), x.precision, x.scale)
	case 5:
		x, y := one(), g.expression(Integer, s, b)
		if x.precision-x.scale <= 20 && x.scale <= 6 {
			return digits(node(Decimal, "($"+g.pick(" + ", " - ")+"$)", x, y), max(x.precision-x.scale, 19)+x.scale+1, x.scale)
		}
		return x
	case 6:
		x := g.leaf(Decimal, s)
		if x.precision <= 15 {
			return digits(node(Decimal, g.pick("round($, 1)", "round($)", "floor($)", "ceil($)", "trunc($)"), x), x.precision+1, x.scale)
		}
		return x
	case 7:
		x := g.expression(Integer, s, b)
		if x.bound < 1e8 {
			return digits(node(Decimal, "CAST($ AS decimal(12,3))", x), 12, 3)
		}
		return one()
	}
	x, y := one(), one()
	if x.precision-x.scale > 30 || y.precision-y.scale > 30 || max(x.precision-x.scale, y.precision-y.scale)+max(x.scale, y.scale) > 36 {
		return x
	}
	return digits(node(Decimal, g.pick("greatest", "least")+"($, $)", x, y),
		max(x.precision-x.scale, y.precision-y.scale)+max(x.scale, y.scale), max(x.scale, y.scale))
}

func bounded(n *Node, bound float64) *Node {
	n.bound = bound
	return n
}

func (g *Generator) double(s *scope, b budget) *Node {
	x := g.expression(Double, s, b)
	switch g.random.IntN(8) {
	case 6:
		if d := g.expression(Decimal, s, b); d.precision <= 30 {
			return bounded(node(Double, "CAST($ AS double precision)", d), math.Pow10(d.precision-d.scale))
		}
		return x
	case 7:
		y := g.expression(Double, s, b)
		return bounded(node(Double, g.pick("greatest", "least")+"($, $)", x, y), max(x.bound, y.bound))
	case 0, 1:
		y := g.expression(Double, s, b)
		if x.bound < 1e9 && y.bound < 1e9 {
			return bounded(node(Double, "($"+g.pick(" + ", " - ", " * ")+"$)", x, y), max(x.bound*y.bound, x.bound+y.bound))
		}
	case 2:
		y := g.leaf(Double, s)
		if x.bound < 1e9 && y.bound < 1e9 {
			return bounded(node(Double, "($ / nullif($, 0))", x, y), x.bound*1e9)
		}
	case 3:
		return bounded(node(Double, g.pick("abs($)", "(- $)"), x), x.bound)
	case 4:
		i := g.expression(Integer, s, b)
		return bounded(node(Double, "CAST($ AS double precision)", i), i.bound)
	default:
		return bounded(node(Double, g.pick("floor($)", "ceil($)", "sqrt(abs($))", "trunc($)"), x), x.bound+1)
	}
	return x
}

func (g *Generator) text(s *scope, b budget) *Node {
	one := func() *Node { return g.expression(Text, s, b) }
	if g.chance(15) {
		return g.phrase(s, b)
	}
	switch g.random.IntN(19) {
	case 13:
		return node(Text, "translate($, 'abé', 'xy')", one())
	case 14:
		return node(Text, "md5($)", one())
	case 15:
		return node(Text, "trim("+g.pick("both", "leading", "trailing")+" 'ab ' from $)", one())
	case 16:
		return node(Text, "regexp_replace($, "+g.pick("'[a-c]+', 'X'", "'^.', ''", "'(.)b', '<\\1>'", "' +$', ''")+")", one()).fixDollar()
	case 17:
		// A decimal shows as many digits after the point as its type has: in PostgreSQL as the value has, where no type bounds it.
		if d := g.leafOf(Decimal, s); d != nil && len(d.Kids) == 0 && d.column && s.grouped == nil && g.chance(40) {
			return node(Text, "CAST($ AS text)", d)
		}
		return node(Text, "CAST($ AS text)", g.expression(g.kind(Interval, Time), s, b))
	case 0, 1:
		return node(Text, "($ || $)", one(), one())
	case 2:
		return node(Text, g.pick("upper", "lower", "trim", "ltrim", "rtrim", "reverse")+"($)", one())
	case 3:
		return node(Text, fmt.Sprintf("substring($ FROM %d FOR %d)", 1+g.random.IntN(14), g.random.IntN(14)), one())
	case 4:
		return node(Text, "replace($, "+g.pick("'a', 'xy'", "'b', ''", "'ab', 'a'")+")", one())
	case 5:
		return node(Text, "CAST($ AS text)", g.expression(g.kind(Integer, Date, Boolean, Timestamp, Zoned, UUID, Huge), s, b))
	case 6:
		return node(Text, "concat($, $)", one(), one())
	case 7:
		return node(Text, g.pick("left", "right")+"($, "+g.pick("0", "1", "3", "13", "-1")+")", one())
	case 8:
		return node(Text, g.pick("lpad", "rpad")+"($, "+g.pick("0", "3", "14")+", 'xy')", one())
	case 9:
		return node(Text, "split_part($, "+g.pick("'a'", "' '", "'b'")+", "+g.pick("1", "2", "3")+")", one())
	case 10:
		return node(Text, g.pick("greatest", "least")+"($, $)", one(), one())
	case 11:
		return node(Text, "repeat($, "+g.pick("0", "1", "2")+")", g.leaf(Text, s))
	case 12:
		return node(Text, "concat_ws('-', $, $)", one(), one())
	}
	return node(Text, "(CAST($ AS text) || $)", g.expression(Integer, s, b), one())
}

func (g *Generator) date(s *scope, b budget) *Node {
	one := g.expression(Date, s, b)
	switch g.random.IntN(7) {
	case 6:
		return node(Date, "CAST($ AS date)", g.expression(Zoned, s, b))
	case 4:
		return node(Date, "make_date(1990 + abs($ % 20), 1 + abs($ % 12), 1 + abs($ % 28))", g.small4(s), g.small4(s), g.small4(s))
	case 5:
		return node(Date, "CAST(CAST($ AS text) AS date)", one)
	case 0:
		return node(Date, "CAST($ AS date)", g.expression(Timestamp, s, b))
	case 1:
		return node(Date, g.pick("greatest", "least")+"($, $)", one, g.expression(Date, s, b))
	case 2:
		return node(Date, "CAST(($"+g.pick(" + ", " - ")+"interval "+g.pick("'1 month'", "'3 days'", "'2 years'", "'13 months'")+") AS date)", one)
	}
	return node(Date, "($"+g.pick(" + ", " - ")+fmt.Sprint(g.random.IntN(40))+")", one)
}

func (g *Generator) timestamp(s *scope, b budget) *Node {
	switch g.random.IntN(8) {
	case 6:
		return node(Timestamp, "CAST($ AS timestamp)", g.expression(Zoned, s, b))
	case 7:
		return node(Timestamp, "($ AT TIME ZONE '"+g.zone()+"')", g.expression(Zoned, s, b))
	case 4:
		return node(Timestamp, "($ + $)", g.expression(g.kind(Date, Timestamp), s, b), g.leaf(Interval, s))
	case 5:
		return node(Timestamp, "($ + $)", g.expression(Date, s, b), g.leaf(Time, s))
	case 0:
		return node(Timestamp, "CAST($ AS timestamp)", g.expression(Date, s, b))
	case 1:
		return node(Timestamp, "date_trunc('"+g.pick("year", "quarter", "month", "week", "day", "hour", "minute", "second")+"', $)", g.expression(Timestamp, s, b))
	case 2:
		return node(Timestamp, "($"+g.pick(" + ", " - ")+"interval "+g.pick("'1 month'", "'36 hours'", "'1 year'", "'90 seconds'")+")", g.expression(g.kind(Date, Timestamp), s, b))
	}
	return node(Timestamp, "($"+g.pick(" + ", " - ")+"interval "+g.pick("'1 day'", "'5 minutes'", "'2 months'")+")", g.expression(Timestamp, s, b))
}

// small is an integer far from the limits of its type.
func (g *Generator) small(s *scope) *Node {
	for range 6 {
		if e := g.leaf(Integer, s); e.bound <= 1e6 {
			return e
		}
	}
	return g.literal(Integer)
}

func (g *Generator) interval(s *scope, b budget) *Node {
	x := g.leaf(Interval, s)
	switch g.random.IntN(4) {
	case 0:
		return node(Interval, "(- $)", x)
	case 1:
		return node(Interval, "($ - $)", g.expression(Time, s, b), g.leaf(Time, s)).in("((date '2000-01-01' + $) - (date '2000-01-01' + $))")
	case 2:
		return node(Interval, g.pick("greatest", "least")+"($, $)", x, g.leaf(Interval, s))
	}
	return x
}

func (g *Generator) time(s *scope, b budget) *Node {
	switch g.random.IntN(3) {
	case 0:
		return node(Time, "CAST($ AS time)", g.expression(g.kind(Timestamp, Zoned), s, b))
	case 1:
		return node(Time, "($"+g.pick(" + ", " - ")+"interval "+g.pick("'90 minutes'", "'1 day 1 hour'", "'0.5 seconds'")+")", g.leaf(Time, s))
	}
	return g.leaf(Time, s)
}

func (g *Generator) unsigned(s *scope, b budget) *Node {
	x := g.leaf(Unsigned, s)
	switch g.random.IntN(4) {
	case 0:
		if i := g.expression(Integer, s, b); i.bound < 1<<31-1 {
			return sized(node(Unsigned, "CAST(abs($) AS uinteger)", i).pg("CAST(abs($) AS bigint)"), 4, i.bound)
		}
	case 1:
		y := g.leaf(Unsigned, s)
		return wider(node(Unsigned, g.pick("greatest", "least")+"($, $)", x, y), x, y)
	case 2:
		if y := g.leaf(Unsigned, s); x.width == 4 && y.width == 4 && x.bound+y.bound < 1<<32 {
			return sized(node(Unsigned, "($"+g.pick(" + ", " * ")+"$)", x, y), 4, max(x.bound+y.bound, x.bound*y.bound)).within(x, 1<<32)
		}
	}
	return x
}

// within is the node where its values stay below the limit, otherwise the other one.
func (n *Node) within(otherwise *Node, limit float64) *Node {
	if n.bound < limit {
		return n
	}
	return otherwise
}

func (g *Generator) array(s *scope) *Node {
	x := g.leaf(List, s)
	switch g.random.IntN(4) {
	case 0:
		return node(List, "($ || $)", x, g.leaf(List, s)).in("list_concat($, $)")
	case 1:
		return node(List, "array_append($, $)", x, g.small4(s))
	case 2:
		return node(List, "($)[2:3]", x)
	}
	return x
}

// small4 is an integer of four bytes, as the elements of lists are.
func (g *Generator) small4(s *scope) *Node {
	return node(Integer, "CAST($ AS integer)", g.small(s))
}

// fixDollar keeps a dollar sign of a pattern: $ stands for a kid in templates.
func (n *Node) fixDollar() *Node {
	n.template = strings.Replace(n.template, "' +$'", "' +'", 1)
	return n
}

// wider takes over what bounds the values of several expressions.
func wider(n *Node, from ...*Node) *Node {
	whole := 0
	for _, f := range from {
		n.width, n.bound, n.scale = max(n.width, f.width), max(n.bound, f.bound), max(n.scale, f.scale)
		whole = max(whole, f.precision-f.scale)
	}
	n.precision = whole + n.scale
	return n
}

func (g *Generator) conditional(k Kind, s *scope, b budget) *Node {
	x, y := g.expression(k, s, b), g.expression(k, s, b)
	if k == Decimal && wider(&Node{}, x, y).precision > 36 {
		return x
	}
	switch g.random.IntN(5) {
	case 0:
		return wider(node(k, "coalesce($, $)", x, y), x, y)
	case 1:
		return wider(node(k, "nullif($, $)", x, y), x)
	case 2:
		return wider(node(k, "CASE WHEN $ THEN $ END", g.boolean(s, b), x), x)
	case 3:
		sk := g.kind(Integer, Text, Date)
		return wider(node(k, "CASE $ WHEN $ THEN $ WHEN $ THEN $ ELSE $ END", g.expression(sk, s, b), g.leaf(sk, s), x, g.literal(sk), y, x), x, y)
	}
	return wider(node(k, "CASE WHEN $ THEN $ WHEN $ THEN $ ELSE $ END", g.boolean(s, b), x, g.boolean(s, b), y, x), x, y)
}
