package sql

import (
	"cmp"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// windowing collects a query's window functions.
type windowing struct {
	defs  map[string]*pg.WindowDef // of the WINDOW clause
	calls []*windowCall
	cols  []logical.Col
}

// windowCall is a window function with the rows that it looks at.
type windowCall struct {
	*logical.WindowCall
	partition []expr.Expr
	order     []expr.SortKey
}

// windowFunctions are the functions that are nothing but window functions, with the least and the greatest number of arguments.
var windowFunctions = map[string]struct {
	op          kernels.WindowOp
	least, most int
}{
	"row_number":   {kernels.WindowRowNumber, 0, 0},
	"rank":         {kernels.WindowRank, 0, 0},
	"dense_rank":   {kernels.WindowDenseRank, 0, 0},
	"percent_rank": {kernels.WindowPercentRank, 0, 0},
	"cume_dist":    {kernels.WindowCumeDist, 0, 0},
	"ntile":        {kernels.WindowNtile, 1, 1},
	"lag":          {kernels.WindowLag, 1, 3},
	"lead":         {kernels.WindowLead, 1, 3},
	"first_value":  {kernels.WindowFirstValue, 1, 1},
	"last_value":   {kernels.WindowLastValue, 1, 1},
	"nth_value":    {kernels.WindowNthValue, 2, 2},
}

// defineWindows reads the WINDOW clause; it gives the condition that QUALIFY left there.
func (b *binder) defineWindows(clause []*pg.Node) (w *windowing, qualify *pg.Node, err error) {
	w = &windowing{defs: map[string]*pg.WindowDef{}}
	for _, n := range clause {
		d := n.GetWindowDef()
		if d.Name == ast.QualifyWindow && len(d.PartitionClause) == 1 {
			qualify = d.PartitionClause[0]
			continue
		}
		if w.defs[d.Name] != nil {
			return nil, nil, fault.New(fault.WindowingError, "window %q is already defined", d.Name).At(b.at(d.Location))
		}
		resolved, err := b.windowDef(w, d)
		if err != nil {
			return nil, nil, err
		}
		w.defs[d.Name] = resolved
	}
	return w, qualify, nil
}

// windowDef is d with what it takes over from the window that it names.
func (b *binder) windowDef(w *windowing, d *pg.WindowDef) (*pg.WindowDef, error) {
	name := d.Refname
	if name == "" {
		return d, nil
	}
	position := b.at(d.Location)
	base := w.defs[name]
	if base == nil {
		return nil, fault.New(fault.UndefinedObject, "window %q does not exist", name).At(position)
	}
	switch {
	case len(d.PartitionClause) > 0:
		return nil, fault.New(fault.WindowingError, "cannot override PARTITION BY clause of window %q", name).At(position)
	case len(d.OrderClause) > 0 && len(base.OrderClause) > 0:
		return nil, fault.New(fault.WindowingError, "cannot override ORDER BY clause of window %q", name).At(position)
	case base.FrameOptions&frameNonDefault != 0:
		return nil, fault.New(fault.WindowingError, "cannot copy window %q because it has a frame clause", name).At(position)
	}
	order := d.OrderClause
	if len(order) == 0 {
		order = base.OrderClause
	}
	return &pg.WindowDef{
		Name: d.Name, PartitionClause: base.PartitionClause, OrderClause: order, FrameOptions: d.FrameOptions, StartOffset: d.StartOffset, EndOffset: d.EndOffset,
		Location: d.Location,
	}, nil
}

// over is the window that OVER names or describes.
func (b *binder) over(w *windowing, d *pg.WindowDef) (*pg.WindowDef, error) {
	if d.Name == "" {
		return b.windowDef(w, d)
	}
	if base := w.defs[d.Name]; base != nil {
		return base, nil
	}
	return nil, fault.New(fault.UndefinedObject, "window %q does not exist", d.Name).At(b.at(d.Location))
}

// windowFunction binds a call with OVER: it becomes a column of the query.
func (b *binder) windowFunction(f *pg.FuncCall, name string, s *scope) (expr.Expr, error) {
	position := b.at(f.Location)
	switch {
	case s.inAgg:
		return nil, fault.New(fault.GroupingError, "aggregate function calls cannot contain window function calls").At(position)
	case s.inWindow:
		return nil, fault.New(fault.WindowingError, "window function calls cannot be nested").At(position)
	case s.windows == nil:
		return nil, fault.New(fault.WindowingError, "window functions are not allowed in %s", s.clauseName()).At(position)
	case f.FuncVariadic:
		return nil, b.unsupported(f.Location, "VARIADIC")
	}
	w := s.windows
	def, err := b.over(w, f.Over)
	if err != nil {
		return nil, err
	}
	s.inWindow = true
	call, err := b.windowCall(f, name, s)
	if err == nil {
		err = b.windowRows(call, def, s)
	}
	s.inWindow = false
	if err != nil {
		return nil, fault.At(err, position)
	}
	return w.add(call, b.ids).Expr(), nil
}

// windowCall binds the function and its arguments.
func (b *binder) windowCall(f *pg.FuncCall, name string, s *scope) (*windowCall, error) {
	ignore := isIgnoreNulls(f.AggFilter)
	if ignore {
		f = &pg.FuncCall{
			Funcname: f.Funcname, Args: f.Args, AggOrder: f.AggOrder, AggStar: f.AggStar, AggDistinct: f.AggDistinct, AggWithinGroup: f.AggWithinGroup,
			Over: f.Over, Location: f.Location,
		}
	}
	position := b.at(f.Location)
	if expr.IsAggregate(name) {
		switch {
		case ignore:
			return nil, b.unsupported(f.Location, "IGNORE NULLS with the aggregate %s", name)
		case f.AggWithinGroup:
			return nil, b.unsupported(f.Location, "OVER with WITHIN GROUP")
		case len(f.AggOrder) > 0:
			return nil, b.unsupported(f.Location, "ORDER BY within an aggregate with OVER")
		}
		agg, err := b.aggregateCall(f, name, s)
		if err != nil {
			return nil, err
		}
		return &windowCall{WindowCall: &logical.WindowCall{
			Op: kernels.WindowAggregate, Aggregate: agg.Fn, Args: agg.Args, Distinct: agg.Distinct, Filter: agg.Filter, Typ: agg.Typ,
		}}, nil
	}
	fn, ok := windowFunctions[name]
	switch {
	case !ok && expr.FunctionExists(name):
		return nil, fault.New(fault.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", name).At(position)
	case !ok:
		return nil, b.undefinedFunction(name, f.Location)
	case f.AggFilter != nil:
		return nil, b.unsupported(f.Location, "FILTER with a window function that is no aggregate")
	case f.AggDistinct:
		return nil, b.unsupported(f.Location, "DISTINCT with a window function that is no aggregate")
	case f.AggStar || len(f.AggOrder) > 0 || f.AggWithinGroup:
		return nil, fault.New(fault.WrongObjectType, "%s is not an aggregate function", name).At(position)
	case len(f.Args) < fn.least || len(f.Args) > fn.most:
		return nil, fault.New(fault.UndefinedFunction, "function %s with %d arguments does not exist", name, len(f.Args)).At(position)
	case ignore && fn.op < kernels.WindowLag:
		return nil, fault.New(fault.SyntaxError, "function %s does not accept IGNORE NULLS", name).At(position)
	}
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	c := &logical.WindowCall{Op: fn.op, IgnoreNulls: ignore, Args: args}
	return &windowCall{WindowCall: c}, b.blame(typeWindowCall(c, name), f.Args, args)
}

// isIgnoreNulls recognizes what IGNORE NULLS was rewritten to.
func isIgnoreNulls(filter *pg.Node) bool {
	return filter != nil && simpleName(filter) == ast.IgnoreNulls
}

// typeWindowCall converts the arguments and finds the result's type.
func typeWindowCall(c *logical.WindowCall, name string) error {
	switch c.Op {
	case kernels.WindowPercentRank, kernels.WindowCumeDist:
		c.Typ = column.T(column.Float64)
		return nil
	case kernels.WindowRowNumber, kernels.WindowRank, kernels.WindowDenseRank:
		c.Typ = column.T(column.Int64)
		return nil
	case kernels.WindowNtile:
		var err error
		c.Typ = column.T(column.Int32)
		c.Args[0], err = expr.Coerce(c.Args[0], c.Typ)
		return err
	}
	values := []int{0}
	if len(c.Args) > 2 {
		values = append(values, 2)
	}
	same := make([]expr.Expr, len(values))
	for k, i := range values {
		same[k] = c.Args[i]
	}
	t, err := expr.CommonType(name, same)
	if err != nil {
		return err
	}
	c.Typ = known(t)
	for _, i := range values {
		if c.Args[i], err = expr.Coerce(c.Args[i], c.Typ); err != nil {
			return err
		}
	}
	if len(c.Args) > 1 {
		c.Args[1], err = expr.Coerce(c.Args[1], column.T(column.Int64))
	}
	return err
}

// windowRows binds PARTITION BY, ORDER BY and the frame.
func (b *binder) windowRows(c *windowCall, d *pg.WindowDef, s *scope) error {
	for _, n := range d.PartitionClause {
		e, err := b.windowKey(n, s)
		if err != nil {
			return err
		}
		if find(c.partition, e) < 0 {
			c.partition = append(c.partition, e)
		}
	}
	for _, n := range d.OrderClause {
		by := n.GetSortBy()
		direction, err := b.direction(by)
		if err != nil {
			return err
		}
		e, err := b.windowKey(by.Node, s)
		if err != nil {
			return err
		}
		c.order = append(c.order, direction.key(e))
	}
	if err := b.frame(c, d); err != nil {
		return err
	}
	c.Peers = len(c.order)
	return nil
}

func (b *binder) windowKey(n *pg.Node, s *scope) (expr.Expr, error) {
	e, err := b.expr(n, s)
	if err != nil {
		return nil, err
	}
	if l, ok := e.(*expr.Literal); ok && l.Untyped {
		return expr.Coerce(e, column.T(column.Text))
	}
	return e, nil
}

// add notes a window function, once however often it stands in the query.
func (w *windowing) add(call *windowCall, ids *logical.IDs) logical.Col {
	for i, c := range w.calls {
		if sameWindowCall(c, call) {
			return w.cols[i]
		}
	}
	name := call.Op.String()
	nullable := call.Op >= kernels.WindowNtile
	if call.Aggregate != nil {
		name = call.Aggregate.Name
		nullable = name != "count"
	}
	col := logical.Col{ID: ids.Next(), Name: name, Type: call.Typ, Nullable: nullable}
	w.calls, w.cols = append(w.calls, call), append(w.cols, col)
	return col
}

func sameWindowCall(a, b *windowCall) bool {
	return a.Op == b.Op && a.Aggregate == b.Aggregate && a.Distinct == b.Distinct && a.IgnoreNulls == b.IgnoreNulls && a.Frame == b.Frame &&
		slices.EqualFunc(a.Args, b.Args, same) && same(a.Filter, b.Filter) && same(a.Start, b.Start) && same(a.End, b.End) &&
		slices.EqualFunc(a.partition, b.partition, same) && slices.EqualFunc(a.order, b.order, sameSortKey)
}

func sameSortKey(a, b expr.SortKey) bool {
	return a.Descending == b.Descending && a.NullsFirst == b.NullsFirst && same(a.Expr, b.Expr)
}

// overWindows rewrites the functions' expressions to the Aggregate's outputs.
func (s *selection) overWindows(rewrite func(expr.Expr) (expr.Expr, error)) error {
	var failed error
	one := func(e *expr.Expr) {
		if *e != nil && failed == nil {
			*e, failed = rewrite(*e)
		}
	}
	for _, c := range s.windows.calls {
		for i := range c.Args {
			one(&c.Args[i])
		}
		for i := range c.partition {
			one(&c.partition[i])
		}
		for i := range c.order {
			one(&c.order[i].Expr)
		}
		one(&c.Filter)
		one(&c.Start)
		one(&c.End)
	}
	return failed
}

// window puts the window functions into the plan: one node for all whose rows are partitioned alike and whose order is the beginning of one.
func (s *selection) window() {
	var nodes []*logical.Window
	byLength := make([]int, len(s.windows.calls))
	for i := range byLength {
		byLength[i] = i
	}
	slices.SortStableFunc(byLength, func(i, j int) int {
		return cmp.Compare(len(s.windows.calls[j].order), len(s.windows.calls[i].order))
	})
	for _, i := range byLength {
		c := s.windows.calls[i]
		at := slices.IndexFunc(nodes, func(n *logical.Window) bool {
			return samePartition(n.Partition, c.partition) && slices.EqualFunc(n.Order[:len(c.order)], c.order, sameSortKey)
		})
		if at < 0 {
			at = len(nodes)
			nodes = append(nodes, &logical.Window{Partition: c.partition, Order: c.order})
		}
		n := nodes[at]
		n.Calls, n.Cols = append(n.Calls, c.WindowCall), append(n.Cols, s.windows.cols[i])
	}
	for _, n := range nodes {
		n.Input = s.input
		s.input = n
	}
}

// samePartition compares two lists without repetitions as sets.
func samePartition(a, b []expr.Expr) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(e expr.Expr) bool { return find(b, e) < 0 })
}
