package differential

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Generator makes SQL from a seed. It is not safe for concurrent use.
type Generator struct {
	random *rand.Rand
	names  int  // aliases given so far in the current query
	setOp  bool // the current query is one side of a set operation
}

// New returns a generator; equal seeds make equal texts.
func New(seed uint64) *Generator {
	return &Generator{random: rand.New(rand.NewPCG(seed, 0x5eed))}
}

// kind is the type of an expression, as far as the generator distinguishes types.
type kind int

const (
	integer kind = iota
	decimal
	text
	date
	boolean
	kinds
)

// columns are those of every generated table.
var columns = []struct {
	name string
	kind kind
}{
	{"i", integer}, {"j", integer}, {"d", decimal}, {"s", text}, {"t", date}, {"b", boolean},
}

// TableRows are the sizes of the tables t0, t1, …: none, one, few, and more than one
// batch of any engine holds.
var TableRows = []int{0, 1, 7, 40, 3000}

// Tables returns the statements that make the tables. The large one is built from
// the others by joins, so that no statement is long.
func (g *Generator) Tables() []string {
	var statements []string
	for n, rows := range TableRows {
		if rows > 100 {
			statements = append(statements, fmt.Sprintf(
				"CREATE TABLE t%d AS SELECT x.i + y.j AS i, y.j * 3 + x.j AS j, x.d + y.d AS d, x.s || y.s AS s, x.t AS t, y.b AS b FROM t%d x, t%d y", n, n-1, n-1))
			continue
		}
		values := make([]string, max(rows, 1))
		for r := range values {
			values[r] = "(" + strings.Join([]string{
				g.orNull("integer", fmt.Sprint(g.random.IntN(12)-3)),
				g.orNull("integer", fmt.Sprint(g.random.IntN(1000))),
				g.orNull("decimal(8,2)", fmt.Sprintf("%d.%02d", g.random.IntN(50)-20, 25*g.random.IntN(4))),
				g.orNull("varchar", "'"+g.word()+"'"),
				g.orNull("date", g.day()),
				g.orNull("boolean", g.pick("true", "false")),
			}, ", ") + ")"
		}
		where := ""
		if rows == 0 {
			where = " WHERE false"
		}
		statements = append(statements, fmt.Sprintf("CREATE TABLE t%d AS SELECT * FROM (VALUES %s) v(i, j, d, s, t, b)%s",
			n, strings.Join(values, ", "), where))
	}
	return statements
}

// orNull is a typed literal, or NULL in one of six cases.
func (g *Generator) orNull(typ, literal string) string {
	if g.random.IntN(6) == 0 {
		literal = "NULL"
	}
	return "CAST(" + literal + " AS " + typ + ")"
}

func (g *Generator) pick(choices ...string) string { return choices[g.random.IntN(len(choices))] }

func (g *Generator) chance(percent int) bool { return g.random.IntN(100) < percent }

func (g *Generator) word() string {
	return g.pick("", "a", "b", "ab", "abc", "Abc", "naïve", "long enough to leave the view", "long enough to leave the page")
}

func (g *Generator) day() string {
	return fmt.Sprintf("date '19%02d-%02d-%02d'", 92+g.random.IntN(4), 1+g.random.IntN(12), 1+g.random.IntN(28))
}

// relation is something in FROM: its alias, whose columns can be named.
type relation struct {
	alias   string
	columns []field
}

type field struct {
	name string
	kind kind
}

// scope is what expressions can refer to: the relations of this query, and, one
// level out, those of the query around it.
type scope struct {
	relations []relation
	outer     *scope
}

