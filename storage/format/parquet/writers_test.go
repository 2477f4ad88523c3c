package parquet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

// valuesWritten reads values.txt, the rows that testdata/writers/make.py gave to all programs: by column, one text a row.
func valuesWritten(t testing.TB) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/writers/values.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	names := strings.Split(lines[0], "\t")
	out := map[string][]string{}
	for _, line := range lines[1:] {
		for i, cell := range strings.Split(line, "\t") {
			if cell == `\N` {
				cell = "NULL"
			}
			out[names[i]] = append(out[names[i]], cell)
		}
	}
	return out
}

// What pyarrow, DuckDB, Polars and Spark write of the same rows, in every encoding, codec and page version of theirs, is read as what they were given.
func TestReadsWhatOtherProgramsWrite(t *testing.T) {
	want := valuesWritten(t)
	rows := len(want["id_r"])
	files, err := filepath.Glob("testdata/writers/*.parquet")
	if err != nil || len(files) < 35 {
		t.Fatal(len(files), err)
	}
	columns := 0
	for _, f := range files {
		name := filepath.Base(f)
		if strings.Contains(name, "_types") || strings.Contains(name, "_many") || strings.Contains(name, "_no_columns") || strings.HasPrefix(name, "encrypted") {
			continue
		}
		fields, err := Format{}.Infer(t.Context(), store, fileAt(t, f), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, _, err := readRows(t, f, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "pyarrow_empty.parquet" {
			if len(got) != 0 || len(fields) != len(want) {
				t.Errorf("%s: %d rows of %d columns", name, len(got), len(fields))
			}
			continue
		}
		if len(got) != rows {
			t.Errorf("%s: %d rows, want %d", name, len(got), rows)
			continue
		}
	columns:
		for c, field := range fields {
			cells, ok := want[field.Name]
			if !ok {
				t.Errorf("%s: unknown column %q", name, field.Name)
				continue
			}
			columns++
			for i, cell := range cells {
				if field.Type.Kind == column.Timestamp {
					cell = strings.TrimSuffix(cell, "+00") // INT96 has no zone
				}
				if !alike(got[i][c], cell) {
					t.Errorf("%s, column %s %s, row %d: got %s, want %s", name, field.Name, field.Type, i, got[i][c], cell)
					continue columns
				}
			}
		}
	}
	if columns < 700 {
		t.Errorf("only %d columns were compared", columns)
	}
}

// Types that only some programs have, with the type that the column is given.
func TestReadsTypesOfOtherPrograms(t *testing.T) {
	for _, c := range []struct {
		file  string
		types []string
		rows  [][]string
	}{
		{"duckdb_types", []string{"text", "text", "uuid", "interval", "timestamp", "timestamp", "timestamp", "bytea", "utinyint", "text"}, [][]string{{
			"a", `{"k": 1}`, "00112233-4455-6677-8899-aabbccddeeff", "1 mon 2 days 00:00:03.004", "2024-02-29 01:02:03.123456", "2024-02-29 01:02:03.123",
			"2024-02-29 01:02:03", `\x78`, "1", "101",
		}}},
		{"polars_types", []string{"text", "text", "time", "timestamp", "timestamp", "integer[]"}, [][]string{
			{"a", "x", "01:02:03.000004", "2024-02-29 01:02:03.004", "2024-02-29 01:02:03.000004", "[1, 2]"},
			{"b", "y", "NULL", "NULL", "NULL", "[3, 4]"},
			{"NULL", "x", "00:00:00", "1900-01-01 00:00:00", "1900-01-01 00:00:00", "NULL"},
			{"a", "NULL", "23:59:59.999999", "2100-01-01 00:00:00", "2100-01-01 00:00:00", "[5, NULL]"},
		}},
	} {
		path := "testdata/writers/" + c.file + ".parquet"
		fields, err := Format{}.Infer(t.Context(), store, fileAt(t, path), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range fields {
			if f.Type.String() != c.types[i] {
				t.Errorf("%s: column %s has type %s, want %s", c.file, f.Name, f.Type, c.types[i])
			}
		}
		rows, _, err := readRows(t, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, c.file, rows, c.rows)
	}
}

// Pages end anywhere between batches, and rows are passed over in flat and nested columns alike.
func TestNestedColumnsOfManyPages(t *testing.T) {
	const path, many = "testdata/writers/pyarrow_many.parquet", 9000
	row := func(i int) []string {
		text, list := "NULL", "NULL"
		if i%11 != 0 {
			text = fmt.Sprintf("text %d", i/10)
		}
		if i%13 != 0 {
			list = "[" + strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%d, ", i), i%4), ", ") + "]"
		}
		return []string{fmt.Sprint(i), text, list}
	}
	rows, _, err := readRows(t, path, nil)
	if err != nil || len(rows) != many {
		t.Fatal(len(rows), err)
	}
	for i, got := range rows {
		if want := row(i); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("row %d: %s, want %s", i, got, want)
		}
	}
	n := &expr.Ref{Index: 0, Name: "n", Typ: column.T(column.Int64)}
	for _, ids := range [][]int64{{0}, {8999}, {3000, 3001, 8998}, {4095, 4096, 4097}} {
		in := &expr.In{Arg: n}
		for _, id := range ids {
			in.List = append(in.List, column.IntValue(n.Typ, id))
		}
		rows, _, err := readRows(t, path, nil, in)
		if err != nil || len(rows) != len(ids) {
			t.Fatal(ids, len(rows), err)
		}
		for k, id := range ids {
			if want := row(int(id)); fmt.Sprint(rows[k]) != fmt.Sprint(want) {
				t.Errorf("row %d: %s, want %s", id, rows[k], want)
			}
		}
	}
}

func TestFileWithoutColumns(t *testing.T) {
	fields, err := Format{}.Infer(t.Context(), store, fileAt(t, "testdata/writers/pyarrow_no_columns.parquet"), nil)
	if err != nil || len(fields) != 0 {
		t.Error(fields, err)
	}
	rows, _, err := readRows(t, "testdata/writers/pyarrow_no_columns.parquet", nil)
	if err != nil || len(rows) != 0 {
		t.Error(len(rows), err)
	}
}
