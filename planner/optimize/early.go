package optimize

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// aggregateEarly groups rows before joins that only bring wide columns to group by, or that have many rows for each key:
//
//	Aggregate by [c_custkey, c_name] [s: sum(x)]   →   Aggregate by [c_custkey, c_name] [s: sum(p)]
//	  Inner Join on c_custkey = o_custkey                Inner Join on c_custkey = o_custkey
//	    Scan customer                                      Scan customer
//	    Scan orders                                        Aggregate by [o_custkey] [p: sum(x)]
//	                                                         Scan orders
//
// All rows of a lower group agree in every column that anything above reads, so each meets the same partners: what the join repeats, it repeats
// whole, and the upper aggregation puts the parts together. It stays, since nothing is known to be unique.
// (Yan and Larson, "Eager Aggregation and Lazy Aggregation", VLDB 1995.)
//
// The side without partners of a left join may be grouped as well; its counts are then 0, or 1 for count(*), where it has no row.
func aggregateEarly(o *optimizer, n logical.Node) (logical.Node, error) {
	n, err := logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return aggregateEarly(o, c) })
	if err != nil {
		return nil, err
	}
	a, ok := n.(*logical.Aggregate)
	if !ok || a.Sets != nil || !joins(a.Input) {
		return n, nil
	}
	if r := relations(a.Input); r < 2 || r > maxEarlyRelations || !decomposable(a) {
		return n, nil
	}
	e, err := newEarly(o, a)
	if err != nil {
		return nil, err
	}
	best, err := e.best()
	if err != nil || best == nil {
		return n, err
	}
	return best, nil
}

// decomposable reports whether all aggregates of a can be put together from parts.
func decomposable(a *logical.Aggregate) bool {
	for _, c := range a.Aggs {
		if c.Distinct || c.Filter != nil || !mergeable(c) {
			return false
		}
	}
	for _, g := range a.Groups {
		if logical.IsVolatile(g) {
			return false
		}
	}
	return true
}

// mergeable reports whether aggregates of parts of a group make that of the group, to the last digit, and without an error that some order of the
// rows does not give: sums of floats depend on the order anyway, but not by how rows meet their partners.
func mergeable(c *expr.AggCall) bool {
	for _, e := range c.Args {
		if !cannotFail(e) {
			return false
		}
	}
	switch c.Fn.Op {
	case kernels.AggSum, kernels.AggAvg:
		t := c.Args[0].Type()
		return t.Kind.IsInteger() || t.Kind == column.Decimal && t.Precision < column.MaxPrecision
	case kernels.AggCountStar, kernels.AggCount:
		return true
	}
	return idempotent(c.Fn.Op)
}

// idempotent reports whether rows that occur again change nothing.
func idempotent(op kernels.AggOp) bool {
	switch op {
	case kernels.AggMin, kernels.AggMax, kernels.AggBoolAnd, kernels.AggBoolOr, kernels.AggBitAnd, kernels.AggBitOr:
		return true
	}
	return false
}

// cannotFail reports whether e has a value for every row, also one that a join would have dropped: columns, constants, and decimal arithmetic whose
// type has room for every result.
func cannotFail(e expr.Expr) bool {
	switch x := e.(type) {
	case *expr.Column, *expr.Literal:
		return true
	case *expr.Cast:
		return x.Arg.Type().Kind.IsInteger() && x.To.Kind == column.Decimal && int(x.To.Precision)-int(x.To.Scale) >= 20 && cannotFail(x.Arg)
	case *expr.Call:
		switch x.Fn.Name {
		case "+", "-", "*":
		default:
			return false
		}
		if x.Typ.Kind != column.Decimal || x.Typ.Precision >= column.MaxPrecision {
			return false
		}
		for _, a := range x.Args {
			if a.Type().Kind != column.Decimal || !cannotFail(a) {
				return false
			}
		}
		return true
	}
	return false
}

// groupable reports whether values that are equal are the same, so that one stands for all: 0.0 and -0.0, or 1 month and 30 days, are not.
func groupable(t column.Type) bool {
	return !t.Kind.IsFloat() && t.Kind != column.Interval && !t.Kind.IsNested() && t.Kind != column.Null
}

// parts builds the two aggregations from the one.
type parts struct {
	o     *optimizer
	outer bool // the lower groups are on the side of a left join that may have no row

	cols []logical.Col // of the rows that are grouped early

	lowerCols []logical.Col
	lower     []*expr.AggCall
	upperCols []logical.Col
	upper     []*expr.AggCall
	result    []expr.Expr // of the upper aggregates' columns, one for each aggregate of the query
}

