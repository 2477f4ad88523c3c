package catalog

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// textFiles makes files below a folder and returns it.
func textFiles(t *testing.T, content map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range content {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestReadingOptions(t *testing.T) {
	root := textFiles(t, map[string]string{
		"a/1.csv": "a,b\n1,x\n", "a/2.csv": "c,a\n2.5,7\n", "a/README": "hi", "a/_SUCCESS": "", "a/.crc": "x", "a/other.parquet": "x",
		"h/year=2024/m=01/x.csv": "a\n1\n", "h/year=2025/m=02/x.csv": "a\n2\n",
		"mixed/year=2024/x.csv": "a\n1\n", "mixed/x.csv": "a\n2\n",
	})
	for _, c := range []struct {
		path    string
		options map[string]string
		want    string // the columns, or an error's code and a part of its text
	}{
		{"a", nil, "42703 2.csv: the file has a column \"c\""},
		{"a", map[string]string{"union_by_name": "true"}, "a bigint, b text, c double precision"},
		{"a/1.csv", map[string]string{"filename": "true"}, "a bigint, b text, filename text"},
		{"a/1.csv", map[string]string{"filename": "source"}, "a bigint, b text, source text"},
		{"a/1.csv", map[string]string{"filename": "A"}, "42701 already"},
		{"a/1.csv", map[string]string{"union_by_name": "maybe"}, "22023 true or false"},
		{"a/1.csv", map[string]string{"types": "b bytea, a numeric(5,2)"}, "a numeric(5,2), b bytea"},
		{"a/1.csv", map[string]string{"types": `["text"]`}, "a text, b text"},
		{"a/1.csv", map[string]string{"types": `{"z":"text"}`}, "42703 \"z\""},
		{"a/1.csv", map[string]string{"types": "a nosuch"}, "42704 type \"nosuch\""},
		{"a/1.csv", map[string]string{"columns": `{"x":"integer","y":"text"}`}, "x integer, y text"},
		{"a/1.csv", map[string]string{"columns": "x"}, "22023 names columns"},
		{"a/1.csv", map[string]string{"names": "p, q"}, "p bigint, q text"},
		{"a/1.csv", map[string]string{"names": "p, q, r"}, "22023 the files have 2"},
		{"h", nil, "a bigint, year bigint, m text"},
		{"h", map[string]string{"hive_types": "m integer"}, "a bigint, year bigint, m integer"},
		{"h", map[string]string{"hive_types_autocast": "false"}, "a bigint, year text, m text"},
		{"h", map[string]string{"hive_partitioning": "false"}, "a bigint"},
		{"h", map[string]string{"hive_types": "day integer"}, "42703 \"day\""},
		{"h", map[string]string{"filename": "f"}, "a bigint, f text, year bigint, m text"},
		{"mixed", nil, "a bigint"},
		{"mixed", map[string]string{"hive_partitioning": "true"}, "22023 do not hold the same columns"},
	} {
		table, err := OpenTable(context.Background(), "t", plan.Source{Format: "csv", Options: c.options}, filepath.Join(root, c.path), nil)
		if err != nil {
			code, text, _ := strings.Cut(c.want, " ")
			if string(fault.CodeOf(err)) != code || !strings.Contains(err.Error(), text) {
				t.Errorf("%s %v: %s %v, want %s", c.path, c.options, fault.CodeOf(err), err, c.want)
			}
			continue
		}
		var got []string
		for _, f := range table.Schema() {
			got = append(got, f.Name+" "+f.Type.String())
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s %v: %s, want %s", c.path, c.options, strings.Join(got, ", "), c.want)
		}
	}
}
