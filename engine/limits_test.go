package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// repeat is f(0), f(1), … f(n-1) with sep between.
func repeat(n int, sep string, f func(i int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = f(i)
	}
	return strings.Join(parts, sep)
}

// TestLargeStatements runs statements larger than anybody writes by hand: each gives its result or an error that says which limit it passes.
func TestLargeStatements(t *testing.T) {
	_, s := open(t, Config{})
	constant := func(text string) func(int) string { return func(int) string { return text } }
	numbered := func(format string) func(int) string {
		return func(i int) string { return strings.ReplaceAll(format, "#", fmt.Sprint(i)) }
	}
	chain := func(i int) string {
		if i == 0 {
			return "s0 AS (SELECT 1 AS a)"
		}
		return fmt.Sprintf("s%d AS (SELECT a + 1 AS a FROM s%d WHERE a > 0)", i, i-1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"parentheses", "SELECT " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000), "54001"},
		{"lists", "SELECT " + strings.Repeat("[", 100_000) + "1" + strings.Repeat("]", 100_000), "54001"},
		{"structs", "SELECT " + strings.Repeat("{'a':", 100_000) + "1" + strings.Repeat("}", 100_000), "54001"},
		{"calls", "SELECT " + strings.Repeat("abs(", 100_000) + "1" + strings.Repeat(")", 100_000), "54001"},
		{"AND", "SELECT " + repeat(100_000, " AND ", constant("true")), "54001"},
		{"OR", "SELECT " + repeat(100_000, " OR ", constant("false")), "54001"},
		{"sum", "SELECT " + repeat(100_000, " + ", constant("1")), "54001"},
		{"concatenation", "SELECT " + repeat(100_000, " || ", constant("'a'")), "54001"},
		{"NOT", "SELECT " + strings.Repeat("NOT ", 100_000) + "true", "54001"},
		{"casts", "SELECT 1" + strings.Repeat("::integer", 100_000), "54001"},
		{"IN", "SELECT count(*) FROM generate_series(1, 1000) g(x) WHERE x IN (" + repeat(100_000, ", ", numbered("#")) + ")", "1000\n"},
		{"IN of text", "SELECT count(*) FROM generate_series(1, 1000) g(x) WHERE x::text IN (" + repeat(100_000, ", ", numbered("'#'")) + ")", "1000\n"},
		{"NOT IN", "SELECT count(*) FROM generate_series(1, 1000) g(x) WHERE x NOT IN (" + repeat(100_000, ", ", numbered("#")) + ")", "0\n"},
		{"ANY", "SELECT count(*) FROM generate_series(1, 1000) g(x) WHERE x = ANY (ARRAY[" + repeat(100_000, ", ", numbered("#")) + "])", "1000\n"},
		{"VALUES", "SELECT count(*), sum(a) FROM (VALUES " + repeat(20_000, ", ", numbered("(#)")) + ") v(a)", "20000|199990000\n"},
		{"text", "SELECT length('" + strings.Repeat("x", 50_000_000) + "')", "54001"},
		{"long text", "SELECT length('" + strings.Repeat("x", 10_000_000) + "')", "10000000\n"},
		{"columns", "SELECT c9999 FROM (SELECT " + repeat(10_000, ", ", numbered("x + # AS c#")) + " FROM generate_series(1, 2) g(x)) t WHERE c5 = 7", "10001\n"},
		{"joins without a comma", "SELECT count(*) FROM a " + repeat(1000, " ", numbered("JOIN a t# ON t#.x = a.x AND t#.y = a.y")), "54001"},
		{"some joins", "SELECT count(*) FROM generate_series(1, 2) t(x) " + repeat(200, " ", numbered("JOIN generate_series(1, 2) t#(x) ON t#.x = t.x")), "2\n"},
		{"products", "SELECT count(*) FROM " + repeat(1000, ", ", numbered("generate_series(1, 1) t#(x)")), "1\n"},
		{"CTEs", "WITH " + repeat(300, ", ", chain) + " SELECT a FROM s299", "300\n"},
		{"UNION ALL", "SELECT count(*), sum(a) FROM (" + repeat(1000, " UNION ALL ", numbered("SELECT # AS a")) + ") t", "1000|499500\n"},
		{"UNION", "SELECT count(*) FROM (" + repeat(1000, " UNION ", numbered("SELECT # / 2 AS a")) + ") t", "500\n"},
		{"EXCEPT", "SELECT count(*) FROM (" + repeat(1000, " EXCEPT ", numbered("SELECT # AS a")) + ") t", "1\n"},
		{"subqueries", "SELECT * FROM " + strings.Repeat("(SELECT * FROM ", 1000) + "t" + strings.Repeat(") t", 1000), "54001"},
		{"NUL", "SELECT 'a\x00b'", "22021"},
		{"UTF-8", "SELECT 'a\xff'", "22021"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got strings.Builder
			err := s.Query(t.Context(), c.text, func(b *column.Batch) error {
				for k := range b.Rows() {
					values := make([]string, len(b.Cols))
					for i, v := range b.Cols {
						values[i] = v.ValueAt(b.Row(k)).String()
					}
					got.WriteString(strings.Join(values, "|") + "\n")
				}
				return nil
			})
			if err != nil {
				got.Reset()
				got.WriteString(string(fault.CodeOf(err)))
			}
			if got.String() != c.want {
				t.Errorf("%q (%v), want %q", got.String(), err, c.want)
			}
		})
	}
	if got := text(t, s, "SELECT 1"); got != "1\n" {
		t.Errorf("afterwards SELECT 1 gave %q", got)
	}
}

