package executor

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

// What a writer holds of a row group counts against the query's memory: one that has no room ends before its time.
func TestRowGroupsBeingWrittenAreCharged(t *testing.T) {
	square := mustCall(t, "*", ref(0), ref(0))
	for _, perTask := range []bool{false, true} {
		for rowGroup, least := range map[string]int{"100000": 10, "10000000": 2} {
			const limit = 8 << 20
			project := &plan.Project{Input: series(3, 1, 1_000_000, 1), Exprs: []expr.Expr{ref(0), square},
				Out: []column.Field{{Name: "n", Type: bigint}, {Name: "square", Type: bigint}}}
			dir := filepath.Join(t.TempDir(), "t.parquet")
			task := taskOf(&plan.Write{Input: project, Format: "parquet", URL: dir, Schema: project.Out, PerTask: perTask,
				Options: map[string]string{"row_group_size": rowGroup, "compression": "none"}}, 1)
			task.Budget = mem.NewBudget("query", limit, nil)
			if _, _, err := collect(t, task); err != nil || task.Budget.Peak() > limit || task.Budget.Used() != 0 {
				t.Errorf("row groups of %s rows: %v, peak of %d bytes, %d left", rowGroup, err, task.Budget.Peak(), task.Budget.Used())
			}
			if perTask {
				dir += "/*.parquet"
			}
			scan := scanOf(t, "parquet", dir)
			if n := len(scan.Splits); n < least {
				t.Errorf("row groups of %s rows: %d of them", rowGroup, n)
			}
			if rows, _, err := collect(t, taskOf(scan, 1)); err != nil || len(rows) != 1_000_000 {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		}
	}
}

// Rows for more folders than files may be open, in any order and under a limit, are all written where they belong, and each folder has few files.
func TestManyFoldersAreWrittenUnderALimit(t *testing.T) {
	const rows, folders = 200_000, 700
	key := mustCall(t, "%", mustCall(t, "*", ref(0), literal(7919)), literal(folders))
	fields := []column.Field{{Name: "n", Type: bigint}, {Name: "f", Type: bigint}}
	project := &plan.Project{Input: spread(series(3, 1, rows, 1)), Exprs: []expr.Expr{ref(0), key}, Out: fields}
	for _, limit := range []int64{0, 24 << 20} {
		dir := t.TempDir()
		task := taskOf(&plan.Write{Info: plan.Info{ID: 9}, Input: project, Format: "parquet", URL: dir, Schema: fields, PerTask: true,
			Options: map[string]string{plan.WritePartitions: `["f"]`}}, 2)
		task.Budget, task.Measure = mem.NewBudget("query", limit, nil), true
		got, stats, err := collect(t, task)
		if err != nil {
			t.Fatal(err)
		}
		if n := got[0][0].Int64(); n != rows {
			t.Errorf("limit %d: %d rows written", limit, n)
		}
		if limit > 0 && (task.Budget.Peak() > limit || task.Budget.Used() != 0) {
			t.Errorf("limit %d: peak of %d bytes, %d left", limit, task.Budget.Peak(), task.Budget.Used())
		}
		files, err := filepath.Glob(filepath.Join(dir, "f=*", "*.parquet"))
		if err != nil || len(files) < folders || len(files) > 3*folders {
			t.Errorf("limit %d: %d files, %v", limit, len(files), err)
		}
		t.Log(limit, len(files), stats[9].Detail, task.Budget.Peak())
		for _, f := range []int64{0, 1, 350, 699} {
			found, _, err := collect(t, taskOf(scanOf(t, "parquet", filepath.Join(dir, fmt.Sprintf("f=%d", f), "*.parquet")), 1))
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			for n := int64(1); n <= rows; n++ {
				if n*7919%folders == f {
					want++
				}
			}
			if len(found) != want {
				t.Errorf("folder %d: %d rows, want %d", f, len(found), want)
			}
			for _, x := range found {
				if x[0].Int64()*7919%folders != f {
					t.Fatalf("row %d is in folder %d", x[0].Int64(), f)
				}
			}
		}
	}
}
