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
		{"sum", kernels.AggSum, "The sum: bigint for small integers, numeric for bigint and numeric, exact; double precision for floats; interval."},
		{"avg", kernels.AggAvg, "The mean: numeric for integers and numeric, double precision for floats, interval."},
		{"min", kernels.AggMin, "The least value."},
		{"max", kernels.AggMax, "The greatest value."},
		{"bool_and", kernels.AggBoolAnd, "True when all values are true."},
		{"bool_or", kernels.AggBoolOr, "True when a value is true."},
		{"any_value", kernels.AggAnyValue, "A value of the group that is not NULL."},
		{"any", kernels.AggAny, "A value of the group."},
		{"first", kernels.AggFirst, "The first value, in the order of ORDER BY inside of the call; NULL is one too."},
		{"last", kernels.AggLast, "The last value, in the order of ORDER BY inside of the call; NULL is one too."},
		{"arg_min", kernels.AggArgMin, "The first argument where the second is least; rows where one is NULL do not count."},
		{"arg_max", kernels.AggArgMax, "The first argument where the second is greatest; rows where one is NULL do not count."},
		{"array_agg", kernels.AggList, "The list of all values, NULLs included, in the order of ORDER BY inside of the call."},
		{"bit_and", kernels.AggBitAnd, "The bits that all values have."},
		{"bit_or", kernels.AggBitOr, "The bits that a value has."},
		{"bit_xor", kernels.AggBitXor, "The bits that an odd number of values have."},
		{"product", kernels.AggProduct, "The product, in double precision."},
		{"corr", kernels.AggCorr, "The coefficient of correlation of y and x."},
		{"covar_pop", kernels.AggCovarPop, "The covariance of y and x in the whole population."},
		{"covar_samp", kernels.AggCovarSamp, "The covariance of y and x in a sample."},
		{"regr_slope", kernels.AggRegrSlope, "The slope of the line that fits the points (y, x) best by least squares."},
		{"regr_intercept", kernels.AggRegrIntercept, "The y of that line where x is 0."},
		{"regr_r2", kernels.AggRegrR2, "The square of the coefficient of correlation."},
		{"regr_count", kernels.AggRegrCount, "The number of rows where both y and x are not NULL."},
		{"regr_avgx", kernels.AggRegrAvgX, "The mean of x where y and x are not NULL."},
		{"regr_avgy", kernels.AggRegrAvgY, "The mean of y where y and x are not NULL."},
		{"regr_sxx", kernels.AggRegrSXX, "The sum of squares of x less its mean."},
		{"regr_syy", kernels.AggRegrSYY, "The sum of squares of y less its mean."},
		{"regr_sxy", kernels.AggRegrSXY, "The sum of products of x and y less their means."},
		{"quantile_cont", kernels.AggQuantileCont, "The value below which a fraction (0 to 1) of the values lies, interpolated between two."},
		{"quantile_disc", kernels.AggQuantileDisc, "The first value in order up to which a fraction (0 to 1) of the values lies."},
		{"mode", kernels.AggMode, "The most frequent value; of several the one that comes first."},
		{"histogram", kernels.AggHistogram, "The map from each value to how often it occurs."},
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
		"every": "bool_and", "stddev": "stddev_samp", "variance": "var_samp", "arbitrary": "first", "list": "array_agg", "listagg": "string_agg",
		"group_concat": "string_agg", "mean": "avg", "min_by": "arg_min", "max_by": "arg_max", "argmin": "arg_min", "argmax": "arg_max",
		"quantile": "quantile_disc", "approx_quantile": "quantile_cont", "logical_and": "bool_and", "logical_or": "bool_or",
	} {
		aggregates[alias] = aggregates[name]
	}
}

// countStar is count(*), which counts rows, NULL or not.
var countStar = &AggFunction{Name: "count", Op: kernels.AggCountStar, Doc: "The number of rows."}

