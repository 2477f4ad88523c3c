package kernels

// WindowOp is what a window function computes. The numbers are part of the plan's wire format: append only.
type WindowOp uint8

// The window functions.
const (
	WindowAggregate   WindowOp = iota // an aggregate over the frame
	WindowRowNumber                   // int64
	WindowRank                        // int64
	WindowDenseRank                   // int64
	WindowPercentRank                 // float64
	WindowCumeDist                    // float64
	WindowNtile                       // int32; the argument is int32 and read in a partition's first row
	WindowLag                         // value[, offset int64[, default]]: the value so many rows before, the default outside of the partition
	WindowLead                        // the same, behind
	WindowFirstValue                  // of the frame
	WindowLastValue                   // of the frame
	WindowNthValue                    // value, n int64: the frame's n-th value
)

var windowNames = [...]string{
	"aggregate", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value", "nth_value",
}

// String is the function's SQL name.
func (o WindowOp) String() string {
	if int(o) < len(windowNames) {
		return windowNames[o]
	}
	return "window function"
}

// FrameMode is in what a frame's offsets count.
type FrameMode uint8

// The modes.
const (
	FrameRange  FrameMode = iota // values of the sort key; CURRENT ROW means its peers
	FrameRows                    // rows
	FrameGroups                  // groups of peers
)

// BoundKind is where a frame begins or ends.
type BoundKind uint8

// The bounds, in the order in which they may follow each other.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Bound is one end of a frame. Offset, not negative, is that of modes Rows and Groups. In mode Range, Column is the input column that holds for each
// row the value of the sort key up to which the frame reaches.
type Bound struct {
	Kind   BoundKind
	Offset int64
	Column int
}

// Exclusion is what is taken out of a frame.
type Exclusion uint8

// The exclusions.
const (
	ExcludeNoOthers Exclusion = iota
	ExcludeCurrentRow
	ExcludeGroup // the row and its peers
	ExcludeTies  // its peers without itself
)

// Frame is the rows of its partition that a window function looks at, seen from each row.
type Frame struct {
	Mode       FrameMode
	Start, End Bound
	Exclude    Exclusion
}

// Whole reports whether the frame is always the whole partition.
func (f Frame) Whole() bool {
	return f.Start.Kind == UnboundedPreceding && f.End.Kind == UnboundedFollowing && f.Exclude == ExcludeNoOthers
}

// WindowFunction is one function over the rows of a partition in order.
type WindowFunction struct {
	Op          WindowOp
	Call        Aggregate // arguments, types and filter; its Op is that of WindowAggregate, otherwise AggNone
	IgnoreNulls bool      // lag, lead and the values of a frame skip NULLs
	Frame       Frame
	Peers       int // how many of the sort keys are the function's own ORDER BY: rows that are equal in them are peers
}
