package parquet

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/polybolos-db/polybolos/column"
)

// nestedNode is a part of a column that has children: what a table sees of it, and at which levels of the file's it is there.
//
// A value of a leaf comes with a repetition level, which says at which list a new element begins (0: a new row), and a definition level, which says how far
// down its path something is there.
type nestedNode struct {
	typ      column.Type
	def      int // least definition level at which the value is not NULL
	rep      int // List, Map: repetition level of its elements
	element  int // List, Map: least definition level at which it has an element
	children []*nestedNode
	leaf     *leaf // of a primitive
	maxDef   int   // leaf: definition level of a value
	maxRep   int   // leaf: greatest repetition level
}

// maxNesting bounds how deep columns are nested, so that levels fit a byte and recursion the stack.
const maxNesting = 64

var errNesting = errors.New("it is nested too deeply")

// leafWalk goes through a schema's leaves.
type leafWalk struct {
	next      int             // number of the next leaf, and of its chunk in a row group
	intervals map[string]bool // paths of the leaves that are intervals of our own
}

// treeOf describes the node and what is below it. def and rep are the levels above it.
func treeOf(n schema.Node, def, rep, depth int, leaves *leafWalk) (*nestedNode, error) {
	if depth > maxNesting {
		return nil, errNesting
	}
	switch n.RepetitionType() {
	case parquet.Repetitions.Optional:
		def++
	case parquet.Repetitions.Repeated:
		// A field that is repeated of itself, without a group around it that says so, is a list that is never NULL.
		element, err := contentOf(n, def+1, rep+1, depth+1, leaves)
		if err != nil {
			return nil, err
		}
		return &nestedNode{typ: column.ListType(element.typ), def: def, rep: rep + 1, element: def + 1, children: []*nestedNode{element}}, nil
	}
	return contentOf(n, def, rep, depth, leaves)
}

// contentOf is treeOf without regard to whether the node is optional or repeated: def and rep count it already.
func contentOf(n schema.Node, def, rep, depth int, leaves *leafWalk) (*nestedNode, error) {
	g, group := n.(*schema.GroupNode)
	if !group {
		return primitiveOf(n.(*schema.PrimitiveNode), def, rep, leaves)
	}
	if g.NumFields() == 0 {
		return nil, fmt.Errorf("group %q has no field", n.Name())
	}
	if inner := g.Field(0); g.NumFields() == 1 && inner.RepetitionType() == parquet.Repetitions.Repeated {
		_, list := g.LogicalType().(schema.ListLogicalType)
		_, dict := g.LogicalType().(schema.MapLogicalType)
		pair, isGroup := inner.(*schema.GroupNode)
		switch {
		case list && isGroup && pair.NumFields() == 1 && !twoLevels(g, pair):
			return listOf(pair.Field(0), def, rep, depth, leaves)
		case list:
			// The older form: the repeated field is the element itself.
			element, err := contentOf(inner, def+1, rep+1, depth+1, leaves)
			if err != nil {
				return nil, err
			}
			return &nestedNode{typ: column.ListType(element.typ), def: def, rep: rep + 1, element: def + 1, children: []*nestedNode{element}}, nil
		case dict && isGroup && pair.NumFields() == 2:
			return mapOf(pair, def, rep, depth, leaves)
		}
	}
	out := &nestedNode{def: def}
	fields := make([]column.Field, g.NumFields())
	for i := range fields {
		f := g.Field(i)
		child, err := treeOf(f, def, rep, depth+1, leaves)
		if err != nil {
			return nil, err
		}
		out.children = append(out.children, child)
		fields[i] = column.Field{Name: f.Name(), Type: child.typ, NotNull: f.RepetitionType() == parquet.Repetitions.Required}
	}
	out.typ = column.Type{Kind: column.Struct, Nested: &column.Nested{Fields: fields}}
	return out, nil
}

// twoLevels reports whether the one field of a list's repeated group is a field of the element, not the element: older writers mark that by names.
func twoLevels(list, repeated *schema.GroupNode) bool {
	return repeated.Name() == "array" || repeated.Name() == list.Name()+"_tuple"
}

func listOf(element schema.Node, def, rep, depth int, leaves *leafWalk) (*nestedNode, error) {
	child, err := treeOf(element, def+1, rep+1, depth+1, leaves)
	if err != nil {
		return nil, err
	}
	return &nestedNode{typ: column.ListType(child.typ), def: def, rep: rep + 1, element: def + 1, children: []*nestedNode{child}}, nil
}

func mapOf(pair *schema.GroupNode, def, rep, depth int, leaves *leafWalk) (*nestedNode, error) {
	out := &nestedNode{def: def, rep: rep + 1, element: def + 1}
	fields := make([]column.Field, 2)
	for i := range fields {
		f := pair.Field(i)
		child, err := treeOf(f, def+1, rep+1, depth+1, leaves)
		if err != nil {
			return nil, err
		}
		out.children = append(out.children, child)
		fields[i] = column.Field{Name: f.Name(), Type: child.typ, NotNull: f.RepetitionType() == parquet.Repetitions.Required}
	}
	out.typ = column.Type{Kind: column.Map, Nested: &column.Nested{Fields: fields}}
	return out, nil
}

func primitiveOf(p *schema.PrimitiveNode, def, rep int, leaves *leafWalk) (*nestedNode, error) {
	l := &leaf{name: p.Name(), index: leaves.next, physical: p.PhysicalType(), length: p.TypeLength()}
	leaves.next++
	var err error
	if l.typ, l.means, err = typeOf(p); err != nil {
		return nil, err
	}
	if l.physical == parquet.Types.FixedLenByteArray && l.length <= 0 {
		return nil, fmt.Errorf("%q has values of %d bytes", l.name, l.length)
	}
	if leaves.intervals[p.Path()] && l.physical == parquet.Types.FixedLenByteArray && l.length == 16 {
		l.typ, l.means = column.T(column.Interval), ownInterval
	}
	return &nestedNode{typ: l.typ, def: def, leaf: l, maxDef: def, maxRep: rep}, nil
}

// eachLeaf calls f for the primitives below n in order.
func (n *nestedNode) eachLeaf(f func(n *nestedNode)) {
	if n.leaf != nil {
		f(n)
	}
	for _, c := range n.children {
		c.eachLeaf(f)
	}
}
