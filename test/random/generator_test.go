package random

import (
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/test/slt"
)

func TestEqualSeedsMakeEqualTexts(t *testing.T) {
	all := func(seed uint64) string {
		g := New(seed)
		var b strings.Builder
		for _, table := range g.Tables() {
			b.WriteString(strings.Join(table.Statements(DuckDB), "\n"))
		}
		for range 50 {
			q, _ := g.Statement()
			b.WriteString(q.SQL(Postgres) + "\n" + q.SQL(DuckDB) + "\n" + g.Failing().SQL(DuckDB) + "\n" + g.Identity().Left[0].SQL(Postgres) + "\n")
		}
		return b.String()
	}
	if first, again := all(7), all(7); first != again {
		t.Error("the same seed made different texts")
	}
	if all(7) == all(8) {
		t.Error("different seeds made the same texts")
	}
}

// What the generator is there for comes up in a few hundred queries.
func TestQueriesHaveEveryConstruct(t *testing.T) {
	g := New(1)
	g.Tables()
	var b strings.Builder
	for range 1500 {
		q, _ := g.Statement()
		b.WriteString(q.SQL(Here))
	}
	text := b.String()
	for _, want := range []string{
		"LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "LATERAL", "USING (k)", "GROUP BY", "HAVING", "ROLLUP", "FILTER (WHERE", "count(DISTINCT",
		"SELECT DISTINCT", "NOT EXISTS (", " NOT IN (SELECT", "ANY (SELECT", "ALL (SELECT", "WITH w1 AS", "INTERSECT ALL", "EXCEPT ALL", "UNION ALL",
		"NATURAL ", "unnest(", "SEMI JOIN", "ANTI JOIN", "QUALIFY", "DISTINCT ON", "GROUPS BETWEEN", "EXCLUDE TIES", "grouping(", "WITH RECURSIVE", "CUBE (", "= ANY (ARRAY",
		"_value(", "array_agg(", "WITH TIES", "AT TIME ZONE", "BETWEEN SYMMETRIC", "percentile_disc(", "array_agg(DISTINCT", "CAST(NULL AS uuid)", "decode(", "SIMILAR TO", "ROLLUP ((", " @> ", "IS UNKNOWN",
		"regexp_replace(", "CAST(NULL AS interval)", "LIMIT 3 OFFSET 2", "CASE WHEN", "coalesce(", "BETWEEN", "LIKE", "interval '", "OVER (", "avg(", "IS NOT DISTINCT FROM", "date_trunc(", "string_agg(",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no query has %q", want)
		}
	}
}

func TestDifference(t *testing.T) {
	result := func(types string, rows ...string) slt.Result {
		r := slt.Result{Types: types}
		for _, text := range rows {
			var row []slt.Value
			for _, cell := range strings.Split(text, " ") {
				row = append(row, slt.Value{Text: strings.TrimPrefix(cell, "NULL"), Null: cell == "NULL"})
			}
			r.Rows = append(r.Rows, row)
		}
		return r
	}
	for _, c := range []struct {
		name    string
		ordered bool
		a, b    slt.Result
		same    bool
	}{
		{"another order", false, result("IT", "1 a", "2 b"), result("IT", "2 b", "1 a"), true},
		{"another order of ordered rows", true, result("I", "1", "2"), result("I", "2", "1"), false},
		{"trailing zeros", false, result("D", "1.50", "3"), result("D", "1.5000", "3.0"), true},
		{"the last digit of a long decimal", false, result("D", "999999999999999999999999.999999"), result("D", "999999999999999999999999.999998"), false},
		{"a float's last digit", false, result("R", "0.30000000000000004"), result("R", "0.3"), true},
		{"a float's ninth digit", false, result("R", "0.30000001"), result("R", "0.3"), false},
		{"a quotient and a float", false, result("D", "0.3333333333333333"), result("R", "0.333333333333333"), true},
		{"how often a row comes", false, result("I", "1", "1", "2"), result("I", "1", "2", "2"), false},
		{"NULL and an empty text", false, result("T", "NULL"), result("T", ""), false},
		{"infinity", false, result("R", "Infinity"), result("R", "-Infinity"), false},
		{"not a number", false, result("R", "NaN"), result("R", "NaN"), true},
		{"the number of rows", false, result("I", "1"), result("I"), false},
	} {
		if d := Difference(c.ordered, c.a, c.b); (d == "") != c.same {
			t.Errorf("%s: %q", c.name, d)
		}
	}
}

// Reduce keeps what a failure needs, here a join, a row and a column, and little else.
func TestReduceKeepsOnlyWhatFails(t *testing.T) {
	seen := 0
	for seed := uint64(1); seed < 30; seed++ {
		g := New(seed)
		tables := g.Tables()
		query, _ := g.Statement()
		before := query.SQL(Postgres)
		fails := func([]*Table) bool {
			return strings.Contains(query.SQL(Postgres), "LEFT JOIN") && len(tables[3].Rows) > 0
		}
		if !fails(nil) {
			continue
		}
		seen++
		Reduce(query, tables, time.Now().Add(time.Minute), fails)
		after := query.SQL(Postgres)
		if !fails(nil) {
			t.Fatalf("seed %d: the failure is gone: %s", seed, after)
		}
		// A semi-join and QUALIFY are conditions in PostgreSQL.
		where := strings.Contains(after, "WHERE") && !strings.Contains(after, "EXISTS (") && !strings.Contains(after, "WHERE qualified")
		if len(after) > len(before) || len(after) > 400 || strings.Count(after, "LEFT JOIN") > 1 || where {
			t.Errorf("seed %d: still long: %s", seed, after)
		}
		if n := len(tables[3].Rows); n != 1 || len(tables[3].Columns) != 1 || len(tables[5].Rows) != 0 {
			t.Errorf("seed %d: %d rows of %d columns are left, and %d of a table that does not matter", seed, n, len(tables[3].Columns), len(tables[5].Rows))
		}
	}
	if seen == 0 {
		t.Error("no query had a LEFT JOIN")
	}
}
