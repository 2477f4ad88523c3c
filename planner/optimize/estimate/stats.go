package estimate

import (
	"context"
	"maps"
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// What is assumed where nothing is known.
const (
	unknownRows     = 1_000_000 // rows of a table without statistics
	unknownCompare  = 0.33      // share of rows that a range predicate keeps
	unknownEqual    = 0.02      // an equality with a value of unknown frequency
	unknownPair     = 0.4       // an inequality between two columns
	unknownAggPart  = 0.1       // a predicate on an aggregate's result
	unknownElse     = 0.25      // any other predicate
	likeContains    = 0.05      // LIKE '%x%'
	likePrefix      = 0.02      // LIKE 'x%'
	unnestGrowth    = 4         // elements of a list
	recursionGrowth = 10        // rows of a recursion for each row that it begins with
	workingRows     = 100       // of a round of a recursion
	unknownDistinct = 0.1       // distinct values of a column, as a share of its rows
)

// Column is what is guessed of a column's values.
type Column struct {
	Distinct float64      // values in the rows of the base table, before filters
	Base     float64      // rows of that base table
	Min, Max float64      // of the values as numbers; NaN unknown
	Nulls    float64      // share of NULL
	Guess    bool         // Distinct is but an upper bound, from the range
	Computed bool         // an aggregate's result
	Mean     float64      // of an aggregate's results; NaN unknown
	Table    logical.Node // the scan or aggregation that the values are from; nil: several or none
}

// Stats is what is guessed of a node.
type Stats struct {
	Rows float64
	Cols map[expr.ColumnID]Column
}

// Estimator estimates nodes and remembers what it found; nodes are immutable, so an estimate holds as long as its node. It is for one goroutine.
type Estimator struct {
	ctx  context.Context
	memo map[logical.Node]*Stats
	ctes map[*logical.CTE]*Stats
}

// New makes an estimator.
func New(ctx context.Context) *Estimator {
	return &Estimator{ctx: ctx, memo: map[logical.Node]*Stats{}, ctes: map[*logical.CTE]*Stats{}}
}

// Rows is the estimated number of n's rows.
func (e *Estimator) Rows(n logical.Node) float64 { return e.Of(n).Rows }

// Of is the estimate of n.
func (e *Estimator) Of(n logical.Node) *Stats {
	if s, ok := e.memo[n]; ok {
		return s
	}
	s := e.compute(n)
	if math.IsNaN(s.Rows) || s.Rows < 0 {
		s.Rows = 1
	}
	e.memo[n] = s
	return s
}

func (e *Estimator) compute(n logical.Node) *Stats {
	switch n := n.(type) {
	case *logical.Scan:
		return e.scan(n)
	case *logical.Values:
		return constant(n.Cols, float64(len(n.Rows)))
	case *logical.Series:
		return constant([]logical.Col{n.Col}, series(n))
	case *logical.CTERef:
		in, ok := e.ctes[n.CTE]
		if !ok {
			in = e.Of(n.CTE.Plan)
			e.ctes[n.CTE] = in
		}
		return rename(in, n.CTE.Plan.Columns(), n.Cols)
	case *logical.With:
		return e.Of(n.Input)
	case *logical.Unnest:
		in := e.Of(n.Input)
		cols := n.Columns()
		s := constant(cols[len(n.Input.Columns()):], in.Rows*unnestGrowth)
		maps.Copy(s.Cols, in.Cols)
		return s
	case *logical.AsOf:
		l, r := e.Of(n.Left), e.Of(n.Right)
		s := &Stats{Rows: l.Rows, Cols: maps.Clone(l.Cols)}
		if s.Cols == nil {
			s.Cols = map[expr.ColumnID]Column{}
		}
		maps.Copy(s.Cols, r.Cols)
		return s
	case *logical.Window:
		in := e.Of(n.Input)
		s := constant(n.Cols, in.Rows)
		maps.Copy(s.Cols, in.Cols)
		return s
	case *logical.Recursion:
		return constant(n.Cols, e.Of(n.Seed).Rows*recursionGrowth)
	case *logical.WorkingTable:
		return constant(n.Cols, workingRows)
	case *logical.Project:
		return project(e.Of(n.Input), n.Cols, n.Exprs)
	case *logical.Filter:
		in := e.Of(n.Input)
		return &Stats{Rows: in.Rows * Selectivity(n.Cond, in), Cols: in.Cols}
	case *logical.Sort:
		return e.Of(n.Input)
	case *logical.Limit:
		in := e.Of(n.Input)
		rows := math.Max(in.Rows-float64(n.Offset), 0)
		if n.Count >= 0 {
			rows = math.Min(rows, float64(n.Count))
		}
		return &Stats{Rows: rows, Cols: in.Cols}
	case *logical.Distinct:
		in := e.Of(n.Input)
		keys := n.On
		if keys == nil {
			keys = logical.References(n.Columns())
		}
		return &Stats{Rows: Groups(keys, in), Cols: in.Cols}
	case *logical.Aggregate:
		return e.aggregate(n)
	case *logical.SetOp:
		return e.setOp(n)
	case *logical.Join:
		return Join(n.Kind, expr.Conjuncts(n.Cond), e.Of(n.Left), e.Of(n.Right), n)
	}
	return &Stats{Rows: unknownRows}
}

func (e *Estimator) scan(n *logical.Scan) *Stats {
	s := &Stats{Rows: unknownRows, Cols: make(map[expr.ColumnID]Column, len(n.Cols))}
	t, err := n.Table.Statistics(e.ctx)
	known := err == nil && t != nil && t.Rows >= 0
	if known {
		s.Rows = float64(t.Rows)
	}
	for i, c := range n.Cols {
		col := Column{Distinct: math.Max(1, s.Rows*unknownDistinct), Base: s.Rows, Min: math.NaN(), Max: math.NaN()}
		if known && n.Source[i] < len(t.Columns) {
			col = tableColumn(c.Type, t.Columns[n.Source[i]], s.Rows)
		}
		col.Table = n
		s.Cols[c.ID] = col
	}
	if len(n.Filters) > 0 {
		s.Rows *= Selectivity(expr.Conjunction(n.Filters), s)
	}
	if n.Limit >= 0 {
		s.Rows = math.Min(s.Rows, float64(n.Limit))
	}
	return s
}

func constant(cols []logical.Col, rows float64) *Stats {
	s := &Stats{Rows: rows, Cols: make(map[expr.ColumnID]Column, len(cols))}
	for _, c := range cols {
		s.Cols[c.ID] = Column{Distinct: math.Max(rows, 1), Base: rows, Min: math.NaN(), Max: math.NaN()}
	}
	return s
}

func series(n *logical.Series) float64 {
	a, ok1 := n.Start.(*expr.Literal)
	b, ok2 := n.Stop.(*expr.Literal)
	c, ok3 := n.Step.(*expr.Literal)
	if !ok1 || !ok2 || !ok3 {
		return 1000
	}
	step := number(c.Value)
	if c.Value.Type.Kind == column.Interval {
		step = float64(c.Value.Interval.Span().Float64())
	}
	if rows := math.Floor((number(b.Value)-number(a.Value))/step) + 1; rows > 0 {
		return rows
	}
	return 0
}

func rename(in *Stats, from, to []logical.Col) *Stats {
	s := &Stats{Rows: in.Rows, Cols: make(map[expr.ColumnID]Column, len(to))}
	for i, c := range to {
		if col, ok := in.Cols[from[i].ID]; ok {
			s.Cols[c.ID] = col
		}
	}
	return s
}

func project(in *Stats, cols []logical.Col, exprs []expr.Expr) *Stats {
	s := &Stats{Rows: in.Rows, Cols: make(map[expr.ColumnID]Column, len(cols))}
	for i, c := range cols {
		s.Cols[c.ID] = of(exprs[i], in)
	}
	return s
}

// of guesses the values of an expression.
func of(e expr.Expr, in *Stats) Column {
	switch x := e.(type) {
	case *expr.Column:
		if c, ok := in.Cols[x.ID]; ok {
			return c
		}
	case *expr.Literal:
		v := number(x.Value)
		return Column{Distinct: 1, Base: in.Rows, Min: v, Max: v}
	}
	distinct, read, computed := 1.0, false, false
	expr.Columns(e, func(c *expr.Column) {
		if col, ok := in.Cols[c.ID]; ok {
			distinct, read, computed = distinct*math.Max(col.Distinct, 1), true, computed || col.Computed
		}
	})
	switch x := e.(type) {
	case *expr.Call:
		distinct = math.Min(distinct, callValues(x, in))
	case *expr.Case:
		distinct = math.Min(distinct, float64(4*len(x.Whens)+1))
	}
	if e.Type().Kind == column.Bool {
		distinct = math.Min(distinct, 2)
	}
	if !read {
		distinct = 1
	}
	return Column{Distinct: math.Max(1, math.Min(distinct, in.Rows)), Base: in.Rows, Min: math.NaN(), Max: math.NaN(), Guess: true, Computed: computed}
}

// functionValues is how many values some functions have at most, or in common data.
var functionValues = map[string]float64{
	"quarter": 4, "month": 12, "week": 53, "day": 31, "dow": 7, "isodow": 7, "doy": 366, "hour": 24, "minute": 60, "sign": 3, "length": 100,
}

// callValues bounds how many values a call has.
func callValues(c *expr.Call, in *Stats) float64 {
	switch c.Fn.Name {
	case "year":
		if a := of(c.Args[0], in); a.Max > a.Min && c.Args[0].Type().Kind == column.Date {
			return math.Ceil((a.Max-a.Min)/365) + 1
		}
		return 50
	case "substring", "substr", "left":
		// Digits and capitals: few ways to fill few places.
		if l, ok := c.Args[len(c.Args)-1].(*expr.Literal); ok && l.Value.Type.Kind.IsInteger() && l.Value.Int64() < 5 && l.Value.Int64() >= 0 {
			return math.Pow(10, l.Value.Int.Float64())
		}
	}
	if known, ok := functionValues[c.Fn.Name]; ok {
		return known
	}
	return math.Inf(1)
}

func (e *Estimator) aggregate(n *logical.Aggregate) *Stats {
	in := e.Of(n.Input)
	s := &Stats{Rows: 1, Cols: make(map[expr.ColumnID]Column, len(n.GroupCols)+len(n.AggCols))}
	switch {
	case n.Sets != nil:
		s.Rows = 0
		for _, set := range n.Sets {
			keys := make([]expr.Expr, len(set))
			for i, k := range set {
				keys[i] = n.Groups[k]
			}
			s.Rows += Groups(keys, in)
		}
	case len(n.Groups) > 0:
		s.Rows = Groups(n.Groups, in)
	}
	for i, c := range n.GroupCols {
		col := of(n.Groups[i], in)
		col.Distinct = math.Min(col.Distinct, s.Rows)
		col.Base, col.Table = s.Rows, n
		// A key alone has each value once: that is no guess of what the rows refer to.
		col.Guess = col.Guess && len(n.GroupCols) > 1
		s.Cols[c.ID] = col
	}
	for i, c := range n.AggCols {
		s.Cols[c.ID] = Column{
			Distinct: math.Max(1, s.Rows), Base: s.Rows, Min: math.NaN(), Max: math.NaN(), Computed: true, Guess: true, Table: n,
			Mean: mean(n.Aggs[i], in, in.Rows/math.Max(s.Rows, 1)),
		}
	}
	return s
}

// mean is what an aggregate of groups of that many rows gives on average.
func mean(a *expr.AggCall, in *Stats, rows float64) float64 {
	value := math.NaN()
	if len(a.Args) > 0 {
		c := of(a.Args[0], in)
		value = (c.Min + c.Max) / 2
	}
	switch a.Fn.Op {
	case kernels.AggCount, kernels.AggCountStar:
		return rows
	case kernels.AggSum:
		return value * rows
	case kernels.AggAvg, kernels.AggMedian:
		return value
	}
	return math.NaN()
}

// left is how many of the column's values are left in that many rows: of a key as large a share as of the rows, of others more, since each has
// several rows (Yao's formula, approximated).
func (c Column) left(rows float64) float64 {
	d := math.Max(c.Distinct, 1)
	if c.Base > 0 && c.Distinct >= c.Base {
		return d * math.Min(1, rows/c.Base)
	}
	return d * (1 - math.Exp(-rows/d))
}

// Groups is the estimated number of different values of keys in the rows of in: beyond the first, further keys count less, since they
// often depend on each other.
func Groups(keys []expr.Expr, in *Stats) float64 {
	if len(keys) == 0 || in.Rows < 1 {
		return math.Min(1, math.Max(in.Rows, float64(1-min(len(keys), 1))))
	}
	groups := 1.0
	for _, k := range keys {
		c := of(k, in)
		groups *= math.Max(c.left(in.Rows), 1)
	}
	return math.Min(groups, in.Rows)
}

func (e *Estimator) setOp(n *logical.SetOp) *Stats {
	s := &Stats{Cols: make(map[expr.ColumnID]Column, len(n.Cols))}
	for i, in := range n.In {
		t := e.Of(in)
		for j, c := range in.Columns() {
			col := t.Cols[c.ID]
			if old, ok := s.Cols[n.Cols[j].ID]; ok {
				col.Distinct = math.Max(col.Distinct, old.Distinct)
				col.Base, col.Table = col.Base+old.Base, nil
				col.Min, col.Max = math.Min(col.Min, old.Min), math.Max(col.Max, old.Max)
			}
			s.Cols[n.Cols[j].ID] = col
		}
		switch {
		case i == 0 || n.Kind == logical.Union:
			s.Rows += t.Rows
		case n.Kind == logical.Intersect:
			s.Rows = math.Min(s.Rows, t.Rows)
		default:
			s.Rows = math.Max(s.Rows/2, s.Rows-t.Rows)
		}
	}
	if !n.All {
		s.Rows = Groups(logical.References(n.Cols), s)
	}
	return s
}
