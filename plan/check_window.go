package plan

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// recursion checks a recursion's inputs: its working table is there for Step alone.
func (c *checker) recursion(n *Recursion) {
	c.tree(n.Seed)
	if _, ok := c.working[n.Table]; ok {
		c.fail(n, "recursion %d is given twice", n.Table)
	}
	if c.err != nil {
		return
	}
	if c.working == nil {
		c.working = map[int]*Recursion{}
	}
	c.working[n.Table] = n
	c.tree(n.Step)
	delete(c.working, n.Table)
	if c.err != nil {
		return
	}
	c.same(n, n.Seed.Fields(), n.Out)
	c.same(n, n.Step.Fields(), n.Out)
}

func (c *checker) workingTable(n *WorkingTable) {
	from, ok := c.working[n.Table]
	if !ok {
		c.fail(n, "recursion %d is not around it", n.Table)
		return
	}
	c.same(n, from.Out, n.Out)
}

func (c *checker) window(n *Window) {
	in := n.Input.Fields()
	c.columns(n, "partition key", n.Partition, in)
	for _, k := range n.Order {
		c.columns(n, "sort key", []int{k.Column}, in)
	}
	if len(n.Out) != len(in)+len(n.Functions) {
		c.fail(n, "%d columns, declared %d", len(in)+len(n.Functions), len(n.Out))
	}
	if c.err != nil {
		return
	}
	c.same(n, in, n.Out[:len(in)])
	for i, f := range n.Functions {
		c.windowFunction(n, f, in)
		if c.err == nil && !f.Call.Result.Equal(n.Out[len(in)+i].Type) {
			c.fail(n, "%s is %s, declared %s", f.Op, f.Call.Result, n.Out[len(in)+i].Type)
		}
	}
}

// windowTypes are the argument types of the functions that are no aggregates, as far as they are fixed, and the result's; the null type stands for that of
// the first argument.
var windowTypes = map[kernels.WindowOp]struct {
	least  int
	params []column.Kind
	result column.Kind
}{
	kernels.WindowRowNumber:   {0, nil, column.Int64},
	kernels.WindowRank:        {0, nil, column.Int64},
	kernels.WindowDenseRank:   {0, nil, column.Int64},
	kernels.WindowPercentRank: {0, nil, column.Float64},
	kernels.WindowCumeDist:    {0, nil, column.Float64},
	kernels.WindowNtile:       {1, []column.Kind{column.Int32}, column.Int32},
	kernels.WindowLag:         {1, []column.Kind{column.Null, column.Int64, column.Null}, column.Null},
	kernels.WindowLead:        {1, []column.Kind{column.Null, column.Int64, column.Null}, column.Null},
	kernels.WindowFirstValue:  {1, []column.Kind{column.Null}, column.Null},
	kernels.WindowLastValue:   {1, []column.Kind{column.Null}, column.Null},
	kernels.WindowNthValue:    {2, []column.Kind{column.Null, column.Int64}, column.Null},
}

func (c *checker) windowFunction(n *Window, f kernels.WindowFunction, in []column.Field) {
	c.columns(n, "argument", f.Call.Args, in)
	if c.err != nil {
		return
	}
	if len(f.Call.ArgTypes) != len(f.Call.Args) {
		c.fail(n, "%s with %d arguments of %d types", f.Op, len(f.Call.Args), len(f.Call.ArgTypes))
		return
	}
	c.arguments(n, f.Call, in)
	if f.Peers < 0 || f.Peers > len(n.Order) {
		c.fail(n, "%s orders by %d of %d keys", f.Op, f.Peers, len(n.Order))
		return
	}
	c.frame(n, f, in)
	if f.Op == kernels.WindowAggregate {
		return
	}
	want, ok := windowTypes[f.Op]
	if !ok || len(f.Call.Args) < want.least || len(f.Call.Args) > len(want.params) {
		c.fail(n, "window function %d with %d arguments", f.Op, len(f.Call.Args))
		return
	}
	fits := func(k column.Kind, t column.Type) bool {
		if k == column.Null {
			return t.Equal(f.Call.ArgTypes[0])
		}
		return t.Kind == k
	}
	for i, t := range f.Call.ArgTypes {
		if !fits(want.params[i], t) {
			c.fail(n, "argument %d of %s is %s", i, f.Op, t)
		}
	}
	if !fits(want.result, f.Call.Result) {
		c.fail(n, "%s gives %s", f.Op, f.Call.Result)
	}
}

func (c *checker) frame(n *Window, f kernels.WindowFunction, in []column.Field) {
	fr := f.Frame
	if fr.Mode > kernels.FrameGroups || fr.Start.Kind > kernels.UnboundedFollowing || fr.End.Kind > kernels.UnboundedFollowing || fr.Exclude > kernels.ExcludeTies {
		c.fail(n, "%s over an unknown frame", f.Op)
		return
	}
	for _, b := range []kernels.Bound{fr.Start, fr.End} {
		if b.Offset < 0 {
			c.fail(n, "%s over a frame with the offset %d", f.Op, b.Offset)
		}
		if fr.Mode != kernels.FrameRange || b.Kind != kernels.Preceding && b.Kind != kernels.Following {
			continue
		}
		c.columns(n, "frame bound", []int{b.Column}, in)
		if c.err != nil {
			return
		}
		if f.Peers == 0 || !in[b.Column].Type.Equal(in[n.Order[0].Column].Type) {
			c.fail(n, "%s over a frame to column %d, which is no sort key's type", f.Op, b.Column)
		}
	}
}
