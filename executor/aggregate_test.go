package executor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/plan"
)

func countStar() []kernels.Aggregate {
	return []kernels.Aggregate{{Op: kernels.AggCountStar, Result: bigint, Filter: -1}}
}

func sumOf(c int) kernels.Aggregate {
	return kernels.Aggregate{Op: kernels.AggSum, Args: []int{c}, ArgTypes: []column.Type{bigint}, Result: column.DecimalType(38, 0), Filter: -1}
}

// twoSteps makes a partial and a final aggregation of single, with all rows in one task.
func twoSteps(single *plan.Aggregate) *plan.Aggregate {
	partial := *single
	partial.Mode = plan.AggPartial
	keys := len(single.Out) - len(single.Aggs)
	partial.Out = slices.Clone(single.Out[:keys])
	for _, a := range single.Aggs {
		for _, t := range agg.PartialTypes(a) {
			partial.Out = append(partial.Out, column.Field{Name: "state", Type: t})
		}
	}
	final := *single
	final.Mode, final.Input, final.Keys = plan.AggFinal, &partial, nil
	for k := range single.Keys {
		final.Keys = append(final.Keys, k)
	}
	return &final
}

// Grouping sets are the union of groupings, the other keys NULL: in one step and in two, on several workers, with and without rows.
func TestGroupingSetsAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	types := columntest.Types()
	for round := range 60 {
		a := mem.NewArena(nil)
		in := []column.Type{types[r.IntN(len(types))], types[r.IntN(len(types))], bigint}
		input := randomNode(r, a, in, 5, 80)
		if round%7 == 0 {
			input.batches = nil
		}
		single := &plan.Aggregate{Input: input, Keys: []int{0, 1}, Aggs: append(countStar(), sumOf(2)), Sets: [][]int{{0, 1}, {1}, {}, {0}}}
		single.Out = []column.Field{input.out[0], input.out[1], {Name: "id", Type: bigint}, {Name: "count", Type: bigint},
			{Name: "sum", Type: column.DecimalType(38, 0)}}

		type group struct {
			key   []column.Value
			count int64
			sum   column.Value
		}
		groups := map[string]*group{}
		at := func(key []column.Value) *group {
			g := groups[rowText(key)]
			if g == nil {
				g = &group{key: key, sum: column.NullValue(column.DecimalType(38, 0))}
				groups[rowText(key)] = g
			}
			return g
		}
		at([]column.Value{column.NullValue(in[0]), column.NullValue(in[1]), column.IntValue(bigint, 3)})
		for _, row := range input.rows() {
			for id, keep := range [][2]bool{{true, true}, {true, false}, {false, true}, {false, false}} {
				key := []column.Value{column.NullValue(in[0]), column.NullValue(in[1]), column.IntValue(bigint, int64(id))}
				for k := range 2 {
					if keep[k] {
						key[k] = row[k]
					}
				}
				g := at(key)
				g.count++
				if !row[2].Null {
					g.sum.Null = false
					g.sum.Int = g.sum.Int.Add(row[2].Int)
				}
			}
		}
		var want [][]column.Value
		for _, g := range groups {
			want = append(want, append(slices.Clone(g.key), column.IntValue(bigint, g.count), g.sum))
		}
		if hasEqualButDifferent(in[:2]) {
			a.Free()
			continue
		}
		for _, root := range []plan.Node{single, twoSteps(single)} {
			for way, task := range ways(root, 1+round%3) {
				got, _, err := collect(t, task)
				if err != nil {
					t.Fatal(err)
				}
				sameRows(t, fmt.Sprintf("round %d: %v, %s", round, in, way), got, want)
			}
		}
		a.Free()
	}
}

// hasEqualButDifferent reports whether values of a type may be equal and look different, as intervals do.
func hasEqualButDifferent(types []column.Type) bool {
	return slices.ContainsFunc(types, func(t column.Type) bool { return t.Kind == column.Interval })
}

