package differential

import (
	"fmt"
	"strings"
)

// expression makes an expression of kind k. depth bounds subqueries, size the nesting
// of operators.
func (g *Generator) expression(k kind, s *scope, depth, size int) string {
	if size <= 0 || g.chance(25) {
		return g.leaf(k, s)
	}
	if depth > 1 && g.chance(8) {
		return g.scalar(k, s, depth-1)
	}
	if g.chance(15) {
		return g.conditional(k, s, depth, size-1)
	}
	switch k {
	case integer:
		return g.integer(s, depth, size-1)
	case decimal:
		return g.decimal(s, depth, size-1)
	case text:
		return g.text(s, depth, size-1)
	case date:
		return "(" + g.expression(date, s, depth, size-1) + g.pick(" + ", " - ") + fmt.Sprint(g.random.IntN(40)) + ")"
	}
	return "(" + g.boolean(s, depth, size-1) + ")"
}

// leaf is a column of the kind, of this query or seldom of the one around it, or a
// literal.
func (g *Generator) leaf(k kind, s *scope) string {
	from := s
	if s.outer != nil && g.chance(30) {
		from = s.outer
	}
	var found []string
	for _, r := range from.relations {
		for _, c := range r.columns {
			if c.kind == k {
				found = append(found, r.alias+"."+c.name)
			}
		}
	}
	if len(found) > 0 && !g.chance(15) {
		return found[g.random.IntN(len(found))]
	}
	switch k {
	case integer:
		return g.pick("0", "1", "2", "7", "-1", "CAST(NULL AS integer)")
	case decimal:
		return g.pick("0.50", "1.25", "-3.75", "10.00", "CAST(NULL AS decimal(8,2))")
	case text:
		return g.pick("'a'", "''", "'abc'", "'long enough to leave the view'", "CAST(NULL AS varchar)")
	case date:
		return g.pick(g.day(), g.day(), "CAST(NULL AS date)")
	}
	return g.pick("true", "false", "CAST(NULL AS boolean)")
}

func (g *Generator) integer(s *scope, depth, size int) string {
	one := func() string { return g.expression(integer, s, depth, size) }
	switch g.random.IntN(6) {
	case 0:
		return "(" + one() + g.pick(" + ", " - ") + one() + ")"
	case 1:
		// One factor is small, so that no product of a few overflows.
		return "(" + g.leaf(integer, s) + " * " + g.pick("2", "3", "-1") + ")"
	case 2:
		return "(" + one() + " % " + g.pick("2", "3", "7") + ")"
	case 3:
		return "abs(" + one() + ")"
	case 4:
		return "length(" + g.expression(text, s, depth, size) + ")"
	}
	return "CAST(extract(" + g.pick("year", "month", "day") + " FROM " + g.expression(date, s, depth, size) + ") AS integer)"
}

func (g *Generator) decimal(s *scope, depth, size int) string {
	one := func() string { return g.expression(decimal, s, depth, size) }
	switch g.random.IntN(4) {
	case 0:
		return "(" + one() + g.pick(" + ", " - ") + one() + ")"
	case 1:
		return "(" + g.leaf(decimal, s) + " * " + g.pick("2", "1.5", "0.01") + ")"
	case 2:
		return "abs(" + one() + ")"
	}
	return "(" + one() + " + " + g.expression(integer, s, depth, size) + ")"
}

func (g *Generator) text(s *scope, depth, size int) string {
	one := func() string { return g.expression(text, s, depth, size) }
	switch g.random.IntN(6) {
	case 0:
		return "(" + one() + " || " + one() + ")"
	case 1:
		return g.pick("upper", "lower", "trim", "reverse") + "(" + one() + ")"
	case 2:
		return fmt.Sprintf("substring(%s FROM %d FOR %d)", one(), 1+g.random.IntN(4), g.random.IntN(5))
	case 3:
		return "replace(" + one() + ", 'a', 'xy')"
	case 4:
		return "CAST(" + g.expression(g.kindOf(integer, date, boolean), s, depth, size) + " AS varchar)"
	}
	return "concat(" + one() + ", " + one() + ")"
}