// Query makes a query whose rows are a multiset: their order is not defined.
func (g *Generator) Query() string {
	g.names = 0
	g.setOp = g.chance(15)
	if g.setOp {
		shape := g.kindsOf(1 + g.random.IntN(3))
		operator := g.pick("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
		return g.selectOf(shape, nil, 2) + " " + operator + " " + g.selectOf(shape, nil, 2)
	}
	return g.selectOf(g.kindsOf(1+g.random.IntN(4)), nil, 3)
}

func (g *Generator) kindsOf(n int) []kind {
	shape := make([]kind, n)
	for i := range shape {
		shape[i] = kind(g.random.IntN(int(kinds)))
	}
	return shape
}

// selectOf makes a SELECT with output columns c0, c1, … of the given kinds. depth
// bounds how far subqueries nest.
func (g *Generator) selectOf(shape []kind, outer *scope, depth int) string {
	s := &scope{outer: outer}
	from := g.from(s, depth)
	where := ""
	if g.chance(60) {
		where = " WHERE " + g.boolean(s, depth, 3)
	}
	if g.chance(35) {
		return g.grouped(shape, s, from, where)
	}
	distinct := ""
	if g.chance(15) {
		distinct = "DISTINCT "
	}
	return "SELECT " + distinct + g.outputs(shape, func(k kind) string { return g.expression(k, s, depth, 2) }) + from + where
}

func (g *Generator) outputs(shape []kind, make func(kind) string) string {
	parts := []string{}
	for i, k := range shape {
		output := make(k)
		if k == decimal && g.setOp {
			// Engines differ in the type that two long decimals have in common.
			output = "CAST(" + output + " AS decimal(18,4))"
		}
		parts = append(parts, fmt.Sprintf("%s AS c%d", output, i))
	}
	return strings.Join(parts, ", ")
}

// grouped makes a SELECT with aggregates. Its keys are columns, so that a key in an
// output is recognized by every engine.
// An aggregate of the outer query's columns alone would belong to that query, so
// aggregates see only this one's.
func (g *Generator) grouped(shape []kind, s *scope, from, where string) string {
	s = &scope{relations: s.relations}
	var keys []field
	for range g.random.IntN(3) {
		r := s.relations[g.random.IntN(len(s.relations))]
		c := r.columns[g.random.IntN(len(r.columns))]
		keys = append(keys, field{r.alias + "." + c.name, c.kind})
	}
	outputs := g.outputs(shape, func(k kind) string {
		for _, key := range keys {
			if key.kind == k && g.chance(60) {
				return key.name
			}
		}
		return g.aggregate(k, s)
	})
	query := "SELECT " + outputs + from + where
	if len(keys) > 0 {
		names := make([]string, len(keys))
		for i, k := range keys {
			names[i] = k.name
		}
		query += " GROUP BY " + strings.Join(names, ", ")
	}
	if g.chance(25) {
		query += " HAVING " + g.pick("count(*) > 1", "count(*) < 5", g.aggregate(integer, s)+" > 2", g.aggregate(boolean, s))
	}
	return query
}

func (g *Generator) aggregate(k kind, s *scope) string {
	call := func(k kind, functions ...string) string {
		filter := ""
		if g.chance(10) {
			filter = " FILTER (WHERE " + g.boolean(s, 0, 1) + ")"
		}
		return g.pick(functions...) + g.expression(k, s, 0, 1) + ")" + filter
	}
	switch k {
	case integer:
		if g.chance(30) {
			return "count(*)"
		}
		if g.chance(30) {
			return call(kind(g.random.IntN(int(kinds))), "count(", "count(DISTINCT ")
		}
		return call(integer, "sum(", "min(", "max(", "sum(DISTINCT ")
	case decimal:
		if g.setOp || g.chance(75) {
			return "CAST(" + call(decimal, "sum(", "min(", "max(") + " AS decimal(18,4))"
		}
		return call(decimal, "avg(") // a float in DuckDB, so never part of a set
	case boolean:
		return call(boolean, "bool_and(", "bool_or(")
	}
	return call(k, "min(", "max(")
}

// from makes a FROM clause of one to three relations and adds them to the scope.
func (g *Generator) from(s *scope, depth int) string {
	clause := " FROM " + g.relation(s, depth)
	for range g.random.IntN(3) {
		join := g.pick("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
		left := s.relations
		clause += " " + join + " " + g.relation(s, depth)
		right := s.relations[len(s.relations)-1]
		condition := g.equality(left, right)
		// PostgreSQL takes only hashable conditions in a full join.
		if join != "FULL JOIN" && g.chance(25) {
			condition += " AND " + g.boolean(&scope{relations: s.relations}, 0, 1)
		}
		clause += " ON " + condition
	}
	return clause
}

// equality compares a column of the left relations with one of the right that have
// the same kind; integers stand in where no other kind is shared.
func (g *Generator) equality(left []relation, right relation) string {
	for range 8 {
		l := left[g.random.IntN(len(left))]
		a := l.columns[g.random.IntN(len(l.columns))]
		b := right.columns[g.random.IntN(len(right.columns))]
		if a.kind == b.kind && a.kind != boolean {
			return l.alias + "." + a.name + " = " + right.alias + "." + b.name
		}
	}
	return "length(CAST(" + left[0].alias + "." + left[0].columns[0].name + " AS varchar)) = length(CAST(" +
		right.alias + "." + right.columns[0].name + " AS varchar))"
}

// relation makes a table or a subquery with an alias of its own.
func (g *Generator) relation(s *scope, depth int) string {
	alias := fmt.Sprintf("r%d", g.names)
	g.names++
	r := relation{alias: alias}
	source := ""
	if depth > 1 && g.chance(20) {
		shape := append(g.kindsOf(1+g.random.IntN(2)), integer)
		for i, k := range shape {
			r.columns = append(r.columns, field{fmt.Sprintf("c%d", i), k})
		}
		source = "(" + g.selectOf(shape, nil, depth-1) + ")"
	} else {
		for _, c := range columns {
			r.columns = append(r.columns, field{c.name, c.kind})
		}
		// The large table is rare, and never meets itself in a join.
		table := g.random.IntN(len(TableRows) - 1)
		if len(s.relations) == 0 && s.outer == nil && g.chance(20) {
			table = len(TableRows) - 1
		}
		source = fmt.Sprintf("t%d", table)
	}
	s.relations = append(s.relations, r)
	return source + " AS " + alias
}
