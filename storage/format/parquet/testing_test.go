package parquet

import (
	"context"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

var store = objectstore.Local{}

func TestMain(m *testing.M) {
	flag.Parse()
	mem.Poison = flag.Lookup("test.bench").Value.String() == "" // poisoning would be what a benchmark measures
	os.Exit(m.Run())
}

// fileAt lists one file.
func fileAt(t testing.TB, path string) plan.File {
	t.Helper()
	list, err := objectstore.Local{}.List(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// readRows reads columns of a file (all when none are named) under filters and returns the rows as text, and the reader's word on the filters.
// It checks every vector, and that all memory is given back.
func readRows(t testing.TB, path string, names []string, filters ...expr.Expr) (rows [][]string, exact bool, err error) {
	t.Helper()
	values, exact, err := read(t, path, names, filters)
	for _, r := range values {
		row := make([]string, len(r))
		for i, v := range r {
			row[i] = v.String()
		}
		rows = append(rows, row)
	}
	return rows, exact, err
}

// readValues is readRows of all columns as values, for filters that the reader must apply whole.
func readValues(t testing.TB, path string, fields []column.Field, filters []expr.Expr) [][]column.Value {
	t.Helper()
	rows, exact, err := read(t, path, nil, filters)
	if err != nil {
		t.Fatalf("%v: %v", filters, err)
	}
	if !exact {
		t.Fatalf("%v: not exact", filters)
	}
	if len(rows) > 0 && len(rows[0]) != len(fields) {
		t.Fatalf("%d columns, want %d", len(rows[0]), len(fields))
	}
	return rows
}

// order compares two values of a type.
func order(a, b column.Value) int { return storage.CompareValues(a, b) }

// sameRow reports whether two rows have the same values. Where fields differ, their texts decide, which takes a hundred times as long.
func sameRow(a, b []column.Value) bool {
	return slices.EqualFunc(a, b, func(x, y column.Value) bool {
		return x.Null == y.Null && x.Int == y.Int && math.Float64bits(x.Float) == math.Float64bits(y.Float) && x.Str == y.Str && x.Interval == y.Interval &&
			x.List == nil && y.List == nil || x.String() == y.String()
	})
}

func read(t testing.TB, path string, names []string, filters []expr.Expr) (rows [][]column.Value, exact bool, err error) {
	t.Helper()
	ctx, store, file := context.Background(), objectstore.Local{}, fileAt(t, path)
	fields, err := Format{}.Infer(ctx, store, file, nil)
	if err != nil {
		return nil, false, err
	}
	scan := &storage.Scan{Schema: fields, Filters: filters}
	for i, f := range fields {
		if names == nil {
			scan.Columns = append(scan.Columns, i)
		}
		for _, n := range names {
			if f.Name == n {
				scan.Columns = append(scan.Columns, i)
			}
		}
	}
	splits, err := Format{}.Splits(ctx, store, file, nil)
	if err != nil {
		return nil, false, err
	}
	if splits, err = (Format{}).Prune(ctx, store, splits, scan); err != nil {
		return nil, false, err
	}
	budget := mem.NewBudget("test", 0, nil)
	r, err := Format{}.NewReader(store, scan, budget)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if cerr := r.Close(); cerr != nil {
			t.Error(cerr)
		}
		if budget.Used() != 0 {
			t.Errorf("%s: %d bytes are not given back", path, budget.Used())
		}
	}()
	var b column.Batch
	for _, s := range splits {
		if err := r.Start(ctx, s); err != nil {
			return nil, false, err
		}
		for {
			more, err := r.Next(ctx, &b)
			if err != nil {
				return nil, false, err
			}
			if !more {
				break
			}
			for i, v := range b.Cols {
				if err := v.Check(); err != nil || v.Len != b.Len {
					t.Fatalf("%s, column %s: %v, %d rows of %d", path, fields[scan.Columns[i]].Name, err, v.Len, b.Len)
				}
			}
			for k := range b.Rows() {
				row := make([]column.Value, len(b.Cols))
				for i, v := range b.Cols {
					row[i] = v.ValueAt(b.Row(k))
				}
				rows = append(rows, row)
			}
		}
	}
	return rows, r.Exact(), nil
}

// expected reads the text that generate.py wrote for a file.
func expected(t testing.TB, name string) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		row := strings.Split(line, "\t")
		for i, cell := range row {
			if cell == `\N` {
				row[i] = "NULL"
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// alike compares cells as texts or else as numbers.
func alike(a, b string) bool {
	if a == b {
		return true
	}
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err1 == nil && err2 == nil && (x == y || x != x && y != y)
}

func diff(t *testing.T, what string, got, want [][]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		for c := range want[i] {
			if c >= len(got[i]) || !alike(got[i][c], want[i][c]) {
				t.Errorf("%s, row %d, column %d: got %q, want %q", what, i, c, got[i], want[i])
				return
			}
		}
	}
}
