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

// rel converts a relation and chooses the columns that it emits.
func (c *converter) rel(r *pb.Rel, outer *scope) (logical.Node, error) {
	if err := c.count(); err != nil {
		return nil, err
	}
	var node logical.Node
	var common *pb.RelCommon
	var err error
	in := func(name string, common0 *pb.RelCommon, convert func() (logical.Node, error)) {
		defer c.enter(name)()
		common = common0
		node, err = convert()
	}
	switch k := r.GetRelType().(type) {
	case *pb.Rel_Read:
		in("read", k.Read.GetCommon(), func() (logical.Node, error) { return c.read(k.Read, outer) })
	case *pb.Rel_Filter:
		in("filter", k.Filter.GetCommon(), func() (logical.Node, error) { return c.filter(k.Filter, outer) })
	case *pb.Rel_Fetch:
		in("fetch", k.Fetch.GetCommon(), func() (logical.Node, error) { return c.fetch(k.Fetch, outer) })
	case *pb.Rel_Aggregate:
		in("aggregate", k.Aggregate.GetCommon(), func() (logical.Node, error) { return c.aggregate(k.Aggregate, outer) })
	case *pb.Rel_Sort:
		in("sort", k.Sort.GetCommon(), func() (logical.Node, error) { return c.sort(k.Sort, outer) })
	case *pb.Rel_Join:
		in("join", k.Join.GetCommon(), func() (logical.Node, error) { return c.join(k.Join, outer) })
	case *pb.Rel_Cross:
		in("cross", k.Cross.GetCommon(), func() (logical.Node, error) {
			return c.cross(k.Cross, outer)
		})
	case *pb.Rel_Project:
		in("project", k.Project.GetCommon(), func() (logical.Node, error) { return c.project(k.Project, outer) })
	case *pb.Rel_Set:
		in("set", k.Set.GetCommon(), func() (logical.Node, error) { return c.set(k.Set, outer) })
	case *pb.Rel_Window:
		in("window", k.Window.GetCommon(), func() (logical.Node, error) { return c.windowRel(k.Window, outer) })
	case *pb.Rel_Reference:
		in("reference", nil, func() (logical.Node, error) {
			i := int(k.Reference.GetSubtreeOrdinal())
			if i < 0 || i >= len(c.plan.GetRelations()) {
				return nil, c.fail(fault.InvalidColumnReference, "there is no relation %d", i)
			}
			return c.relation(i)
		})
	case nil:
		return nil, c.fail(fault.SyntaxError, "a relation is missing")
	default:
		return nil, c.unsupported("a relation of kind " + strings.TrimPrefix(fmt.Sprintf("%T", k), "*substraitpb.Rel_"))
	}
	if err != nil {
		return nil, err
	}
	return c.emit(node, common)
}

// emit chooses columns, each by its position.
func (c *converter) emit(node logical.Node, common *pb.RelCommon) (logical.Node, error) {
	emit := common.GetEmit()
	if emit == nil {
		return node, nil
	}
	cols := node.Columns()
	p := &logical.Project{Input: node}
	used := logical.ColSet{}
	for _, m := range emit.GetOutputMapping() {
		if m < 0 || int(m) >= len(cols) {
			return nil, c.fail(fault.InvalidColumnReference, "there is no column %d to emit: the relation has %d", m, len(cols))
		}
		col := cols[m]
		p.Exprs = append(p.Exprs, col.Expr())
		if used.Has(col.ID) {
			col.ID = c.ids.Next()
		}
		used.Add(col.ID)
		p.Cols = append(p.Cols, col)
	}
	return p, nil
}

func (c *converter) filter(r *pb.FilterRel, outer *scope) (logical.Node, error) {
	in, err := c.rel(r.GetInput(), outer)
	if err != nil {
		return nil, err
	}
	cond, err := c.condition(r.GetCondition(), &scope{cols: in.Columns(), outer: outer})
	if err != nil {
		return nil, err
	}
	return &logical.Filter{Input: in, Cond: cond}, nil
}

