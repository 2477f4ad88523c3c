package parquet

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// nestedRow is row i of a table of lists, structs and maps, with NULLs and empty ones among them.
func nestedRow(types []column.Type, i int) []column.Value {
	number := func(v int) column.Value { return column.IntValue(column.T(column.Int64), int64(v)) }
	list := column.Value{Type: types[0]}
	for k := range i % 4 {
		list.List = append(list.List, number(i*10+k))
	}
	if i%5 == 4 {
		list = column.NullValue(types[0])
	}
	record := column.Value{Type: types[1], List: []column.Value{number(i), column.TextValue(fmt.Sprintf("a text longer than twelve bytes %d", i))}}
	if i%3 == 2 {
		record.List[1] = column.NullValue(column.T(column.Text))
	}
	pairs := column.Value{Type: types[2]}
	for k := range i % 3 {
		pairs.List = append(pairs.List, column.TextValue(fmt.Sprint("k", k)), number(i+k))
	}
	return []column.Value{list, record, pairs}
}

func TestNestedColumnsAreReadAsTheyWereWritten(t *testing.T) {
	text, number := column.T(column.Text), column.T(column.Int64)
	types := []column.Type{
		column.ListType(number), column.StructType([]column.Field{{Name: "n", Type: number}, {Name: "t", Type: text}}), column.MapType(text, number),
	}
	fields := []column.Field{{Name: "list", Type: types[0]}, {Name: "struct", Type: types[1]}, {Name: "map", Type: types[2]}}
	const total = 3*column.BatchRows + 17
	arena := mem.NewArena(nil)
	defer arena.Free()
	var buf bytes.Buffer
	w, err := Format{}.NewWriter(&buf, fields, map[string]string{"row_group_size": "5000"})
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < total; from += 1000 {
		n := min(1000, total-from)
		b := &column.Batch{Len: n}
		for c := range fields {
			v, err := column.FromValues(arena, types[c], n, func(i int) *column.Value { return &nestedRow(types, from+i)[c] })
			if err != nil {
				t.Fatal(err)
			}
			b.Cols = append(b.Cols, v)
		}
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "nested.parquet")
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	rows, _, err := readRows(t, path, []string{"list", "struct", "map"})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != total {
		t.Fatalf("%d rows, want %d", len(rows), total)
	}
	for i, got := range rows {
		for c, want := range nestedRow(types, i) {
			if got[c] != want.String() {
				t.Fatalf("row %d: %s, want %s", i, got[c], want)
			}
		}
	}
}