// IsAggregate reports whether name is an aggregate function.
func IsAggregate(name string) bool { return aggregates[strings.ToLower(name)] != nil }

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
	want := f.Op.Arguments()
	if len(args) != want {
		return nil, fault.New(fault.UndefinedFunction, "aggregate %s takes %d argument(s), not %d", f.Name, want, len(args))
	}
	args = slices.Clone(args)
	if k := args[0].Type().Kind; (f.Op == kernels.AggMin || f.Op == kernels.AggMax) && k.IsNested() {
		// The value whose bytes of the same order are least or greatest.
		least := map[kernels.AggOp]string{kernels.AggMin: "arg_min", kernels.AggMax: "arg_max"}[f.Op]
		return NewAggregate(least, []Expr{args[0], OrderingKey(args[0])}, false)
	}
	if isUntyped(args[0]) {
		// A bare string literal or NULL is text, except where the function wants something else.
		to := column.T(column.Text)
		if f.Op >= kernels.AggCorr && f.Op <= kernels.AggQuantileCont || f.Op == kernels.AggProduct {
			to = column.T(column.Float64)
		}
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
	case kernels.AggQuantileCont, kernels.AggQuantileDisc:
		if err := fraction(f, args); err != nil {
			return nil, err
		}
	}
	if f.Op >= kernels.AggCorr && f.Op <= kernels.AggRegrSXY {
		for i := range args {
			if args[i], err = coerceImplicit(args[i], column.T(column.Float64)); err != nil {
				return nil, err
			}
		}
	}
	switch f.Op {
	case kernels.AggStddevSamp, kernels.AggStddevPop, kernels.AggVarSamp, kernels.AggVarPop, kernels.AggMedian, kernels.AggProduct, kernels.AggQuantileCont:
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

// fraction checks the second argument of a quantile, a constant from 0 to 1, and makes it a double.
func fraction(f *AggFunction, args []Expr) error {
	e, err := NewCast(args[1], column.T(column.Float64), false)
	if err != nil {
		return err
	}
	v, ok := literalArg(e)
	if !ok {
		return fault.New(fault.FeatureNotSupported, "the fraction of %s must be a constant", f.Name)
	}
	if !(v.Float >= 0 && v.Float <= 1) {
		return fault.New(fault.NumericOutOfRange, "percentile value %s is not between 0 and 1", v)
	}
	args[1] = &Literal{Value: v}
	return nil
}

// DescendingQuantile is a quantile counted from the greatest value.
func (c *AggCall) DescendingQuantile() *AggCall {
	d := *c
	d.Args = slices.Clone(c.Args)
	v := d.Args[1].(*Literal).Value
	v.Float = -1 - v.Float
	d.Args[1] = &Literal{Value: v}
	return &d
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
		case k == column.Interval:
			return t, nil
		}
		return none()
	case kernels.AggAvg:
		switch {
		case k.IsInteger() || k == column.Decimal:
			return column.DecimalType(column.MaxPrecision, max(divisionScale, int(t.Scale))), nil
		case k.IsFloat():
			return column.T(column.Float64), nil
		case k == column.Interval:
			return t, nil
		}
		return none()
	case kernels.AggMin, kernels.AggMax:
		if k.IsNested() {
			return none()
		}
		return t, nil
	case kernels.AggAny, kernels.AggSingle, kernels.AggFirst, kernels.AggLast, kernels.AggAnyValue, kernels.AggMode, kernels.AggQuantileDisc:
		return t, nil
	case kernels.AggArgMin, kernels.AggArgMax:
		if isUntyped(args[1]) || args[1].Type().Kind == column.Map {
			return none()
		}
		return t, nil
	case kernels.AggList:
		return column.ListType(t), nil
	case kernels.AggHistogram:
		return column.MapType(t, column.T(column.Uint64)), nil
	case kernels.AggBitAnd, kernels.AggBitOr, kernels.AggBitXor:
		if !k.IsInteger() {
			return none()
		}
		return t, nil
	case kernels.AggRegrCount:
		return column.T(column.Int64), nil
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
