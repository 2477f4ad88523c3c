package plan

import (
	"github.com/polybolos-db/polybolos/column"
)

// Fields are the columns read, narrowed by Output.
func (n *Scan) Fields() []column.Field {
	out := make([]column.Field, 0, len(n.Columns))
	if n.Output == nil {
		for _, c := range n.Columns {
			out = append(out, n.Schema[c])
		}
		return out
	}
	for _, o := range n.Output {
		out = append(out, n.Schema[n.Columns[o]])
	}
	return out
}

func (n *Values) Fields() []column.Field         { return n.Out }
func (n *Series) Fields() []column.Field         { return []column.Field{n.Out} }
func (n *Filter) Fields() []column.Field         { return n.Input.Fields() }
func (n *Project) Fields() []column.Field        { return n.Out }
func (n *Aggregate) Fields() []column.Field      { return n.Out }
func (n *HashJoin) Fields() []column.Field       { return n.Out }
func (n *NestedLoopJoin) Fields() []column.Field { return n.Out }
func (n *Sort) Fields() []column.Field           { return n.Input.Fields() }
func (n *Limit) Fields() []column.Field          { return n.Input.Fields() }
func (n *Union) Fields() []column.Field          { return n.Out }
func (n *SetOp) Fields() []column.Field          { return n.Out }
func (n *DistinctOn) Fields() []column.Field     { return n.Input.Fields() }
func (n *SharedRead) Fields() []column.Field     { return n.Out }
func (n *Unnest) Fields() []column.Field         { return n.Out }
func (n *Window) Fields() []column.Field         { return n.Out }
func (n *Recursion) Fields() []column.Field      { return n.Out }
func (n *WorkingTable) Fields() []column.Field   { return n.Out }
func (n *Exchange) Fields() []column.Field       { return n.Input.Fields() }
func (n *ExchangeRead) Fields() []column.Field   { return n.Out }

// Fields are one count.
func (n *Write) Fields() []column.Field {
	return []column.Field{{Name: "count", Type: column.T(column.Int64), NotNull: true}}
}

func (n *Scan) Inputs() []Node           { return nil }
func (n *Values) Inputs() []Node         { return nil }
func (n *Series) Inputs() []Node         { return nil }
func (n *SharedRead) Inputs() []Node     { return nil }
func (n *WorkingTable) Inputs() []Node   { return nil }
func (n *Unnest) Inputs() []Node         { return []Node{n.Input} }
func (n *Window) Inputs() []Node         { return []Node{n.Input} }
func (n *Recursion) Inputs() []Node      { return []Node{n.Seed, n.Step} }
func (n *ExchangeRead) Inputs() []Node   { return nil }
func (n *Filter) Inputs() []Node         { return []Node{n.Input} }
func (n *Project) Inputs() []Node        { return []Node{n.Input} }
func (n *Aggregate) Inputs() []Node      { return []Node{n.Input} }
func (n *Sort) Inputs() []Node           { return []Node{n.Input} }
func (n *Limit) Inputs() []Node          { return []Node{n.Input} }
func (n *DistinctOn) Inputs() []Node     { return []Node{n.Input} }
func (n *Exchange) Inputs() []Node       { return []Node{n.Input} }
func (n *Write) Inputs() []Node          { return []Node{n.Input} }
func (n *HashJoin) Inputs() []Node       { return []Node{n.Probe, n.Build} }
func (n *NestedLoopJoin) Inputs() []Node { return []Node{n.Probe, n.Build} }
func (n *SetOp) Inputs() []Node          { return []Node{n.Left, n.Right} }
func (n *Union) Inputs() []Node          { return n.In }

// Walk calls f on n and all nodes below it, parents first.
func Walk(n Node, f func(Node)) {
	f(n)
	for _, c := range n.Inputs() {
		Walk(c, f)
	}
}

// Every kind of node, so that the compiler checks the list.
var _ = []Node{
	(*Scan)(nil), (*Values)(nil), (*Series)(nil), (*Filter)(nil), (*Project)(nil), (*Aggregate)(nil), (*HashJoin)(nil), (*NestedLoopJoin)(nil),
	(*Sort)(nil), (*Limit)(nil), (*Union)(nil), (*SetOp)(nil), (*DistinctOn)(nil), (*SharedRead)(nil), (*Exchange)(nil), (*ExchangeRead)(nil), (*Write)(nil),
	(*AsOfJoin)(nil), (*Unnest)(nil), (*Window)(nil), (*Recursion)(nil), (*WorkingTable)(nil),
}

// MapInputs is a copy of n with f applied to each input.
func MapInputs(n Node, f func(Node) (Node, error)) (Node, error) {
	var err error
	one := func(in Node) Node {
		if err == nil {
			in, err = f(in)
		}
		return in
	}
	switch n := n.(type) {
	case *Filter:
		c := *n
		c.Input = one(n.Input)
		return &c, err
	case *Project:
		c := *n
		c.Input = one(n.Input)
		return &c, err
	case *Aggregate:
		c := *n
		c.Input = one(n.Input)
		return &c, err
	case *Unnest:
		c := *n
		c.Input = one(n.Input)
		return &c, err
	case *Window:
		c := *n
		c.Input = one(n.Input)
		return &c, err
	case *Sort:
		c := *n
		c.Input = one(n.Input)
		return &c, err
	case *Limit:
		c := *n
		c.Input = one(n.Input)
		return &c, err
	case *DistinctOn:
		c := *n
		c.Input = one(n.Input)
		return &c, err
	case *Exchange:
		c := *n
		c.Input = one(n.Input)
		return &c, err
	case *Write:
		c := *n
		c.Input = one(n.Input)
		return &c, err
	case *HashJoin:
		c := *n
		c.Probe, c.Build = one(n.Probe), one(n.Build)
		return &c, err
	case *NestedLoopJoin:
		c := *n
		c.Probe, c.Build = one(n.Probe), one(n.Build)
		return &c, err
	case *AsOfJoin:
		c := *n
		c.Probe, c.Build = one(n.Probe), one(n.Build)
		return &c, err
	case *SetOp:
		c := *n
		c.Left, c.Right = one(n.Left), one(n.Right)
		return &c, err
	case *Recursion:
		c := *n
		c.Seed, c.Step = one(n.Seed), one(n.Step)
		return &c, err
	case *Union:
		c := *n
		c.In = make([]Node, len(n.In))
		for i, in := range n.In {
			c.In[i] = one(in)
		}
		return &c, err
	}
	return n, nil
}

// ReadsWork reports whether n or a node below it reads a working table.
func ReadsWork(n Node) bool {
	found := false
	Walk(n, func(n Node) {
		_, ok := n.(*WorkingTable)
		found = found || ok
	})
	return found
}
