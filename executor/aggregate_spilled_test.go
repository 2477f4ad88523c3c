package executor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
)

// shapes is rows of n from 0 on, n%few and n/2.
func shapes(t *testing.T, rows, few int64) plan.Node {
	return &plan.Project{Info: plan.Info{ID: 5}, Input: series(1, 0, rows-1, 1), Exprs: []expr.Expr{ref(0), mustCall(t, "%", ref(0), literal(few)), mustCall(t, "/", ref(0), literal(2))},
		Out: []column.Field{{Name: "n", Type: bigint}, {Name: "few", Type: bigint}, {Name: "half", Type: bigint}}}
}

func distinctOf(op kernels.AggOp, result column.Type, c int) kernels.Aggregate {
	return kernels.Aggregate{Op: op, Args: []int{c}, ArgTypes: []column.Type{bigint}, Result: result, Distinct: true, Filter: -1}
}

// severalDistinct are aggregates of one group that each keep values.
func severalDistinct() []kernels.Aggregate {
	big := column.DecimalType(38, 0)
	return []kernels.Aggregate{distinctOf(kernels.AggCount, bigint, 0), distinctOf(kernels.AggSum, big, 2), distinctOf(kernels.AggCount, bigint, 1), distinctOf(kernels.AggSum, big, 0),
		sumOf(0), {Op: kernels.AggMedian, Args: []int{2}, ArgTypes: []column.Type{bigint}, Result: column.T(column.Float64), Filter: -1}}
}

func outOf(keys []column.Field, aggs []kernels.Aggregate) []column.Field {
	out := keys[:len(keys):len(keys)]
	for i, a := range aggs {
		out = append(out, column.Field{Name: fmt.Sprint("a", i), Type: a.Result})
	}
	return out
}

// Values of one group, or of few, that a worker's share has no room for a batch of are brought together nevertheless, however little the share is.
func TestSeveralDistinctAggregatesOfOneGroupEnd(t *testing.T) {
	in := shapes(t, 10_000, 7)
	for _, keys := range [][]int{nil, {1}} {
		aggs := severalDistinct()
		root := &plan.Aggregate{Input: in, Keys: keys, Aggs: aggs, Out: outOf(in.Fields()[1:1+len(keys)], aggs)}
		want, _, err := collect(t, taskOf(root, 2))
		if err != nil {
			t.Fatal(err)
		}
		for _, share := range []int64{1, 192 << 10} {
			spilledAgrees(t, fmt.Sprintf("keys %v, share %d", keys, share), root, want, func(task *Task) { task.early, task.earlyShare = true, share })
		}
	}
}

// spilledAgrees runs root in a task that set has changed: it gives the rows and spills.
func spilledAgrees(t *testing.T, name string, root plan.Node, want [][]column.Value, set func(task *Task)) {
	t.Helper()
	task := taskOf(root, 2)
	set(task)
	got, stats, err := collect(t, task)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	sameRows(t, name, got, want)
	if d := stats[root.Meta().ID].Detail; !strings.Contains(d, "spilled") {
		t.Errorf("%s: detail %q", name, d)
	}
	if limit := task.Budget.Limit(); limit > 0 && task.Budget.Peak() > limit || task.Budget.Used() != 0 {
		t.Errorf("%s: peak %d of %d, %d left", name, task.Budget.Peak(), limit, task.Budget.Used())
	}
}

// Values of one group many times larger than memory go apart more than once.
func TestDistinctValuesGoApartAgainAndAgain(t *testing.T) {
	in := shapes(t, 250_000, 7)
	aggs := severalDistinct()[:4]
	root := &plan.Aggregate{Input: in, Aggs: aggs, Out: outOf(nil, aggs)}
	want, _, err := collect(t, taskOf(root, 2))
	if err != nil {
		t.Fatal(err)
	}
	spilledAgrees(t, "6 MB", root, want, func(task *Task) { task.Budget = mem.NewBudget("query", 6<<20, nil) })
}

// What begins with one group of many distinct values and goes on with many groups of few is spread by keys after all.
func TestManyGroupsAfterOneWithManyValues(t *testing.T) {
	const rows, hot = 60_000, 20_000
	// The first rows have key 0, each later one its own.
	key := mustCall(t, "*", mustCall(t, "/", ref(0), literal(hot)), ref(0))
	in := &plan.Project{Info: plan.Info{ID: 5}, Input: series(1, 0, rows-1, 1), Exprs: []expr.Expr{key, ref(0)}, Out: []column.Field{{Name: "k", Type: bigint}, {Name: "n", Type: bigint}}}
	aggs := append(countStar(), distinctOf(kernels.AggCount, bigint, 1), distinctOf(kernels.AggList, column.ListType(bigint), 0))
	root := &plan.Aggregate{Input: in, Keys: []int{0}, Aggs: aggs, Out: outOf(in.Out[:1], aggs)}
	want, _, err := collect(t, taskOf(root, 1))
	if err != nil {
		t.Fatal(err)
	}
	spilledAgrees(t, "early", root, want, func(task *Task) { task.Threads, task.early, task.earlyShare = 1, true, 256<<10 })
}

// A group whose state is larger than the limit is an error, not work without an end.
func TestAGroupLargerThanTheLimitIsAnError(t *testing.T) {
	in := shapes(t, 200_000, 2)
	for _, a := range []kernels.Aggregate{
		{Op: kernels.AggMedian, Args: []int{2}, ArgTypes: []column.Type{bigint}, Result: column.T(column.Float64), Filter: -1},
		{Op: kernels.AggList, Args: []int{0}, ArgTypes: []column.Type{bigint}, Result: column.ListType(bigint), Filter: -1},
		distinctOf(kernels.AggList, column.ListType(bigint), 0),
	} {
		aggs := []kernels.Aggregate{a}
		task := taskOf(&plan.Aggregate{Input: in, Aggs: aggs, Out: outOf(nil, aggs)}, 2)
		task.Budget = mem.NewBudget("query", 2<<20, nil)
		if _, _, err := collect(t, task); fault.CodeOf(err) != fault.OutOfMemory {
			t.Errorf("%s: %v", a.Op, err)
		}
		if task.Budget.Peak() > 2<<20 || task.Budget.Used() != 0 {
			t.Errorf("%s: peak %d, %d left", a.Op, task.Budget.Peak(), task.Budget.Used())
		}
	}
}
