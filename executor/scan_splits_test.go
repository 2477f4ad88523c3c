package executor

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

// oneGroup writes a Parquet file of one row group: n, n % 7 as text, and a text that differs from row to row.
func oneGroup(t *testing.T, rows int64) string {
	t.Helper()
	remainder, err := expr.NewCast(mustCall(t, "%", ref(0), literal(7)), text, false)
	if err != nil {
		t.Fatal(err)
	}
	name, err := expr.NewCast(ref(0), text, false)
	if err != nil {
		t.Fatal(err)
	}
	project := &plan.Project{Input: series(3, 1, rows, 1), Exprs: []expr.Expr{ref(0), remainder, name},
		Out: []column.Field{{Name: "n", Type: bigint}, {Name: "few", Type: text}, {Name: "name", Type: text}}}
	path := filepath.Join(t.TempDir(), "one.parquet")
	write := &plan.Write{Input: project, Format: "parquet", URL: path, Schema: project.Out, Options: map[string]string{"row_group_size": "10000000"}}
	if _, _, err := collect(t, taskOf(write, 1)); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file of one row group makes morsels for all workers; the rows are the same.
func TestOneRowGroupIsReadByManyWorkers(t *testing.T) {
	const rows = 500_000
	path := oneGroup(t, rows)
	for _, threads := range []int{1, 2, 4} {
		scan := scanOf(t, "parquet", path)
		if len(scan.Splits) != 1 {
			t.Fatalf("%d splits", len(scan.Splits))
		}
		task := taskOf(scan, threads)
		task.Progress = &Progress{}
		got, _, err := collect(t, task)
		if err != nil {
			t.Fatal(err)
		}
		seen := make([]bool, rows+1)
		for _, r := range got {
			n := r[0].Int64()
			if seen[n] || r[1].Str != fmt.Sprint(n%7) || r[2].Str != fmt.Sprint(n) {
				t.Fatalf("%d threads: row %v", threads, r)
			}
			seen[n] = true
		}
		if len(got) != rows {
			t.Fatalf("%d threads: %d rows", threads, len(got))
		}
		morsels := task.Progress.Splits.Load()
		if threads == 1 && morsels != 1 || threads > 1 && (morsels < 5 || morsels > int64(morselsPerWorker*threads)) || task.Progress.Done.Load() != morsels {
			t.Errorf("%d threads: %d morsels, %d done", threads, morsels, task.Progress.Done.Load())
		}
	}
}

// fewKeys is a runtime filter of a build side that has a few keys.
type fewKeys []int64

func (f fewKeys) Apply(v *column.Vector, b *column.Batch, sel []uint32) ([]uint32, error) {
	for k := range b.Rows() {
		for _, key := range f {
			if v.ValueAt(b.Row(k)).Int64() == key {
				sel = append(sel, uint32(b.Row(k)))
			}
		}
	}
	return sel, nil
}

func (f fewKeys) Bounds() (low, high *column.Value) { return nil, nil }

func (f fewKeys) Keys(most int) (keys []column.Value, ok bool) {
	for _, k := range f {
		keys = append(keys, column.IntValue(bigint, k))
	}
	return keys, len(f) <= most
}

// The keys of a join's build side, where they are few, leave pages out, and rows that do not match are not given.
func TestKeysOfAJoinLeavePagesOut(t *testing.T) {
	path := oneGroup(t, 300_000)
	for _, threads := range []int{1, 2} {
		scan := scanOf(t, "parquet", path)
		scan.Runtime = []plan.RuntimeFilterUse{{Filter: 1, Column: 0}}
		task := taskOf(scan, threads)
		task.Progress = &Progress{}
		task.SetRuntimeFilter(1, fewKeys{5, 150_000, 299_999})
		got, _, err := collect(t, task)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, sortedInts(got), []int64{5, 150_000, 299_999})
		if n := task.Progress.Rows.Load(); n != 3 {
			t.Errorf("%d rows left the reader", n)
		}
	}
}
