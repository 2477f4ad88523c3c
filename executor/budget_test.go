package executor

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/shuffle"
)

// TestWhereverMemoryEndsAllIsGivenBack lets the budget of each plan end at many places.
func TestWhereverMemoryEndsAllIsGivenBack(t *testing.T) {
	name, err := expr.NewCast(ref(0), text, false)
	if err != nil {
		t.Fatal(err)
	}
	const rows = 300_000 // more than a series needs to be spread
	texts := &plan.Project{Info: plan.Info{ID: 1}, Input: spread(series(2, 1, rows, 1)), Exprs: []expr.Expr{ref(0), name},
		Out: []column.Field{{Name: "n", Type: bigint}, {Name: "t", Type: text}}}
	shared := &plan.SharedRead{Info: plan.Info{ID: 3}, Out: texts.Out}
	dir := t.TempDir()
	file := filepath.Join(dir, "t.parquet")
	if _, _, err := collect(t, taskOf(&plan.Write{Input: texts, Format: "parquet", URL: file, Schema: texts.Out}, 1)); err != nil {
		t.Fatal(err)
	}
	byText := []kernels.SortKey{{Column: 1}}
	for what, c := range map[string]struct {
		root   plan.Node
		shared []plan.Node
	}{
		"sort":   {root: &plan.Sort{Input: texts, Keys: byText, Count: -1}},
		"top":    {root: &plan.Sort{Input: texts, Keys: byText, Count: 20_000}},
		"shared": {root: &plan.Union{In: []plan.Node{shared, shared}, Out: texts.Out}, shared: []plan.Node{texts}},
		"scan":   {root: scanOf(t, "parquet", file)},
		"write":  {root: &plan.Write{Input: texts, Format: "parquet", URL: filepath.Join(dir, "other.parquet"), Schema: texts.Out}},
	} {
		t.Run(what, func(t *testing.T) {
			passed := false
			for limit := int64(1 << 16); !passed && limit <= 1<<28; limit = limit * 3 / 2 {
				for _, threads := range []int{1, 3} {
					task := taskOf(c.root, threads, c.shared...)
					task.Budget = mem.NewBudget("query", limit, nil)
					_, _, err := collect(t, task)
					if err != nil && fault.CodeOf(err) != fault.OutOfMemory {
						t.Fatalf("limit %d: %v", limit, err)
					}
					passed = err == nil
				}
			}
			if !passed {
				t.Error("no limit was enough")
			}
		})
	}
	t.Run("exchange", func(t *testing.T) {
		for limit := int64(1 << 16); limit <= 1<<24; limit = limit * 3 / 2 {
			budget := mem.NewBudget("query", limit, nil)
			store := shuffle.NewMemory(budget)
			task := &Task{Stage: &plan.Stage{Root: texts, Tasks: 1, Output: plan.Partitioning{Kind: plan.Hash, Keys: []int{1}, Partitions: 9}}, Threads: 2, Budget: budget}
			out, err := NewExchangeOutput(t.Context(), task, store, shuffle.ID{Job: fmt.Sprint(limit)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err = RunTask(t.Context(), task, out); err != nil && fault.CodeOf(err) != fault.OutOfMemory {
				t.Fatalf("limit %d: %v", limit, err)
			}
			store.Drop(fmt.Sprint(limit))
			if used := budget.Used(); used != 0 {
				t.Fatalf("limit %d: %d bytes are still in use", limit, used)
			}
		}
	})
}

func TestSortedRowsAreFreedOnceTheyAreRead(t *testing.T) {
	peak := func(sorts int) int64 {
		var n plan.Node = series(1, 1, 400_000, 1)
		for i := range sorts {
			n = &plan.Sort{Input: n, Keys: []kernels.SortKey{{Descending: i%2 == 0}}, Count: -1}
		}
		task := taskOf(n, 1)
		rows, _, err := collect(t, task)
		if err != nil || len(rows) != 400_000 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		return task.Budget.Peak()
	}
	// Two sorts hold their rows at once, the one that is read and the one that collects, however many follow each other.
	if two, five := peak(2), peak(5); five > two+two/4 {
		t.Errorf("two sorts held %d bytes, five %d", two, five)
	}
}