// Many groups are merged by partitions.
func TestManyGroupsOnSeveralWorkers(t *testing.T) {
	const n, keys = 400_000, 90_001
	key := mustCall(t, "%", ref(0), literal(keys))
	input := &plan.Project{Input: series(1, 0, n-1, 1), Exprs: []expr.Expr{key, ref(0)}, Out: []column.Field{{Name: "k", Type: bigint}, {Name: "n", Type: bigint}}}
	single := &plan.Aggregate{Input: input, Keys: []int{0}, Aggs: append(countStar(), sumOf(1)),
		Out: []column.Field{{Name: "k", Type: bigint}, {Name: "count", Type: bigint}, {Name: "sum", Type: column.DecimalType(38, 0)}}}
	for _, root := range []plan.Node{single, twoSteps(single)} {
		for _, threads := range []int{1, 3} {
			rows, _, err := collect(t, taskOf(root, threads))
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != keys {
				t.Fatalf("%d groups, want %d", len(rows), keys)
			}
			seen := make([]bool, keys)
			for _, row := range rows {
				k := row[0].Int64()
				var count, sum int64
				for i := k; i < n; i += keys {
					count, sum = count+1, sum+i
				}
				if seen[k] || row[1].Int64() != count || row[2].Int64() != sum {
					t.Fatalf("group %d: %s, want count %d sum %d (seen before: %v)", k, rowText(row), count, sum, seen[k])
				}
				seen[k] = true
			}
		}
	}
}

func TestAggregateOfNothing(t *testing.T) {
	nothing := series(1, 2, 1, 1)
	out := []column.Field{{Name: "count", Type: bigint}, {Name: "sum", Type: column.DecimalType(38, 0)}}
	whole := &plan.Aggregate{Input: nothing, Aggs: append(countStar(), sumOf(0)), Out: out}
	for _, root := range []plan.Node{whole, twoSteps(whole)} {
		rows, _, err := collect(t, taskOf(root, 2))
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != 1 || rowText(rows[0]) != "0|∅" {
			t.Errorf("without keys: %v", rowTexts(rows))
		}
	}
	grouped := &plan.Aggregate{Input: nothing, Keys: []int{0}, Aggs: countStar(), Out: []column.Field{{Name: "n", Type: bigint}, {Name: "count", Type: bigint}}}
	rows, _, err := collect(t, taskOf(grouped, 2))
	if err != nil || len(rows) != 0 {
		t.Errorf("with keys: %v, %v", rowTexts(rows), err)
	}
}

func TestAggregateSpillsAtTheMemoryLimit(t *testing.T) {
	const rows = 500_000
	root := &plan.Aggregate{Input: spread(series(1, 1, rows, 1)), Keys: []int{0}, Aggs: countStar(),
		Out: []column.Field{{Name: "n", Type: bigint}, {Name: "count", Type: bigint}}}
	task := taskOf(root, 2)
	task.Budget = mem.NewBudget("query", 4<<20, nil)
	got, stats, err := collect(t, task)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for _, r := range got {
		if seen[r[0].Int64()] || r[1].Int64() != 1 {
			t.Fatalf("%s comes again", rowText(r))
		}
		seen[r[0].Int64()] = true
	}
	if len(got) != rows || task.Budget.Peak() > 4<<20 {
		t.Errorf("%d rows, at most %d bytes", len(got), task.Budget.Peak())
	}
	if d := stats[0].Detail; !strings.Contains(d, "spilled") {
		t.Errorf("detail %q", d)
	}
}

