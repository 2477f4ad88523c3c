package oracle

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T) *DuckDB {
	t.Helper()
	d, err := OpenDuckDB(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// Each value of DuckDB has one canonical text and one type name.
func TestCanonicalText(t *testing.T) {
	d := open(t)
	for _, test := range []struct{ sql, typ, text string }{
		{"7::integer", "integer", "7"},
		{"170141183460469231731687303715884105727::hugeint", "hugeint", "170141183460469231731687303715884105727"},
		{"1.50::decimal(10,2)", "decimal(10,2)", "1.50"},
		{"(-0.05)::decimal(4,2)", "decimal(4,2)", "-0.05"},
		{"12::decimal(38,0)", "decimal(38,0)", "12"},
		{"0.1::double", "double", "0.1"},
		{"1e20::double", "double", "1e+20"},
		{"'NaN'::double", "double", "NaN"},
		{"'-inf'::double", "double", "-Infinity"},
		{"0.1::real", "real", "0.1"},
		{"true", "boolean", "true"},
		{"date '1995-03-15'", "date", "1995-03-15"},
		{"time '04:05:06.5'", "time", "04:05:06.5"},
		{"timestamp '1995-03-15 04:05:06.120'", "timestamp", "1995-03-15 04:05:06.12"},
		{"timestamptz '1995-03-15 04:05:06+01'", "timestamptz", "1995-03-15 03:05:06+00"},
		{"interval '14 months 3 days 04:05:06.5'", "interval", "1 year 2 mons 3 days 04:05:06.5"},
		{"interval '0 days'", "interval", "00:00:00"},
		{"'\\x0A\\xFF'::blob", "blob", `\x0aff`},
		{"[1, NULL, 3]", "integer[]", "[1, NULL, 3]"},
		{"'tab' || chr(9)", "varchar", "tab\t"},
	} {
		a, err := d.Query(t.Context(), "SELECT "+test.sql)
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		if got := a.Columns[0].Type; got != test.typ {
			t.Errorf("%s: type %s, want %s", test.sql, got, test.typ)
		}
		if got := *a.Rows[0][0]; got != test.text {
			t.Errorf("%s: %q, want %q", test.sql, got, test.text)
		}
	}
}

func TestWriteTSV(t *testing.T) {
	d := open(t)
	a, err := d.Query(t.Context(), `SELECT a AS "first name", b FROM (VALUES ('x' || chr(9) || 'y', 1.50), ('back\slash', NULL)) v(a, b)`)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WriteTSV(&out, a); err != nil {
		t.Fatal(err)
	}
	want := "first name\tb\nvarchar\tdecimal(3,2)\nx\\ty\t1.50\nback\\\\slash\t\\N\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// One response line for each request line, failures included.
func TestServe(t *testing.T) {
	in := strings.NewReader(`{"sql":"SELECT 1 AS n, NULL AS z"}` + "\n" + `{"sql":"SELEC"}` + "\n" + `{"sql":"CREATE TABLE t AS SELECT 1 AS a WHERE false"}` + "\n" + `{"sql":"SELECT * FROM t"}` + "\n")
	var out bytes.Buffer
	if err := Serve(t.Context(), open(t), in, &out); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != 4 {
		t.Fatalf("got %d responses, want 4:\n%s", len(got), out.String())
	}
	for i, want := range []string{`"rows":[["1",null]]`, `"error":"Parser Error`, `{`, `"columns":[{"name":"a","type":"integer"}]`} {
		if !strings.Contains(got[i], want) {
			t.Errorf("response %d is %s, want one with %s", i, got[i], want)
		}
	}
	if err := Serve(t.Context(), open(t), strings.NewReader("no JSON\n"), &out); err == nil {
		t.Error("a line that is no request was accepted")
	}
}

// The linked extension generates tables; compared with their own export nothing
// differs, and one changed value is found.
func TestCompareDBGen(t *testing.T) {
	d := open(t)
	extension, err := BuildTPCH(t.Context(), d, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	maker := open(t)
	for _, sql := range []string{
		"LOAD " + quote(extension),
		"CALL dbgen(sf = 0.01)",
		"UPDATE customer SET c_name = 'someone else' WHERE c_custkey = 7",
		"DELETE FROM region WHERE r_regionkey = 4",
	} {
		if _, err := maker.Query(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	for _, table := range tpchKeys {
		sql := "COPY " + table.table + " TO " + quote(filepath.Join(dir, table.table+".parquet")) + " (FORMAT parquet)"
		if _, err := maker.Query(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	diffs, err := CompareDBGen(t.Context(), d, extension, "0.01", dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range diffs {
		want := int64(0)
		if c.Column == "c_name" || c.Table == "region" {
			want = 1
		}
		if c.Different != want {
			t.Errorf("%s.%s: %d rows differ (%s), want %d", c.Table, c.Column, c.Different, c.Example, want)
		}
		if c.Equal == 0 {
			t.Errorf("%s.%s: no equal row", c.Table, c.Column)
		}
	}
	if len(diffs) != 61 {
		t.Errorf("compared %d columns, want 61", len(diffs))
	}

	queries := t.TempDir()
	if err := os.WriteFile(filepath.Join(queries, "q01.sql"), []byte("select count(*) as n from nation"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if _, err := WriteAnswers(t.Context(), open(t), dir, queries, out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("data without a manifest: %v", err)
	}
	manifest := `{"scale_factor": 0.01, "codec": "snappy", "tables": [{"name": "nation", "rows": 25, "bytes": 9, "checksum": "a1"}]}`
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	names, err := WriteAnswers(t.Context(), open(t), dir, queries, out)
	if err != nil || len(names) != 1 {
		t.Fatalf("wrote %v, %v", names, err)
	}
	answer, err := os.ReadFile(filepath.Join(out, "q01.tsv"))
	if err != nil || string(answer) != "n\nbigint\n25\n" {
		t.Errorf("answer %q, %v", answer, err)
	}
}

// PostgreSQL's arrays have the canonical text of lists.
func TestPostgresArrays(t *testing.T) {
	for _, test := range []struct{ in, typ, text string }{
		{"{1,NULL,3}", "integer[]", "[1, NULL, 3]"},
		{"{}", "integer[]", "[]"},
		{"{{1,2},{3,4}}", "integer[]", "[[1, 2], [3, 4]]"},
		{`{a,"b, c","say \"x\"","NULL",""}`, "varchar[]", `[a, b, c, say "x", NULL, ]`},
		{"{t,f}", "boolean[]", "[true, false]"},
		{"[2:3]={1,2}", "integer[]", "[1, 2]"},
		{"{", "integer[]", "[]"},
	} {
		if got := postgresText(test.in, test.typ); got != test.text {
			t.Errorf("%s: %q, want %q", test.in, got, test.text)
		}
	}
}
