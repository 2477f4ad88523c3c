package parquet

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/simd"
)

// comparison is a column against a constant of its type, done in one pass over flat integers (dates, times and decimals among them). Every
// operator but <> is a range, and a value is in a range when its distance from the least is at most the span.
type comparison struct {
	phys   column.Physical
	least  int64
	span   uint64
	in     simd.Range
	none   bool // the range is empty
	negate bool // outside of the range
}

// comparisonOf is e as a comparison; nil when it is something else.
func comparisonOf(e expr.Expr) *comparison {
	c, ok := e.(*expr.Comparison)
	if !ok || c.Op > expr.Ge {
		return nil
	}
	ref, isRef := c.Left.(*expr.Ref)
	lit, isLit := c.Right.(*expr.Literal)
	op := c.Op
	if !isRef || !isLit {
		ref, isRef = c.Right.(*expr.Ref)
		lit, isLit = c.Left.(*expr.Literal)
		op = op.Swap()
	}
	if !isRef || !isLit || lit.Value.Null || lit.Value.Type.Kind != ref.Typ.Kind || lit.Value.Type.Scale != ref.Typ.Scale {
		return nil
	}
	out := &comparison{phys: ref.Typ.Physical(), negate: op == expr.Ne}
	v, fits := lit.Value.Int.Int64()
	if out.phys != column.PhysInt32 && out.phys != column.PhysInt64 || !fits {
		return nil
	}
	low, high := v, v
	switch op {
	case expr.Lt:
		low, high, out.none = math.MinInt64, v-1, v == math.MinInt64
	case expr.Le:
		low = math.MinInt64
	case expr.Gt:
		low, high, out.none = v+1, math.MaxInt64, v == math.MaxInt64
	case expr.Ge:
		high = math.MaxInt64
	}
	out.least, out.span, out.in = low, uint64(high)-uint64(low), simd.Range{Low: low, High: high}
	return out
}

// flat selects among rows of a flat vector without NULLs.
func (c *comparison) flat(v *column.Vector, sel, out []uint32) (_ []uint32, ok bool) {
	if v.Type.Physical() != c.phys {
		return nil, false
	}
	if c.none {
		return out[:0], true
	}
	if sel == nil && c.phys == column.PhysInt32 {
		return out[:simd.SelectInt32(out, column.Values[int32](v)[:v.Len], c.in, c.negate)], true
	}
	if sel == nil {
		return out[:simd.SelectInt64(out, column.Values[int64](v)[:v.Len], c.in, c.negate)], true
	}
	flip := 0
	if c.negate {
		flip = 1
	}
	if c.phys == column.PhysInt32 {
		return selectRange(column.Values[int32](v)[:v.Len], uint64(c.least), c.span, flip, sel, out), true
	}
	return selectRange(column.Values[int64](v)[:v.Len], uint64(c.least), c.span, flip, sel, out), true
}

// selectRange writes the rows of sel in the range (flip 0) or outside (flip 1). Every row is written and kept or overwritten by the next, which spares a
// branch.
func selectRange[T int32 | int64](values []T, least, span uint64, flip int, sel, out []uint32) []uint32 {
	k := 0
	out = out[:len(sel)]
	for _, i := range sel {
		out[k] = i
		in := 0
		if uint64(int64(values[i]))-least <= span {
			in = 1
		}
		k += in ^ flip
	}
	return out[:k]
}
