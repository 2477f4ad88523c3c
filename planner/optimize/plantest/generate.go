package plantest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Query writes a random query over the tables of Small: joins of all kinds, and subqueries of all kinds that read columns of any query
// around them.
func Query(r *rand.Rand) string {
	g := &generator{r: r}
	return g.query(nil, 1+r.IntN(3), 3)
}

type generator struct {
	r     *rand.Rand
	names int
}

func (g *generator) one(choices ...string) string { return choices[g.r.IntN(len(choices))] }

// table is a table in FROM under a name of its own, and its columns.
func (g *generator) table() (string, []string) {
	g.names++
	name := fmt.Sprintf("x%d", g.names)
	t, cols := "t", []string{"a", "b", "k"}
	switch g.r.IntN(3) {
	case 0:
		t, cols = "u", []string{"c", "d", "k"}
	case 1:
		t, cols = "v", []string{"e", "f", "k"}
	}
	for i, c := range cols {
		cols[i] = name + "." + c
	}
	return t + " " + name, cols
}

// column is one of the query's own columns, or now and then one of a query around it.
func (g *generator) column(own, outer []string) string {
	if len(outer) > 0 && g.r.IntN(3) == 0 {
		return outer[g.r.IntN(len(outer))]
	}
	return own[g.r.IntN(len(own))]
}

func (g *generator) compare() string {
	return g.one("=", "=", "=", "<>", "<", ">=", "is not distinct from")
}

// query has so many columns; depth bounds its nesting.
func (g *generator) query(outer []string, columns, depth int) string {
	from, own := g.table()
	for range g.r.IntN(3) {
		t, cols := g.table()
		kind := g.one("join", "join", "left join", "right join", "full join")
		if kind == "full join" {
			from += fmt.Sprintf(" full join %s on %s = %s", t, g.column(own, nil), g.column(cols, nil))
		} else {
			from += fmt.Sprintf(" %s %s on %s %s %s", kind, t, g.column(own, nil), g.compare(), g.column(cols, nil))
			if g.r.IntN(3) == 0 {
				from += " and " + g.predicate(append(append([]string{}, own...), cols...), outer, 0)
			}
		}
		own = append(own, cols...)
	}
	if depth > 0 && g.r.IntN(6) == 0 {
		g.names++
		name := fmt.Sprintf("x%d", g.names)
		lateral := append(append([]string{}, outer...), own...)
		from += fmt.Sprintf(" %s (%s) as %s (p) on true", g.one("join lateral", "left join lateral"), g.query(lateral, 1, depth-1), name)
		own = append(own, name+".p")
	}
	where := ""
	if g.r.IntN(4) > 0 {
		where = " where " + g.predicate(own, outer, depth)
	}
	items := make([]string, columns)
	switch g.r.IntN(5) {
	case 0: // one row
		for i := range items {
			items[i] = fmt.Sprintf("%s(%s)::int", g.one("sum", "min", "max", "count"), g.column(own, nil))
		}
		return fmt.Sprintf("select %s from %s%s%s", strings.Join(items, ", "), from, where, g.one("", "", " having count(*) > 1"))
	case 1: // groups
		key := g.column(own, nil)
		for i := range items {
			items[i] = fmt.Sprintf("%s(%s)::int", g.one("sum", "min", "max", "count"), g.column(own, nil))
		}
		items[0] = g.one(items[0], key)
		return fmt.Sprintf("select %s from %s%s group by %s%s", strings.Join(items, ", "), from, where, key, g.one("", "", " having min("+g.column(own, nil)+") > 0"))
	}
	for i := range items {
		items[i] = g.value(own, outer, depth)
	}
	text := fmt.Sprintf("select %s%s from %s%s", g.one("", "", "distinct "), strings.Join(items, ", "), from, where)
	if depth > 0 && g.r.IntN(8) == 0 {
		text += g.one(" union ", " union all ", " intersect ", " except ") + g.query(outer, columns, 0)
	}
	return text
}

func (g *generator) value(own, outer []string, depth int) string {
	switch {
	case depth > 0 && g.r.IntN(4) == 0:
		return g.scalar(append(append([]string{}, outer...), own...), depth-1)
	case g.r.IntN(5) == 0:
		return fmt.Sprintf("coalesce(%s, 9)", g.column(own, outer))
	case g.r.IntN(5) == 0:
		return fmt.Sprintf("%s + %s", g.column(own, outer), g.column(own, outer))
	}
	return g.column(own, outer)
}

// scalar is a subquery of one row.
func (g *generator) scalar(outer []string, depth int) string {
	from, own := g.table()
	return fmt.Sprintf("(select %s(%s)::int from %s where %s)", g.one("sum", "min", "max", "count"), g.column(own, nil)+g.one("", "", " + "+g.column(own, outer)), from, g.predicate(own, outer, depth))
}

func (g *generator) predicate(own, outer []string, depth int) string {
	around := append(append([]string{}, outer...), own...)
	if depth > 0 {
		switch g.r.IntN(9) {
		case 0:
			return fmt.Sprintf("%sexists (%s)", g.one("", "not "), g.query(around, 1, depth-1))
		case 1:
			return fmt.Sprintf("%s %s (%s)", g.column(own, outer), g.one("in", "not in"), g.query(around, 1, depth-1))
		case 2:
			return fmt.Sprintf("(%s, %s) %s (%s)", g.column(own, outer), g.column(own, nil), g.one("in", "not in"), g.query(around, 2, depth-1))
		case 3:
			return fmt.Sprintf("%s %s %s (%s)", g.column(own, outer), g.one("=", "<>", "<", ">="), g.one("any", "all"), g.query(around, 1, depth-1))
		case 4:
			return fmt.Sprintf("%s %s %s", g.column(own, outer), g.compare(), g.scalar(around, depth-1))
		}
	}
	switch g.r.IntN(7) {
	case 0:
		return fmt.Sprintf("%s %s %d", g.column(own, nil), g.compare(), g.r.IntN(4))
	case 1:
		return fmt.Sprintf("%s is %snull", g.column(own, nil), g.one("", "not "))
	case 2:
		return fmt.Sprintf("(%s or %s)", g.predicate(own, outer, depth-1), g.predicate(own, outer, depth-1))
	case 3:
		return fmt.Sprintf("(%s and %s)", g.predicate(own, outer, depth-1), g.predicate(own, outer, depth-1))
	case 4:
		return fmt.Sprintf("not (%s)", g.predicate(own, outer, depth-1))
	}
	return fmt.Sprintf("%s %s %s", g.column(own, nil), g.compare(), g.column(own, outer))
}
