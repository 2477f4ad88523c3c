package executor

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage/format"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// scanOf scans all columns of the files that a pattern names.
func scanOf(t *testing.T, name, pattern string) *plan.Scan {
	t.Helper()
	f, err := format.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	store, err := objectstore.For(pattern)
	if err != nil {
		t.Fatal(err)
	}
	files, err := store.List(t.Context(), pattern)
	if err != nil {
		t.Fatal(err)
	}
	n := &plan.Scan{Info: plan.Info{ID: 1}, Table: "t", Format: name, Limit: -1}
	for _, file := range files {
		splits, err := f.Splits(t.Context(), store, file, nil)
		if err != nil {
			t.Fatal(err)
		}
		n.Splits = append(n.Splits, splits...)
		if n.Schema, err = f.Infer(t.Context(), store, file, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n.Schema {
		n.Columns = append(n.Columns, i)
	}
	return n
}

func TestWrittenFilesAreReadBack(t *testing.T) {
	const rows = 300_000
	square := mustCall(t, "*", ref(0), ref(0))
	name, err := expr.NewCast(ref(0), text, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, formatName := range []string{"parquet", "csv"} {
		for _, perTask := range []bool{false, true} {
			t.Run(fmt.Sprint(formatName, perTask), func(t *testing.T) {
				project := &plan.Project{Input: series(3, 1, rows, 1), Exprs: []expr.Expr{ref(0), square, name},
					Out: []column.Field{{Name: "n", Type: bigint}, {Name: "square", Type: bigint}, {Name: "name", Type: text}}}
				dir := t.TempDir()
				target, pattern := filepath.Join(dir, "out."+formatName), filepath.Join(dir, "out."+formatName)
				if perTask {
					target, pattern = dir, filepath.Join(dir, "*."+formatName)
				}
				write := &plan.Write{Input: project, Format: formatName, URL: target, PerTask: perTask, Schema: project.Out}
				if formatName == "csv" {
					write.Options = map[string]string{"header": "true"}
				}
				out, _, err := collect(t, taskOf(write, 2))
				if err != nil {
					t.Fatal(err)
				}
				expect(t, ints(out), []int64{rows})
				scan := scanOf(t, formatName, pattern)
				scan.Filters = []expr.Expr{greater(ref(0), literal(rows-1000))}
				scan.Output = []int{1, 2}
				got, _, err := collect(t, taskOf(&plan.Sort{Input: scan, Keys: []kernels.SortKey{{Column: 0}}, Count: -1}, 2))
				if err != nil {
					t.Fatal(err)
				}
				if len(got) != 1000 {
					t.Fatalf("%d rows", len(got))
				}
				for i, row := range got {
					n := int64(rows - 999 + i)
					if row[0].Int64() != n*n || row[1].String() != fmt.Sprint(n) {
						t.Fatalf("row %d is %v", i, row)
					}
				}
			})
		}
	}
}

func TestAFileThatChangedIsNotRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.csv")
	if err := os.WriteFile(path, []byte("n\n1\n2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	scan := scanOf(t, "csv", path)
	if err := os.WriteFile(path, []byte("n\n1\n2\n3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if rows, _, err := collect(t, taskOf(scan, 1)); err == nil {
		t.Errorf("the changed file gave %d rows", len(rows))
	} else if _, ok := fault.As(err); !ok {
		t.Errorf("got %v", err)
	}
}