// add splits aggregate c, whose column is col; below says that its arguments are computed below.
func (p *parts) add(c *expr.AggCall, col logical.Col, below bool) error {
	if !below {
		// Of what the other side brings only least and greatest values and the like are asked, and those care for no repetition.
		p.upperCols, p.upper, p.result = append(p.upperCols, col), append(p.upper, c), append(p.result, col.Expr())
		return nil
	}
	switch c.Fn.Op {
	case kernels.AggCountStar, kernels.AggCount:
		total, err := p.count(c)
		p.result = append(p.result, total)
		return err
	case kernels.AggAvg:
		return p.average(c)
	case kernels.AggSum:
		total, err := p.sum(c)
		if err != nil {
			return err
		}
		total, err = expr.NewCast(total, c.Typ, false)
		p.result = append(p.result, total)
		return err
	}
	low := p.below(c)
	up := *c
	up.Args = []expr.Expr{low.Expr()}
	p.result = append(p.result, p.above(&up).Expr())
	return nil
}

// sum is the sum of a lower sum.
func (p *parts) sum(c *expr.AggCall) (expr.Expr, error) {
	up, err := expr.NewAggregate("sum", []expr.Expr{p.below(c).Expr()}, false)
	if err != nil {
		return nil, err
	}
	return p.above(up).Expr(), nil
}

// count is the sum of lower counts, 0 for no rows.
func (p *parts) count(c *expr.AggCall) (expr.Expr, error) {
	low := c
	var err error
	if c.Fn.Op == kernels.AggCount && logical.NotNull(c.Args[0], p.cols) {
		// Then its column need not be read.
		if low, err = expr.NewAggregate("count", nil, false); err != nil {
			return nil, err
		}
	}
	var part expr.Expr = p.below(low).Expr()
	if p.outer && c.Fn.Op == kernels.AggCountStar {
		// A row without partner counts as one.
		if part, err = expr.NewCoalesce([]expr.Expr{part, number(1)}); err != nil {
			return nil, err
		}
	}
	up, err := expr.NewAggregate("sum", []expr.Expr{part}, false)
	if err != nil {
		return nil, err
	}
	total, err := expr.NewCast(p.above(up).Expr(), c.Typ, false)
	if err != nil {
		return nil, err
	}
	return expr.NewCoalesce([]expr.Expr{total, number(0)})
}

// average is the sum divided by the count, which has the type and the rounding of an average; of no values it is NULL.
func (p *parts) average(c *expr.AggCall) error {
	sum, err := expr.NewAggregate("sum", c.Args, false)
	if err != nil {
		return err
	}
	total, err := p.sum(sum)
	if err != nil {
		return err
	}
	count, err := expr.NewAggregate("count", c.Args, false)
	if err != nil {
		return err
	}
	n, err := p.count(count)
	if err != nil {
		return err
	}
	wide := column.DecimalType(column.MaxPrecision, int(total.Type().Scale))
	if total, err = expr.NewCast(total, wide, false); err != nil {
		return err
	}
	mean, err := expr.NewCall("/", []expr.Expr{total, n})
	if err != nil {
		return err
	}
	if mean, err = expr.NewCast(mean, c.Typ, false); err != nil {
		return err
	}
	none, err := expr.NewComparison(expr.Eq, n, number(0))
	if err != nil {
		return err
	}
	mean, err = expr.NewCase([]expr.When{{Cond: none, Then: null(c.Typ)}}, mean)
	p.result = append(p.result, mean)
	return err
}

func number(n int64) expr.Expr {
	return &expr.Literal{Value: column.IntValue(column.T(column.Int64), n)}
}

// below is the column of a lower aggregate.
func (p *parts) below(c *expr.AggCall) logical.Col {
	for i, old := range p.lower {
		if sameCall(old, c) {
			return p.lowerCols[i]
		}
	}
	count := c.Fn.Op == kernels.AggCount || c.Fn.Op == kernels.AggCountStar
	col := logical.Col{ID: p.o.ids.Next(), Name: c.Fn.Name, Type: c.Typ, Nullable: !count}
	p.lowerCols, p.lower = append(p.lowerCols, col), append(p.lower, c)
	return col
}

// above is the column of an upper aggregate.
func (p *parts) above(c *expr.AggCall) logical.Col {
	for i, old := range p.upper {
		if sameCall(old, c) {
			return p.upperCols[i]
		}
	}
	col := logical.Col{ID: p.o.ids.Next(), Name: c.Fn.Name, Type: c.Typ, Nullable: true}
	p.upperCols, p.upper = append(p.upperCols, col), append(p.upper, c)
	return col
}

func sameCall(a, b *expr.AggCall) bool {
	if a.Fn.Op != b.Fn.Op || len(a.Args) != len(b.Args) {
		return false
	}
	for i := range a.Args {
		if logical.IsVolatile(a.Args[i]) || logical.Key(a.Args[i]) != logical.Key(b.Args[i]) {
			return false
		}
	}
	return true
}
