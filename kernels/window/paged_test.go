package window_test

import (
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

// A paged block gives the values of one in memory, and asks for a check often.
func TestPagedBlocksGiveTheSame(t *testing.T) {
	bigint := column.T(column.Int64)
	call := func(op kernels.AggOp, result column.Type) kernels.Aggregate {
		return kernels.Aggregate{Op: op, Args: []int{valueCol}, ArgTypes: []column.Type{bigint}, Result: result, Filter: -1}
	}
	value := kernels.Aggregate{Args: []int{valueCol}, ArgTypes: []column.Type{bigint}, Result: bigint, Filter: -1}
	shifted := kernels.Aggregate{Args: []int{valueCol, afterCol, keyCol}, ArgTypes: []column.Type{bigint, bigint, bigint}, Result: bigint, Filter: -1}
	sum := call(kernels.AggSum, column.DecimalType(38, 0))
	distinct := call(kernels.AggCount, bigint)
	distinct.Distinct = true
	moving := kernels.Frame{Mode: kernels.FrameRows, Start: kernels.Bound{Kind: kernels.Preceding, Offset: 9}, End: kernels.Bound{Kind: kernels.Following, Offset: 40}}
	ranged := kernels.Frame{Start: kernels.Bound{Kind: kernels.Preceding, Column: beforeCol}, End: kernels.Bound{Kind: kernels.Following, Column: afterCol}}
	excluding := kernels.Frame{Mode: kernels.FrameGroups, Start: kernels.Bound{Kind: kernels.UnboundedPreceding}, End: kernels.Bound{Kind: kernels.Following, Offset: 1},
		Exclude: kernels.ExcludeGroup}
	var fns []kernels.WindowFunction
	for _, op := range []kernels.WindowOp{kernels.WindowRowNumber, kernels.WindowRank, kernels.WindowDenseRank} {
		fns = append(fns, kernels.WindowFunction{Op: op, Call: kernels.Aggregate{Result: bigint, Filter: -1}, Peers: 1})
	}
	for _, op := range []kernels.WindowOp{kernels.WindowPercentRank, kernels.WindowCumeDist} {
		fns = append(fns, kernels.WindowFunction{Op: op, Call: kernels.Aggregate{Result: column.T(column.Float64), Filter: -1}, Peers: 1})
	}
	for _, f := range []kernels.Frame{moving, ranged, excluding} {
		for _, op := range []kernels.WindowOp{kernels.WindowFirstValue, kernels.WindowLastValue} {
			fns = append(fns, kernels.WindowFunction{Op: op, Call: value, Frame: f, Peers: 1, IgnoreNulls: op == kernels.WindowLastValue})
		}
		for _, c := range []kernels.Aggregate{sum, distinct, call(kernels.AggMax, bigint), call(kernels.AggCount, bigint), call(kernels.AggAny, bigint)} {
			fns = append(fns, kernels.WindowFunction{Op: kernels.WindowAggregate, Call: c, Frame: f, Peers: 1})
		}
	}
	fns = append(fns, kernels.WindowFunction{Op: kernels.WindowLag, Call: shifted, Peers: 1}, kernels.WindowFunction{Op: kernels.WindowLead, Call: value, Peers: 1})
	r := rand.New(rand.NewPCG(5, 9))
	for _, n := range []int{1, 100, 5000} {
		a := mem.NewArena(nil)
		rows := makeRows(t, r, a, n)
		want, err := rows.block(a).Compute(fns)
		if err != nil {
			t.Fatal(err)
		}
		checks := 0
		paged := rows.block(a)
		paged.Paged, paged.Check = true, func() error { checks++; return nil }
		got, err := paged.Compute(fns)
		if err != nil {
			t.Fatal(err)
		}
		for k := range fns {
			for i := range n {
				if g, w := got[k].ValueAt(i).String(), want[k].ValueAt(i).String(); g != w || got[k].IsNull(i) != want[k].IsNull(i) {
					t.Fatalf("%d rows, function %d (%v): row %d is %s, want %s", n, k, fns[k].Op, i, g, w)
				}
			}
		}
		if checks < len(fns)*n/128 {
			t.Errorf("%d checks in %d rows of %d functions", checks, n, len(fns))
		}
		a.Free()
	}
}
