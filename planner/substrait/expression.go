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

// scope is the columns that an expression sees: those of its relation's input, then those of the queries around a subquery.
type scope struct {
	cols  []logical.Col
	outer *scope
	// windows takes the window functions of a projection; nil where there can be none.
	windows *windows
}

// expression converts an expression.
func (c *converter) expression(e *pb.Expression, s *scope) (expr.Expr, error) {
	if err := c.count(); err != nil {
		return nil, err
	}
	switch k := e.GetRexType().(type) {
	case *pb.Expression_Literal_:
		return c.literal(k.Literal)
	case *pb.Expression_Selection:
		defer c.enter("selection")()
		return c.selection(k.Selection, s)
	case *pb.Expression_ScalarFunction_:
		return c.scalar(k.ScalarFunction, s)
	case *pb.Expression_IfThen_:
		defer c.enter("if_then")()
		return c.ifThen(k.IfThen, s)
	case *pb.Expression_SwitchExpression_:
		defer c.enter("switch")()
		return c.choose(k.SwitchExpression, s)
	case *pb.Expression_SingularOrList_:
		defer c.enter("singular_or_list")()
		arg, err := c.expression(k.SingularOrList.GetValue(), s)
		if err != nil {
			return nil, err
		}
		list, err := c.expressions(k.SingularOrList.GetOptions(), s)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return logical.Bool(false), nil
		}
		out, err := expr.NewIn(arg, list, false)
		return out, c.located(err)
	case *pb.Expression_Cast_:
		defer c.enter("cast")()
		return c.cast(k.Cast, s)
	case *pb.Expression_Subquery_:
		defer c.enter("subquery")()
		return c.subquery(k.Subquery, s)
	case *pb.Expression_WindowFunction_:
		return c.windowExpression(k.WindowFunction, s)
	case *pb.Expression_Nested_:
		if l := k.Nested.GetList(); l != nil && len(l.GetValues()) > 0 {
			defer c.enter("list")()
			items, err := c.expressions(l.GetValues(), s)
			if err != nil {
				return nil, err
			}
			out, err := expr.NewCall("list_value", items)
			return out, c.located(err)
		}
		return nil, c.unsupported("a nested value")
	case nil:
		return nil, c.fail(fault.SyntaxError, "an expression is missing")
	}
	return nil, c.unsupported(fmt.Sprintf("an expression of kind %s", strings.TrimPrefix(fmt.Sprintf("%T", e.GetRexType()), "*substraitpb.Expression_")))
}

