package executor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
)

// Whatever a partial aggregation groups and what it passes on row by row, the final one comes to what a single one does.
func TestPartialAgainstSingle(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 3))
	types := columntest.Types()
	boolean := column.T(column.Bool)
	for round := range 60 {
		a := mem.NewArena(nil)
		key := types[round%len(types)]
		arg := types[r.IntN(len(types))]
		if hasEqualButDifferent([]column.Type{key, arg}) || key.Kind.IsFloat() || arg.Kind.IsFloat() {
			a.Free()
			continue
		}
		input := randomNode(r, a, []column.Type{key, bigint, arg, boolean}, 6, 300)
		single := &plan.Aggregate{Input: input, Keys: []int{0}, Out: []column.Field{input.out[0]}}
		single.Aggs = append(countStar(), sumOf(1),
			kernels.Aggregate{Op: kernels.AggCount, Args: []int{2}, ArgTypes: []column.Type{arg}, Result: bigint, Filter: 3},
			kernels.Aggregate{Op: kernels.AggMin, Args: []int{2}, ArgTypes: []column.Type{arg}, Result: arg, Filter: -1},
			kernels.Aggregate{Op: kernels.AggMax, Args: []int{2}, ArgTypes: []column.Type{arg}, Result: arg, Filter: 3})
		if round%4 == 0 {
			single.Aggs = nil
		}
		for i, x := range single.Aggs {
			single.Out = append(single.Out, column.Field{Name: fmt.Sprint("a", i), Type: x.Result})
		}
		want, _, err := collect(t, taskOf(single, 1))
		if err != nil {
			t.Fatal(err)
		}
		for way, task := range ways(twoSteps(single), 1+round%3) {
			got, _, err := collect(t, task)
			if err != nil {
				t.Fatal(err)
			}
			sameRows(t, fmt.Sprintf("round %d: %v of %v, %s", round, arg, key, way), got, want)
		}
		a.Free()
	}
}

// countsOf is a count in two steps over the values that key makes of a series of rows.
func countsOf(t *testing.T, rows int, key expr.Expr, groups float64) (partial, final *plan.Aggregate) {
	t.Helper()
	in := &plan.Project{Info: plan.Info{ID: 7, Rows: float64(rows)}, Input: spread(series(1, 0, int64(rows-1), 1)), Exprs: []expr.Expr{key}, Out: []column.Field{{Name: "k", Type: bigint}}}
	final = twoSteps(&plan.Aggregate{Info: plan.Info{ID: 8, Rows: groups}, Input: in, Keys: []int{0}, Aggs: countStar(),
		Out: []column.Field{{Name: "k", Type: bigint}, {Name: "count", Type: bigint}}})
	partial = final.Input.(*plan.Aggregate)
	partial.ID = 9
	return partial, final
}

func sumOfCounts(rows [][]column.Value) (sum int64) {
	for _, r := range rows {
		sum += r[1].Int64()
	}
	return sum
}

// What does not reduce goes on as it is.
func TestPartialPassesOnRowsThatShareNothing(t *testing.T) {
	const rows = 300_000
	_, final := countsOf(t, rows, ref(0), rows)
	got, stats, err := collect(t, taskOf(final, 1))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != rows || sumOfCounts(got) != rows {
		t.Errorf("%d groups of %d rows", len(got), sumOfCounts(got))
	}
	if d := stats[9].Detail; !strings.Contains(d, "rows that were not grouped") {
		t.Errorf("detail %q", d)
	}
}

// Rows that share keys once more are grouped once more.
func TestPartialGroupsAgain(t *testing.T) {
	const rows, alone = 3_000_000, 300_000
	_, final := countsOf(t, rows, mustCall(t, "least", ref(0), literal(alone)), rows)
	got, stats, err := collect(t, taskOf(final, 1))
	if err != nil {
		t.Fatal(err)
	}
	if sumOfCounts(got) != rows {
		t.Errorf("%d rows", sumOfCounts(got))
	}
	if n := stats[9].Rows; n <= alone || n > rows/2+alone/2 || len(got) != alone+1 {
		t.Errorf("%d rows passed on, %d groups: %q", n, len(got), stats[9].Detail)
	}
}

// Where the planner expects few enough groups, all of them are kept until the end.
func TestPartialKeepsExpectedGroups(t *testing.T) {
	const rows, keys = 800_000, 90_001
	for _, c := range []struct {
		expected float64
		whole    bool
	}{{keys, true}, {rows, false}} {
		_, final := countsOf(t, rows, mustCall(t, "%", ref(0), literal(keys)), c.expected)
		got, stats, err := collect(t, taskOf(final, 1))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != keys || sumOfCounts(got) != rows {
			t.Errorf("%d groups of %d rows", len(got), sumOfCounts(got))
		}
		if whole := stats[9].Rows == keys; whole != c.whole {
			t.Errorf("expecting %g groups the partial step passes %d on", c.expected, stats[9].Rows)
		}
	}
}
