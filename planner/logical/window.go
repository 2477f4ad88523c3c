package logical

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
)

// Window passes its input's columns on and adds one for each call, computed over the rows with equal Partition values in the order of Order. One node
// serves all calls whose own ORDER BY is the beginning of Order.
type Window struct {
	Input     Node
	Partition []expr.Expr
	Order     []expr.SortKey
	Calls     []*WindowCall
	Cols      []Col // one for each call
}

// WindowCall is a call of a window function.
type WindowCall struct {
	Op          kernels.WindowOp
	Aggregate   *expr.AggFunction // of WindowAggregate
	Args        []expr.Expr
	Distinct    bool
	IgnoreNulls bool
	Filter      expr.Expr     // nil: all rows; of aggregates only
	Frame       kernels.Frame // Column of its bounds is not set
	Start, End  expr.Expr     // the values of the sort key that a RANGE frame with offsets reaches to, seen from each row; nil: none
	Peers       int           // keys of Order that are the call's own
	Typ         column.Type
}

// Columns are the input's, then one for each call.
func (n *Window) Columns() []Col {
	in := n.Input.Columns()
	return append(in[:len(in):len(in)], n.Cols...)
}

func (n *Window) Inputs() []Node { return []Node{n.Input} }

// WithInputs replaces the input.
func (n *Window) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// mapWindow applies one, list and keys to the expressions of n.
func mapWindow(n *Window, one func(expr.Expr) expr.Expr, list func([]expr.Expr) []expr.Expr, keys func([]expr.SortKey) []expr.SortKey) *Window {
	c := *n
	c.Partition, c.Order = list(n.Partition), keys(n.Order)
	c.Calls = make([]*WindowCall, len(n.Calls))
	for i, call := range n.Calls {
		w := *call
		w.Args, w.Filter, w.Start, w.End = list(call.Args), one(call.Filter), one(call.Start), one(call.End)
		c.Calls[i] = &w
	}
	return &c
}

// String is the call as SQL would write it, without its frame.
func (c *WindowCall) String() string {
	name := c.Op.String()
	if c.Aggregate != nil {
		name = c.Aggregate.Name
	}
	args := expressions(c.Args, ", ")
	if c.Aggregate != nil && c.Aggregate.Op == kernels.AggCountStar {
		args = "*"
	}
	if c.Distinct {
		args = "distinct " + args
	}
	s := name + "(" + args + ")"
	if c.IgnoreNulls {
		s += " ignore nulls"
	}
	if c.Filter != nil {
		s += " filter (" + c.Filter.String() + ")"
	}
	return s
}

func describeWindow(n *Window) string {
	calls := make([]string, len(n.Calls))
	for i, c := range n.Calls {
		calls[i] = columns(n.Cols[i:i+1]) + ": " + c.String()
	}
	s := "Window by [" + expressions(n.Partition, ", ") + "]"
	if len(n.Order) > 0 {
		keys := make([]string, len(n.Order))
		for i, k := range n.Order {
			keys[i] = k.String()
		}
		s += " order " + strings.Join(keys, ", ")
	}
	return s + " [" + strings.Join(calls, ", ") + "]"
}

// RowNumber is in with its rows numbered in the given order.
func RowNumber(in Node, order []expr.SortKey, ids *IDs) *Window {
	t := column.T(column.Int64)
	return &Window{
		Input: in, Order: order, Calls: []*WindowCall{{Op: kernels.WindowRowNumber, Typ: t, Peers: len(order)}},
		Cols: []Col{{ID: ids.Next(), Name: "row_number", Type: t}},
	}
}