// TestRunTimeErrorsSayWhere runs statements that fail while they run: the error has the place of the expression that failed, on every way of running it.
func TestRunTimeErrorsSayWhere(t *testing.T) {
	_, s := open(t, Config{})
	text(t, s, "CREATE VIEW quotients AS SELECT 10 / (x - 2) AS q FROM generate_series(1, 3) g(x); CREATE TABLE words AS SELECT 'x' AS w; PREPARE p AS SELECT 10 / ($1::integer - 1)")
	for _, exchange := range []string{"auto", "force"} {
		text(t, s, "SET exchange = '"+exchange+"'")
		for _, c := range []struct {
			text string
			code fault.Code
		}{
			{"SELECT x, 10 ⟪/ (x - 2) AS q FROM generate_series(1, 3) g(x)", fault.DivisionByZero},
			{"SELECT x FROM generate_series(1, 3) g(x) WHERE 10 ⟪/ (x - 2) > 1", fault.DivisionByZero},
			{"SELECT count(*) FROM generate_series(1, 3) g(x) GROUP BY x ⟪% (x - 3)", fault.DivisionByZero},
			{"SELECT 1 ⟪/ 0", fault.DivisionByZero},
			{"SELECT ⟪cast(w AS integer) FROM words", fault.InvalidTextRepresentation},
			{"SELECT w⟪::integer + 1 FROM words", fault.InvalidTextRepresentation},
			{"SELECT count(*) FROM words WHERE w⟪::integer = 1", fault.InvalidTextRepresentation},
			{"SELECT x ⟪+ 1 FROM (SELECT max(y) AS x FROM (VALUES (2147483647)) v(y)) t", fault.NumericOutOfRange},
			{"SELECT x FROM generate_series(1, 3) g(x) ORDER BY sqrt(x) ⟪/ (x - 3)", fault.DivisionByZero},
			{"SELECT q FROM ⟪quotients", fault.DivisionByZero},
			{"⟪EXECUTE p(1)", fault.DivisionByZero},
		} {
			want := strings.Index(c.text, "⟪") + 1
			script := strings.Replace(c.text, "⟪", "", 1)
			err := s.Query(t.Context(), script, func(*column.Batch) error { return nil })
			e, ok := fault.As(err)
			if !ok || e.Code != c.code || e.Position != want {
				t.Errorf("%s: %v\nwant %s at %d", script, fault.Render(err, script), c.code, want)
			}
		}
	}
}
