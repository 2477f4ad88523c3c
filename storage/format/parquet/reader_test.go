package parquet

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// One table of 700 rows, written by another program in every encoding, codec and page version, with pages that end within batches.
func TestReadsEveryEncodingAndCodec(t *testing.T) {
	files, err := filepath.Glob("testdata/table_*.parquet")
	if err != nil || len(files) < 16 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	want := expected(t, "table")
	for _, f := range files {
		rows, _, err := readRows(t, f, nil)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		diff(t, f, rows, want)
	}
}

func TestReadsEveryType(t *testing.T) {
	want := expected(t, "types")
	for _, f := range []string{"types", "types_dictionary"} {
		rows, _, err := readRows(t, "testdata/"+f+".parquet", nil)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, f, rows, want)
	}
}

func TestReadsDecimalsInIntegers(t *testing.T) {
	rows, _, err := readRows(t, "testdata/decimal_int.parquet", nil)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "decimal_int", rows, [][]string{{"-999.99", "-9999999999999.99"}, {"999.99", "0.01"}, {"NULL", "NULL"}})
}

func TestReadsInt96(t *testing.T) {
	rows, _, err := readRows(t, "testdata/int96.parquet", nil)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "int96", rows, [][]string{{"1969-12-31 23:59:59.999999"}, {"NULL"}, {"2024-02-29 12:00:00"}})
}

func TestNestedColumnsAreRead(t *testing.T) {
	rows, _, err := readRows(t, "testdata/nested.parquet", []string{"id", "list", "struct", "map", "after"})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "nested", rows, [][]string{
		{"1", "[1, 2]", "{a: 1, b: x}", "{k=1}", "p"}, {"2", "NULL", "NULL", "NULL", "q"}, {"3", "[]", "{a: NULL, b: y}", "{}", "r"},
	})
}

// Text must be UTF-8; the same bytes are fine as bytea.
func TestTextMustBeUTF8(t *testing.T) {
	for _, c := range []struct {
		page string
		kind column.Kind
		ok   bool
	}{{"\x02\x00\x00\x00\xc3\xa9", column.Text, true}, {"\x01\x00\x00\x00\xc3", column.Text, false}, {"\x01\x00\x00\x00\xc3", column.Binary, true}} {
		a := mem.NewArena(nil)
		p := &pool{arena: a}
		l := &leaf{name: "c", physical: parquet.Types.ByteArray, typ: column.T(c.kind)}
		r, err := newColumnReader(p, l, l.field())
		if err != nil {
			t.Fatal(err)
		}
		buf, err := p.get(len(c.page))
		if err != nil {
			t.Fatal(err)
		}
		copy(buf, c.page)
		r.page = page{left: 1, loaded: true, all: true, header: pageHeader{values: 1}}
		if err := r.prepare(buf); err != nil {
			t.Fatal(err)
		}
		if _, err := r.read(1); (err == nil) != c.ok || err != nil && fault.CodeOf(err) != fault.CharacterNotInRepertoire {
			t.Errorf("%q as %v: %v", c.page, c.kind, err)
		}
		a.Free()
	}
}

