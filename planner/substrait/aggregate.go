package substrait

import (
	"fmt"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// aggregates are the functions whose names differ from SQL's.
var aggregates = map[string]string{
	"std_dev": "stddev_samp", "variance": "var_samp", "approx_count_distinct": "approx_count_distinct", "string_agg": "string_agg",
	"first_value": "first", "last_value": "last", "stddev": "stddev_samp", "var": "var_samp", "var_sample": "var_samp",
}

// aggregate converts a grouping: its columns are the grouping expressions, the measures, and with several grouping sets the number of the set.
func (c *converter) aggregate(r *pb.AggregateRel, outer *scope) (logical.Node, error) {
	in, err := c.rel(r.GetInput(), outer)
	if err != nil {
		return nil, err
	}
	groups, sets, err := c.groupings(r, &scope{cols: in.Columns(), outer: outer})
	if err != nil {
		return nil, err
	}
	if len(sets) <= 1 {
		return c.group(r, in, groups, outer)
	}
	// The number of the set is a constant of each arm.
	union := &logical.SetOp{Kind: logical.Union, All: true}
	for i, set := range sets {
		arm := in
		keys := groups
		if i > 0 {
			var moved logical.Substitution
			arm, moved = logical.Copy(in, c.ids)
			keys = moved.ApplyAll(groups)
		}
		node, err := c.groupingSet(r, arm, keys, set, i, outer)
		if err != nil {
			return nil, err
		}
		union.In = append(union.In, node)
	}
	for i, col := range union.In[0].Columns() {
		nullable := col.Nullable
		for _, in := range union.In[1:] {
			nullable = nullable || in.Columns()[i].Nullable
		}
		union.Cols = append(union.Cols, logical.Col{ID: c.ids.Next(), Name: col.Name, Type: col.Type, Nullable: nullable})
	}
	return union, nil
}

// groupings are the grouping expressions and, of each set, which of them it has.
func (c *converter) groupings(r *pb.AggregateRel, s *scope) (groups []expr.Expr, sets [][]int, err error) {
	if groups, err = c.expressions(r.GetGroupingExpressions(), s); err != nil {
		return nil, nil, err
	}
	for _, g := range r.GetGroupings() {
		set := []int{}
		for _, ref := range g.GetExpressionReferences() {
			if int(ref) >= len(groups) {
				return nil, nil, c.fail(fault.InvalidColumnReference, "there is no grouping expression %d", ref)
			}
			set = append(set, int(ref))
		}
		// Older plans hold the expressions in each set.
		for _, e := range g.GetGroupingExpressions() { //nolint:staticcheck // old producers still write them
			k, err := c.expression(e, s)
			if err != nil {
				return nil, nil, err
			}
			at := -1
			for i, have := range groups {
				if logical.Key(have) == logical.Key(k) {
					at = i
				}
			}
			if at < 0 {
				at = len(groups)
				groups = append(groups, k)
			}
			set = append(set, at)
		}
		sets = append(sets, set)
	}
	return groups, sets, nil
}

// groupingSet is the rows of one grouping set: NULL for the expressions that it does not have, and its number at the end.
func (c *converter) groupingSet(r *pb.AggregateRel, in logical.Node, groups []expr.Expr, set []int, number int, outer *scope) (logical.Node, error) {
	var own []expr.Expr
	position := make(map[int]int, len(set))
	for _, i := range set {
		if _, ok := position[i]; !ok {
			position[i] = len(own)
			own = append(own, groups[i])
		}
	}
	node, err := c.group(r, in, own, outer)
	if err != nil {
		return nil, err
	}
	have := node.Columns()
	p := &logical.Project{Input: node}
	add := func(e expr.Expr, col logical.Col) {
		p.Exprs = append(p.Exprs, e)
		p.Cols = append(p.Cols, col)
	}
	for i, g := range groups {
		if at, ok := position[i]; ok {
			add(have[at].Expr(), have[at])
			continue
		}
		add(&expr.Literal{Value: column.NullValue(g.Type())}, logical.Col{ID: c.ids.Next(), Name: g.String(), Type: g.Type(), Nullable: true})
	}
	for _, col := range have[len(own):] {
		add(col.Expr(), col)
	}
	t := column.T(column.Int32)
	add(&expr.Literal{Value: column.IntValue(t, int64(number))}, logical.Col{ID: c.ids.Next(), Name: "grouping_set", Type: t})
	return p, nil
}

// group is one grouping.
func (c *converter) group(r *pb.AggregateRel, in logical.Node, groups []expr.Expr, outer *scope) (logical.Node, error) {
	out := &logical.Aggregate{Input: in, Groups: groups}
	s := &scope{cols: in.Columns(), outer: outer}
	for _, g := range groups {
		out.GroupCols = append(out.GroupCols, logical.Col{ID: c.ids.Next(), Name: nameOf(g), Type: g.Type(), Nullable: !logical.NotNull(g, s.cols)})
	}
	for i, m := range r.GetMeasures() {
		done := c.enter(fmt.Sprintf("measures[%d]", i))
		call, err := c.measure(m.GetMeasure(), s)
		if err == nil && m.GetFilter() != nil {
			call.Filter, err = c.condition(m.GetFilter(), s)
		}
		done()
		if err != nil {
			return nil, err
		}
		out.Aggs = append(out.Aggs, call)
		out.AggCols = append(out.AggCols, logical.Col{ID: c.ids.Next(), Name: call.Fn.Name, Type: call.Typ, Nullable: true})
	}
	return c.promised(out, r)
}

// promised converts the measures to their declared types.
func (c *converter) promised(n *logical.Aggregate, r *pb.AggregateRel) (logical.Node, error) {
	cols := n.Columns()
	types := make([]column.Type, len(cols))
	for i, col := range cols {
		types[i] = col.Type
	}
	for i, m := range r.GetMeasures() {
		t, ok, err := c.typeOf(m.GetMeasure().GetOutputType())
		if err != nil {
			return nil, err
		}
		if ok && t.Kind != column.Null && !t.Kind.IsNested() {
			types[len(n.GroupCols)+i] = t
		}
	}
	return c.convertTo(n, types)
}

// nameOf is a column's name, or the expression as SQL writes it.
func nameOf(e expr.Expr) string {
	if col, ok := e.(*expr.Column); ok {
		return col.Name
	}
	return e.String()
}

// measure converts a call of an aggregate function.
func (c *converter) measure(f *pb.AggregateFunction, s *scope) (*expr.AggCall, error) {
	name, err := c.aggregateName(f.GetFunctionReference(), f.GetPhase(), f.GetOptions())
	if err != nil {
		return nil, err
	}
	args, err := c.arguments(f.GetArguments(), f.GetArgs(), s) //nolint:staticcheck // old producers still write Args
	if err != nil {
		return nil, err
	}
	call, err := expr.NewAggregate(name, args, f.GetInvocation() == pb.AggregateFunction_AGGREGATION_INVOCATION_DISTINCT)
	if err != nil {
		return nil, c.located(err)
	}
	call.OrderBy, err = c.sortKeys(f.GetSorts(), s)
	return call, err
}

// aggregateName is the SQL name of an aggregate of the plan.
func (c *converter) aggregateName(anchor uint32, phase pb.AggregationPhase, options []*pb.FunctionOption) (string, error) {
	name, err := c.name(anchor)
	if err != nil {
		return "", err
	}
	switch phase {
	case pb.AggregationPhase_AGGREGATION_PHASE_UNSPECIFIED, pb.AggregationPhase_AGGREGATION_PHASE_INITIAL_TO_RESULT:
	default:
		return "", c.unsupported("a partial phase of an aggregate")
	}
	for _, o := range options {
		if strings.EqualFold(o.GetName(), "distribution") && len(o.GetPreference()) > 0 && strings.EqualFold(o.GetPreference()[0], "population") {
			switch name {
			case "std_dev":
				return "stddev_pop", nil
			case "variance":
				return "var_pop", nil
			}
		}
	}
	if known := aggregates[name]; known != "" {
		return known, nil
	}
	if !expr.IsAggregate(name) {
		return "", c.fail(fault.UndefinedFunction, "aggregate function %s of the Substrait plan does not exist", name)
	}
	return name, nil
}
