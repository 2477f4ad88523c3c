package random

// Identity is two ways to ask for the same rows: the rows of the queries of either side, put together, are equal as multisets. None needs another
// engine to check. They follow from three-valued logic: a predicate is true, false or NULL for each row.
type Identity struct {
	Name        string
	Left, Right []*Node
}

// Identity makes one.
func (g *Generator) Identity() *Identity {
	g.begin()
	s := &scope{}
	b := budget{2, 3}
	from := g.from(s, b)
	p := g.boolean(s, b)
	// The three parts of the rows.
	parts := func(template string, kids ...*Node) []*Node {
		var out []*Node
		for _, where := range []string{" WHERE $", " WHERE NOT ($)", " WHERE ($) IS NULL"} {
			all := append([]*Node{}, kids...)
			out = append(out, node(Query, template+where, append(all, p)...))
		}
		return out
	}
	switch g.random.IntN(8) {
	case 0:
		return &Identity{
			"rows where a predicate is true, counted one by one, against WHERE",
			[]*Node{node(Query, "SELECT coalesce(sum(CASE WHEN $ THEN 1 ELSE 0 END), 0) FROM $", p, from)},
			[]*Node{node(Query, "SELECT count(*) FROM $ WHERE $", from, p)},
		}
	case 1:
		list := g.outputsFor(s)
		return &Identity{
			"DISTINCT of all rows against that of three parts",
			[]*Node{node(Query, "SELECT DISTINCT $ FROM $", list, from)},
			[]*Node{union(" UNION ", parts("SELECT DISTINCT $ FROM $", list, from)...)},
		}
	case 2:
		return g.partialAggregates(s, from, parts)
	case 3:
		return g.partialGroups(s, from, parts)
	case 4:
		return g.having(s, from)
	case 5:
		return g.joinConditions(b)
	}
	list := g.outputsFor(s)
	return &Identity{
		"all rows against those where a predicate is true, false and NULL",
		[]*Node{node(Query, "SELECT $ FROM $", list, from)}, parts("SELECT $ FROM $", list, from),
	}
}

// outputsFor is a select list.
func (g *Generator) outputsFor(s *scope) *Node {
	list := make([]*Node, 1+g.random.IntN(3))
	for i := range list {
		list[i] = g.expression(g.anyKind(), s, budget{1, 2})
	}
	return listOf(", ", 1, list...)
}

// union puts queries together.
func union(operator string, queries ...*Node) *Node {
	n := listOf(operator, 1, queries...)
	n.Kind = Query
	return n
}

// mergeable are aggregates that can be computed from those of parts.
func (g *Generator) mergeable(s *scope) (partial, merged string, kids []*Node) {
	argument := func(k Kind) *Node {
		for range 6 {
			if e := g.expression(k, &scope{leaves: s.leaves}, budget{0, 1}); e.bound < 1e9 {
				return e
			}
		}
		return g.literal(k)
	}
	return "count(*) AS n, count($) AS c, sum($) AS s, min($) AS a, max($) AS z, bool_or($) AS o, bool_and($) AS e",
		"coalesce(sum(n), 0), coalesce(sum(c), 0), sum(s), min(a), max(z), bool_or(o), bool_and(e)",
		[]*Node{argument(g.anyKind()), argument(Integer), argument(g.kind(Integer, Text, Date, Decimal)), argument(g.kind(Integer, Text, Timestamp)), argument(Boolean), argument(Boolean)}
}

func (g *Generator) partialAggregates(s *scope, from *Node, parts func(string, ...*Node) []*Node) *Identity {
	partial, merged, kids := g.mergeable(s)
	kids = append(kids, from)
	return &Identity{
		"aggregates of all rows against those merged from three parts",
		[]*Node{node(Query, "SELECT "+partial+" FROM $", kids...)},
		[]*Node{node(Query, "SELECT "+merged+" FROM ($) AS parts", union(" UNION ALL ", parts("SELECT "+partial+" FROM $", kids...)...))},
	}
}

func (g *Generator) partialGroups(s *scope, from *Node, parts func(string, ...*Node) []*Node) *Identity {
	partial, merged, kids := g.mergeable(s)
	key := g.column(g.kind(Integer, Text, Date, Boolean, Decimal), s.leaves, func() *Node { return s.leaves[0] })
	kids = append(append([]*Node{key}, kids...), from)
	grouped := parts("SELECT $ AS k0, "+partial+" FROM $", kids...)
	for _, p := range grouped {
		p.template += " GROUP BY $"
		p.Kids = append(p.Kids, key)
	}
	return &Identity{
		"groups of all rows against those merged from three parts",
		[]*Node{node(Query, "SELECT $ AS k0, "+partial+" FROM $ GROUP BY $", append(kids[:len(kids):len(kids)], key)...)},
		[]*Node{node(Query, "SELECT k0, "+merged+" FROM ($) AS parts GROUP BY k0", union(" UNION ALL ", grouped...))},
	}
}

// having splits the groups by a predicate on them.
func (g *Generator) having(s *scope, from *Node) *Identity {
	key := g.column(g.kind(Integer, Text, Date, Boolean), s.leaves, func() *Node { return s.leaves[0] })
	grouped := &scope{leaves: []*Node{key}, columns: []*Node{key}}
	grouped.grouped = func(k Kind) *Node { return g.aggregate(k, s) }
	p := g.boolean(grouped, budget{1, 2})
	value := g.aggregate(g.kind(Integer, Text, Date), s)
	id := &Identity{Name: "all groups against those for which HAVING is true, false and NULL"}
	id.Left = []*Node{node(Query, "SELECT $, $ FROM $ GROUP BY $", key, value, from, key)}
	for _, having := range []string{"$", "NOT ($)", "($) IS NULL"} {
		id.Right = append(id.Right, node(Query, "SELECT $, $ FROM $ GROUP BY $ HAVING "+having, key, value, from, key, p))
	}
	return id
}

// joinConditions splits a cross product by the condition of an inner join.
func (g *Generator) joinConditions(b budget) *Identity {
	s := &scope{}
	left, l := g.source(s, budget{0, 1}, 200)
	right, r := g.source(s, budget{0, 1}, 100)
	s.leaves = append(append([]*Node{}, l.columns...), r.columns...)
	s.columns = s.leaves
	on := g.boolean(s, budget{min(b.depth, 1), 2})
	if g.chance(40) {
		on = node(Boolean, "($ AND $)", g.equality(l.columns, r.columns), on)
	}
	list := g.outputsFor(s)
	id := &Identity{Name: "a cross join against joins where the condition is true, false and NULL"}
	id.Left = []*Node{node(Query, "SELECT $ FROM $ CROSS JOIN $", list, left, right)}
	for _, condition := range []string{"$", "NOT ($)", "($) IS NULL"} {
		id.Right = append(id.Right, node(Query, "SELECT $ FROM $ JOIN $ ON "+condition, list, left, right, on))
	}
	return id
}
