package kernels

import "github.com/polybolos-db/polybolos/column"

// AggOp is an aggregate function. The numbers are part of the plan's wire format: append only.
type AggOp uint16

// The aggregates. All but the counts and AggAny ignore NULL and give NULL for no rows.
const (
	AggNone      AggOp = iota
	AggCountStar       // int64
	AggCount           // int64, rows where the argument is not NULL
	AggSum             // int8-32: int64; int64, uint64, decimal: decimal(38,s), 22003 beyond; floats: float64
	AggAvg             // integers and decimals: decimal(38,max(16,s)), rounded half away from zero; floats: float64
	AggMin             // the argument's type; NaN is greater than all other floats
	AggMax
	AggBoolAnd
	AggBoolOr
	AggAny         // first value met, NULL included: for columns that the key determines
	AggStddevSamp  // float64, by Welford with parallel merge
	AggStddevPop   // float64
	AggVarSamp     // float64
	AggVarPop      // float64
	AggStringAgg   // text; the second argument, constant, is the separator; in input order
	AggSingle      // the only value; a second row is SQLSTATE 21000: scalar subqueries
	AggMedian      // float64 (decimal and integers are converted): percentile_cont(0.5)
	AggApproxCount // int64, HyperLogLog: only where the user asks for it

	AggList     // a list of all values, NULLs included, in input order; NULL for no rows
	AggFirst    // the first value in input order, NULL included
	AggLast     // the last one
	AggAnyValue // a value that is not NULL
	AggArgMin   // the first argument where the second is least; rows with a NULL do not count
	AggArgMax   // where it is greatest
	AggBitAnd   // integers, the argument's type
	AggBitOr
	AggBitXor
	AggProduct // float64
	// The aggregates of pairs take y and x, float64, and ignore pairs with a NULL.
	AggCorr
	AggCovarPop
	AggCovarSamp
	AggRegrSlope
	AggRegrIntercept
	AggRegrR2
	AggRegrCount // int64
	AggRegrAvgX
	AggRegrAvgY
	AggRegrSXX
	AggRegrSYY
	AggRegrSXY
	// The quantiles' second argument is the fraction, constant and float64; -1 less the fraction counts from the greatest value.
	AggQuantileCont // float64, interpolated
	AggQuantileDisc // a value of the group
	AggMode         // the most frequent value; of several the first in input order
	AggHistogram    // a map from each value to how often it occurs (uint64)
)

// Aggregate is one aggregate of a grouping: its function, its arguments as columns of the input batch, and its types.
type Aggregate struct {
	Op       AggOp
	Args     []int // input columns; empty for AggCountStar
	ArgTypes []column.Type
	Result   column.Type
	Distinct bool // each distinct argument tuple of a group counts once
	Filter   int  // boolean input column that says which rows count, -1 when all do
}

// SortKey orders rows by an input column.
type SortKey struct {
	Column     int
	Descending bool
	NullsFirst bool
}

var aggNames = [...]string{
	"none", "count", "count", "sum", "avg", "min", "max", "bool_and", "bool_or", "any_value", "stddev_samp", "stddev_pop", "var_samp", "var_pop",
	"string_agg", "single", "median", "approx_count_distinct",
	"array_agg", "first", "last", "any_value", "arg_min", "arg_max", "bit_and", "bit_or", "bit_xor", "product",
	"corr", "covar_pop", "covar_samp", "regr_slope", "regr_intercept", "regr_r2", "regr_count", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy",
	"quantile_cont", "quantile_disc", "mode", "histogram",
}

// Ordered reports whether the result depends on the order of the rows.
func (o AggOp) Ordered() bool {
	return o == AggStringAgg || o == AggList || o == AggFirst || o == AggLast || o == AggMode || o == AggArgMin || o == AggArgMax
}

// Arguments is how many arguments the aggregate takes.
func (o AggOp) Arguments() int {
	switch {
	case o == AggCountStar:
		return 0
	case o == AggStringAgg, o == AggArgMin, o == AggArgMax, o >= AggCorr && o <= AggQuantileDisc:
		return 2
	}
	return 1
}

// String is the aggregate's SQL name.
func (o AggOp) String() string {
	if int(o) < len(aggNames) {
		return aggNames[o]
	}
	return "aggregate"
}
