package random

import (
	"fmt"
	"slices"
	"strings"
)

// insertLimit bounds the rows that an INSERT … SELECT adds, so that tables stay small.
const insertLimit = 400

// Change makes a statement that changes the rows of a table, and names the table.
func (g *Generator) Change() (change *Node, table string) {
	g.begin()
	t := g.tables[1+g.random.IntN(len(g.tables)-1)]
	g.large = len(t.Rows) > tableRows[4]
	switch g.random.IntN(6) {
	case 0, 1:
		return g.update(t), t.Name
	case 2:
		return g.updateFrom(t), t.Name
	case 3:
		s := t.own()
		return node(Query, "DELETE FROM "+t.Name+" WHERE $", g.boolean(s, budget{1, 2})), t.Name
	case 4:
		s := t.own()
		other, r := g.source(s, budget{0, 1}, 100)
		return node(Query, "DELETE FROM "+t.Name+" USING $ WHERE $", other, g.condition("JOIN", s.leaves, r.columns, nil, budget{0, 1})), t.Name
	}
	return g.insert(t), t.Name
}

// own is the scope of a table under its own name.
func (t *Table) own() *scope {
	s := &scope{leaves: t.as(t.Name).columns, rows: max(1, len(t.Rows))}
	s.columns = s.leaves
	return s
}

// assignable are the columns that may be given new values, in any order. PostgreSQL has other types for unsigned integers.
func (g *Generator) assignable(t *Table) []Column {
	out := slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return c.like.Kind == Unsigned })
	g.random.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// update sets some columns to what the row has, or to what subqueries find.
func (g *Generator) update(t *Table) *Node {
	s := t.own()
	var sets []*Node
	for _, c := range g.assignable(t) {
		e := g.expression(c.like.Kind, s, budget{1, 2})
		sets = append(sets, node(Clause, c.Name+" = CAST($ AS "+c.Type+")", e))
		if g.chance(60) {
			break
		}
	}
	return node(Query, "UPDATE "+t.Name+" SET $$", listOf(", ", 1, sets...), g.where(s, budget{1, 2}, 80))
}

// updateFrom sets a column to what another table has for the row: at most one row of it.
func (g *Generator) updateFrom(t *Table) *Node {
	s := t.own()
	alias, other := g.name("r"), g.tables[1+g.random.IntN(4)]
	inner := other.as(g.name("r"))
	c := g.assignable(t)[0]
	value := g.aggregate(c.like.Kind, &scope{leaves: inner.columns})
	q := node(Query, "SELECT $ AS k, CAST($ AS "+c.Type+") AS v FROM "+other.Name+" AS "+inner.name+" GROUP BY $", inner.columns[0], value, inner.columns[0])
	where := node(Clause, "")
	if g.chance(40) {
		where = node(Clause, " AND $", g.boolean(s, budget{0, 1})).orNothing()
	}
	return node(Query, "UPDATE "+t.Name+" SET "+c.Name+" = "+alias+".v FROM ($) AS "+alias+" WHERE "+t.Name+".k = "+alias+".k$", q, where)
}

// insert adds rows of a query, or of VALUES, to some columns.
func (g *Generator) insert(t *Table) *Node {
	columns := g.assignable(t)
	columns = columns[:1+g.random.IntN(min(4, len(columns)))]
	names, shape := make([]string, len(columns)), make([]Kind, len(columns))
	values := make([]string, len(columns))
	for i, c := range columns {
		names[i], shape[i] = c.Name, c.like.Kind
		values[i] = fmt.Sprintf("CAST(q.c%d AS %s)", i, c.Type)
	}
	into := "INSERT INTO " + t.Name + " (" + strings.Join(names, ", ") + ") "
	for range 8 {
		if q := g.block(shape, nil, budget{1, 2}); q.rows() <= insertLimit {
			return node(Query, into+"SELECT "+strings.Join(values, ", ")+" FROM ($) AS q", q)
		}
	}
	row := make([]*Node, len(columns))
	for i, k := range shape {
		row[i] = node(k, "CAST($ AS "+columns[i].Type+")", g.literal(k))
	}
	return node(Query, into+"VALUES ($)", listOf(", ", 1, row...))
}
