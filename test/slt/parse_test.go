package slt

import (
	"strings"
	"testing"
)

const example = `# A comment.

statement ok
CREATE TABLE t AS
SELECT 1 AS a

skipif duckdb
query IT rowsort same
SELECT a, 'x' FROM t
----
1	x

statement error 22012 division by zero
SELECT 1 / 0

onlyif duckdb
query
SELECT 1
`

func parse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse("x.slt", text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestParse(t *testing.T) {
	records := parse(t, example).Records()
	if len(records) != 4 {
		t.Fatalf("got %d records, want 4", len(records))
	}
	create, query, fails, only := records[0], records[1], records[2], records[3]
	if create.Kind != StatementOK || create.Line != 3 || create.SQL != "CREATE TABLE t AS\nSELECT 1 AS a" {
		t.Errorf("statement: %+v", create)
	}
	if query.Types != "IT" || query.Sort != RowSort || query.Label != "same" || len(query.Expect) != 1 || query.Expect[0] != "1\tx" {
		t.Errorf("query: %+v", query)
	}
	if query.AppliesTo("duckdb") || !query.AppliesTo("polybolos") {
		t.Error("skipif duckdb holds the query back from duckdb alone")
	}
	if fails.Kind != StatementError || fails.State != "22012" || !fails.Match.MatchString("Division by zero") {
		t.Errorf("error: %+v", fails)
	}
	if !only.AppliesTo("duckdb") || only.AppliesTo("postgres") || only.Types != "" || only.Sort != NoSort {
		t.Errorf("onlyif: %+v", only)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1\n":                              "x.slt:1: a record cannot start with",
		"\nskipif oracle\nstatement ok\nx\n":      "x.slt:2: skipif needs one of",
		"statement maybe\nSELECT 1\n":             "x.slt:1: a statement is",
		"statement error (\nSELECT 1\n":           "x.slt:1: error parsing regexp",
		"query I rowsort label extra\nSELECT 1":   `x.slt:1: unexpected "extra"`,
		"query I\n----\n1\n":                      "x.slt:1: the record has no SQL",
		"statement ok\nSELECT 1\n----\n1\n":       "x.slt:1: only a query has results",
		"statement ok\nSELECT 1\n\nskipif duckdb": "skipif or onlyif without a record",
	} {
		if _, err := Parse("x.slt", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got the error %v, want %q", text, err, want)
		}
	}
}
