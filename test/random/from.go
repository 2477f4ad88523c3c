package random

import "fmt"

// from makes a FROM clause, without the word, and adds its columns to the scope.
func (g *Generator) from(s *scope, b budget) *Node {
	first, r := g.source(s, b, maxRows)
	s.rows = max(1, r.rows)
	columns := r.columns
	clause := first
	more := []int{0, 0, 1, 1, 1, 2, 2, 3}[g.random.IntN(8)]
	for n := range more {
		if b.depth > 0 && s.rows <= 50 && g.chance(10) {
			// A subquery that reads what stands before it.
			alias := g.name("r")
			q, right := g.named(budget{0, 2}, alias, &scope{columns: columns, leaves: columns, outer: s.outer})
			if s.rows*right.rows > maxRows {
				continue
			}
			kind := g.pick("CROSS JOIN LATERAL ($) AS "+alias, "LEFT JOIN LATERAL ($) AS "+alias+" ON true", "JOIN LATERAL ($) AS "+alias+" ON true")
			clause = node(Clause, "$ "+kind, clause, q)
			s.rows *= max(1, right.rows)
			columns = append(columns[:len(columns):len(columns)], right.columns...)
			continue
		}
		if l := g.column(List, columns, func() *Node { return nil }); l != nil && s.rows <= 2000 && g.chance(25) {
			// The elements of a list beside the row that it is in.
			alias := g.name("r")
			e := sized(node(Integer, alias+".e"), 4, 1000)
			e.column = true
			clause = node(Clause, "$ "+g.pick("CROSS JOIN LATERAL unnest($) AS "+alias+"(e)", "LEFT JOIN LATERAL unnest($) AS "+alias+"(e) ON true"), clause, l)
			s.rows *= 6
			columns = append(columns[:len(columns):len(columns)], e)
			continue
		}
		if n == 0 && more == 1 && r.names[0] == "k" && g.chance(8) {
			clause, columns = g.natural(clause, r, s)
			continue
		}
		source, right := g.source(s, b, maxRows/s.rows)
		if g.chance(8) {
			source, right = g.joined(source, right, s, b)
		}
		s.rows *= max(1, right.rows)
		kind := g.pick("JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN")
		switch {
		case kind == "CROSS JOIN":
			if g.chance(50) && n == more-1 {
				kind = ","
			}
			clause = node(Clause, "$ "+kind+" $", clause, source)
		case n == 0 && g.chance(15) && shared(r, right):
			clause = node(Clause, "$ "+kind+" $ USING (k)", clause, source)
			if more == 1 {
				merged := *columns[0]
				merged.template = "k"
				s.leaves = append(s.leaves, &merged)
			}
		default:
			clause = node(Clause, "$ "+kind+" $ ON $", clause, source, g.condition(kind, columns, right.columns, s.outer, b))
		}
		columns = append(columns[:len(columns):len(columns)], right.columns...)
	}
	s.leaves, s.columns = append(s.leaves, columns...), columns
	return clause
}

// joined puts a join into brackets, of a source with another one where that is not too many rows.
func (g *Generator) joined(source *Node, r *relation, s *scope, b budget) (*Node, *relation) {
	other, right := g.source(s, b, maxRows/(s.rows*max(1, r.rows)))
	if s.rows*max(1, r.rows)*max(1, right.rows) > maxRows {
		return source, r
	}
	kind := g.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
	clause := node(Clause, "($ "+kind+" $ ON $)", source, other, g.condition(kind, r.columns, right.columns, nil, budget{}))
	both := &relation{names: []string{""}, columns: append(r.columns[:len(r.columns):len(r.columns)], right.columns...), rows: r.rows * max(1, right.rows)}
	return clause, both
}

// natural joins a relation with another one that has k and else no name in common.
func (g *Generator) natural(left *Node, r *relation, s *scope) (*Node, []*Node) {
	t := g.tables[1+g.random.IntN(3)]
	alias, inner := g.name("r"), t.as(g.name("r"))
	s.rows *= len(t.Rows)
	other := inner.columns[g.random.IntN(len(inner.columns))]
	kind := g.pick("NATURAL JOIN", "NATURAL LEFT JOIN", "NATURAL RIGHT JOIN", "NATURAL FULL JOIN")
	c := *other
	c.template = alias + ".other"
	merged := *r.columns[0]
	merged.template = "k"
	s.leaves = append(s.leaves, &merged)
	columns := append(r.columns[:len(r.columns):len(r.columns)], &c)
	return node(Clause, "$ "+kind+" (SELECT $, $ AS other FROM "+t.Name+" AS "+inner.name+") AS "+alias, left, inner.columns[0], other), columns
}

// semi makes a source of the rows of a table with, or without, a partner in another one.
func (g *Generator) semi(alias string, b budget) (*Node, *relation) {
	t, u := g.tables[1+g.random.IntN(4)], g.tables[g.random.IntN(5)]
	left, right := t.as(g.name("r")), u.as(g.name("r"))
	on := g.condition("JOIN", left.columns, right.columns, nil, b)
	kind, exists := "SEMI", "EXISTS"
	if g.chance(50) {
		kind, exists = "ANTI", "NOT EXISTS"
	}
	l, r := t.Name+" AS "+left.name, u.Name+" AS "+right.name
	n := node(Clause, "(SELECT * FROM "+l+" "+kind+" JOIN "+r+" ON $) AS "+alias, on).
		pg("(SELECT * FROM " + l + " WHERE " + exists + " (SELECT 1 FROM " + r + " WHERE $)) AS " + alias)
	return n, t.as(alias)
}

