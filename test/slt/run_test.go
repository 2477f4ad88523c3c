package slt

import (
	"context"
	"strings"
	"testing"
)

// fake answers from a table of prepared outcomes; any other statement succeeds
// without a result.
type fake struct {
	results map[string]Result
	errors  map[string]error
	seen    []string
}

func (f *fake) Exec(_ context.Context, sql string) (Result, error) {
	f.seen = append(f.seen, sql)
	return f.results[sql], f.errors[sql]
}

func (f *fake) Close() error { return nil }

type stated struct{ code, text string }

func (e stated) Error() string    { return e.text }
func (e stated) SQLState() string { return e.code }

func TestRun(t *testing.T) {
	const text = `statement ok
SET before

query I
SELECT right
----
1

query I
SELECT wrong
----
1

query I nosort once
SELECT right
----
1

query I nosort once
SELECT three
----
3

statement error 22012 by zero
SELECT zero

statement error 22003
SELECT zero

statement error
SELECT right

statement ok
SELECT zero

onlyif duckdb
statement error
SELECT right

query I
SELECT right

statement ok
COPY t TO '${tmp}/x'
`
	conn := &fake{
		results: map[string]Result{
			"SELECT right": {Columns: []string{"a"}, Types: "I", Rows: [][]Value{row("1")}},
			"SELECT wrong": {Columns: []string{"a"}, Types: "I", Rows: [][]Value{row("2")}},
			"SELECT three": {Columns: []string{"a"}, Types: "I", Rows: [][]Value{row("3")}},
		},
		errors: map[string]error{"SELECT zero": stated{"22012", "division by zero"}},
	}
	ran, failures := Run(t.Context(), parse(t, text), conn, Options{
		Engine: "polybolos", Variables: map[string]string{"tmp": "/nowhere"}, Before: []string{"SET exchange = 'force'"}})
	if ran != 11 {
		t.Errorf("ran %d records, want 11", ran)
	}
	want := []string{
		"x.slt:9:\nSELECT wrong\nrow 1:\n  expected 1\n  got      2",
		"the result differs from the first query with the label once",
		"expected SQLSTATE 22003, got \"22012\": division by zero",
		"expected an error, got success",
		"expected success, got the error 22012 division by zero",
		"the file has no expected result",
	}
	if len(failures) != len(want) {
		t.Fatalf("got %d failures, want %d: %v", len(failures), len(want), failures)
	}
	for i, f := range failures {
		if !strings.Contains(f.Error(), want[i]) {
			t.Errorf("failure %d is\n%s\nwant one with\n%s", i, f, want[i])
		}
	}
	if first, last := conn.seen[0], conn.seen[len(conn.seen)-1]; first != "SET exchange = 'force'" || last != "COPY t TO '/nowhere/x'" {
		t.Errorf("first statement %q, last %q", first, last)
	}
}

// Rewrite fills in types, rows and SQLSTATEs, keeps the rest, and leaves alone
// what the engines disagree on.
func TestRewrite(t *testing.T) {
	const before = `# kept

query rowsort
SELECT right

query
SELECT contested

skipif duckdb
query
SELECT contested

statement error by zero
SELECT zero

onlyif polybolos
query I
SELECT ours
----
9
`
	const after = `# kept

query I rowsort
SELECT right
----
1
2

query
SELECT contested

skipif duckdb
query D
SELECT contested
----
3.0

statement error 22012 by zero
SELECT zero

onlyif polybolos
query I
SELECT ours
----
9
`
	duck := &fake{
		results: map[string]Result{
			"SELECT right":     {Columns: []string{"a"}, Types: "I", Rows: [][]Value{row("2"), row("1")}},
			"SELECT contested": {Columns: []string{"a"}, Types: "R", Rows: [][]Value{row("3.5")}},
		},
		errors: map[string]error{"SELECT zero": stated{"", "Zero"}},
	}
	postgres := &fake{
		results: map[string]Result{
			"SELECT right":     {Columns: []string{"a"}, Types: "I", Rows: [][]Value{row("1"), row("2")}},
			"SELECT contested": {Columns: []string{"a"}, Types: "D", Rows: [][]Value{row("3.0")}},
		},
		errors: map[string]error{"SELECT zero": stated{"22012", "division by zero"}},
	}
	got, failures := Rewrite(t.Context(), parse(t, before), []Source{{"duckdb", duck}, {"postgres", postgres}}, nil)
	if got != after {
		t.Errorf("got\n%s", got)
	}
	if len(failures) != 1 || failures[0].Line != 6 || !strings.Contains(failures[0].Reason, "duckdb and postgres differ") {
		t.Errorf("got the failures %v, want one for the contested query", failures)
	}
}
