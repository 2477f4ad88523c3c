package expr

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// listAggregates compute one value of a list's elements that are not NULL; there is at least one.
var listAggregates = []struct {
	name, doc string
	result    func(elem column.Type) (column.Type, bool)
	empty     func(t column.Type) column.Value // of a list without values
	compute   func(t column.Type, vals row) (column.Value, error)
}{
	{"list_min", "The least element.", anyElement, column.NullValue, func(_ column.Type, vals row) (column.Value, error) { return extreme(vals, -1), nil }},
	{"list_max", "The greatest element.", anyElement, column.NullValue, func(_ column.Type, vals row) (column.Value, error) { return extreme(vals, 1), nil }},
	{"list_sum", "The sum of the elements.", sumOfElements, column.NullValue, sumList},
	{"list_avg", "The mean of the elements.", floatElement, column.NullValue, func(t column.Type, vals row) (column.Value, error) {
		v, err := foldFloats(t, vals, 0, func(a, b float64) float64 { return a + b })
		v.Float /= float64(len(vals))
		return v, err
	}},
	{"list_product", "The product of the elements.", floatElement, column.NullValue, func(t column.Type, vals row) (column.Value, error) {
		return foldFloats(t, vals, 1, func(a, b float64) float64 { return a * b })
	}},
	{"list_count", "The number of elements that are not NULL.", func(column.Type) (column.Type, bool) { return tInt64, true },
		func(t column.Type) column.Value { return column.IntValue(t, 0) },
		func(t column.Type, vals row) (column.Value, error) { return column.IntValue(t, int64(len(vals))), nil }},
	{"list_bool_and", "Whether all elements are true.", boolElement, column.NullValue, func(t column.Type, vals row) (column.Value, error) { return extreme(vals, -1), nil }},
	{"list_bool_or", "Whether an element is true.", boolElement, column.NullValue, func(t column.Type, vals row) (column.Value, error) { return extreme(vals, 1), nil }},
	{"list_first", "The first element that is not NULL.", anyElement, column.NullValue, func(_ column.Type, vals row) (column.Value, error) { return vals[0], nil }},
	{"list_last", "The last element that is not NULL.", anyElement, column.NullValue, func(_ column.Type, vals row) (column.Value, error) { return vals[len(vals)-1], nil }},
}

func listMathFunctions() []*Function {
	var out []*Function
	for _, a := range listAggregates {
		f := nestedFunction{
			name: a.name, doc: a.doc, params: params(tList),
			result: func(args []Expr) (column.Type, error) {
				t, ok := a.result(args[0].Type().Elem())
				if !ok {
					return t, undefinedFunction(a.name, args)
				}
				return t, nil
			},
			eval: byValue(func(t column.Type, args row) (column.Value, error) {
				var vals row
				for _, e := range args[0].List {
					if !e.Null {
						vals = append(vals, e)
					}
				}
				if len(vals) == 0 {
					return a.empty(t), nil
				}
				return a.compute(t, vals)
			}),
		}
		out = append(out, alias(f.function(), "array_"+strings.TrimPrefix(a.name, "list_"))...)
	}
	special["list_aggregate"], special["list_aggr"] = listAggregate, listAggregate
	special["array_aggregate"], special["array_aggr"] = listAggregate, listAggregate
	return out
}

// listAggregate is list_aggregate(list, 'sum'), which list_sum(list) means too.
func listAggregate(args []Expr) (Expr, error) {
	if len(args) != 2 {
		return nil, undefinedFunction("list_aggregate", args)
	}
	name, ok := literalArg(args[1])
	if !ok || !FunctionExists("list_"+name.String()) {
		return nil, fault.New(fault.FeatureNotSupported, "list_aggregate needs the name of a known function, such as 'sum', as a constant")
	}
	return NewCall("list_"+name.String(), args[:1])
}

func anyElement(t column.Type) (column.Type, bool)   { return t, true }
func floatElement(t column.Type) (column.Type, bool) { return tFloat64, t.Kind.IsNumeric() }
func boolElement(t column.Type) (column.Type, bool)  { return t, t.Kind == column.Bool }

func sumOfElements(t column.Type) (column.Type, bool) {
	a := &AggFunction{Name: "sum", Op: kernels.AggSum}
	sum, err := aggregateType(a, []Expr{&Ref{Typ: t}})
	return sum, err == nil
}

func extreme(vals row, sign int) column.Value {
	best := vals[0]
	for _, v := range vals[1:] {
		if sign*column.CompareValues(v, best) > 0 {
			best = v
		}
	}
	return best
}

func sumList(t column.Type, vals row) (column.Value, error) {
	if t.Kind.IsFloat() {
		return foldFloats(t, vals, 0, func(a, b float64) float64 { return a + b })
	}
	out := column.Value{Type: t}
	for _, v := range vals {
		out.Int = out.Int.Add(v.Int)
		if !out.Int.FitsPrecision(column.MaxPrecision) {
			return out, fault.New(fault.NumericOutOfRange, "sum out of range")
		}
	}
	if t.Kind == column.Int64 && out.Int != column.Int128FromInt64(out.Int64()) {
		return out, fault.New(fault.NumericOutOfRange, "bigint out of range")
	}
	return out, nil
}

func foldFloats(t column.Type, vals row, start float64, f func(a, b float64) float64) (column.Value, error) {
	out := column.Value{Type: t, Float: start}
	for _, v := range vals {
		x, err := convert.Value(v, tFloat64)
		if err != nil {
			return out, err
		}
		out.Float = f(out.Float, x.Float)
	}
	return out, nil
}
