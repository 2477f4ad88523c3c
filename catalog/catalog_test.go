package catalog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/format"
	"github.com/polybolos-db/polybolos/storage/format/parquet"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

var ctx = context.Background()

type named struct {
	Table
	name string
}

func (n named) Name() string { return n.name }

func TestNames(t *testing.T) {
	c := New()
	code := func(what string, err error, want fault.Code) {
		t.Helper()
		if (err == nil) != (want == "") || err != nil && fault.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	code("create", c.CreateTable(ctx, Name{Name: "lineitem"}, named{name: "lineitem"}, false, false), "")
	code("create again", c.CreateTable(ctx, Name{Name: "lineitem"}, named{name: "2"}, false, false), fault.DuplicateTable)
	code("if not exists", c.CreateTable(ctx, Name{Name: "lineitem"}, named{name: "3"}, false, true), "")
	if table, _, err := c.Table(ctx, "main", "lineitem"); err != nil || table.Name() != "lineitem" {
		t.Errorf("%v, %v", table, err)
	}
	code("or replace", c.CreateTable(ctx, Name{Name: "lineitem"}, named{name: "lineitem"}, true, false), "")
	code("view over table", c.CreateView(ctx, Name{Name: "lineitem"}, &View{Name: "lineitem"}, true), fault.DuplicateTable)
	code("view", c.CreateView(ctx, Name{Name: "v"}, &View{Name: "v", SQL: "select 1"}, false), "")
	code("view again", c.CreateView(ctx, Name{Name: "v"}, &View{Name: "v"}, false), fault.DuplicateTable)
	code("view replaced", c.CreateView(ctx, Name{Name: "v"}, &View{Name: "v", SQL: "select 2"}, true), "")
	code("table over view", c.CreateTable(ctx, Name{Name: "v"}, named{}, true, false), fault.DuplicateTable)
	if _, v, err := c.Table(ctx, "public", "v"); err != nil || v.SQL != "select 2" {
		t.Errorf("%v, %v", v, err)
	}
	if len(c.Tables()) != 1 || len(c.Views()) != 1 {
		t.Errorf("%v, %v", c.Tables(), c.Views())
	}
	code("drop view as table", c.DropTable(ctx, Name{Name: "v"}, false), fault.WrongObjectType)
	code("drop table as view", c.DropView(ctx, Name{Name: "lineitem"}, true), fault.WrongObjectType)
	code("drop missing", c.DropTable(ctx, Name{Name: "nope"}, false), fault.UndefinedTable)
	code("drop missing if exists", c.DropTable(ctx, Name{Name: "nope"}, true), "")
	code("drop missing view", c.DropView(ctx, Name{Name: "nope"}, false), fault.UndefinedTable)
	_, _, err := c.Table(ctx, "other", "lineitem")
	code("schema", err, fault.UndefinedTable)
	_, _, err = c.Table(ctx, "", "linitem")
	code("misspelt", err, fault.UndefinedTable)
	if e, _ := fault.As(err); e == nil || !strings.Contains(e.Hint, `"lineitem"`) {
		t.Errorf("no hint: %v", err)
	}
	_, _, err = c.Table(ctx, "", "region")
	if e, _ := fault.As(err); e == nil || e.Hint != "" {
		t.Errorf("a hint for something unlike: %+v", e)
	}
	code("drop", c.DropTable(ctx, Name{Name: "lineitem"}, false), "")
	code("drop view", c.DropView(ctx, Name{Name: "v"}, false), "")
}

func TestConcurrentUse(t *testing.T) {
	c := New()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 200 {
				name := fmt.Sprintf("t%d", (i+k)%5)
				if err := c.CreateTable(ctx, Name{Name: name}, named{name: name}, true, false); err != nil {
					t.Error(err)
				}
				if table, _, err := c.Table(ctx, "", name); err == nil && table.Name() != name {
					t.Errorf("%s is %s", name, table.Name())
				}
				c.Tables()
				if err := c.DropTable(ctx, Name{Name: name}, true); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"kitten", "sitting", 3}, {"", "xy", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q %q: %d", c.a, c.b, got)
		}
	}
}

