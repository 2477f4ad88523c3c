package random

import (
	"fmt"
	"math/rand/v2"
)

// Generator makes tables and queries from a seed. It is not safe for concurrent use.
type Generator struct {
	random *rand.Rand
	tables []*Table
	names  int // aliases given so far in the current query
	groups int
	ctes   []*relation
	large  bool // the current query reads the large table, so that its subqueries have none of their own
}

// New returns a generator; equal seeds make equal texts.
func New(seed uint64) *Generator {
	return &Generator{random: rand.New(rand.NewPCG(seed, 0x5eed))}
}

func (g *Generator) pick(choices ...string) string { return choices[g.random.IntN(len(choices))] }

func (g *Generator) pick2(a, b int) int {
	if g.chance(50) {
		return a
	}
	return b
}

func (g *Generator) kind(choices ...Kind) Kind { return choices[g.random.IntN(len(choices))] }

func (g *Generator) chance(percent int) bool { return g.random.IntN(100) < percent }

// rareKinds are those that queries have less of.
var rareKinds = []Kind{Interval, Time, Unsigned, Unsigned, List, Texts, Real, Real, Zoned, Zoned, Zoned, UUID, Bytes, Huge}

func (g *Generator) anyKind() Kind {
	if g.chance(25) {
		return g.kind(rareKinds...)
	}
	return g.kind(Integer, Integer, Decimal, Double, Text, Text, Date, Timestamp, Boolean)
}

// begin forgets the query before.
func (g *Generator) begin() { g.names, g.groups, g.ctes, g.large = 0, 0, nil, false }

// under is the budget of a subquery: none is nested in one that the rows of the large table are to be asked of.
func (g *Generator) under(b budget) budget {
	if g.large {
		b.depth = 0
	}
	return b
}

func (g *Generator) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

// relation is something in FROM: its columns as expressions, and how many rows it has at most, roughly.
type relation struct {
	name    string
	columns []*Node
	names   []string // of the columns
	rows    int
}

// scope is what expressions can refer to: the columns of this query, or its group keys and aggregates, and one level out those of the query
// around it.
type scope struct {
	leaves  []*Node
	columns []*Node // the leaves that subqueries may refer to
	outer   *scope
	rows    int
	grouped func(k Kind) *Node // makes an aggregate, in a grouped query
	sets    bool               // the query has grouping sets: its keys do not tell its rows apart
}

// budget bounds how large a part may grow: depth for subqueries, size for operators.
type budget struct{ depth, size int }

func (b budget) smaller() budget { return budget{b.depth, b.size - 1} }

func (b budget) inner() budget { return budget{b.depth - 1, b.size} }