// project is the input's columns, then the expressions.
func (c *converter) project(r *pb.ProjectRel, outer *scope) (logical.Node, error) {
	in, err := c.rel(r.GetInput(), outer)
	if err != nil {
		return nil, err
	}
	cols := in.Columns()
	s := &scope{cols: cols, outer: outer, windows: &windows{}}
	p := &logical.Project{Cols: cols[:len(cols):len(cols)], Exprs: logical.References(cols)}
	for i, e := range r.GetExpressions() {
		done := c.enter(fmt.Sprintf("expressions[%d]", i))
		x, err := c.expression(e, s)
		done()
		if err != nil {
			return nil, err
		}
		if x.Type().Kind == column.Null {
			// Nothing has chosen a type.
			if x, err = expr.NewCast(x, column.T(column.Text), false); err != nil {
				return nil, c.located(err)
			}
		}
		p.Exprs = append(p.Exprs, x)
		p.Cols = append(p.Cols, logical.Col{ID: c.ids.Next(), Name: nameOf(x), Type: x.Type(), Nullable: !logical.NotNull(x, cols)})
	}
	p.Input = s.windows.over(in)
	return p, nil
}

func (c *converter) fetch(r *pb.FetchRel, outer *scope) (logical.Node, error) {
	in, err := c.rel(r.GetInput(), outer)
	if err != nil {
		return nil, err
	}
	out := &logical.Limit{Input: in, Count: -1}
	switch k := r.GetCountMode().(type) {
	case *pb.FetchRel_Count:
		out.Count = max(-1, k.Count) //nolint:staticcheck // old producers still write it
	case *pb.FetchRel_CountExpr:
		if out.Count, err = c.number(k.CountExpr, -1); err != nil {
			return nil, err
		}
	}
	switch k := r.GetOffsetMode().(type) {
	case *pb.FetchRel_Offset:
		out.Offset = k.Offset //nolint:staticcheck // old producers still write it
	case *pb.FetchRel_OffsetExpr:
		if out.Offset, err = c.number(k.OffsetExpr, 0); err != nil {
			return nil, err
		}
	}
	if out.Offset < 0 || out.Count < -1 {
		return nil, c.fail(fault.InvalidLimit, "a fetch must not be negative: offset %d, count %d", out.Offset, out.Count)
	}
	return out, nil
}

// number is the value of a constant expression; null for NULL.
func (c *converter) number(e *pb.Expression, null int64) (int64, error) {
	x, err := c.expression(e, &scope{})
	if err != nil {
		return 0, err
	}
	if x, err = expr.NewCast(x, column.T(column.Int64), false); err != nil {
		return 0, c.located(err)
	}
	v, err := expr.Evaluate(x)
	if err != nil || v.Null {
		return null, c.located(err)
	}
	return v.Int64(), nil
}

func (c *converter) sort(r *pb.SortRel, outer *scope) (logical.Node, error) {
	in, err := c.rel(r.GetInput(), outer)
	if err != nil {
		return nil, err
	}
	keys, err := c.sortKeys(r.GetSorts(), &scope{cols: in.Columns(), outer: outer})
	if err != nil || len(keys) == 0 {
		return in, err
	}
	return &logical.Sort{Input: in, Keys: keys}, nil
}

func (c *converter) sortKeys(sorts []*pb.SortField, s *scope) ([]expr.SortKey, error) {
	keys := make([]expr.SortKey, len(sorts))
	for i, f := range sorts {
		var err error
		if keys[i].Expr, err = c.expression(f.GetExpr(), s); err != nil {
			return nil, err
		}
		switch f.GetDirection() {
		case pb.SortField_SORT_DIRECTION_ASC_NULLS_FIRST:
			keys[i].NullsFirst = true
		case pb.SortField_SORT_DIRECTION_DESC_NULLS_FIRST:
			keys[i].Descending, keys[i].NullsFirst = true, true
		case pb.SortField_SORT_DIRECTION_DESC_NULLS_LAST:
			keys[i].Descending = true
		case pb.SortField_SORT_DIRECTION_ASC_NULLS_LAST, pb.SortField_SORT_DIRECTION_CLUSTERED:
		default:
			return nil, c.unsupported("this order")
		}
	}
	return keys, nil
}

