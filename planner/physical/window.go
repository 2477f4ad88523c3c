package physical

import (
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// window computes keys, arguments and bounds as columns, then the functions over them.
func (p *planner) window(n *logical.Window, need logical.ColSet) (result, error) {
	below := need.Union(logical.Used(logical.Exprs(n)...))
	for _, c := range n.Cols {
		delete(below, c.ID)
	}
	in, err := p.build(n.Input, below)
	if err != nil {
		return result{}, err
	}
	in, at, err := p.columnsOf(in, logical.Exprs(n))
	if err != nil {
		return result{}, err
	}
	// The expressions come in the order of logical.Exprs: partition, order, then each call's arguments, filter and bounds.
	next := func() int {
		i := at[0]
		at = at[1:]
		return i
	}
	out := &plan.Window{Info: p.info(n), Input: in.node}
	fields := in.node.Fields()
	seen := map[int]bool{}
	for range n.Partition {
		if i := next(); !seen[i] {
			seen[i] = true
			out.Partition = append(out.Partition, i)
		}
	}
	for _, k := range n.Order {
		out.Order = append(out.Order, kernels.SortKey{Column: next(), Descending: k.Descending, NullsFirst: k.NullsFirst})
	}
	out.Out = append(out.Out, fields...)
	pos := layout{}
	for id, i := range in.pos {
		pos[id] = i
	}
	same := map[string]int{}
	for i, c := range n.Calls {
		f := kernels.WindowFunction{
			Op: c.Op, Call: kernels.Aggregate{Result: c.Typ, Distinct: c.Distinct, Filter: -1}, IgnoreNulls: c.IgnoreNulls, Frame: c.Frame, Peers: c.Peers,
		}
		if c.Aggregate != nil {
			f.Call.Op = c.Aggregate.Op
		}
		for range c.Args {
			f.Call.Args = append(f.Call.Args, next())
			f.Call.ArgTypes = append(f.Call.ArgTypes, fields[f.Call.Args[len(f.Call.Args)-1]].Type)
		}
		optional(c.Filter, &f.Call.Filter, next)
		optional(c.Start, &f.Frame.Start.Column, next)
		optional(c.End, &f.Frame.End.Column, next)
		key := fmt.Sprint(f)
		if old, ok := same[key]; ok {
			pos[n.Cols[i].ID] = old
			continue
		}
		same[key] = len(out.Out)
		pos[n.Cols[i].ID] = len(out.Out)
		out.Functions = append(out.Functions, f)
		out.Out = append(out.Out, column.Field{Name: n.Cols[i].Name, Type: c.Typ, NotNull: !n.Cols[i].Nullable})
	}
	return result{out, pos}, nil
}

// optional sets at to the next position when the expression is there.
func optional(e expr.Expr, at *int, next func() int) {
	if e != nil {
		*at = next()
	}
}

// distributeWindow brings partitions together.
func (p *planner) distributeWindow(n *plan.Window) (plan.Node, spread) {
	in, s := p.distribute(n.Input)
	n.Input = in
	switch {
	case !s.many:
		return n, one
	case len(n.Partition) == 0:
		n.Input = p.gather(in, s)
		return n, one
	case s.keys != nil && subset(s.keys, n.Partition):
		return n, s
	}
	if p.together(in, n.Partition, in.Meta().Rows) {
		return n, spread{many: true}
	}
	n.Input, s = p.byKeys(in, s, n.Partition)
	return n, s
}
