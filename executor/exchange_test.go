package executor

import (
	"fmt"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/shuffle"
)

// runStages runs the tasks of all stages but the last into a store, and gives the rows of each task of the last.
func runStages(t *testing.T, stages []*plan.Stage) [][][]column.Value {
	t.Helper()
	budget := mem.NewBudget("job", 0, nil)
	exchanges := &LocalExchanges{Store: shuffle.NewMemory(budget), Outputs: map[int][]shuffle.ID{}}
	last := stages[len(stages)-1]
	for _, stage := range stages[:len(stages)-1] {
		for i := range stage.Tasks {
			task := &Task{Stage: stage, Partition: i, Threads: 2, Budget: budget, Exchanges: exchanges, Measure: true}
			id := shuffle.ID{Job: "job", Stage: stage.ID, Task: i}
			out, err := NewExchangeOutput(t.Context(), task, exchanges.Store, id)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := RunTask(t.Context(), task, out); err != nil {
				t.Fatal(err)
			}
			exchanges.Outputs[stage.ID] = append(exchanges.Outputs[stage.ID], id)
		}
	}
	var rows [][][]column.Value
	for i := range last.Tasks {
		r := Start(t.Context(), &Task{Stage: last, Partition: i, Threads: 2, Budget: budget, Exchanges: exchanges})
		var mine [][]column.Value
		for {
			b, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			mine = append(mine, columntest.Rows(b)...)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, mine)
	}
	exchanges.Store.Drop("job")
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still in use after the job", budget.Used())
	}
	return rows
}

func TestStagesExchangeRows(t *testing.T) {
	const rows = 200_000
	fields := series(0, 0, 0, 1).Fields()
	for _, c := range []struct {
		output       plan.Partitioning
		tasks        int
		copies, each int
	}{
		{output: plan.Partitioning{Kind: plan.Gather, Partitions: 1}, tasks: 1, copies: 1},
		{output: plan.Partitioning{Kind: plan.Broadcast, Partitions: 1}, tasks: 3, copies: 3},
		{output: plan.Partitioning{Kind: plan.RoundRobin, Partitions: 4}, tasks: 4, copies: 1},
		{output: plan.Partitioning{Kind: plan.Hash, Keys: []int{0}, Partitions: 4}, tasks: 4, copies: 1},
	} {
		t.Run(fmt.Sprint(c.output), func(t *testing.T) {
			read := &plan.ExchangeRead{Info: plan.Info{ID: 2}, Stage: 0, Kind: c.output.Kind, Out: fields}
			parts := runStages(t, []*plan.Stage{
				{ID: 0, Root: spread(series(1, 1, rows, 1)), Tasks: 1, Output: c.output},
				{ID: 1, Root: &plan.Sort{Input: read, Keys: []kernels.SortKey{{}}, Count: -1}, Tasks: c.tasks},
			})
			seen := make([]int, rows+1)
			for _, part := range parts {
				if len(part) < rows*c.copies/c.tasks*9/10 {
					t.Errorf("a task has %d rows of %d", len(part), rows*c.copies)
				}
				for i, v := range ints(part) {
					seen[v]++
					if i > 0 && part[i-1][0].Int64() >= v {
						t.Fatalf("row %d is out of order", i)
					}
				}
			}
			for v, n := range seen[1:] {
				if n != c.copies {
					t.Fatalf("row %d arrived %d times, want %d", v+1, n, c.copies)
				}
			}
		})
	}
}

func TestAFailedTaskLeavesNoOutput(t *testing.T) {
	budget := mem.NewBudget("job", 0, nil)
	store := shuffle.NewMemory(budget)
	quotient := mustCall(t, "/", literal(1), mustCall(t, "-", ref(0), literal(500_000)))
	root := &plan.Project{Input: spread(series(1, 1, 1_000_000, 1)), Exprs: []expr.Expr{quotient}, Out: []column.Field{{Name: "q", Type: bigint}}}
	task := &Task{Stage: &plan.Stage{Root: root, Tasks: 1, Output: plan.Partitioning{Kind: plan.Hash, Keys: []int{0}, Partitions: 3}}, Threads: 2, Budget: budget}
	id := shuffle.ID{Job: "job"}
	out, err := NewExchangeOutput(t.Context(), task, store, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := RunTask(t.Context(), task, out); fault.CodeOf(err) != fault.DivisionByZero {
		t.Errorf("got %v", err)
	}
	if _, err := store.Blocks(t.Context(), id, 0); err == nil || budget.Used() != 0 {
		t.Errorf("the output is there (%v) or %d bytes are in use", err, budget.Used())
	}
}
