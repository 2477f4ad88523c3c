package random

import "strings"

// Kind is the type of an expression as far as the generator distinguishes types, or clause for any other part of a query.
type Kind int

// Kinds of expressions.
const (
	Clause Kind = iota
	Query
	Integer
	Decimal
	Double
	Text
	Date
	Timestamp
	Boolean
	Interval
	Time
	Unsigned // an integer without sign, a wider one in PostgreSQL
	List     // of integers
	Texts    // a list of texts
	Real
	Zoned // a timestamp with time zone
	UUID
	Bytes
	Huge   // a decimal of 38 digits, hugeScale of them after the point: it is compared but not computed with
	Output // a number that is only shown: engines give it different types or last digits
)

// Dialect is how a query is spelled.
type Dialect int

// The dialects. This engine's is PostgreSQL's with additions.
const (
	Here Dialect = iota
	DuckDB
	Postgres
)

// Node is a part of a query: a template whose $ signs stand for the kids in order, or, with a separator, a list of the kids.
type Node struct {
	Kind Kind
	Kids []*Node

	template string
	other    [3]spelling // by Dialect: how it is spelled there, when not as template says
	list     bool
	sep      string
	least    int // a list keeps so many kids when it is reduced
	group    int // lists of the same group, not 0, lose the same kid together: the outputs of the sides of a set operation
	optional bool

	// What bounds the values, so that nothing overflows.
	width     int     // bytes of an integer
	bound     float64 // largest absolute value of an integer or double
	precision int     // of a decimal
	scale     int
	column    bool // refers to a column
}

// spelling is a template and which kids its $ signs stand for, when not all in order.
type spelling struct {
	template string
	order    []int
}

// node makes an expression or clause from a template.
func node(k Kind, template string, kids ...*Node) *Node {
	n := &Node{Kind: k, template: template, Kids: kids}
	for _, kid := range kids {
		n.column = n.column || kid.column
	}
	return n
}

// in gives a node another template for DuckDB, with the kids in another order where one is given.
func (n *Node) in(duck string, order ...int) *Node {
	n.other[DuckDB] = spelling{duck, order}
	return n
}

// pg gives a node another template for PostgreSQL, with the kids in another order where one is given.
func (n *Node) pg(template string, order ...int) *Node {
	n.other[Postgres] = spelling{template, order}
	return n
}

// orNothing marks a part that can be left out.
func (n *Node) orNothing() *Node {
	n.optional = true
	return n
}

// listOf joins kids; at least so many of them are needed.
func listOf(sep string, least int, kids ...*Node) *Node {
	return &Node{Kind: Clause, list: true, sep: sep, least: least, Kids: kids}
}

// SQL is the node's text.
func (n *Node) SQL(d Dialect) string {
	var b strings.Builder
	n.write(&b, d)
	return b.String()
}

func (n *Node) write(b *strings.Builder, d Dialect) {
	if n.list {
		for i, k := range n.Kids {
			if i > 0 {
				b.WriteString(n.sep)
			}
			k.write(b, d)
		}
		return
	}
	t := n.template
	var order []int
	if o := n.other[d]; o.template != "" {
		t, order = o.template, o.order
	}
	next := 0
	for {
		before, after, more := strings.Cut(t, "$")
		b.WriteString(before)
		if !more {
			return
		}
		kid := next
		if order != nil {
			kid = order[next]
		}
		n.Kids[kid].write(b, d)
		next++
		t = after
	}
}

// nodes are all nodes of a tree, parents first, each once.
func (n *Node) nodes() []*Node {
	var out []*Node
	seen := map[*Node]bool{}
	var visit func(*Node)
	visit = func(n *Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		out = append(out, n)
		for _, k := range n.Kids {
			visit(k)
		}
	}
	visit(n)
	return out
}
