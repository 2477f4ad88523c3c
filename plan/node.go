package plan

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
)

// Node is a physical operator. Fields is its output; Inputs its children in the order in which their columns are numbered.
type Node interface {
	Fields() []column.Field
	Inputs() []Node
	Meta() *Info
}

// Info is what every node has: its number within the plan (for statistics of a run) and the planner's estimate.
type Info struct {
	ID   int
	Rows float64 // estimated output rows
	Note string  // where the executor would run it, for EXPLAIN; not sent
}

// Meta returns the node's Info, so that embedding Info is enough.
func (i *Info) Meta() *Info { return i }

// Scan reads columns of a table. Every row delivered satisfies all Filters.
type Scan struct {
	Info
	Table   string // for people
	Format  string
	Options map[string]string
	Schema  []column.Field // the table's columns
	Columns []int          // which of them are read, the scan's output unless Output narrows it
	Output  []int          // positions in Columns that are passed on (filters may need more columns than the parents); nil: all
	Filters []expr.Expr    // over Columns
	Splits  []Split
	Limit   int64 // rows that suffice, -1: all
	Runtime []RuntimeFilterUse
	Range   *KeyRange // nil: a stage's tasks read splits in turn
}

// RuntimeFilterUse applies a filter that a join's build side makes: rows whose column cannot match are skipped.
type RuntimeFilterUse struct {
	Filter int // the RuntimeFilterDef's number
	Column int // position in Scan.Columns
}

// Values is constant rows.
type Values struct {
	Info
	Out  []column.Field
	Rows [][]column.Value
}

// Series is the rows from Start to Stop, inclusive, by Step: integers of one type, or timestamps by an interval.
type Series struct {
	Info
	Out               column.Field
	Start, Stop, Step column.Value
}

// Filter keeps the rows where Cond is true.
type Filter struct {
	Info
	Input Node
	Cond  expr.Expr
}

// Project computes Exprs.
type Project struct {
	Info
	Input Node
	Exprs []expr.Expr
	Out   []column.Field
}

// Unnest gives each row of its input once for every element of the lists: the columns of Keep, then the elements of each list, NULL beyond a shorter one's
// end, then with Ordinality the element's number from 1 (int64). A row without elements is left out, with Outer given once with NULLs.
type Unnest struct {
	Info
	Input      Node
	Lists      []int // columns of the input
	Keep       []int // columns of the input
	Ordinality bool
	Outer      bool
	Out        []column.Field
}

// AggMode says which part of an aggregation a node does.
type AggMode uint8

// The modes. Partial outputs the keys, then the aggregates' partial states (see kernels/agg); Final takes those.
const (
	AggSingle AggMode = iota
	AggPartial
	AggFinal
)

// Aggregate groups its input by key columns and computes aggregates: output is keys, then one column an aggregate. Without keys it gives one row (in
// modes Single and Final, even for no input). Sets, when not nil, lists grouping sets as positions in Keys, the other keys being NULL; a
// grouping id column (int64: bit k set when key k is not in the set, in the order of Keys, key 0 the highest bit) then follows the keys. In mode Final
// Args of Aggs are ignored: state columns follow the keys in order.
type Aggregate struct {
	Info
	Input Node
	Mode  AggMode
	Keys  []int
	Aggs  []kernels.Aggregate
	Sets  [][]int
	Out   []column.Field
}

// JoinKind is a join seen from its probe side.
type JoinKind uint8

// The join kinds. Inner, ProbeOuter, BuildOuter, FullOuter and Single give probe columns, then build columns; ProbeSemi, ProbeAnti,
// NullAwareAnti give probe columns; Mark gives probe columns and a boolean; BuildSemi and BuildAnti give build columns.
const (
	Inner         JoinKind = iota
	ProbeOuter             // probe rows without a partner, filled with NULL
	BuildOuter             // build rows without a partner, filled with NULL
	FullOuter              // both
	ProbeSemi              // probe rows with a partner, once
	ProbeAnti              // probe rows without one
	NullAwareAnti          // NOT IN: as ProbeAnti, but without rows that could have a partner if a NULL were known; null-safe keys correlate, all others are compared
	Mark                   // every probe row, and whether a partner exists: NULL when no partner is found and one could be unknown (IN); false or true when NullSafe covers all keys (EXISTS)
	Single                 // ProbeOuter that fails with 21000 when a probe row has two partners
	BuildSemi              // build rows with a partner, once
	BuildAnti              // build rows without one
)