func (g *Generator) kindOf(choices ...kind) kind { return choices[g.random.IntN(len(choices))] }

func (g *Generator) conditional(k kind, s *scope, depth, size int) string {
	one := func() string { return g.expression(k, s, depth, size) }
	switch g.random.IntN(4) {
	case 0:
		return "coalesce(" + one() + ", " + one() + ")"
	case 1:
		return "nullif(" + one() + ", " + one() + ")"
	case 2:
		return "CASE WHEN " + g.boolean(s, depth, size) + " THEN " + one() + " END"
	}
	return "CASE WHEN " + g.boolean(s, depth, size) + " THEN " + one() + " WHEN " + g.boolean(s, depth, size) + " THEN " + one() + " ELSE " + one() + " END"
}

// boolean makes a condition.
func (g *Generator) boolean(s *scope, depth, size int) string {
	if size <= 0 {
		return g.comparison(s, 0, 0)
	}
	switch n := g.random.IntN(14); {
	case n < 3:
		return g.comparison(s, depth, size-1)
	case n < 6:
		return "(" + g.boolean(s, depth, size-1) + g.pick(" AND ", " OR ") + g.boolean(s, depth, size-1) + ")"
	case n == 6:
		return "NOT (" + g.boolean(s, depth, size-1) + ")"
	case n == 7:
		k := kind(g.random.IntN(int(kinds)))
		return g.expression(k, s, depth, size-1) + g.pick(" IS NULL", " IS NOT NULL")
	case n == 8:
		k := g.kindOf(integer, text, date, decimal)
		return g.expression(k, s, depth, size-1) + g.pick(" IN (", " NOT IN (") + g.leaf(k, s) + ", " + g.leaf(k, s) + ", " + g.leaf(k, s) + ")"
	case n == 9:
		k := g.kindOf(integer, date, decimal)
		return g.expression(k, s, depth, size-1) + g.pick(" BETWEEN ", " NOT BETWEEN ") + g.leaf(k, s) + " AND " + g.leaf(k, s)
	case n == 10:
		return g.expression(text, s, depth, size-1) + g.pick(" LIKE ", " NOT LIKE ") + g.pick("'a%'", "'%b%'", "'_b%'", "'%leave%view'", "''", "'%'")
	case n == 11 && depth > 0:
		return g.pick("EXISTS (", "NOT EXISTS (") + g.selectOf(g.kindsOf(1), s, depth-1) + ")"
	case n == 12 && depth > 0:
		k := g.kindOf(integer, text, date, decimal)
		return g.expression(k, s, 0, 1) + g.pick(" IN (", " NOT IN (") + g.selectOf([]kind{k}, s, depth-1) + ")"
	case n == 13:
		return g.leaf(boolean, s) + g.pick(" IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE")
	}
	return g.leaf(boolean, s)
}

func (g *Generator) comparison(s *scope, depth, size int) string {
	k := g.kindOf(integer, integer, decimal, text, date)
	operator := g.pick(" = ", " <> ", " < ", " <= ", " > ", " >= ", " IS DISTINCT FROM ", " IS NOT DISTINCT FROM ")
	return "(" + g.expression(k, s, depth, size) + operator + g.expression(k, s, depth, size) + ")"
}

// scalar makes a subquery of one row: an aggregate without groups.
func (g *Generator) scalar(k kind, outer *scope, depth int) string {
	s := &scope{outer: outer}
	from := g.from(s, 0)
	var where []string
	for range g.random.IntN(3) {
		where = append(where, g.boolean(s, depth-1, 1))
	}
	inner := &scope{relations: s.relations}
	query := "(SELECT " + g.aggregate(k, inner) + from
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	return query + ")"
}
