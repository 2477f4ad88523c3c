package expr

import (
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// aggregates holds the aggregate functions by name.
var aggregates = map[string]*AggFunction{}

func init() {
	for _, f := range []*AggFunction{
		{"count", kernels.AggCount, "The number of rows where the argument is not NULL; count(*) counts all rows."},
		{"sum", kernels.AggSum, "The sum: bigint for small integers, numeric for bigint and numeric, exact; double precision for floats."},
		{"avg", kernels.AggAvg, "The mean: numeric for integers and numeric, double precision for floats."},
		{"min", kernels.AggMin, "The least value."},
		{"max", kernels.AggMax, "The greatest value."},
		{"bool_and", kernels.AggBoolAnd, "True when all values are true."},
		{"bool_or", kernels.AggBoolOr, "True when a value is true."},
		{"any_value", kernels.AggAny, "A value of the group."},
		{"stddev_samp", kernels.AggStddevSamp, "The standard deviation of a sample."},
		{"stddev_pop", kernels.AggStddevPop, "The standard deviation of the whole population."},
		{"var_samp", kernels.AggVarSamp, "The variance of a sample."},
		{"var_pop", kernels.AggVarPop, "The variance of the whole population."},
		{"string_agg", kernels.AggStringAgg, "The texts joined by a separator."},
		{"median", kernels.AggMedian, "The value in the middle, interpolated between two."},
		{"approx_count_distinct", kernels.AggApproxCount, "An estimate of the number of distinct values by HyperLogLog."},
		{"single_value", kernels.AggSingle, "The only value; a second row is an error."},
	} {
		aggregates[f.Name] = f
	}
	for alias, name := range map[string]string{
		"every": "bool_and", "stddev": "stddev_samp", "variance": "var_samp", "first": "any_value", "listagg": "string_agg",
		"group_concat": "string_agg", "mean": "avg",
	} {
		aggregates[alias] = aggregates[name]
	}
}

// countStar is count(*), which counts rows, NULL or not.
var countStar = &AggFunction{Name: "count", Op: kernels.AggCountStar, Doc: "The number of rows."}

// IsAggregate reports whether name is an aggregate function.
func IsAggregate(name string) bool { return aggregates[strings.ToLower(name)] != nil }

// LookupAggregate is the aggregate function of an operation, for plans that name it by number; nil when there is none.
func LookupAggregate(op kernels.AggOp) *AggFunction {
	if op == kernels.AggCountStar {
		return countStar
	}
	for _, f := range aggregates {
		if f.Op == op {
			return f
		}
	}
	return nil
}

// NewAggregate is the aggregate call name(args), without FILTER and ORDER BY, which the caller may set. count with no argument is count(*): its
// Fn has the operation AggCountStar.
func NewAggregate(name string, args []Expr, distinct bool) (*AggCall, error) {
	f := aggregates[strings.ToLower(name)]
	if f == nil {
		return nil, undefinedFunction(name, args)
	}
	if f.Op == kernels.AggCount && len(args) == 0 {
		if distinct {
			return nil, fault.New(fault.SyntaxError, "DISTINCT specified, but count(*) has no argument")
		}
		return &AggCall{Fn: countStar, Typ: column.T(column.Int64)}, nil
	}
	want := 1
	if f.Op == kernels.AggStringAgg {
		want = 2
	}
	if len(args) != want {
		return nil, fault.New(fault.UndefinedFunction, "aggregate %s takes %d argument(s), not %d", f.Name, want, len(args))
	}
	args = slices.Clone(args)
	if isUntyped(args[0]) {
		// A bare string literal or NULL is text, except where the function wants something else.
		to := column.T(column.Text)
		switch f.Op {
		case kernels.AggBoolAnd, kernels.AggBoolOr:
			to = boolType
		case kernels.AggSum, kernels.AggAvg, kernels.AggStddevSamp, kernels.AggStddevPop, kernels.AggVarSamp, kernels.AggVarPop, kernels.AggMedian:
			to = column.T(column.Float64)
		}
		a, err := NewCast(args[0], to, false)
		if err != nil {
			return nil, err
		}
		args[0] = a
	}
	t, err := aggregateType(f, args)
	if err != nil {
		return nil, err
	}
	switch f.Op {
	case kernels.AggStddevSamp, kernels.AggStddevPop, kernels.AggVarSamp, kernels.AggVarPop, kernels.AggMedian:
		if args[0], err = coerceImplicit(args[0], column.T(column.Float64)); err != nil {
			return nil, err
		}
	case kernels.AggStringAgg:
		for i := range args {
			if args[i], err = coerceImplicit(args[i], column.T(column.Text)); err != nil {
				return nil, err
			}
		}
	}
	return &AggCall{Fn: f, Args: args, Distinct: distinct, Typ: t}, nil
}

// aggregateType is the result type of f over the arguments.
func aggregateType(f *AggFunction, args []Expr) (column.Type, error) {
	t := args[0].Type()
	k := t.Kind
	none := func() (column.Type, error) { return column.Type{}, undefinedFunction(f.Name, args) }
	switch f.Op {
	case kernels.AggCount, kernels.AggApproxCount:
		return column.T(column.Int64), nil
	case kernels.AggSum:
		switch {
		case k == column.Int64 || k == column.Uint64:
			return column.DecimalType(column.MaxPrecision, 0), nil
		case k.IsInteger():
			return column.T(column.Int64), nil
		case k == column.Decimal:
			return column.DecimalType(column.MaxPrecision, int(t.Scale)), nil
		case k.IsFloat():
			return column.T(column.Float64), nil
		}
		return none()
	case kernels.AggAvg:
		switch {
		case k.IsInteger() || k == column.Decimal:
			return column.DecimalType(column.MaxPrecision, max(divisionScale, int(t.Scale))), nil
		case k.IsFloat():
			return column.T(column.Float64), nil
		}
		return none()
	case kernels.AggMin, kernels.AggMax:
		if k.IsNested() {
			return none()
		}
		return t, nil
	case kernels.AggAny, kernels.AggSingle:
		return t, nil
	case kernels.AggBoolAnd, kernels.AggBoolOr:
		if k != column.Bool {
			return none()
		}
		return boolType, nil
	case kernels.AggStringAgg:
		for _, a := range args {
			if !isUntyped(a) && a.Type().Kind != column.Text {
				return none()
			}
		}
		return column.T(column.Text), nil
	}
	if !k.IsNumeric() {
		return none()
	}
	return column.T(column.Float64), nil
}
