package executor

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
)

// clusteredGroup is the number of rows of a row group in these tests.
const clusteredGroup = 100

// clusteredRows are rows of a key and a number: keys ascend from row group to row group, but lie in any order within one.
func clusteredRows(r *rand.Rand, key column.Type, rows int) [][]column.Value {
	out := make([][]column.Value, rows)
	each := 1 + r.IntN(60) // rows of a key
	for i := range out {
		k := column.IntValue(key, int64(i/each)-20)
		if r.IntN(25) == 0 {
			k = column.NullValue(key)
		}
		out[i] = []column.Value{k, column.IntValue(bigint, r.Int64N(50))}
	}
	for lo := 0; lo < rows; lo += clusteredGroup {
		g := out[lo:min(rows, lo+clusteredGroup)]
		r.Shuffle(len(g), func(i, j int) { g[i], g[j] = g[j], g[i] })
	}
	return out
}

// clusteredFiles writes rows to two files and returns a scan of both.
func clusteredFiles(t *testing.T, fields []column.Field, rows [][]column.Value) *plan.Scan {
	t.Helper()
	dir := t.TempDir()
	middle := len(rows) / 2 / clusteredGroup * clusteredGroup
	for i, part := range [][][]column.Value{rows[:middle], rows[middle:]} {
		write := &plan.Write{Input: &plan.Values{Out: fields, Rows: part}, Format: "parquet", URL: filepath.Join(dir, fmt.Sprintf("%d.parquet", i)), Schema: fields,
			Options: map[string]string{"row_group_size": fmt.Sprint(clusteredGroup)}}
		if _, _, err := collect(t, taskOf(write, 1)); err != nil {
			t.Fatal(err)
		}
	}
	return scanOf(t, "parquet", filepath.Join(dir, "*.parquet"))
}

// clusteredAggregate groups input by its first column. The estimate says that it is worth it.
func clusteredAggregate(input plan.Node) *plan.Aggregate {
	fields := input.Fields()
	distinct := kernels.Aggregate{Op: kernels.AggCount, Args: []int{1}, ArgTypes: []column.Type{bigint}, Result: bigint, Distinct: true, Filter: -1}
	return &plan.Aggregate{Info: plan.Info{ID: 2, Rows: 1e6}, Input: input, Keys: []int{0}, Aggs: append(countStar(), sumOf(1), distinct),
		Out: []column.Field{fields[0], {Name: "count", Type: bigint}, {Name: "sum", Type: column.DecimalType(38, 0)}, {Name: "distinct", Type: bigint}}}
}

const completeDetail = "complete at the end of its split"

// Groups of keys that splits do not share leave the aggregation when their split ends; together with the rest they are those of any other aggregation.
func TestClusteredGroupsAreThoseOfAnyAggregation(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 18))
	for _, key := range []column.Type{column.T(column.Int8), column.T(column.Int16), column.T(column.Int32), bigint, column.T(column.Date), column.DecimalType(10, 2),
		column.DecimalType(4, 1)} {
		fields := []column.Field{{Name: "k", Type: key}, {Name: "v", Type: bigint}}
		size := 3000
		if key.Kind == column.Int8 {
			size = 2400
		}
		rows := clusteredRows(r, key, size)
		if key.Kind == column.Int8 {
			for i := range rows {
				if !rows[i][0].Null {
					rows[i][0] = column.IntValue(key, int64(i/clusteredGroup))
				}
			}
		}
		want, _, err := collect(t, taskOf(clusteredAggregate(&plan.Values{Out: fields, Rows: rows}), 1))
		if err != nil {
			t.Fatal(err)
		}
		scan := clusteredFiles(t, fields, rows)
		for _, threads := range []int{1, 3} {
			what := fmt.Sprintf("%s, %d threads", key, threads)
			got, stats, err := collect(t, taskOf(clusteredAggregate(scan), threads))
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			sameRows(t, what, got, want)
			if d := stats[2].Detail; !strings.Contains(d, completeDetail) || !strings.Contains(d, fmt.Sprintf("groups %d,", len(want))) {
				t.Errorf("%s: detail %q", what, d)
			}
		}
	}
}

// A key is followed through filters and projections; computed keys and joins are not.
func TestClusteredKeysAreFollowedToTheScan(t *testing.T) {
	fields := []column.Field{{Name: "k", Type: bigint}, {Name: "v", Type: bigint}}
	rows := clusteredRows(rand.New(rand.NewPCG(4, 19)), bigint, 2500)
	scan := clusteredFiles(t, fields, rows)
	scan.Output = []int{1, 0}
	for what, c := range map[string]struct {
		key       expr.Expr
		clustered bool
	}{
		"column":   {ref(1), true},
		"other":    {ref(0), false},
		"computed": {mustCall(t, "+", ref(1), literal(1)), false},
	} {
		over := func(in plan.Node) *plan.Aggregate {
			f := &plan.Filter{Input: in, Cond: greater(ref(0), literal(10))}
			return clusteredAggregate(&plan.Project{Input: f, Exprs: []expr.Expr{c.key, ref(0)}, Out: fields})
		}
		turned := make([][]column.Value, len(rows))
		for i, r := range rows {
			turned[i] = []column.Value{r[1], r[0]}
		}
		want, _, err := collect(t, taskOf(over(&plan.Values{Out: []column.Field{fields[1], fields[0]}, Rows: turned}), 1))
		if err != nil {
			t.Fatal(err)
		}
		got, stats, err := collect(t, taskOf(over(scan), 2))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		sameRows(t, what, got, want)
		if d := stats[2].Detail; strings.Contains(d, completeDetail) != c.clustered {
			t.Errorf("%s: detail %q", what, d)
		}
	}
}