// writeParquet writes rows 0 to n-1 of bigint, each value from+row, or of the type given.
func writeParquet(t *testing.T, path string, fields []column.Field, n int, from int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := parquet.Format{}.NewWriter(f, fields, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := mem.NewArena(nil)
	defer a.Free()
	b := &column.Batch{Len: n}
	for _, field := range fields {
		v, err := column.NewFlat(a, field.Type, n)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if err := column.SetValue(a, v, i, column.IntValue(field.Type, from+int64(i))); err != nil {
				t.Fatal(err)
			}
		}
		b.Cols = append(b.Cols, v)
	}
	if err := errors.Join(w.Write(b), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func field(name string, k column.Kind) column.Field {
	return column.Field{Name: name, Type: column.T(k), NotNull: true}
}

func TestTableOfSeveralFiles(t *testing.T) {
	root := t.TempDir()
	for i := range 40 {
		writeParquet(t, filepath.Join(root, fmt.Sprintf("%02d.parquet", i)), []column.Field{field("a", column.Int32), field("b", column.Int64)}, 10, int64(10*i))
	}
	// One file is wider and has the columns in another order.
	writeParquet(t, filepath.Join(root, "99.parquet"), []column.Field{field("b", column.Int64), field("a", column.Int64)}, 10, 1000)
	if err := os.WriteFile(filepath.Join(root, "notes.csv"), []byte("x\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := New().OpenPath(ctx, root, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := table.Schema(); len(s) != 2 || s[0].Name != "a" || s[0].Type.Kind != column.Int64 || !s[0].NotNull {
		t.Errorf("%+v", s)
	}
	if len(table.Source().Files) != 41 || table.Source().Format != "parquet" || table.Name() != root {
		t.Errorf("%d files", len(table.Source().Files))
	}
	s, err := table.Statistics(ctx)
	if err != nil || s.Rows != 410 || s.Columns[0].Min.Int64() != 0 || s.Columns[0].Max.Int64() != 1009 || s.Columns[1].Nulls != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if again, err := table.Statistics(ctx); err != nil || again != s {
		t.Error("statistics are not kept")
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := OpenTable(canceled, "t", plan.Source{Format: "parquet"}, root, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestFilesThatDoNotBelongTogether(t *testing.T) {
	for _, c := range []struct {
		name   string
		second []column.Field
		code   fault.Code
		column string
	}{
		{"another type", []column.Field{field("a", column.Date)}, fault.DatatypeMismatch, `"a"`},
		{"another name", []column.Field{field("z", column.Int32)}, fault.UndefinedColumn, `"z"`},
		{"one more", []column.Field{field("a", column.Int32), field("b", column.Int32)}, fault.UndefinedColumn, `"b"`},
	} {
		root := t.TempDir()
		writeParquet(t, filepath.Join(root, "1.parquet"), []column.Field{field("a", column.Int32)}, 3, 0)
		writeParquet(t, filepath.Join(root, "2.parquet"), c.second, 3, 0)
		_, err := OpenTable(ctx, "t", plan.Source{Format: "parquet"}, root, nil)
		if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), "2.parquet") || !strings.Contains(err.Error(), c.column) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestDeclaredSchema(t *testing.T) {
	root := t.TempDir()
	declared := []column.Field{{Name: "a", Type: column.T(column.Int64)}}
	empty, err := OpenTable(ctx, "t", plan.Source{Format: "parquet"}, root, declared)
	if err != nil || len(empty.Source().Files) != 0 || empty.Location() != root {
		t.Fatal(err)
	}
	if s, err := empty.Statistics(ctx); err != nil || s.Rows != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := OpenTable(ctx, "t", plan.Source{Format: "parquet"}, root+"/none", declared); fault.CodeOf(err) != fault.UndefinedFile {
		t.Error(err)
	}
	if _, err := OpenTable(ctx, "t", plan.Source{Format: "parquet"}, root, nil); fault.CodeOf(err) != fault.UndefinedFile {
		t.Error(err)
	}
	writeParquet(t, filepath.Join(root, "1.parquet"), []column.Field{field("a", column.Int32)}, 3, 0)
	if table, err := OpenTable(ctx, "t", plan.Source{Format: "PARQUET"}, root, declared); err != nil || table.Schema()[0].Type.Kind != column.Int64 {
		t.Error(err)
	}
	for _, bad := range [][]column.Field{{{Name: "a", Type: column.T(column.Text)}}, {{Name: "b", Type: column.T(column.Int64)}}} {
		if _, err := OpenTable(ctx, "t", plan.Source{Format: "parquet"}, root, bad); err == nil || !strings.Contains(err.Error(), "1.parquet") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestOpenPathOfUnknownFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.dat")
	if err := os.WriteFile(path, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New().OpenPath(ctx, path, "", nil); fault.CodeOf(err) != fault.InvalidParameterValue {
		t.Error(err)
	}
	if table, err := New().OpenPath(ctx, path, "csv", nil); err != nil || len(table.Schema()) != 1 {
		t.Error(err)
	}
	if _, err := New().OpenPath(ctx, path+".parquet", "", nil); fault.CodeOf(err) != fault.UndefinedFile {
		t.Error(err)
	}
}

// CSV files of one table: types that differ become wider ones, columns go by the headers' names.
func TestTableOfCSVFiles(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"1.csv": "a,b,c\n1,2,3\n", "2.csv": "b,a,c\n2.5,4,x\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table, err := OpenTable(ctx, "t", plan.Source{Format: "csv"}, root+"/*.csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []column.Kind{column.Int64, column.Float64, column.Text}
	for i, f := range table.Schema() {
		if f.Type.Kind != want[i] {
			t.Errorf("%+v", f)
		}
	}
	if s, err := table.Statistics(ctx); s != nil || err != nil {
		t.Errorf("%+v, %v", s, err)
	}
	f, err := format.Lookup("csv")
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.NewReader(objectstore.Local{}, &storage.Scan{Schema: table.Schema(), Columns: []int{0, 1, 2}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, file := range table.Source().Files {
		if err := r.Start(ctx, plan.Split{File: file, End: file.Size}); err != nil {
			t.Fatal(err)
		}
		var b column.Batch
		if more, err := r.Next(ctx, &b); err != nil || !more {
			t.Fatal(more, err)
		}
		for _, v := range b.Cols {
			got = append(got, v.ValueAt(0).String())
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if text := strings.Join(got, " "); text != "1 2 3 4 2.5 x" {
		t.Errorf("got %s", text)
	}
}