func (c *converter) expressions(list []*pb.Expression, s *scope) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		var err error
		if out[i], err = c.expression(e, s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// condition is an expression that must be a boolean.
func (c *converter) condition(e *pb.Expression, s *scope) (expr.Expr, error) {
	out, err := c.expression(e, s)
	if err != nil {
		return nil, err
	}
	if out.Type().Kind != column.Bool {
		if out, err = expr.Coerce(out, column.T(column.Bool)); err != nil {
			return nil, c.located(err)
		}
	}
	return out, nil
}

// selection is a column of the input or of a query around, or a field of a struct in it.
func (c *converter) selection(f *pb.Expression_FieldReference, s *scope) (expr.Expr, error) {
	switch k := f.GetRootType().(type) {
	case *pb.Expression_FieldReference_OuterReference_:
		for range k.OuterReference.GetStepsOut() {
			if s = s.outer; s == nil {
				return nil, c.fail(fault.InvalidColumnReference, "a reference leads out of the outermost query")
			}
		}
	case *pb.Expression_FieldReference_RootReference_, nil:
	default:
		return nil, c.unsupported("a reference to anything but a column")
	}
	segment := f.GetDirectReference().GetStructField()
	if segment == nil {
		return nil, c.unsupported("a reference that is no field")
	}
	i := int(segment.GetField())
	if i < 0 || i >= len(s.cols) {
		return nil, c.fail(fault.InvalidColumnReference, "there is no column %d: the input has %d", i, len(s.cols))
	}
	var out expr.Expr = s.cols[i].Expr()
	for child := segment.GetChild(); child != nil; {
		field := child.GetStructField()
		t := out.Type()
		if field == nil || t.Kind != column.Struct {
			return nil, c.unsupported("a reference into anything but structs")
		}
		k := int(field.GetField())
		if k < 0 || k >= len(t.Nested.Fields) {
			return nil, c.fail(fault.InvalidColumnReference, "there is no field %d: the struct has %d", k, len(t.Nested.Fields))
		}
		var err error
		if out, err = expr.NewCall("struct_extract", []expr.Expr{out, &expr.Literal{Value: column.TextValue(t.Nested.Fields[k].Name)}}); err != nil {
			return nil, c.located(err)
		}
		child = field.GetChild()
	}
	return out, nil
}

func (c *converter) ifThen(e *pb.Expression_IfThen, s *scope) (expr.Expr, error) {
	whens := make([]expr.When, len(e.GetIfs()))
	for i, clause := range e.GetIfs() {
		var err error
		if whens[i].Cond, err = c.condition(clause.GetIf(), s); err != nil {
			return nil, err
		}
		if whens[i].Then, err = c.expression(clause.GetThen(), s); err != nil {
			return nil, err
		}
	}
	return c.newCase(whens, e.GetElse(), s)
}

func (c *converter) choose(e *pb.Expression_SwitchExpression, s *scope) (expr.Expr, error) {
	match, err := c.expression(e.GetMatch(), s)
	if err != nil {
		return nil, err
	}
	whens := make([]expr.When, len(e.GetIfs()))
	for i, clause := range e.GetIfs() {
		value, err := c.literal(clause.GetIf())
		if err != nil {
			return nil, err
		}
		if whens[i].Cond, err = expr.NewComparison(expr.Eq, match, value); err != nil {
			return nil, c.located(err)
		}
		if whens[i].Then, err = c.expression(clause.GetThen(), s); err != nil {
			return nil, err
		}
	}
	return c.newCase(whens, e.GetElse(), s)
}

func (c *converter) newCase(whens []expr.When, otherwise *pb.Expression, s *scope) (expr.Expr, error) {
	if len(whens) == 0 {
		return nil, c.fail(fault.SyntaxError, "a conditional has no condition")
	}
	var els expr.Expr = &expr.Literal{Value: column.NullValue(column.T(column.Null)), Untyped: true}
	if otherwise != nil {
		var err error
		if els, err = c.expression(otherwise, s); err != nil {
			return nil, err
		}
	}
	out, err := expr.NewCase(whens, els)
	return out, c.located(err)
}

func (c *converter) cast(e *pb.Expression_Cast, s *scope) (expr.Expr, error) {
	arg, err := c.expression(e.GetInput(), s)
	if err != nil {
		return nil, err
	}
	to, ok, err := c.typeOf(e.GetType())
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, c.unsupported("a cast to this type")
	}
	out, err := expr.NewCast(arg, to, e.GetFailureBehavior() == pb.Expression_Cast_FAILURE_BEHAVIOR_RETURN_NULL)
	return out, c.located(err)
}

// declared converts a function's result to the type that the plan declares for it.
func (c *converter) declared(e expr.Expr, t *pb.Type) (expr.Expr, error) {
	to, ok, err := c.typeOf(t)
	if err != nil || !ok || to.Kind == column.Null || e.Type().Equal(to) || to.Kind.IsNested() {
		return e, err
	}
	out, err := expr.NewCast(e, to, false)
	return out, c.located(err)
}