// Splits whose keys overlap are aggregated as a whole.
func TestOverlappingSplitsAreNotClustered(t *testing.T) {
	fields := []column.Field{{Name: "k", Type: bigint}, {Name: "v", Type: bigint}}
	rows := clusteredRows(rand.New(rand.NewPCG(4, 20)), bigint, 2500)
	rows[700][0] = column.IntValue(bigint, 1000)
	_, stats, err := collect(t, taskOf(clusteredAggregate(clusteredFiles(t, fields, rows)), 2))
	if err != nil {
		t.Fatal(err)
	}
	if d := stats[2].Detail; strings.Contains(d, completeDetail) {
		t.Errorf("detail %q", d)
	}
}

// A split's groups that have no room in memory are spilled, and so is what others share.
func TestClusteredGroupsSpill(t *testing.T) {
	fields := []column.Field{{Name: "k", Type: bigint}, {Name: "v", Type: bigint}}
	rows := clusteredRows(rand.New(rand.NewPCG(4, 21)), bigint, 3000)
	root := clusteredAggregate(clusteredFiles(t, fields, rows))
	want, _, err := collect(t, taskOf(root, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, share := range []int64{0, 1 << 12} {
		end := SpillEarly(share)
		got, _, err := collect(t, taskOf(root, 3))
		end()
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, fmt.Sprintf("share %d", share), got, want)
	}

	const many, limit = 600_000, 5 << 20
	path := filepath.Join(t.TempDir(), "many.parquet")
	write := &plan.Write{Input: series(3, 1, many, 1), Format: "parquet", URL: path, Schema: fields[:1], Options: map[string]string{"row_group_size": "150000"}}
	if _, _, err := collect(t, taskOf(write, 1)); err != nil {
		t.Fatal(err)
	}
	task := taskOf(&plan.Aggregate{Info: plan.Info{ID: 2, Rows: many}, Input: scanOf(t, "parquet", path), Keys: []int{0}, Aggs: countStar(),
		Out: []column.Field{fields[0], {Name: "count", Type: bigint}}}, 1)
	task.Budget = mem.NewBudget("query", limit, nil)
	got, stats, err := collect(t, task)
	if err != nil {
		t.Fatal(err)
	}
	seen := make([]bool, many+1)
	for _, r := range got {
		if seen[r[0].Int64()] || r[1].Int64() != 1 {
			t.Fatalf("%s comes again", rowText(r))
		}
		seen[r[0].Int64()] = true
	}
	if d := stats[2].Detail; len(got) != many || task.Budget.Peak() > limit || !strings.Contains(d, "spilled") {
		t.Errorf("%d rows, at most %d bytes, detail %q", len(got), task.Budget.Peak(), d)
	}
}

// A limit behind such an aggregation, or behind a full join, ends the rows but not what follows: the next full join still gives the rows of its build side.
func TestALimitLetsWhatFollowsFinish(t *testing.T) {
	fields := []column.Field{{Name: "k", Type: bigint}, {Name: "v", Type: bigint}}
	rows := clusteredRows(rand.New(rand.NewPCG(4, 22)), bigint, 3000)
	scan := clusteredFiles(t, fields, rows)
	groups := clusteredAggregate(scan)
	full := func(id int, probe plan.Node) *plan.HashJoin {
		build := series(id+1, 1_000_001, 1_000_100, 1)
		return &plan.HashJoin{Info: plan.Info{ID: id}, Kind: plan.FullOuter, Probe: probe, Build: build, ProbeKeys: []int{0}, BuildKeys: []int{0},
			Out: append(slices.Clone(probe.Fields()), build.Out)}
	}
	empty := &plan.Filter{Info: plan.Info{ID: 30}, Input: series(31, 1, 10, 1), Cond: greater(ref(0), literal(100))}
	for what, in := range map[string]plan.Node{"aggregation": groups, "join": full(20, empty)} {
		for _, threads := range []int{1, 3} {
			root := full(10, &plan.Limit{Info: plan.Info{ID: 9}, Input: in, Count: 5})
			got, _, err := collect(t, taskOf(root, threads))
			if err != nil {
				t.Fatalf("%s, %d threads: %v", what, threads, err)
			}
			if len(got) != 105 {
				t.Errorf("%s, %d threads: %d rows, want 105", what, threads, len(got))
			}
		}
	}
}
