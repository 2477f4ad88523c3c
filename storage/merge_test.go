package storage

import (
	"math"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

func TestMergeStatistics(t *testing.T) {
	value := func(v int64) *column.Value { x := column.IntValue(column.T(column.Int64), v); return &x }
	part := func(rows int64, c plan.ColumnStatistics) *plan.Statistics {
		return &plan.Statistics{Rows: rows, Bytes: 100, Columns: []plan.ColumnStatistics{c}}
	}
	for _, c := range []struct {
		name     string
		parts    []*plan.Statistics
		min, max int64
		nulls    int64
		distinct float64
	}{
		{"apart: distinct values add up", []*plan.Statistics{part(10, plan.ColumnStatistics{Min: value(0), Max: value(9), Distinct: 5}),
			part(20, plan.ColumnStatistics{Min: value(10), Max: value(19), Nulls: 3, Distinct: 7})}, 0, 19, 3, 12},
		{"overlapping: they do not", []*plan.Statistics{part(10, plan.ColumnStatistics{Min: value(5), Max: value(9), Distinct: 5}),
			part(20, plan.ColumnStatistics{Min: value(1), Max: value(7), Distinct: 7})}, 1, 9, 0, 7},
		{"NULLs alone leave the bounds", []*plan.Statistics{part(5, plan.ColumnStatistics{Nulls: 5, Distinct: -1}),
			part(10, plan.ColumnStatistics{Min: value(5), Max: value(9), Distinct: 5}), part(4, plan.ColumnStatistics{Nulls: 4, Distinct: -1})}, 5, 9, 9, 5},
		{"so do parts without rows", []*plan.Statistics{part(0, plan.ColumnStatistics{}), part(10, plan.ColumnStatistics{Min: value(5), Max: value(9), Distinct: 5})}, 5, 9, 0, 5},
	} {
		s := MergeStatistics(c.parts, 1)
		got := s.Columns[0]
		if got.Min == nil || got.Max == nil || got.Min.Int64() != c.min || got.Max.Int64() != c.max || got.Nulls != c.nulls || got.Distinct != c.distinct {
			t.Errorf("%s: %v to %v, %d NULLs, %v distinct", c.name, got.Min, got.Max, got.Nulls, got.Distinct)
		}
	}
	unknown := MergeStatistics([]*plan.Statistics{part(1, plan.ColumnStatistics{Min: value(1), Max: value(1)}), part(1, plan.ColumnStatistics{Nulls: -1})}, 1)
	if c := unknown.Columns[0]; c.Min != nil || c.Max != nil || c.Nulls != -1 {
		t.Errorf("%+v", c)
	}
	if MergeStatistics([]*plan.Statistics{nil}, 1) != nil {
		t.Error("statistics of an unknown part")
	}
}

func TestCompareValues(t *testing.T) {
	f := column.FloatValue
	for _, c := range []struct {
		a, b column.Value
		want int
	}{
		{f(1), f(2), -1}, {f(math.NaN()), f(math.Inf(1)), 1}, {f(math.NaN()), f(math.NaN()), 0}, {f(0), f(math.Copysign(0, -1)), 0},
		{column.TextValue("a"), column.TextValue("b"), -1}, {column.BoolValue(true), column.BoolValue(false), 1},
		{column.Value{Type: column.T(column.Uint64), Int: column.Int128{Lo: math.MaxUint64}}, column.Value{Type: column.T(column.Uint64)}, 1},
		{column.Value{Type: column.T(column.UUID), Int: column.Int128{Hi: -1}}, column.Value{Type: column.T(column.UUID), Int: column.Int128{Hi: 1}}, 1},
		{column.Value{Type: column.T(column.Interval), Interval: column.IntervalValue{Months: 1}},
			column.Value{Type: column.T(column.Interval), Interval: column.IntervalValue{Days: 30}}, 0},
	} {
		if got := CompareValues(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestWidens(t *testing.T) {
	k := column.T
	for _, c := range []struct {
		from, to column.Type
		want     bool
	}{
		{k(column.Int32), k(column.Int64), true}, {k(column.Int64), k(column.Int32), false}, {k(column.Uint32), k(column.Int64), true},
		{k(column.Uint32), k(column.Int32), false}, {k(column.Int8), k(column.Uint64), false}, {k(column.Float32), k(column.Float64), true},
		{column.DecimalType(5, 2), column.DecimalType(15, 2), true}, {column.DecimalType(5, 2), column.DecimalType(15, 3), false},
		{k(column.Int32), k(column.Float64), false}, {k(column.Text), k(column.Int32), false}, {k(column.Date), k(column.Timestamp), false},
	} {
		if got := Widens(c.from, c.to); got != c.want {
			t.Errorf("%s to %s: %v", c.from, c.to, got)
		}
	}
}