var setKinds = map[pb.SetRel_SetOp]logical.SetOp{
	pb.SetRel_SET_OP_UNION_ALL: {Kind: logical.Union, All: true}, pb.SetRel_SET_OP_UNION_DISTINCT: {Kind: logical.Union},
	pb.SetRel_SET_OP_INTERSECTION_MULTISET: {Kind: logical.Intersect}, pb.SetRel_SET_OP_INTERSECTION_MULTISET_ALL: {Kind: logical.Intersect, All: true},
	pb.SetRel_SET_OP_MINUS_PRIMARY: {Kind: logical.Except}, pb.SetRel_SET_OP_MINUS_PRIMARY_ALL: {Kind: logical.Except, All: true},
}

// set combines its inputs from the left.
func (c *converter) set(r *pb.SetRel, outer *scope) (logical.Node, error) {
	kind, ok := setKinds[r.GetOp()]
	if r.GetOp() == pb.SetRel_SET_OP_INTERSECTION_PRIMARY && len(r.GetInputs()) == 2 {
		kind, ok = logical.SetOp{Kind: logical.Intersect}, true
	}
	if !ok {
		return nil, c.unsupported("the set operation " + r.GetOp().String())
	}
	if len(r.GetInputs()) < 2 {
		return nil, c.fail(fault.SyntaxError, "a set operation has %d inputs", len(r.GetInputs()))
	}
	inputs := make([]logical.Node, len(r.GetInputs()))
	for i, in := range r.GetInputs() {
		var err error
		if inputs[i], err = c.rel(in, outer); err != nil {
			return nil, err
		}
		if have, want := len(inputs[i].Columns()), len(inputs[0].Columns()); have != want {
			return nil, c.fail(fault.SyntaxError, "input %d of a set operation has %d columns, the first one %d", i, have, want)
		}
	}
	types := make([]column.Type, len(inputs[0].Columns()))
	for i := range types {
		same := make([]expr.Expr, len(inputs))
		for k, in := range inputs {
			same[k] = in.Columns()[i].Expr()
		}
		var err error
		if types[i], err = expr.CommonType("set", same); err != nil {
			return nil, c.located(err)
		}
	}
	for i := range inputs {
		var err error
		if inputs[i], err = c.convertTo(inputs[i], types); err != nil {
			return nil, err
		}
	}
	out := inputs[0]
	for len(inputs) > 1 {
		op := kind
		take := 2
		if op.Kind == logical.Union {
			take = len(inputs)
		}
		op.In = inputs[:take:take]
		for i, col := range op.In[0].Columns() {
			for _, in := range op.In[1:] {
				col.Nullable = col.Nullable || op.Kind == logical.Union && in.Columns()[i].Nullable
			}
			col.ID = c.ids.Next()
			op.Cols = append(op.Cols, col)
		}
		out = &op
		inputs = append([]logical.Node{out}, inputs[take:]...)
	}
	return out, nil
}

// convertTo gives the columns the types; a column whose type changes gets a new identity.
func (c *converter) convertTo(node logical.Node, types []column.Type) (logical.Node, error) {
	cols := node.Columns()
	p := &logical.Project{Input: node}
	changed := false
	for i, col := range cols {
		e, err := expr.NewCast(col.Expr(), types[i], false)
		if err != nil {
			return nil, c.located(err)
		}
		if !col.Type.Equal(types[i]) {
			changed = true
			col.ID, col.Type = c.ids.Next(), types[i]
		}
		p.Exprs = append(p.Exprs, e)
		p.Cols = append(p.Cols, col)
	}
	if !changed {
		return node, nil
	}
	return p, nil
}
