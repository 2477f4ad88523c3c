package substrait

import (
	"slices"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

// builder makes an expression of a function's arguments.
type builder func(args []expr.Expr) (expr.Expr, error)

// scalars are the functions whose names or forms differ from SQL's. All others have their SQL name.
var scalars = map[string]builder{
	"equal": comparison(expr.Eq), "not_equal": comparison(expr.Ne), "lt": comparison(expr.Lt), "lte": comparison(expr.Le), "gt": comparison(expr.Gt),
	"gte": comparison(expr.Ge), "is_distinct_from": comparison(expr.IsDistinct), "is_not_distinct_from": comparison(expr.IsNotDistinct),
	"and": variadic(expr.NewAnd, true), "or": variadic(expr.NewOr, false), "not": unary(expr.NewNot),
	"is_null":      unary(func(e expr.Expr) (expr.Expr, error) { return &expr.IsNull{Arg: e}, nil }),
	"is_not_null":  unary(func(e expr.Expr) (expr.Expr, error) { return &expr.IsNull{Arg: e, Negated: true}, nil }),
	"is_true":      is(true, false),
	"is_not_true":  is(true, true),
	"is_false":     is(false, false),
	"is_not_false": is(false, true),
	"between":      between,
	"add":          call("+"), "subtract": call("-"), "multiply": call("*"), "divide": call("/"), "modulus": call("%"), "modulo": call("%"), "mod": call("%"),
	"negate": call("-"), "negative": call("-"), "power": call("power"), "ln": call("ln"), "log10": call("log10"), "logb": swapped("log"),
	"bitwise_and": call("&"), "bitwise_or": call("|"), "bitwise_xor": call("xor"), "bitwise_not": call("~"),
	"shift_left": call("<<"), "shift_right": call(">>"),
	"concat": chain("||"), "str_concat": chain("||"), "string_concat": chain("||"),
	"char_length": call("length"), "string_split": call("string_to_array"), "substring": call("substr"), "extract": call("date_part"),
	"add_intervals": call("+"), "like": like("like"), "ilike": like("ilike"),
}

func call(name string) builder {
	return func(args []expr.Expr) (expr.Expr, error) {
		out, err := expr.NewCall(name, args)
		if fault.CodeOf(err) != fault.UndefinedFunction {
			return out, err
		}
		// Positions and counts are 64-bit integers in many plans, and 32-bit ones in SQL.
		narrow := slices.Clone(args)
		for i, a := range narrow {
			if a.Type().Kind == column.Int64 {
				if narrow[i], err = expr.NewCast(a, column.T(column.Int32), false); err != nil {
					return nil, err
				}
			}
		}
		return expr.NewCall(name, narrow)
	}
}

func swapped(name string) builder {
	return func(args []expr.Expr) (expr.Expr, error) {
		if len(args) == 2 {
			args = []expr.Expr{args[1], args[0]}
		}
		return expr.NewCall(name, args)
	}
}

func unary(make func(expr.Expr) (expr.Expr, error)) builder {
	return func(args []expr.Expr) (expr.Expr, error) {
		if len(args) != 1 {
			return nil, wrongCount(1, len(args))
		}
		return make(args[0])
	}
}

// wrongCount is an error of a function's arguments.
func wrongCount(want, have int) *fault.Error {
	return fault.New(fault.UndefinedFunction, "the function takes %d arguments, not %d", want, have)
}

func comparison(op expr.CompareOp) builder {
	return func(args []expr.Expr) (expr.Expr, error) {
		if len(args) != 2 {
			return nil, wrongCount(2, len(args))
		}
		return expr.NewComparison(op, args[0], args[1])
	}
}

// variadic is AND and OR, which take any number of terms: of none the neutral value, of one the term.
func variadic(make func(...expr.Expr) (expr.Expr, error), neutral bool) builder {
	return func(args []expr.Expr) (expr.Expr, error) {
		switch len(args) {
		case 0:
			return &expr.Literal{Value: column.BoolValue(neutral)}, nil
		case 1:
			return expr.Coerce(args[0], column.T(column.Bool))
		}
		return make(args...)
	}
}

// is compares a boolean with a constant, NULL being neither.
func is(value, negated bool) builder {
	op := expr.IsNotDistinct
	if negated {
		op = expr.IsDistinct
	}
	return unary(func(e expr.Expr) (expr.Expr, error) {
		return expr.NewComparison(op, e, &expr.Literal{Value: column.BoolValue(value)})
	})
}

func between(args []expr.Expr) (expr.Expr, error) {
	if len(args) != 3 {
		return nil, wrongCount(3, len(args))
	}
	low, err := expr.NewComparison(expr.Ge, args[0], args[1])
	if err != nil {
		return nil, err
	}
	high, err := expr.NewComparison(expr.Le, args[0], args[2])
	if err != nil {
		return nil, err
	}
	return expr.NewAnd(low, high)
}

// chain applies an operator of two operands from the left.
func chain(name string) builder {
	return func(args []expr.Expr) (expr.Expr, error) {
		if len(args) == 0 {
			return nil, wrongCount(2, 0)
		}
		out := args[0]
		for _, a := range args[1:] {
			var err error
			if out, err = expr.NewCall(name, []expr.Expr{out, a}); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

// name is the function of an anchor.
func (c *converter) name(anchor uint32) (string, error) {
	name, ok := c.functions[anchor]
	if !ok {
		return "", c.fail(fault.UndefinedFunction, "the plan declares no function %d", anchor)
	}
	return name, nil
}

// scalar converts a call of a function of one row.
func (c *converter) scalar(f *pb.Expression_ScalarFunction, s *scope) (expr.Expr, error) {
	name, err := c.name(f.GetFunctionReference())
	if err != nil {
		return nil, err
	}
	defer c.enter(name)()
	args, err := c.arguments(f.GetArguments(), f.GetArgs(), s) //nolint:staticcheck // old producers still write Args
	if err != nil {
		return nil, err
	}
	build := scalars[name]
	if build == nil {
		if !expr.FunctionExists(name) {
			e := c.fail(fault.UndefinedFunction, "function %s of the Substrait plan does not exist", name)
			if near := expr.SuggestFunction(name); near != "" {
				return nil, e.WithHint("Did you mean %q?", near)
			}
			return nil, e
		}
		build = call(name)
	}
	out, err := build(args)
	if err != nil {
		return nil, c.located(err)
	}
	return c.declared(out, f.GetOutputType())
}

// arguments converts a function's arguments: values, and enumerations as their lower-case names.
func (c *converter) arguments(args []*pb.FunctionArgument, old []*pb.Expression, s *scope) ([]expr.Expr, error) {
	if len(args) == 0 {
		return c.expressions(old, s)
	}
	out := make([]expr.Expr, len(args))
	for i, a := range args {
		switch k := a.GetArgType().(type) {
		case *pb.FunctionArgument_Value:
			var err error
			if out[i], err = c.expression(k.Value, s); err != nil {
				return nil, err
			}
		case *pb.FunctionArgument_Enum:
			out[i] = &expr.Literal{Value: column.TextValue(strings.ToLower(k.Enum)), Untyped: true}
		default:
			return nil, c.unsupported("an argument that is no value")
		}
	}
	return out, nil
}
