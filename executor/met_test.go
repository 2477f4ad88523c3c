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

// The first rows of keys of every type are the same wherever the keys lie, and come in the order of the rows.
func TestSpilledFirstRowsAgreeWithThoseInMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 7))
	types := columntest.Types()
	for round := range 24 {
		a := mem.NewArena(nil)
		key := types[round%len(types)]
		rows := randomNode(r, a, []column.Type{key, bigint, columntest.NestedTypes()[round%3]}, 8, 300)
		keys := []int{0}
		if r.IntN(2) == 0 {
			keys = []int{0, 1}
		}
		// Rows of one order on one worker: a first row is the one that was read first.
		n := &plan.DistinctOn{Input: rows, Keys: keys}
		want, _, err := collect(t, taskOf(n, 1))
		if err != nil {
			t.Fatal(err)
		}
		for way, task := range ways(n, 1) {
			got, _, err := collect(t, task)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("round %d, %v, %s", round, types[round%len(types)], way)
			if len(got) != len(want) {
				t.Fatalf("%s: %d rows, want %d", name, len(got), len(want))
			}
			for i := range got {
				if g, w := rowText(got[i]), rowText(want[i]); g != w {
					t.Fatalf("%s: row %d is %s, want %s", name, i, g, w)
				}
			}
		}
		// On several workers any row of a key may be the first.
		for way, task := range ways(&plan.DistinctOn{Input: rows, Keys: []int{0, 1, 2}[:len(keys)]}, 3) {
			got, _, err := collect(t, task)
			if err != nil || len(got) != len(want) {
				t.Fatalf("round %d on three workers, %s: %d rows, want %d: %v", round, way, len(got), len(want), err)
			}
		}
		a.Free()
	}
}

// Under a limit that the keys do not fit, the first rows come in the order of the sort below.
func TestFirstRowsUnderALimitKeepTheirOrder(t *testing.T) {
	const rows = 400_000
	key := mustCall(t, "%", mustCall(t, "*", ref(0), literal(7919)), literal(rows/2))
	fields := []column.Field{{Name: "n", Type: bigint}, {Name: "k", Type: bigint}}
	pairs := &plan.Project{Info: plan.Info{ID: 1}, Input: series(2, 1, rows, 1), Exprs: []expr.Expr{ref(0), key}, Out: fields}
	n := &plan.DistinctOn{Info: plan.Info{ID: 4}, Input: &plan.Sort{Info: plan.Info{ID: 3}, Input: pairs, Keys: []kernels.SortKey{{Column: 0, Descending: true}}, Count: -1},
		Keys: []int{1}}
	task := taskOf(n, 2)
	task.Budget, task.Measure = mem.NewBudget("query", 4<<20, nil), true
	got, stats, err := collect(t, task)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != rows/2 || task.Budget.Peak() > 4<<20 || task.Budget.Used() != 0 {
		t.Fatalf("%d rows, peak %d, %d left", len(got), task.Budget.Peak(), task.Budget.Used())
	}
	if d := stats[4].Detail; d == "" {
		t.Error("nothing was spilled")
	}
	for i, r := range got {
		if r[0].Int64() != int64(rows-i) {
			t.Fatalf("row %d is %d", i, r[0].Int64())
		}
	}
}

// A recursion that finds every number several times, by steps to its neighbors.
func TestSpilledRecursionsFindEachRowOnce(t *testing.T) {
	const last = 3000
	one := []column.Field{{Name: "n", Type: bigint}}
	seed := &plan.Values{Info: plan.Info{ID: 1}, Out: one}
	for k := range int64(40) {
		seed.Rows = append(seed.Rows, []column.Value{column.IntValue(bigint, k*17%20)})
	}
	step := func(by int64) plan.Node {
		next := mustCall(t, "%", mustCall(t, "+", mustCall(t, "*", ref(0), literal(by)), literal(by)), literal(last))
		return &plan.Project{Info: plan.Info{ID: 2}, Out: one, Exprs: []expr.Expr{next}, Input: &plan.WorkingTable{Info: plan.Info{ID: 3}, Out: one}}
	}
	n := &plan.Recursion{Info: plan.Info{ID: 5}, Seed: seed, Step: &plan.Union{In: []plan.Node{step(1), step(2), step(3)}, Out: one}, Out: one}
	want, _, err := collect(t, taskOf(n, 2))
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != last {
		t.Fatalf("%d rows", len(want))
	}
	for way, task := range ways(n, 2) {
		got, _, err := collect(t, task)
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, way, got, want)
	}
}

func TestARecursionUnderALimitSpillsWhatItHasFound(t *testing.T) {
	const last = 300_000
	one := []column.Field{{Name: "n", Type: bigint}}
	next := mustCall(t, "%", mustCall(t, "+", mustCall(t, "*", ref(0), literal(2)), literal(1)), literal(last))
	double := &plan.Project{Info: plan.Info{ID: 2}, Out: one, Exprs: []expr.Expr{next}, Input: &plan.WorkingTable{Info: plan.Info{ID: 3}, Out: one}}
	n := &plan.Recursion{Info: plan.Info{ID: 5}, Seed: series(1, 0, last-1, 2), Step: double, Out: one}
	want, _, err := collect(t, taskOf(n, 2))
	if err != nil {
		t.Fatal(err)
	}
	task := taskOf(n, 2)
	task.Budget, task.Measure = mem.NewBudget("query", 3<<20, nil), true
	got, stats, err := collect(t, task)
	if err != nil {
		t.Fatal(err)
	}
	sameRows(t, "limited", got, want)
	if task.Budget.Peak() > 3<<20 || task.Budget.Used() != 0 {
		t.Errorf("peak %d, left %d", task.Budget.Peak(), task.Budget.Used())
	}
	if d := stats[5].Detail; !strings.Contains(d, "spilled ") || strings.Contains(d, "spilled 0") {
		t.Errorf("nothing was spilled: detail %q", d)
	}
}