// shared says whether both relations begin with the column k.
func shared(a, b *relation) bool { return a.names[0] == "k" && b.names[0] == "k" }

// condition of a join: an equality most of the time, and other conditions.
func (g *Generator) condition(kind string, left, right []*Node, outer *scope, b budget) *Node {
	both := &scope{leaves: append(left[:len(left):len(left)], right...)}
	both.columns = both.leaves
	inner := budget{0, 1}
	if g.chance(15) {
		inner, both.outer = budget{min(b.depth, 1), 1}, outer
	}
	if kind != "FULL JOIN" && g.chance(12) {
		return g.boolean(both, inner)
	}
	list := []*Node{g.equality(left, right)}
	if g.chance(15) {
		list = append(list, g.equality(left, right))
	}
	// PostgreSQL takes only hashable conditions in a full join.
	if kind != "FULL JOIN" && g.chance(25) {
		list = append(list, g.boolean(both, inner))
	}
	return listOf(" AND ", 1, list...)
}

// equality compares a column of the left with one of the right.
func (g *Generator) equality(left, right []*Node) *Node {
	if left[0].Kind == Integer && right[0].Kind == Integer && g.chance(45) {
		a, b := *left[0], *right[0]
		return node(Boolean, "$ = $", &a, &b)
	}
	for range 12 {
		a, b := *left[g.random.IntN(len(left))], *right[g.random.IntN(len(right))]
		switch {
		case a.Kind == b.Kind && (a.Kind != Boolean || g.chance(20)) && (a.Kind != Decimal || wider(&Node{}, &a, &b).precision <= 37):
			return node(Boolean, "$ = $", &a, &b)
		case a.Kind == Integer && b.Kind == Decimal && b.precision-b.scale <= 19 && b.scale <= 6 && g.chance(50):
			return node(Boolean, "$ = $", &a, &b)
		}
	}
	a, b := *left[0], *right[0]
	return node(Boolean, "($ IS NULL) = ($ IS NULL)", &a, &b)
}

// source makes a table, a subquery or a reference to a common table expression, of about so many rows at most, with an alias of its own.
func (g *Generator) source(s *scope, b budget, rows int) (*Node, *relation) {
	alias := g.name("r")
	switch {
	case len(g.ctes) > 0 && g.chance(45):
		cte := g.ctes[g.random.IntN(len(g.ctes))]
		if cte.rows <= rows {
			return node(Clause, cte.name+" AS "+alias), rename(cte, alias)
		}
	case b.depth > 0 && g.chance(20):
		q, r := g.named(budget{b.depth - 1, 2}, alias, nil)
		if r.rows <= rows {
			return node(Clause, "($) AS "+alias, q), r
		}
	}
	if b.depth > 0 && g.chance(6) {
		if n, r := g.semi(alias, b); r.rows <= rows {
			return n, r
		}
	}
	if g.chance(5) {
		low, n := g.random.IntN(9)-4, 1+g.random.IntN(8)
		c := sized(node(Integer, alias+".n"), 4, 20)
		c.column = true
		return node(Clause, fmt.Sprintf("generate_series(%d, %d) AS %s(n)", low, low+n-1, alias)), &relation{name: alias, columns: []*Node{c}, names: []string{"n"}, rows: n}
	}
	if g.chance(5) {
		k := g.anyKind()
		c, m := wider(node(k, alias+".a"), g.null(k)), node(Text, alias+".m")
		c.column, m.column, c.bound, m.bound = true, true, 100, 40
		values := make([]*Node, 2+g.random.IntN(3))
		for i := range values {
			values[i] = node(Clause, "($, $)", g.literal(k), g.literal(Text))
		}
		return node(Clause, "(VALUES $) AS "+alias+"(a, m)", listOf(", ", 1, values...)),
			&relation{name: alias, columns: []*Node{c, m}, names: []string{"a", "m"}, rows: len(values)}
	}
	// The large table is rare and stands alone or beside small ones.
	t := g.tables[g.random.IntN(len(g.tables)-1)]
	if s.outer == nil && g.chance(12) {
		t, g.large = g.tables[len(g.tables)-1], true
	}
	if len(t.Rows) > rows {
		t = g.tables[1+min(1, rows/tableRows[2])]
	}
	// An empty table leaves little to compare.
	if len(t.Rows) == 0 && g.chance(80) {
		t = g.tables[2]
	}
	return node(Clause, t.Name+" AS "+alias), t.as(alias)
}

// as is the table as a relation.
func (t *Table) as(alias string) *relation {
	r := &relation{name: alias, rows: len(t.Rows)}
	for _, c := range t.Columns {
		n := c.like
		n.template, n.column = alias+"."+c.Name, true
		r.columns = append(r.columns, &n)
		r.names = append(r.names, c.Name)
	}
	return r
}

// rename is a relation under another name.
func rename(r *relation, alias string) *relation {
	out := &relation{name: alias, names: r.names, rows: r.rows}
	for i, c := range r.columns {
		n := *c
		n.template = fmt.Sprintf("%s.%s", alias, r.names[i])
		out.columns = append(out.columns, &n)
	}
	return out
}
