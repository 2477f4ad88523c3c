package executor

import (
	"runtime"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// wideSeries is a node of rows with several columns.
func wideSeries(rows int64) plan.Node {
	n := &plan.Project{Info: plan.Info{ID: 1}, Input: series(2, 1, rows, 1)}
	for range 8 {
		n.Out, n.Exprs = append(n.Out, column.Field{Name: "v", Type: bigint}), append(n.Exprs, ref(0))
	}
	return n
}

// What a slow consumer has not read yet would take several times the limit: the workers wait for it.
func TestASlowConsumerDoesNotExhaustTheLimit(t *testing.T) {
	const rows = 200_000
	for _, limit := range []int64{2 << 20, 3 << 20, 8 << 20} {
		task := taskOf(wideSeries(rows), 2)
		task.Budget = mem.NewBudget("query", limit, nil)
		r := NewResults(task.Stage.Root.Fields(), task.Budget, 1000)
		go func() {
			stats, err := RunTask(t.Context(), task, r)
			r.End(stats, err)
		}()
		n, sum := 0, int64(0)
		for {
			// The workers run on until they wait or fail.
			for range 3 {
				time.Sleep(100 * time.Microsecond)
				runtime.Gosched()
			}
			b, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			n += b.Rows()
			for _, v := range column.Values[int64](b.Cols[7])[:b.Len] {
				sum += v
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if n != rows || sum != rows*(rows+1)/2 {
			t.Errorf("limit %d: %d rows with the sum %d", limit, n, sum)
		}
		if task.Budget.Peak() > limit || task.Budget.Used() != 0 {
			t.Errorf("limit %d: peak %d, left %d", limit, task.Budget.Peak(), task.Budget.Used())
		}
	}
}

// When one batch alone has no room nobody can be waited for.
func TestABatchOfResultsLargerThanTheLimit(t *testing.T) {
	task := taskOf(wideSeries(10_000), 1)
	queue := mem.NewBudget("results", 64<<10, nil)
	r := NewResults(task.Stage.Root.Fields(), queue, 10)
	stats, err := RunTask(t.Context(), task, r)
	r.End(stats, err)
	if fault.CodeOf(err) != fault.OutOfMemory {
		t.Errorf("error %v", err)
	}
	if err := r.Close(); fault.CodeOf(err) != fault.OutOfMemory {
		t.Errorf("Close: %v", err)
	}
	if queue.Used() != 0 {
		t.Errorf("%d bytes are left", queue.Used())
	}
}
