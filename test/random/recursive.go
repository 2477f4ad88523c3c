package random

import "fmt"

// recursive makes a recursive common table expression that ends: a counter, numbers that come again, or a walk along rows.
func (g *Generator) recursive(name string) (*Node, *relation) {
	column := func(c string, bound float64) *Node {
		n := sized(node(Integer, name+"."+c), 8, bound)
		n.column = true
		return n
	}
	t := g.tables[1+g.random.IntN(3)]
	r := t.as(g.name("r"))
	var numbers []*Node
	for _, c := range r.columns {
		if c.Kind == Integer && c.bound <= 1000 {
			numbers = append(numbers, c)
		}
	}
	start, step := numbers[0], numbers[g.random.IntN(len(numbers))]
	union := g.pick("UNION", "UNION ALL")
	switch g.random.IntN(4) {
	case 0:
		limit := 1 + g.random.IntN(40)
		return node(Clause, fmt.Sprintf("%s(c0) AS (SELECT CAST(1 AS bigint) %s SELECT c0 + 1 FROM %s WHERE c0 < %d)", name, union, name, limit)),
			&relation{name: name, columns: []*Node{column("c0", 100)}, names: []string{"c0"}, rows: limit}
	case 1:
		return node(Clause, name+"(c0, c1) AS (SELECT CAST($ AS bigint), CAST(0 AS bigint) FROM "+t.Name+" AS "+r.name+" "+union+
				" SELECT (c0 * 2 + c1) % 7, c1 + 1 FROM "+name+" WHERE c1 < 4)", start),
			&relation{name: name, columns: []*Node{column("c0", 1000), column("c1", 5)}, names: []string{"c0", "c1"}, rows: 5 * len(t.Rows)}
	case 2:
		// Only what has not been there comes again.
		return node(Clause, name+"(c0) AS (SELECT CAST($ AS bigint) FROM "+t.Name+" AS "+r.name+" UNION SELECT ("+name+".c0 + $) % 23 FROM "+name+
				" JOIN "+t.Name+" AS "+r.name+" ON $ = "+name+".c0)", start, step, start),
			&relation{name: name, columns: []*Node{column("c0", 1000)}, names: []string{"c0"}, rows: 60}
	}
	return node(Clause, name+"(c0, c1) AS (SELECT CAST(min($) AS bigint), CAST(0 AS bigint) FROM "+t.Name+" AS "+r.name+" UNION SELECT CAST($ AS bigint), "+name+".c1 + 1 FROM "+name+
			" JOIN "+t.Name+" AS "+r.name+" ON $ <= "+name+".c0 + 2 WHERE "+name+".c1 < 3)", start, step, start),
		&relation{name: name, columns: []*Node{column("c0", 1000), column("c1", 5)}, names: []string{"c0", "c1"}, rows: 4 * max(1, len(t.Rows))}
}
