package executor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
)

// numbered is n's rows n modulo m and n, numbered within equal remainders by descending n, with the running sum.
func numbered(t *testing.T, rows, m int64) *plan.Window {
	t.Helper()
	pairs := []column.Field{{Name: "g", Type: bigint}, {Name: "n", Type: bigint}}
	in := &plan.Project{Info: plan.Info{ID: 1}, Input: spread(series(2, 1, rows, 1)), Exprs: []expr.Expr{mustCall(t, "%", ref(0), literal(m)), ref(0)}, Out: pairs}
	sum := column.DecimalType(38, 0)
	current := kernels.Frame{End: kernels.Bound{Kind: kernels.CurrentRow}}
	return &plan.Window{
		Info: plan.Info{ID: 3}, Input: in, Partition: []int{0}, Order: []kernels.SortKey{{Column: 1, Descending: true}},
		Functions: []kernels.WindowFunction{
			{Op: kernels.WindowRowNumber, Call: kernels.Aggregate{Result: bigint, Filter: -1}, Peers: 1},
			{Op: kernels.WindowAggregate, Call: kernels.Aggregate{Op: kernels.AggSum, Args: []int{1}, ArgTypes: []column.Type{bigint}, Result: sum, Filter: -1},
				Frame: current, Peers: 1},
		},
		Out: append(pairs[:2:2], column.Field{Name: "row_number", Type: bigint}, column.Field{Name: "sum", Type: sum}),
	}
}

func TestWindowOverManyPartitionsOnSeveralWorkers(t *testing.T) {
	for _, m := range []int64{1, 7, 5000, 200_000} {
		const rows = 100_000
		for way, task := range ways(numbered(t, rows, m), 3) {
			got, _, err := collect(t, task)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != rows {
				t.Fatalf("%s: %d rows of %d", way, len(got), rows)
			}
			for _, r := range got {
				g, n := r[0].Int64(), r[1].Int64()
				// The greatest number with the remainder, and how many steps of m are between it and n.
				most := rows - (rows-g)%m
				place := (most-n)/m + 1
				if want := place * (most + n) / 2; r[2].Int64() != place || r[3].Int64() != want {
					t.Fatalf("%s: %d of remainder %d: number %d, sum %d; want %d and %d", way, n, g, r[2].Int64(), r[3].Int64(), place, want)
				}
			}
		}
	}
}

// counting is 1, 2, 3 … up to last.
func counting(t *testing.T, last int64, all bool) *plan.Recursion {
	t.Helper()
	one := []column.Field{{Name: "n", Type: bigint}}
	seed := &plan.Values{Info: plan.Info{ID: 1}, Out: one, Rows: [][]column.Value{{column.IntValue(bigint, 1)}}}
	step := &plan.Project{
		Info: plan.Info{ID: 2}, Out: one, Exprs: []expr.Expr{mustCall(t, "+", ref(0), literal(1))},
		Input: &plan.Filter{Info: plan.Info{ID: 3}, Input: &plan.WorkingTable{Info: plan.Info{ID: 4}, Out: one}, Cond: greater(literal(last), ref(0))},
	}
	return &plan.Recursion{Info: plan.Info{ID: 5}, All: all, Seed: seed, Step: step, Out: one}
}

func TestRecursionCountsItsRounds(t *testing.T) {
	for _, all := range []bool{true, false} {
		task := taskOf(counting(t, 500, all), 2)
		task.Measure = true
		rows, stats, err := collect(t, task)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, sortedInts(rows), span(1, 500))
		if s := stats[5]; s.Detail != "500 rounds" {
			t.Errorf("%+v", s)
		}
		if s := stats[2]; s.Rows != 499 {
			t.Errorf("the step gave %d rows", s.Rows)
		}
	}
}

func TestRecursionWithoutEndIsEnded(t *testing.T) {
	endless := counting(t, 1<<62, true)
	task := taskOf(endless, 2)
	task.Budget = mem.NewBudget("query", 1<<19, nil)
	task.Spill = spill.NewDir(t.TempDir(), 100_000)
	defer task.Spill.Close()
	if _, _, err := collect(t, task); fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("without memory and disk: %v", err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, errEnough)
	defer cancel()
	_, err := RunTask(ctx, taskOf(endless, 2), newRows(endless))
	if !errors.Is(err, errEnough) {
		t.Errorf("canceled: %v", err)
	}
}

var errEnough = errors.New("enough")

// newRows is a breaker that keeps n's rows.
func newRows(n plan.Node) *Rows {
	return NewRows(&Task{Budget: mem.NewBudget("rows", 1<<30, nil)}, n.Fields(), false)
}

func TestWindowsAndRecursionsGiveMemoryBack(t *testing.T) {
	for what, root := range map[string]plan.Node{"window": numbered(t, 100_000, 9), "recursion": counting(t, 3000, false)} {
		passed := false
		for limit := int64(1 << 16); !passed && limit <= 1<<28; limit = limit * 3 / 2 {
			task := taskOf(root, 3)
			task.Budget = mem.NewBudget("query", limit, nil)
			_, _, err := collect(t, task)
			if err != nil && fault.CodeOf(err) != fault.OutOfMemory {
				t.Fatalf("%s, limit %d: %v", what, limit, err)
			}
			passed = err == nil
		}
		if !passed {
			t.Errorf("%s: no limit was enough", what)
		}
	}
}
