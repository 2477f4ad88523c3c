package random

// Partition is a query in four forms: all rows of a FROM, and those where a predicate is true, false and NULL. The rows of the last three are
// those of the first.
type Partition struct {
	All, True, False, Null *Node
	// Counted gives one row: how often the predicate holds when it is computed for every row. True has as many rows.
	Counted *Node
}

// Partition makes one.
func (g *Generator) Partition() *Partition {
	g.names, g.groups, g.ctes = 0, 0, nil
	s := &scope{}
	b := budget{2, 3}
	from := g.from(s, b)
	predicate := g.boolean(s, b)
	list := make([]*Node, 1+g.random.IntN(3))
	for i := range list {
		list[i] = g.expression(g.anyKind(), s, budget{1, 2})
	}
	outputs := listOf(", ", 1, list...)
	form := func(where string) *Node {
		if where == "" {
			return node(Query, "SELECT $ FROM $", outputs, from)
		}
		return node(Query, "SELECT $ FROM $ WHERE "+where, outputs, from, predicate)
	}
	return &Partition{
		All: form(""), True: form("$"), False: form("NOT ($)"), Null: form("($) IS NULL"),
		Counted: node(Query, "SELECT coalesce(sum(CASE WHEN $ THEN 1 ELSE 0 END), 0) FROM $", predicate, from),
	}
}
