package estimate

import (
	"math"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

// Selectivity is the estimated share of the rows of in for which cond is true.
func Selectivity(cond expr.Expr, in *Stats) float64 {
	if cond == nil {
		return 1
	}
	return math.Max(0, math.Min(1, selectivity(cond, in)))
}

func selectivity(cond expr.Expr, in *Stats) float64 {
	switch c := cond.(type) {
	case *expr.Literal:
		if !c.Value.Null && c.Value.Bool() {
			return 1
		}
		return 0
	case *expr.Column:
		return 0.5
	case *expr.Not:
		return 1 - Selectivity(c.Arg, in)
	case *expr.And:
		return conjunction(c.Terms, in)
	case *expr.Or:
		miss := 1.0
		for _, t := range c.Terms {
			miss *= 1 - Selectivity(t, in)
		}
		return 1 - miss
	case *expr.IsNull:
		share := of(c.Arg, in).Nulls
		if c.Negated {
			return 1 - share
		}
		return share
	case *expr.In:
		share := math.Min(1, float64(len(c.List))*equal(c.Arg, in))
		if c.Negated {
			return 1 - share
		}
		return share
	case *expr.Comparison:
		return comparison(c, in)
	case *expr.Call:
		return call(c, in)
	}
	return unknownElse
}

// conjunction multiplies the terms with exponential backoff (the most selective in full, the next by its square root, and so on), since
// predicates on one table are rarely independent. Two bounds of one column are taken together first.
func conjunction(terms []expr.Expr, in *Stats) float64 {
	var parts []float64
	bounds := map[expr.ColumnID][2]float64{}
	var order []expr.ColumnID
	for _, t := range terms {
		id, share, upper, ok := bound(t, in)
		if !ok {
			parts = append(parts, Selectivity(t, in))
			continue
		}
		b, seen := bounds[id]
		if !seen {
			b = [2]float64{1, 1}
			order = append(order, id)
		}
		side := 0
		if upper {
			side = 1
		}
		b[side] = math.Min(b[side], share)
		bounds[id] = b
	}
	for _, id := range order {
		b := bounds[id]
		parts = append(parts, math.Max(b[0]+b[1]-1, 1/math.Max(in.Cols[id].Distinct, 1)))
	}
	slices.Sort(parts)
	product, power := 1.0, 1.0
	for _, p := range parts {
		product *= math.Pow(p, power)
		power = math.Max(power*0.75, 0.25)
	}
	return product
}

// bound recognizes column < constant and the like, with a known range: the share of values on the kept side.
func bound(t expr.Expr, in *Stats) (id expr.ColumnID, share float64, upper, ok bool) {
	c, isCmp := t.(*expr.Comparison)
	if !isCmp {
		return 0, 0, false, false
	}
	op, col, lit, ok := sides(c)
	if !ok || op < expr.Lt || op > expr.Ge {
		return 0, 0, false, false
	}
	s, known := in.Cols[col.ID]
	if !known || !(s.Max > s.Min) || math.IsNaN(number(lit.Value)) {
		return 0, 0, false, false
	}
	below := math.Max(0, math.Min(1, (number(lit.Value)-s.Min)/(s.Max-s.Min)))
	if op == expr.Lt || op == expr.Le {
		return col.ID, below, true, true
	}
	return col.ID, 1 - below, false, true
}

// sides brings a comparison of a column with a constant into the form column op constant.
func sides(c *expr.Comparison) (expr.CompareOp, *expr.Column, *expr.Literal, bool) {
	l, r, op := c.Left, c.Right, c.Op
	if _, ok := l.(*expr.Literal); ok {
		l, r, op = r, l, op.Swap()
	}
	col, ok1 := l.(*expr.Column)
	lit, ok2 := r.(*expr.Literal)
	return op, col, lit, ok1 && ok2
}

func comparison(c *expr.Comparison, in *Stats) float64 {
	if _, share, _, ok := bound(c, in); ok {
		return math.Max(share, 1e-4)
	}
	left, right := c.Left, c.Right
	if _, ok := left.(*expr.Literal); ok {
		left, right = right, left
	}
	_, constant := right.(*expr.Literal)
	switch c.Op {
	case expr.Eq, expr.IsNotDistinct:
		if constant {
			return equal(left, in)
		}
		return 1 / math.Max(math.Max(of(left, in).Distinct, of(right, in).Distinct), 1)
	case expr.Ne, expr.IsDistinct:
		if constant {
			return 1 - equal(left, in)
		}
		return 0.9
	}
	if col := of(left, in); col.Computed {
		if l, ok := c.Right.(*expr.Literal); ok {
			return beyondMean(c.Op, number(l.Value), col.Mean)
		}
		return unknownAggPart
	}
	if constant {
		return unknownCompare
	}
	return unknownPair
}

// beyondMean is the share of an aggregate's results, of which the mean is known, on one side of a limit: few are far above it.
func beyondMean(op expr.CompareOp, limit, mean float64) float64 {
	if !(mean > 0) || !(limit > 0) {
		return unknownAggPart
	}
	above := 0.5 * math.Pow(mean/limit, 2)
	if limit < mean {
		above = 1 - 0.5*math.Pow(limit/mean, 2)
	}
	if op == expr.Lt || op == expr.Le {
		return 1 - above
	}
	return above
}

func equal(e expr.Expr, in *Stats) float64 {
	c := of(e, in)
	if c.Base == 0 {
		return unknownEqual
	}
	// Filters that left few rows left few values.
	return 1 / math.Max(math.Min(c.Distinct, in.Rows), 1)
}

func call(c *expr.Call, in *Stats) float64 {
	switch c.Fn.Name {
	case "like", "ilike", "~~", "~~*":
		share := likeContains
		if l, ok := c.Args[len(c.Args)-1].(*expr.Literal); ok && l.Value.Type.Kind == column.Text {
			switch {
			case !strings.ContainsAny(l.Value.Str, "%_"):
				share = equal(c.Args[0], in)
			case !strings.ContainsAny(l.Value.Str[:1], "%_"):
				share = likePrefix
			}
		}
		return share
	}
	return unknownElse
}