func TestFileWithoutRows(t *testing.T) {
	rows, _, err := readRows(t, "testdata/no_rows.parquet", nil)
	if err != nil || len(rows) != 0 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// Without columns, as for count(*), batches have rows and nothing else.
func TestReadingNoColumns(t *testing.T) {
	ctx := context.Background()
	file := fileAt(t, "testdata/table_plain_v1.parquet")
	fields, err := Format{}.Infer(ctx, store, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Format{}.NewReader(store, &storage.Scan{Schema: fields}, nil)
	if err != nil {
		t.Fatal(err)
	}
	splits, err := Format{}.Splits(ctx, store, file, nil)
	if err != nil || len(splits) != 2 {
		t.Fatal(len(splits), err)
	}
	rows := 0
	for _, s := range splits {
		if err := r.Start(ctx, s); err != nil {
			t.Fatal(err)
		}
		var b column.Batch
		for {
			more, err := r.Next(ctx, &b)
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
			rows += b.Rows()
		}
	}
	if rows != 700 || !r.Exact() {
		t.Errorf("%d rows", rows)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// Files of a table may have a column in narrower types, and in any order; one reader goes from file to file.
func TestFilesOfOneTableInDifferentTypes(t *testing.T) {
	ctx := context.Background()
	table := []column.Field{
		{Name: "n", Type: column.T(column.Int64)}, {Name: "d", Type: column.DecimalType(30, 2)}, {Name: "f", Type: column.T(column.Float64)},
	}
	variants := []map[string]column.Type{
		{"n": column.T(column.Int64), "d": column.DecimalType(30, 2), "f": column.T(column.Float64)},
		{"f": column.T(column.Float32), "d": column.DecimalType(9, 2), "n": column.T(column.Int8)},
		{"d": column.DecimalType(18, 2), "N": column.T(column.Uint32), "f": column.T(column.Float32)},
	}
	budget := mem.NewBudget("test", 0, nil)
	r, err := Format{}.NewReader(store, &storage.Scan{Schema: table, Columns: []int{2, 0, 1}}, budget)
	if err != nil {
		t.Fatal(err)
	}
	used := int64(0)
	for round := range 30 {
		var fields []column.Field
		values := map[string][]column.Value{}
		for name, typ := range variants[round%len(variants)] {
			fields = append(fields, column.Field{Name: name, Type: typ})
			v := column.IntValue(typ, int64(round))
			v.Float = float64(round) + 0.5
			values[name] = []column.Value{v}
		}
		path := filepath.Join(t.TempDir(), "t.parquet")
		writeFile(t, path, fields, values, 500, nil)
		file := fileAt(t, path)
		if err := r.Start(ctx, plan.Split{File: file, Start: 0, End: 1}); err != nil {
			t.Fatal(err)
		}
		var b column.Batch
		if more, err := r.Next(ctx, &b); err != nil || !more || b.Rows() != 500 {
			t.Fatal(more, err)
		}
		for i, f := range []column.Field{table[2], table[0], table[1]} {
			want := map[string]string{"n": fmt.Sprint(round), "d": fmt.Sprintf("%.2f", float64(round)/100), "f": fmt.Sprint(float64(round) + 0.5)}[f.Name]
			for k := range 500 {
				if got := b.Cols[i].ValueAt(k); !got.Null && got.String() != want || !b.Cols[i].Type.Equal(f.Type) {
					t.Fatalf("round %d, %s: %s, want %s", round, f.Name, got, want)
				}
			}
		}
		if round == 10 {
			used = budget.Used()
		}
	}
	if budget.Used() != used {
		t.Errorf("memory grew from %d to %d bytes", used, budget.Used())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestColumnsThatAFileLacksOrHasOtherwise(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		field column.Field
		code  fault.Code
	}{
		{column.Field{Name: "missing", Type: column.T(column.Int32)}, fault.UndefinedColumn},
		{column.Field{Name: "s", Type: column.T(column.Int32)}, fault.DatatypeMismatch},
		{column.Field{Name: "i64", Type: column.T(column.Int32)}, fault.DatatypeMismatch},
	} {
		r, err := Format{}.NewReader(store, &storage.Scan{Schema: []column.Field{c.field}, Columns: []int{0}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = r.Start(ctx, plan.Split{File: fileAt(t, "testdata/table_plain_v1.parquet"), End: 1})
		if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), "table_plain_v1.parquet") || !strings.Contains(err.Error(), c.field.Name) {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestCachesAreBounded(t *testing.T) {
	c := newLRU[int, string](1000)
	for i := range 100 {
		c.put(i, "value", 100)
		if _, ok := c.get(0); !ok && i < 50 {
			t.Fatal("what is used is dropped")
		}
		if i >= 50 && i%2 == 0 {
			c.get(i)
		}
	}
	if len(c.entries) != 10 || c.order.Len() != 10 || c.bytes != 1000 {
		t.Errorf("%d entries of %d bytes", len(c.entries), c.bytes)
	}
	if c.put(1000, "large", 501); len(c.entries) != 10 {
		t.Error("a large entry drives the others out")
	}
}
