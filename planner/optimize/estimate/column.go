package estimate

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

// tableColumn turns a table's statistics of a column into numbers.
func tableColumn(t column.Type, s plan.ColumnStatistics, rows float64) Column {
	c := Column{Distinct: s.Distinct, Base: rows, Min: math.NaN(), Max: math.NaN()}
	if s.Nulls > 0 && rows > 0 {
		c.Nulls = float64(s.Nulls) / rows
	}
	if s.Min != nil && s.Max != nil {
		c.Min, c.Max = number(*s.Min), number(*s.Max)
	}
	if c.Distinct >= 0 {
		c.Distinct = math.Max(1, math.Min(c.Distinct, rows))
		return c
	}
	c.Guess = true
	switch {
	case (t.Kind.IsInteger() || t.Kind == column.Date || t.Kind == column.Decimal) && c.Max >= c.Min:
		c.Distinct = c.Max - c.Min + 1
		if t.Kind == column.Decimal {
			c.Distinct = (c.Max-c.Min)*math.Pow10(int(t.Scale)) + 1
		}
	case t.Kind == column.Bool:
		c.Distinct = 2
	case s.Bytes > 0 && rows > 0 && float64(s.Bytes)/rows < 2:
		// So few bytes a value mean codes into a dictionary: as many values as the bits tell apart.
		c.Distinct = math.Exp2(float64(s.Bytes) * 8 / rows)
	case rows <= 1000:
		c.Distinct = rows
	default:
		c.Distinct = rows * unknownDistinct
	}
	c.Distinct = math.Max(1, math.Min(c.Distinct, rows))
	return c
}

// number maps a value to the number line so that order is kept: decimals unscaled to their value, dates as days, timestamps as
// microseconds, texts by their first bytes. NaN when it cannot.
func number(v column.Value) float64 {
	if v.Null {
		return math.NaN()
	}
	switch v.Type.Kind {
	case column.Float32, column.Float64:
		return v.Float
	case column.Decimal:
		return v.Int.Float64() / math.Pow10(int(v.Type.Scale))
	case column.Text, column.Binary:
		f := 0.0
		for i := range 6 {
			f *= 256
			if i < len(v.Str) {
				f += float64(v.Str[i])
			}
		}
		return f
	case column.Interval, column.Null, column.List, column.Struct, column.Map:
		return math.NaN()
	}
	return v.Int.Float64()
}
