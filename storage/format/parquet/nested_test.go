package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

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
	interval := func(k int) column.Value {
		return column.Value{Type: column.T(column.Interval), Interval: column.IntervalValue{Months: int32(k - 50), Days: int32(-k), Micros: int64(k) * 1_000_001}}
	}
	spans := column.Value{Type: types[4]}
	for k := range i % 3 {
		spans.List = append(spans.List, interval(k))
	}
	// A uuid beside lists, in one, in a struct beside an interval, and as a map's value.
	id := func(k int) column.Value {
		return column.Value{Type: column.T(column.UUID), Int: column.Int128{Hi: int64(k) - 2, Lo: uint64(k) << 60}}
	}
	ids, both, named := column.Value{Type: types[6]}, column.Value{Type: types[7], List: []column.Value{id(i), interval(i)}}, column.Value{Type: types[8]}
	for k := range i % 3 {
		ids.List = append(ids.List, id(i+k))
		named.List = append(named.List, column.TextValue(fmt.Sprint("k", k)), id(k))
	}
	single := id(i)
	if i%7 == 3 {
		single, ids = column.NullValue(types[5]), column.NullValue(types[6])
	}
	return []column.Value{list, record, pairs, interval(i), spans, single, ids, both, named}
}

func TestNestedColumnsAreReadAsTheyWereWritten(t *testing.T) {
	text, number, id := column.T(column.Text), column.T(column.Int64), column.T(column.UUID)
	types := []column.Type{
		column.ListType(number), column.StructType([]column.Field{{Name: "n", Type: number}, {Name: "t", Type: text}}), column.MapType(text, number),
		column.T(column.Interval), column.ListType(column.T(column.Interval)),
		id, column.ListType(id), column.StructType([]column.Field{{Name: "id", Type: id}, {Name: "span", Type: column.T(column.Interval)}}), column.MapType(text, id),
	}
	fields := []column.Field{
		{Name: "list", Type: types[0]}, {Name: "struct", Type: types[1]}, {Name: "map", Type: types[2]}, {Name: "interval", Type: types[3]}, {Name: "intervals", Type: types[4]},
		{Name: "id", Type: types[5]}, {Name: "ids", Type: types[6]}, {Name: "both", Type: types[7]}, {Name: "named", Type: types[8]},
	}
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
	rows, _, err := readRows(t, path, nil)
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

// Lists as older programs write them: a field repeated of itself, a group whose repeated field is the element, and elements marked by their names.
func TestOlderForms(t *testing.T) {
	must := func(n schema.Node, err error) schema.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	integer := func(name string, rep parquet.Repetition) schema.Node {
		return must(schema.NewPrimitiveNode(name, rep, parquet.Types.Int32, -1, -1))
	}
	group := func(name string, rep parquet.Repetition, list bool, fields ...schema.Node) schema.Node {
		if list {
			return must(schema.NewGroupNodeLogical(name, rep, fields, schema.NewListLogicalType(), -1))
		}
		return must(schema.NewGroupNode(name, rep, fields, -1))
	}
	required, optional, repeated := parquet.Repetitions.Required, parquet.Repetitions.Optional, parquet.Repetitions.Repeated
	root, ok := group("schema", required, false,
		integer("plain", repeated),
		group("two", optional, true, integer("element", repeated)),
		group("array", optional, true, group("array", repeated, false, integer("x", optional))),
		group("t", optional, true, group("t_tuple", repeated, false, integer("x", required))),
		group("pair", required, true, group("list", repeated, false, integer("x", required), integer("y", required))),
	).(*schema.GroupNode)
	if !ok {
		t.Fatal("no group")
	}
	var out bytes.Buffer
	w := file.NewParquetWriter(&out, root)
	g, err := w.AppendRowGroupChecked()
	if err != nil {
		t.Fatal(err)
	}
	// Row by row: a list of two, an empty one, NULL where that is possible, a list of one.
	for c, levels := range []struct{ defs, reps []int16 }{
		{[]int16{1, 1, 0, 0, 1}, []int16{0, 1, 0, 0, 0}},
		{[]int16{2, 2, 1, 0, 2}, []int16{0, 1, 0, 0, 0}},
		{[]int16{3, 2, 1, 0, 3}, []int16{0, 1, 0, 0, 0}},
		{[]int16{2, 2, 1, 0, 2}, []int16{0, 1, 0, 0, 0}},
		{[]int16{1, 1, 0, 0, 1}, []int16{0, 1, 0, 0, 0}},
		{[]int16{1, 1, 0, 0, 1}, []int16{0, 1, 0, 0, 0}},
	} {
		cw, err := g.NextColumn()
		if err != nil {
			t.Fatal(err)
		}
		values := []int32{1, 2, 3}
		if c == 2 {
			values = values[1:]
		}
		if _, err := cw.(*file.Int32ColumnChunkWriter).WriteBatch(values, levels.defs, levels.reps); err != nil {
			t.Fatal(err)
		}
		if err := cw.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(g.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "t.parquet")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	rows, _, err := readRows(t, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "older forms", rows, [][]string{
		{"[1, 2]", "[1, 2]", "[{x: 2}, {x: NULL}]", "[{x: 1}, {x: 2}]", "[{x: 1, y: 1}, {x: 2, y: 2}]"},
		{"[]", "[]", "[]", "[]", "[]"},
		{"[]", "NULL", "NULL", "NULL", "[]"},
		{"[3]", "[3]", "[{x: 3}]", "[{x: 3}]", "[{x: 3, y: 3}]"},
	})
}
