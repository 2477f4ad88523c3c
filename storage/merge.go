package storage

import (
	"cmp"
	"math"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

// MergeStatistics adds up the statistics of files, or of parts of one, that have the given number of columns. It is nil when a part's are.
func MergeStatistics(parts []*plan.Statistics, columns int) *plan.Statistics {
	out := &plan.Statistics{Columns: make([]plan.ColumnStatistics, columns)}
	for i, p := range parts {
		if p == nil {
			return nil
		}
		for k := range out.Columns {
			into, c := &out.Columns[k], p.Columns[k]
			// A part without values says nothing of the bounds.
			switch {
			case i == 0 || into.Nulls == out.Rows:
				if i > 0 {
					c.Nulls, c.Bytes = sum(into.Nulls, c.Nulls), sum(into.Bytes, c.Bytes)
				}
				*into = c
			case c.Nulls == p.Rows:
				into.Nulls, into.Bytes = sum(into.Nulls, c.Nulls), sum(into.Bytes, c.Bytes)
			default:
				mergeColumn(into, &c, float64(out.Rows+p.Rows))
			}
		}
		out.Rows += p.Rows
		out.Bytes += p.Bytes
	}
	return out
}

// mergeColumn adds what c says to into. Distinct counts are estimated: parts whose ranges do not overlap share no values, others are taken to
// share all they can.
func mergeColumn(into, c *plan.ColumnStatistics, rows float64) {
	apart := into.Min != nil && into.Max != nil && c.Min != nil && c.Max != nil &&
		(CompareValues(*into.Max, *c.Min) < 0 || CompareValues(*c.Max, *into.Min) < 0)
	switch {
	case into.Distinct < 0 || c.Distinct < 0:
		into.Distinct = -1
	case apart:
		into.Distinct = min(into.Distinct+c.Distinct, rows)
	default:
		into.Distinct = max(into.Distinct, c.Distinct)
	}
	into.Min = extreme(into.Min, c.Min, -1)
	into.Max = extreme(into.Max, c.Max, 1)
	into.Nulls = sum(into.Nulls, c.Nulls)
	into.Bytes = sum(into.Bytes, c.Bytes)
}

func sum(a, b int64) int64 {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

func extreme(a, b *column.Value, sign int) *column.Value {
	if a == nil || b == nil {
		return nil
	}
	if CompareValues(*b, *a)*sign > 0 {
		return b
	}
	return a
}

// CompareValues orders two values of one type, neither NULL nor nested, as SQL does: NaN is the greatest number, text goes by its bytes.
func CompareValues(a, b column.Value) int {
	switch a.Type.Kind {
	case column.Float32, column.Float64:
		switch x, y := math.IsNaN(a.Float), math.IsNaN(b.Float); {
		case x && y:
			return 0
		case x:
			return 1
		case y:
			return -1
		}
		return cmp.Compare(a.Float, b.Float)
	case column.Text, column.Binary:
		return strings.Compare(a.Str, b.Str)
	case column.Interval:
		return a.Interval.Compare(b.Interval)
	case column.Uint64:
		return cmp.Compare(a.Int.Lo, b.Int.Lo)
	case column.UUID:
		if c := cmp.Compare(uint64(a.Int.Hi), uint64(b.Int.Hi)); c != 0 {
			return c
		}
		return cmp.Compare(a.Int.Lo, b.Int.Lo)
	}
	return a.Int.Cmp(b.Int)
}
