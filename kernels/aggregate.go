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
}

// String is the aggregate's SQL name.
func (o AggOp) String() string {
	if int(o) < len(aggNames) {
		return aggNames[o]
	}
	return "aggregate"
}