// HashJoin joins on equality of key columns.
type HashJoin struct {
	Info
	Kind      JoinKind
	Probe     Node
	Build     Node
	ProbeKeys []int
	BuildKeys []int
	NullSafe  []bool    // per key: NULL equals NULL (IS NOT DISTINCT FROM); nil: none
	Residual  expr.Expr // further condition on a pair, over probe columns then build columns; nil: none
	Output    []int     // positions in the kind's columns (see JoinKind) that are passed on; nil: all
	Out       []column.Field
	Filters   []RuntimeFilterDef // filters to make from the build side for scans below the probe side
}

// RuntimeFilterDef is a filter (min, max and Bloom) over a build key, known once the build side is complete.
type RuntimeFilterDef struct {
	Filter int // its number in the plan
	Key    int // position in BuildKeys
}

// NestedLoopJoin joins on any condition; nil joins every pair.
type NestedLoopJoin struct {
	Info
	Kind   JoinKind
	Probe  Node
	Build  Node
	Cond   expr.Expr // over probe columns then build columns
	Output []int
	Out    []column.Field
}

// Sort orders its input. With Count >= 0 only Count rows from Offset on are kept (top-N).
type Sort struct {
	Info
	Input  Node
	Keys   []kernels.SortKey
	Count  int64 // -1: all
	Offset int64
}

// Limit passes Count rows (-1: all) from Offset on, in the input's order.
type Limit struct {
	Info
	Input  Node
	Count  int64
	Offset int64
}

// Union passes the rows of all inputs (UNION ALL), which have equal types.
type Union struct {
	Info
	In  []Node
	Out []column.Field
}

// SetKind is INTERSECT or EXCEPT.
type SetKind uint8

// The set operations that are operators of their own.
const (
	Intersect SetKind = iota
	Except
)

// SetOp is INTERSECT or EXCEPT of two inputs of equal types; NULLs are equal. With All a row comes min(l, r) or l-r times.
type SetOp struct {
	Info
	Kind        SetKind
	All         bool
	Left, Right Node
	Out         []column.Field
}

// DistinctOn passes the first row, in the input's order, of each value of Keys.
type DistinctOn struct {
	Info
	Input Node
	Keys  []int
}

// Window passes its input's columns and one for each function, computed over rows with equal Partition columns, in Order.
type Window struct {
	Info
	Input     Node
	Partition []int
	Order     []kernels.SortKey
	Functions []kernels.WindowFunction
	Out       []column.Field
}

// Recursion gives the rows of Seed, then those of Step over what was found last, again and again until nothing new is found; without All each row
// but once. WorkingTable nodes of the same Table in Step read what was found last. It runs in one task.
type Recursion struct {
	Info
	Table      int
	All        bool
	Seed, Step Node
	Out        []column.Field
}

// WorkingTable reads what the round before of the recursion of that number found.
type WorkingTable struct {
	Info
	Table int
	Out   []column.Field
}

// SharedRead reads the rows of the stage's shared subplan of that number, which is computed once.
type SharedRead struct {
	Info
	Shared int
	Out    []column.Field
}

// ExchangeKind is how rows are spread over the tasks of a reading stage.
type ExchangeKind uint8

// The exchanges.
const (
	Gather    ExchangeKind = iota // all rows to one task
	Hash                          // rows with equal keys to the same task
	Broadcast                     // all rows to every task
	RoundRobin
	Range // rows to the task that reads the range of their key (KeyRange)
)

// Partitioned reports whether each task of a stage that reads such an exchange has a part of its own.
func (k ExchangeKind) Partitioned() bool { return k == Hash || k == RoundRobin || k == Range }

// Partitioning is how a stage's rows are spread.
type Partitioning struct {
	Kind       ExchangeKind
	Keys       []int   // Hash: columns; Range: the one whose values have ranges
	Partitions int     // Hash, RoundRobin, Range: how many; otherwise 1
	Bounds     []int64 // Range: the bounds of the KeyRange that the readers' scans have; ranges are dealt to the partitions in turn
}

// Exchange marks where a plan is cut into stages; it exists only between the physical planner and the stage cutter.
type Exchange struct {
	Info
	Input   Node
	Output  Partitioning
	Filters []StageFilter
}

// ExchangeRead reads the output of an earlier stage: task i reads partition i, or its Share (Hash, RoundRobin, Range), or all (Gather, Broadcast).
type ExchangeRead struct {
	Info
	Stage   int
	Kind    ExchangeKind
	Out     []column.Field
	All     int  // Hash, RoundRobin, Range: every task reads all of so many partitions; 0: its share
	Divided bool // tasks that share a partition divide this input among them
}

// Write writes its input to files and gives one row: the number of rows written.
type Write struct {
	Info
	Input   Node
	Format  string
	Options map[string]string
	URL     string // a file, or a folder when PerTask
	PerTask bool   // each task writes files of its own into the folder
	Schema  []column.Field
}
