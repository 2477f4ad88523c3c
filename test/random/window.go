package random

import (
	"fmt"
	"strings"
)

// maxOrdered bounds the columns of a total order.
const maxOrdered = 24

// window makes a call over a window whose value is the same in every engine: rows that the window's order leaves equal have either equal values
// in every column, or the function does not tell them apart. With number its value is one.
func (g *Generator) window(s *scope, number bool) *Node {
	k := g.kind(Integer, Integer, Integer, Decimal, Double)
	x := g.leaf(k, s)
	for n := 0; k == Double && x.bound > 1e6; n++ {
		x = g.leaf(k, s) // sums of large floats depend on their order
		if n == 8 {
			x = g.literal(k)
		}
	}
	function := g.pick("min($)", "max($)", "sum($)", "count($)", "avg($)")
	if k == Decimal && x.precision > 15 {
		function = g.pick("min($)", "max($)", "count($)")
	}
	if k == Integer && x.width == 8 && function == "avg($)" {
		function = "sum($)"
	}
	if !number && g.chance(20) {
		x = g.leaf(g.kind(Text, Date, Zoned, Real, Huge), s)
		function = g.pick("min($)", "max($)", "count($)")
	}
	total := g.total(s)
	switch n := g.random.IntN(10); {
	case n == 0:
		return node(Output, g.pick("rank()", "dense_rank()", "cume_dist()", "percent_rank()")+" OVER ($)", g.over(s, false))
	case n < 4 && total != nil:
		v := g.leaf(g.kind(Integer, Text, Date, Decimal, Boolean), s)
		if number {
			v = g.leaf(g.kind(Integer, Decimal), s)
		}
		w := g.sequence(s, total)
		switch g.random.IntN(6) {
		case 5:
			if !number {
				return node(Output, g.pick("array_agg($)", "array_agg($)", "bool_and($ IS NULL)", "bool_or($ IS NULL)")+" OVER ($$)", g.leaf(g.kind(Integer, Text, Date), s), w, g.frame("ROWS"))
			}
		case 0:
			return node(Output, g.pick("row_number()", "row_number()", "ntile(3)", "ntile(1)")+" OVER ($)", w)
		case 1:
			return node(Output, g.pick("lag", "lead")+"($"+g.pick("", ", 1", ", 2", ", 0", ", -1")+") OVER ($)", v, w)
		case 2:
			i := g.leaf(Integer, s)
			return node(Output, g.pick("lag", "lead")+"(CAST($ AS bigint), 1, CAST(-7 AS bigint)) OVER ($)", i, w)
		case 3:
			return node(Output, g.pick("first_value($)", "last_value($)", "nth_value($, 2)", "nth_value($, 1)")+" OVER ($$)", v, w, g.frame("ROWS"))
		}
		return node(Output, function+" OVER ($$)", x, w, g.frame("ROWS"))
	case n < 6:
		if w := g.range_(s); w != nil {
			return node(Output, function+" OVER ($)", x, w)
		}
	}
	filter := node(Clause, "")
	if g.chance(15) {
		filter = node(Clause, " FILTER (WHERE $)", g.comparison(&scope{leaves: s.leaves, grouped: s.grouped}, budget{0, 0})).orNothing()
	}
	return node(Output, function+"$ OVER ($)", x, filter, g.over(s, true))
}

// over is a window's partition, order and, with framed, a frame that takes rows that are equal in the order together.
func (g *Generator) over(s *scope, framed bool) *Node {
	order, frame := node(Clause, ""), node(Clause, "")
	if g.chance(70) {
		order = node(Clause, "ORDER BY $"+g.direction(), g.column(g.kind(Integer, Text, Date, Decimal), s.leaves, func() *Node { return g.null(Date) })).orNothing()
		if framed && g.chance(60) {
			frame = g.frame(g.pick("RANGE", "GROUPS"))
		}
	}
	return node(Clause, "$$$", g.partition(s), order, frame)
}

func (g *Generator) direction() string {
	return g.pick("", " DESC") + g.pick("", " NULLS FIRST", " NULLS LAST")
}

func (g *Generator) partition(s *scope) *Node {
	if !g.chance(60) {
		return node(Clause, "")
	}
	return node(Clause, "PARTITION BY $ ", g.leaf(g.anyKind(), s)).orNothing()
}

// sequence is a window in a total order.
func (g *Generator) sequence(s *scope, total []*Node) *Node {
	list := make([]*Node, len(total))
	for i, c := range g.random.Perm(len(total)) {
		list[i] = node(Clause, "$"+g.direction(), total[c])
	}
	return node(Clause, "$ORDER BY $", g.partition(s), listOf(", ", len(list), list...))
}

// total are expressions that order the rows of s so that equal rows are equal in every column; nil where there are none, or too many.
func (g *Generator) total(s *scope) []*Node {
	leaves := s.leaves
	if s.sets || len(leaves) == 0 || len(leaves) > maxOrdered {
		return nil
	}
	for _, l := range leaves {
		if !l.column || l.Kind == List || l.Kind == Interval || l.Kind == Double || l.Kind == Real || l.Kind == Texts {
			return nil // equal values may look different, such as 0 and -0
		}
	}
	return leaves
}

// frame is a frame of a mode without values as distances, unless it counts rows or groups.
func (g *Generator) frame(mode string) *Node {
	bounds := []string{"UNBOUNDED PRECEDING", "2 PRECEDING", "1 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "3 FOLLOWING", "UNBOUNDED FOLLOWING"}
	if mode == "RANGE" {
		bounds = []string{"UNBOUNDED PRECEDING", "CURRENT ROW", "UNBOUNDED FOLLOWING"}
	}
	from := g.random.IntN(len(bounds) - 1)
	to := from + g.random.IntN(len(bounds)-from)
	if to == 0 {
		to = 1
	}
	text := fmt.Sprintf(" %s BETWEEN %s AND %s", mode, bounds[from], bounds[to])
	if g.chance(20) && !strings.HasSuffix(bounds[from], "FOLLOWING") {
		text = " " + mode + " " + bounds[from]
	}
	return node(Clause, text+g.pick("", "", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS")).orNothing()
}

// range_ is a window with a frame of values around the row's own; nil where no column has a distance.
func (g *Generator) range_(s *scope) *Node {
	k := g.kind(Integer, Integer, Date, Timestamp, Decimal)
	x := g.leafOf(k, s)
	if x == nil || len(x.Kids) > 0 || k == Integer && x.bound > 1e6 || k == Decimal && x.precision > 15 {
		return nil
	}
	near, far := "1", "5"
	switch k {
	case Date, Timestamp:
		near, far = "interval '3 days'", "interval '2 months'"
	case Decimal:
		near, far = "0.50", "12.25"
	case Integer:
		x = sized(node(Integer, "CAST($ AS bigint)", x), 8, x.bound)
	}
	frame := g.pick(near+" PRECEDING AND CURRENT ROW", far+" PRECEDING AND "+near+" FOLLOWING", "CURRENT ROW AND "+far+" FOLLOWING", near+" FOLLOWING AND "+far+" FOLLOWING",
		"UNBOUNDED PRECEDING AND "+near+" PRECEDING", far+" PRECEDING AND UNBOUNDED FOLLOWING")
	return node(Clause, "$ORDER BY $"+g.direction()+" RANGE BETWEEN "+frame+g.pick("", "", " EXCLUDE CURRENT ROW", " EXCLUDE TIES", " EXCLUDE GROUP"), g.partition(s), x)
}
