package agg

import (
	"math"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

// Halves of rows in two aggregators, merged or sent as partial states, give what all rows in one give.
func TestPairsGatheredAndChosenMerge(t *testing.T) {
	arena := mem.NewArena(nil)
	defer arena.Free()
	number, float := column.T(column.Int64), column.T(column.Float64)
	of := func(op kernels.AggOp, result column.Type, args ...int) kernels.Aggregate {
		a := kernels.Aggregate{Op: op, Args: args, Result: result, Filter: -1}
		for _, c := range args {
			a.ArgTypes = append(a.ArgTypes, []column.Type{number, number, float, float, float}[c])
		}
		return a
	}
	whole := []kernels.Aggregate{
		of(kernels.AggList, column.ListType(number), 1), of(kernels.AggFirst, number, 1), of(kernels.AggLast, number, 1), of(kernels.AggAnyValue, number, 1),
		of(kernels.AggArgMin, number, 1, 2), of(kernels.AggArgMax, number, 1, 2), of(kernels.AggMode, number, 1),
		of(kernels.AggHistogram, column.MapType(number, column.T(column.Uint64)), 1), of(kernels.AggQuantileDisc, number, 1, 4), of(kernels.AggQuantileCont, float, 2, 4),
	}
	split := []kernels.Aggregate{of(kernels.AggBitAnd, number, 1), of(kernels.AggBitOr, number, 1), of(kernels.AggBitXor, number, 1), of(kernels.AggProduct, float, 3)}
	for op := kernels.AggCorr; op <= kernels.AggRegrSXY; op++ {
		result := float
		if op == kernels.AggRegrCount {
			result = number
		}
		split = append(split, of(op, result, 2, 3))
	}
	const rows, groups = 900, 7
	batch := func(from, to int) *column.Batch {
		b := &column.Batch{Len: to - from}
		for c := range 5 {
			typ := number
			if c > 1 {
				typ = float
			}
			v, err := column.FromValues(arena, typ, b.Len, func(i int) *column.Value {
				i += from
				v := column.IntValue(typ, int64([]int{i % groups, i * i % 31, 0, 0, 0}[c]))
				v.Float = []float64{0, 0, math.Sin(float64(i)), 1 + float64(i%13)/100, 0.25}[c]
				if v.Null = c == 1 && i%11 == 0; c == 2 && i%5 == 0 {
					v.Null = true
				}
				return &v
			})
			if err != nil {
				t.Fatal(err)
			}
			b.Cols = append(b.Cols, v)
		}
		return b
	}
	all := append(append([]kernels.Aggregate{}, whole...), split...)
	make1 := func(aggs []kernels.Aggregate, ranges ...int) *Aggregator {
		g, err := New(nil, []column.Type{number}, aggs)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(ranges); i++ {
			if err := g.Update(batch(ranges[i], ranges[i+1]), []int{0}); err != nil {
				t.Fatal(err)
			}
		}
		return g
	}
	emit := func(g *Aggregator, partial bool) *column.Batch {
		b, err := g.Emit(arena, 0, g.Groups(), partial)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	compare := func(how string, aggs []kernels.Aggregate, got, want *column.Batch) {
		t.Helper()
		for c := range aggs {
			for r := range groups {
				a, b := got.Cols[1+c].ValueAt(r), want.Cols[1+c].ValueAt(r)
				near := a.Type.Kind == column.Float64 && !a.Null && !b.Null && math.Abs(a.Float-b.Float) <= 1e-9*(1+math.Abs(b.Float))
				if !near && a.String() != b.String() {
					t.Errorf("%s %s of group %d: %s, want %s", how, aggs[c].Op, r, a, b)
				}
			}
		}
	}
	one := make1(all, 0, 300, rows)
	defer one.Free()
	left, right := make1(all, 0, 450), make1(all, 450, 500, rows)
	defer left.Free()
	defer right.Free()
	if err := left.Merge(right, nil); err != nil {
		t.Fatal(err)
	}
	// States that arrange their values can only be spilled before they are read.
	spilled := spillAndAbsorb(t, left)
	defer spilled.Free()
	compare("merged", all, emit(left, false), emit(one, false))
	compare("spilled", all, emit(spilled, false), emit(one, false))

	apart := make1(split, 0, rows)
	defer apart.Free()
	first, second, final := make1(split, 0, 450), make1(split, 450, rows), make1(split)
	defer first.Free()
	defer second.Free()
	defer final.Free()
	for _, g := range []*Aggregator{first, second} {
		if err := final.Absorb(emit(g, true), []int{0}, 1); err != nil {
			t.Fatal(err)
		}
	}
	compare("partial", split, emit(final, false), emit(apart, false))
}
