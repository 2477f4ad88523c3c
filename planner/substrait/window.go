package substrait

import (
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql"
)

// windows collects the window functions of a projection: each becomes a node below it.
type windows struct{ nodes []*logical.Window }

// over puts the nodes on top of the projection's input.
func (w *windows) over(in logical.Node) logical.Node {
	for _, n := range w.nodes {
		n.Input = in
		in = n
	}
	return in
}

// windowExpression is a window function in a projection: a column of a node below it.
func (c *converter) windowExpression(f *pb.Expression_WindowFunction, s *scope) (expr.Expr, error) {
	name, err := c.name(f.GetFunctionReference())
	if err != nil {
		return nil, err
	}
	defer c.enter(name)()
	if s.windows == nil {
		return nil, c.unsupported("a window function outside of a projection")
	}
	inner := *s
	inner.windows = nil
	partition, err := c.expressions(f.GetPartitions(), &inner)
	if err != nil {
		return nil, err
	}
	order, err := c.sortKeys(f.GetSorts(), &inner)
	if err != nil {
		return nil, err
	}
	args, err := c.arguments(f.GetArguments(), f.GetArgs(), &inner) //nolint:staticcheck // old producers still write Args
	if err != nil {
		return nil, err
	}
	node, err := c.window(windowCall{
		name: name, anchor: f.GetFunctionReference(), args: args, phase: f.GetPhase(), options: f.GetOptions(), invocation: f.GetInvocation(),
		mode: f.GetBoundsType(), lower: f.GetLowerBound(), upper: f.GetUpperBound(),
	}, partition, order)
	if err != nil {
		return nil, err
	}
	s.windows.nodes = append(s.windows.nodes, node)
	return c.declared(node.Cols[0].Expr(), f.GetOutputType())
}

// windowRel is the input's columns, then one for each function, all over one partitioning and order.
func (c *converter) windowRel(r *pb.ConsistentPartitionWindowRel, outer *scope) (logical.Node, error) {
	in, err := c.rel(r.GetInput(), outer)
	if err != nil {
		return nil, err
	}
	s := &scope{cols: in.Columns(), outer: outer}
	partition, err := c.expressions(r.GetPartitionExpressions(), s)
	if err != nil {
		return nil, err
	}
	order, err := c.sortKeys(r.GetSorts(), s)
	if err != nil {
		return nil, err
	}
	types := make([]column.Type, 0, len(s.cols)+len(r.GetWindowFunctions()))
	for _, col := range s.cols {
		types = append(types, col.Type)
	}
	w := &windows{}
	for _, f := range r.GetWindowFunctions() {
		name, err := c.name(f.GetFunctionReference())
		if err != nil {
			return nil, err
		}
		args, err := c.arguments(f.GetArguments(), nil, s)
		if err != nil {
			return nil, err
		}
		node, err := c.window(windowCall{
			name: name, anchor: f.GetFunctionReference(), args: args, phase: f.GetPhase(), options: f.GetOptions(), invocation: f.GetInvocation(),
			mode: f.GetBoundsType(), lower: f.GetLowerBound(), upper: f.GetUpperBound(),
		}, partition, order)
		if err != nil {
			return nil, err
		}
		w.nodes = append(w.nodes, node)
		t, ok, err := c.typeOf(f.GetOutputType())
		if err != nil {
			return nil, err
		}
		if !ok || t.Kind == column.Null || t.Kind.IsNested() {
			t = node.Cols[0].Type
		}
		types = append(types, t)
	}
	return c.convertTo(w.over(in), types)
}

// windowCall is what both forms of a window function say.
type windowCall struct {
	name         string
	anchor       uint32
	args         []expr.Expr
	phase        pb.AggregationPhase
	options      []*pb.FunctionOption
	invocation   pb.AggregateFunction_AggregationInvocation
	mode         pb.Expression_WindowFunction_BoundsType
	lower, upper *pb.Expression_WindowFunction_Bound
}

func (c *converter) window(f windowCall, partition []expr.Expr, order []expr.SortKey) (*logical.Window, error) {
	var call *logical.WindowCall
	switch {
	case sql.IsWindowFunction(f.name):
		var err error
		if call, err = sql.NewWindowCall(f.name, f.args); err != nil {
			return nil, c.located(err)
		}
	default:
		name, err := c.aggregateName(f.anchor, f.phase, f.options)
		if err != nil {
			return nil, err
		}
		agg, err := expr.NewAggregate(name, f.args, f.invocation == pb.AggregateFunction_AGGREGATION_INVOCATION_DISTINCT)
		if err != nil {
			return nil, c.located(err)
		}
		call = &logical.WindowCall{Op: kernels.WindowAggregate, Aggregate: agg.Fn, Args: agg.Args, Distinct: agg.Distinct, Typ: agg.Typ}
	}
	var err error
	if call.Frame, err = c.frame(f); err != nil {
		return nil, err
	}
	call.Peers = len(order)
	return &logical.Window{
		Partition: partition, Order: order, Calls: []*logical.WindowCall{call},
		Cols: []logical.Col{{ID: c.ids.Next(), Name: strings.ToLower(f.name), Type: call.Typ, Nullable: true}},
	}, nil
}

// frame is the rows around the current one. Bounds in values of the sort key go to the current row's peers and to the ends of the partition.
func (c *converter) frame(f windowCall) (kernels.Frame, error) {
	out := kernels.Frame{Mode: kernels.FrameRange}
	if f.mode == pb.Expression_WindowFunction_BOUNDS_TYPE_ROWS {
		out.Mode = kernels.FrameRows
	}
	var err error
	if out.Start, err = c.bound(f.lower, kernels.UnboundedPreceding, out.Mode); err != nil {
		return out, err
	}
	if out.End, err = c.bound(f.upper, kernels.UnboundedFollowing, out.Mode); err != nil {
		return out, err
	}
	if f.lower == nil && f.upper == nil && f.mode == pb.Expression_WindowFunction_BOUNDS_TYPE_UNSPECIFIED {
		out.End = kernels.Bound{Kind: kernels.CurrentRow}
	}
	if out.Start.Kind > out.End.Kind || out.Start.Kind == kernels.UnboundedFollowing || out.End.Kind == kernels.UnboundedPreceding {
		return out, c.fail(fault.WindowingError, "a window's frame ends before it begins")
	}
	return out, nil
}

func (c *converter) bound(b *pb.Expression_WindowFunction_Bound, unbounded kernels.BoundKind, mode kernels.FrameMode) (kernels.Bound, error) {
	offset := func(kind kernels.BoundKind, n int64) (kernels.Bound, error) {
		switch {
		case mode == kernels.FrameRange:
			return kernels.Bound{}, c.unsupported("a RANGE frame with offsets")
		case n < 0:
			return kernels.Bound{}, c.fail(fault.WindowingError, "a window's frame has the offset %d", n)
		}
		return kernels.Bound{Kind: kind, Offset: n}, nil
	}
	switch k := b.GetKind().(type) {
	case *pb.Expression_WindowFunction_Bound_CurrentRow_:
		return kernels.Bound{Kind: kernels.CurrentRow}, nil
	case *pb.Expression_WindowFunction_Bound_Preceding_:
		return offset(kernels.Preceding, k.Preceding.GetOffset())
	case *pb.Expression_WindowFunction_Bound_Following_:
		return offset(kernels.Following, k.Following.GetOffset())
	}
	return kernels.Bound{Kind: unbounded}, nil
}