// Distinct values of one group that have no room go apart by themselves.
func TestDistinctValuesOfFewGroupsSpill(t *testing.T) {
	const rows, limit = 400_000, 6 << 20
	in := &plan.Project{Info: plan.Info{ID: 5}, Input: spread(series(1, 1, rows, 1)), Exprs: []expr.Expr{mustCall(t, "%", ref(0), literal(3)), mustCall(t, "/", ref(0), literal(2))},
		Out: []column.Field{{Name: "k", Type: bigint}, {Name: "v", Type: bigint}}}
	distinct := kernels.Aggregate{Op: kernels.AggCount, Args: []int{1}, ArgTypes: []column.Type{bigint}, Result: bigint, Distinct: true, Filter: -1}
	count := []column.Field{{Name: "values", Type: bigint}, {Name: "count", Type: bigint}}
	for _, keys := range [][]int{nil, {0}} {
		root := &plan.Aggregate{Input: in, Keys: keys, Aggs: append([]kernels.Aggregate{distinct}, countStar()...), Out: append(in.Out[:len(keys):len(keys)], count...)}
		want, _, err := collect(t, taskOf(root, 2))
		if err != nil {
			t.Fatal(err)
		}
		task := taskOf(root, 2)
		task.Budget = mem.NewBudget("query", limit, nil)
		got, stats, err := collect(t, task)
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, fmt.Sprintf("keys %v", keys), got, want)
		if d := stats[0].Detail; !strings.Contains(d, "spilled") || task.Budget.Peak() > limit {
			t.Errorf("keys %v: detail %q, peak %d", keys, d, task.Budget.Peak())
		}
	}
}

// INTERSECT and EXCEPT count tuples, NULLs being equal.
func TestSetOperationsAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	types := columntest.Types()
	for round := range 80 {
		a := mem.NewArena(nil)
		in := []column.Type{column.T(column.Bool)}
		if typ := types[r.IntN(len(types))]; typ.Kind != column.Interval {
			in = append(in, typ)
		}
		left, right := randomNode(r, a, in, 4, 50), randomNode(r, a, in, 4, 50)
		if len(left.batches) > 0 && len(right.batches) > 0 {
			right.batches[0] = left.batches[0]
		}
		counts := map[string][2]int{}
		sample := map[string][]column.Value{}
		for side, node := range []*batchesNode{left, right} {
			for _, row := range node.rows() {
				c := counts[rowText(row)]
				c[side]++
				counts[rowText(row)], sample[rowText(row)] = c, row
			}
		}
		for _, kind := range []plan.SetKind{plan.Intersect, plan.Except} {
			for _, all := range []bool{false, true} {
				var want [][]column.Value
				for name, c := range counts {
					n := min(c[0], c[1])
					if kind == plan.Except {
						if n = max(0, c[0]-c[1]); !all && c[1] > 0 {
							n = 0
						}
					}
					if !all {
						n = min(n, 1)
					}
					for range n {
						want = append(want, sample[name])
					}
				}
				root := &plan.SetOp{Kind: kind, All: all, Left: left, Right: right, Out: left.out}
				for way, task := range ways(root, 1+round%3) {
					got, _, err := collect(t, task)
					if err != nil {
						t.Fatal(err)
					}
					sameRows(t, way+fmt.Sprintf(" round %d: kind %d all %v of %v", round, kind, all, in), got, want)
				}
			}
		}
		a.Free()
	}
}

func TestSetOperationRepeatsRowsOverManyBatches(t *testing.T) {
	same := &plan.Project{Input: series(1, 1, 20_000, 1), Exprs: []expr.Expr{literal(5)}, Out: []column.Field{{Name: "n", Type: bigint}}}
	rows, _, err := collect(t, taskOf(&plan.SetOp{Kind: plan.Except, All: true, Left: same, Right: series(2, 5, 6, 1), Out: same.Out}, 2))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 19_999 {
		t.Errorf("%d rows, want 19999", len(rows))
	}
}

func TestDistinctOnPassesTheFirstRowOfEachKey(t *testing.T) {
	key := mustCall(t, "%", ref(0), literal(10))
	input := &plan.Project{Input: series(1, 0, 49_999, 1), Exprs: []expr.Expr{ref(0), key}, Out: []column.Field{{Name: "n", Type: bigint}, {Name: "k", Type: bigint}}}
	sorted := &plan.Sort{Input: input, Keys: []kernels.SortKey{{Column: 0, Descending: true}}, Count: -1}
	rows, _, err := collect(t, taskOf(&plan.DistinctOn{Input: sorted, Keys: []int{1}}, 3))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, sortedInts(rows), span(49_990, 49_999))
}
