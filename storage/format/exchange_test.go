package format

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

var (
	ctx   = context.Background()
	store = objectstore.Local{}
)

func file(t testing.TB, name string, content []byte) plan.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := store.List(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// read gives all rows of a file as text, with the schema that its format infers unless one is given.
func read(name string, f plan.File, schema []column.Field, options map[string]string) (rows []string, fields []column.Field, err error) {
	form, err := Lookup(name)
	if err != nil {
		return nil, nil, err
	}
	if fields = schema; fields == nil {
		if fields, err = form.Infer(ctx, store, f, options); err != nil {
			return nil, nil, err
		}
	}
	scan := &storage.Scan{Schema: fields, Options: options}
	for i := range fields {
		scan.Columns = append(scan.Columns, i)
	}
	splits, err := form.Splits(ctx, store, f, options)
	if err != nil {
		return nil, fields, err
	}
	budget := mem.NewBudget("test", 64<<20, nil)
	r, err := form.NewReader(store, scan, budget)
	if err != nil {
		return nil, fields, err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		if budget.Used() != 0 {
			err = fault.New(fault.Internal, "%d bytes are not given back", budget.Used())
		}
	}()
	for _, s := range splits {
		if err := r.Start(ctx, s); err != nil {
			return rows, fields, err
		}
		for {
			var b column.Batch
			more, err := r.Next(ctx, &b)
			if err != nil {
				return rows, fields, err
			}
			if !more {
				break
			}
			for _, v := range b.Cols {
				if err := v.Check(); err != nil {
					return rows, fields, err
				}
			}
			for k := range b.Rows() {
				var row []string
				for _, v := range b.Cols {
					row = append(row, v.ValueAt(b.Row(k)).String())
				}
				rows = append(rows, strings.Join(row, "|"))
			}
		}
	}
	return rows, fields, nil
}

func types(fields []column.Field) string {
	var out []string
	for _, f := range fields {
		out = append(out, f.Name+" "+f.Type.String())
	}
	return strings.Join(out, ", ")
}

func TestReadingJSON(t *testing.T) {
	for _, c := range []struct {
		name, text, types string
		want              []string
	}{
		{"a line each", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2}\n", "a bigint, b text", []string{"1|x", "2|NULL"}},
		{"an array", `[{"a": 1.5}, {"a": 2}]`, "a double precision", []string{"1.5", "2"}},
		{"over several lines", "{\n \"a\": true\n}\n{\"a\": null}", "a boolean", []string{"true", "NULL"}},
		{"times", `{"d":"2024-02-29","t":"2024-01-01T10:20:30"}{"d":"2024-01-01","t":"2024-01-01"}`, "d date, t timestamp",
			[]string{"2024-02-29|2024-01-01 10:20:30", "2024-01-01|2024-01-01 00:00:00"}},
		{"what differs is text", `{"a":1}{"a":"x"}{"a":{"b":[1,"\n"]}}`, "a text", []string{"1", "x", `{"b":[1,"\n"]}`}},
		{"too large for bigint", `{"a":99999999999999999999}`, "a double precision", []string{"1e+20"}},
		{"the last of one name counts", `{"a":1,"a":2}`, "a bigint", []string{"2"}},
		{"members that come late", `{"a":1}{"b":2}`, "a bigint, b bigint", []string{"1|NULL", "NULL|2"}},
		{"a byte order mark", "\ufeff{\"a\":1}", "a bigint", []string{"1"}},
	} {
		rows, fields, err := read("json", file(t, "f.json", []byte(c.text)), nil, nil)
		if err != nil || types(fields) != c.types || !reflect.DeepEqual(rows, c.want) {
			t.Errorf("%s: %s %q, %v", c.name, types(fields), rows, err)
		}
	}
}

func TestBadJSON(t *testing.T) {
	declared := []column.Field{{Name: "a", Type: column.T(column.Int64)}}
	for _, c := range []struct {
		name, text, want string
		code             fault.Code
	}{
		{"cut off", `{"a":1}{"a":`, "row 2", fault.BadCopyFileFormat},
		{"no object", `{"a":1} 7`, "row 2", fault.BadCopyFileFormat},
		{"nothing like JSON", "PAR1xxxx", "row 1", fault.BadCopyFileFormat},
		{"more behind an array", `[{"a":1}] x`, "f.json", fault.BadCopyFileFormat},
		{"another type", `{"a":1}{"a":"one"}`, `row 2, column "a"`, fault.InvalidTextRepresentation},
		{"too deep", `{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}", "nested", fault.BadCopyFileFormat},
	} {
		_, _, err := read("json", file(t, "f.json", []byte(c.text)), declared, nil)
		if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "f.json") {
			t.Errorf("%s: %s %v", c.name, fault.CodeOf(err), err)
		}
	}
	if _, _, err := read("json", file(t, "f.json", nil), nil, nil); fault.CodeOf(err) != fault.BadCopyFileFormat {
		t.Errorf("empty: %v", err)
	}
	if _, _, err := read("json", file(t, "f.json.gz", []byte(`{"a":1}`)), nil, nil); fault.CodeOf(err) != fault.DataCorrupted {
		t.Errorf("not gzip: %v", err)
	}
}

// manyRows are more than a batch holds; a selection takes half of them.
const manyRows = 5000

// written is a file of the selected half of n rows with values of many types, and the rows it should read as.
func written(t testing.TB, name string, options map[string]string, n int) ([]byte, []column.Field, []string) {
	t.Helper()
	fields := []column.Field{{Name: "i", Type: column.T(column.Int64)}, {Name: "s", Type: column.T(column.Text)},
		{Name: "d", Type: column.DecimalType(10, 2)}, {Name: "day", Type: column.T(column.Date)}, {Name: "f", Type: column.T(column.Float64)},
		{Name: "b", Type: column.T(column.Bool)}, {Name: "ts", Type: column.T(column.TimestampTZ)}, {Name: "u", Type: column.T(column.UUID)}}
	form, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := form.NewWriter(&out, fields, options)
	if err != nil {
		t.Fatal(err)
	}
	a := mem.NewArena(nil)
	defer a.Free()
	b := &column.Batch{Len: n}
	for _, f := range fields {
		v, err := column.FromValues(a, f.Type, n, func(i int) *column.Value {
			val := column.IntValue(f.Type, int64(i%2))
			switch {
			case i%7 == 3:
				val = column.NullValue(f.Type)
			case f.Type.Kind == column.Text:
				val = column.TextValue(strings.Repeat("\"ä\n", i%9))
			case f.Type.Kind == column.Float64:
				val = column.FloatValue(float64(i) / 4)
			case f.Type.Kind != column.Bool:
				val = column.IntValue(f.Type, int64(i*101))
			}
			return &val
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Cols = append(b.Cols, v)
	}
	// A selection, as operators pass on.
	for i := 0; i < n; i += 2 {
		b.Sel = append(b.Sel, uint32(i))
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for k := range b.Rows() {
		var row []string
		for _, v := range b.Cols {
			row = append(row, v.ValueAt(b.Row(k)).String())
		}
		rows = append(rows, strings.Join(row, "|"))
	}
	return out.Bytes(), fields, rows
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	for _, c := range []struct {
		format, name string
		options      map[string]string
	}{
		{"json", "f.json", nil}, {"json", "f.json.gz", map[string]string{"compression": "gzip"}}, {"json", "f.json.zst", map[string]string{"compression": "zstd"}},
		{"arrow", "f.arrow", nil}, {"arrow", "f.arrows", map[string]string{"stream": "true"}}, {"arrow", "f.arrow", map[string]string{"compression": "zstd"}},
		{"csv", "f.csv.zst", map[string]string{"compression": "zstd"}},
		{"avro", "f.avro", nil}, {"avro", "f.avro", map[string]string{"compression": "null"}}, {"avro", "f.avro", map[string]string{"compression": "zstd"}},
		{"avro", "f.avro", map[string]string{"compression": "deflate"}},
	} {
		content, fields, want := written(t, c.format, c.options, manyRows)
		got, _, err := read(c.format, file(t, c.name, content), fields, nil)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s %v: %d rows of %d, %v", c.name, c.options, len(got), len(want), err)
		}
	}
}

func TestDamagedArrow(t *testing.T) {
	content, _, _ := written(t, "arrow", nil, manyRows)
	stream, _, _ := written(t, "arrow", map[string]string{"stream": "true"}, manyRows)
	for name, bad := range map[string][]byte{
		"empty": nil, "text": []byte("a,b\n1,2\n"), "cut off": content[:len(content)/2], "a file's beginning": content[:7],
		"a stream that is cut off": stream[:len(stream)/2],
	} {
		if _, _, err := read("arrow", file(t, "f.arrow", bad), nil, nil); fault.CodeOf(err) != fault.DataCorrupted || !strings.Contains(err.Error(), "f.arrow") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPartitionNames(t *testing.T) {
	keys, values := PartitionKeys("/x/a=1/b=e%2F%3Dx/c/p.parquet")
	if !reflect.DeepEqual(keys, []string{"a", "b"}) || !reflect.DeepEqual(values, []string{"1", "e/=x"}) {
		t.Error(keys, values)
	}
	for _, v := range []string{"", "x", "a=b/c", "ä %", "2024-01-01"} {
		_, got := PartitionKeys("k=" + EscapePartition(v, false) + "/f")
		if len(got) != 1 || got[0] != v {
			t.Errorf("%q became %q", v, got)
		}
	}
	for list, want := range map[string]column.Kind{"1,2": column.Int64, "1,x": column.Text, "2024-01-01": column.Date, "01,02": column.Text} {
		if got := PartitionType(strings.Split(list, ",")); got.Kind != want {
			t.Errorf("%s: %s", list, got)
		}
	}
}