var comparisons = map[pb.Expression_Subquery_SetComparison_ComparisonOp]expr.CompareOp{
	pb.Expression_Subquery_SetComparison_COMPARISON_OP_EQ: expr.Eq, pb.Expression_Subquery_SetComparison_COMPARISON_OP_NE: expr.Ne,
	pb.Expression_Subquery_SetComparison_COMPARISON_OP_LT: expr.Lt, pb.Expression_Subquery_SetComparison_COMPARISON_OP_LE: expr.Le,
	pb.Expression_Subquery_SetComparison_COMPARISON_OP_GT: expr.Gt, pb.Expression_Subquery_SetComparison_COMPARISON_OP_GE: expr.Ge,
}

func (c *converter) subquery(e *pb.Expression_Subquery, s *scope) (expr.Expr, error) {
	var out *logical.Subquery
	var needles []*pb.Expression
	var query *pb.Rel
	switch k := e.GetSubqueryType().(type) {
	case *pb.Expression_Subquery_Scalar_:
		out, query = &logical.Subquery{Kind: logical.ScalarSubquery}, k.Scalar.GetInput()
	case *pb.Expression_Subquery_SetPredicate_:
		if k.SetPredicate.GetPredicateOp() != pb.Expression_Subquery_SetPredicate_PREDICATE_OP_EXISTS {
			return nil, c.unsupported("a predicate on sets other than EXISTS")
		}
		out, query = &logical.Subquery{Kind: logical.ExistsSubquery, Typ: column.T(column.Bool)}, k.SetPredicate.GetTuples()
	case *pb.Expression_Subquery_InPredicate_:
		out = &logical.Subquery{Kind: logical.AnySubquery, Op: expr.Eq, Typ: column.T(column.Bool)}
		needles, query = k.InPredicate.GetNeedles(), k.InPredicate.GetHaystack()
	case *pb.Expression_Subquery_SetComparison_:
		op, ok := comparisons[k.SetComparison.GetComparisonOp()]
		if !ok {
			return nil, c.unsupported("this comparison with a set")
		}
		out = &logical.Subquery{Kind: logical.AnySubquery, Op: op, Typ: column.T(column.Bool)}
		switch k.SetComparison.GetReductionOp() {
		case pb.Expression_Subquery_SetComparison_REDUCTION_OP_ALL:
			out.Kind = logical.AllSubquery
		case pb.Expression_Subquery_SetComparison_REDUCTION_OP_ANY:
		default:
			return nil, c.unsupported("a comparison with a set that is neither ANY nor ALL")
		}
		needles, query = []*pb.Expression{k.SetComparison.GetLeft()}, k.SetComparison.GetRight()
	default:
		return nil, c.unsupported("this kind of subquery")
	}
	node, err := c.rel(query, s)
	if err != nil {
		return nil, err
	}
	cols := node.Columns()
	switch {
	case out.Kind == logical.ScalarSubquery:
		if len(cols) != 1 {
			return nil, c.fail(fault.SyntaxError, "a scalar subquery has %d columns", len(cols))
		}
		out.Typ = cols[0].Type
	case len(needles) > 0:
		if node, out.Left, err = c.compared(needles, node, s); err != nil {
			return nil, err
		}
	}
	out.Plan = node
	return out, nil
}

// compared gives the expressions that a subquery's columns are compared with the columns' types, and the columns theirs.
func (c *converter) compared(needles []*pb.Expression, node logical.Node, s *scope) (logical.Node, []expr.Expr, error) {
	cols := node.Columns()
	if len(needles) != len(cols) {
		return nil, nil, c.fail(fault.SyntaxError, "%d values are compared with %d columns", len(needles), len(cols))
	}
	left, err := c.expressions(needles, s)
	if err != nil {
		return nil, nil, err
	}
	types := make([]column.Type, len(cols))
	for i, col := range cols {
		if types[i], err = expr.CommonType("IN", []expr.Expr{left[i], col.Expr()}); err != nil {
			return nil, nil, c.located(err)
		}
		if left[i], err = expr.NewCast(left[i], types[i], false); err != nil {
			return nil, nil, c.located(err)
		}
	}
	node, err = c.convertTo(node, types)
	return node, left, err
}
