package output

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

func TestMain(m *testing.M) {
	mem.Poison = true
	// The width of ambiguous characters follows the locale.
	text.OverrideRuneWidthEastAsianWidth(false)
	os.Exit(m.Run())
}

var (
	tText = column.T(column.Text)
	tInt  = column.T(column.Int64)
)

// cells makes a batch of rows; nil is NULL.
func cells(t *testing.T, fields []column.Field, rows ...[]any) *column.Batch {
	t.Helper()
	arena := mem.NewArena(nil)
	t.Cleanup(arena.Free)
	b := &column.Batch{Len: len(rows)}
	for c, f := range fields {
		v, err := column.FromValues(arena, f.Type, len(rows), func(i int) *column.Value {
			v := value(f.Type, rows[i][c])
			return &v
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Cols = append(b.Cols, v)
	}
	return b
}

func value(t column.Type, v any) column.Value {
	switch v := v.(type) {
	case nil:
		return column.NullValue(t)
	case string:
		return column.Value{Type: t, Str: v}
	case int:
		return column.IntValue(t, int64(v))
	case bool:
		return column.BoolValue(v)
	case float64:
		return column.Value{Type: t, Float: v}
	case column.Int128:
		return column.Value{Type: t, Int: v}
	case []column.Value:
		return column.Value{Type: t, List: v}
	}
	panic(fmt.Sprintf("no value of %T", v))
}

func field(name string, t column.Type) column.Field { return column.Field{Name: name, Type: t} }

// printed is what a writer makes of batches.
func printed(t *testing.T, format string, o Options, fields []column.Field, batches ...*column.Batch) string {
	t.Helper()
	var out bytes.Buffer
	w, err := New(format, &out, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Begin(fields); err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func golden(t *testing.T, got, want string) {
	t.Helper()
	want = strings.TrimPrefix(want, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTable(t *testing.T) {
	mixed := []column.Field{field("id", tInt), field("name", tText), field("price", column.DecimalType(15, 2))}
	wide := []column.Field{field("id", tInt), field("first", tText), field("second", tText), field("third", tText), field("n", tInt)}
	long := strings.Repeat("abcdefghij", 6)
	for _, c := range []struct {
		name   string
		o      Options
		fields []column.Field
		rows   [][]any
		want   string
	}{
		{"numbers to the right, NULL, other scripts", Options{}, mixed, [][]any{{1, "Böhm", 1250}, {20, "日本語", -5}, {nil, nil, nil}, {3, "é", 0}}, `
┌──────┬────────┬───────┐
│   id │ name   │ price │
├──────┼────────┼───────┤
│    1 │ Böhm   │ 12.50 │
│   20 │ 日本語 │ -0.05 │
│ NULL │ NULL   │  NULL │
│    3 │ é      │  0.00 │
└──────┴────────┴───────┘
(4 rows)
`},
		{"no rows", Options{}, mixed, nil, `
┌────┬──────┬───────┐
│ id │ name │ price │
├────┼──────┼───────┤
└────┴──────┴───────┘
(0 rows)
`},
		{"one row, several lines", Options{}, mixed[1:2], [][]any{{"a\nbc"}}, `
┌──────┐
│ name │
├──────┤
│ a    │
│ bc   │
└──────┘
(1 row)
`},
		{"control characters cannot reach the terminal", Options{}, mixed[1:2], [][]any{{"\x1b[31mred\a\tx\r"}}, `
┌────────────────────────┐
│ name                   │
├────────────────────────┤
│ \x1b[31mred\x07    x\r │
└────────────────────────┘
(1 row)
`},
		{"the widest column gives way", Options{Width: 40}, mixed, [][]any{{1, "short", 1}, {2, long, 2}}, `
┌────┬─────────────────────────┬───────┐
│ id │ name                    │ price │
├────┼─────────────────────────┼───────┤
│  1 │ short                   │  0.01 │
│  2 │ abcdefghijabcdefghijab… │  0.02 │
└────┴─────────────────────────┴───────┘
(2 rows)
`},
		{"a wide character is not cut in two", Options{Width: 29}, mixed, [][]any{{1, "日本語日本語日本語", 1}}, `
┌────┬──────────────┬───────┐
│ id │ name         │ price │
├────┼──────────────┼───────┤
│  1 │ 日本語日本…  │  0.01 │
└────┴──────────────┴───────┘
(1 row)
`},
		{"columns in the middle are left out", Options{Width: 44}, wide, [][]any{{1, long, long, long, 7}}, `
┌────┬──────────────┬───┬──────────────┬───┐
│ id │ first        │ … │ third        │ n │
├────┼──────────────┼───┼──────────────┼───┤
│  1 │ abcdefghija… │ … │ abcdefghija… │ 7 │
└────┴──────────────┴───┴──────────────┴───┘
(1 row; 5 columns, 4 shown)
`},
		{"a single column is wrapped", Options{Width: 24}, mixed[1:2], [][]any{{long[:30]}}, `
┌──────────────────────┐
│ name                 │
├──────────────────────┤
│ abcdefghijabcdefghij │
│ abcdefghij           │
└──────────────────────┘
(1 row)
`},
		{"text to be read whole is wrapped", Options{Width: 31, Wrap: true}, mixed, [][]any{{1, "some words that are long", 1}}, `
┌────┬────────────────┬───────┐
│ id │ name           │ price │
├────┼────────────────┼───────┤
│  1 │ some words     │  0.01 │
│    │ that are long  │       │
└────┴────────────────┴───────┘
(1 row)
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := printed(t, "table", c.o, c.fields, cells(t, c.fields, c.rows...))
			golden(t, got, c.want)
			if c.o.Width > 0 {
				for _, line := range strings.Split(got, "\n") {
					if n := text.StringWidth(line); n > c.o.Width {
						t.Errorf("a line of %d characters in %d: %s", n, c.o.Width, line)
					}
				}
			}
		})
	}
}

// TestMaxRows shows the first and the last rows of batches of any size.
func TestMaxRows(t *testing.T) {
	fields := []column.Field{field("n", tInt)}
	var batches []*column.Batch
	next := 0
	for _, size := range []int{1, 7, 1, 1, 3} {
		var rows [][]any
		for range size {
			next++
			rows = append(rows, []any{next})
		}
		batches = append(batches, cells(t, fields, rows...))
	}
	golden(t, printed(t, "table", Options{MaxRows: 5}, fields, batches...), `
┌────┐
│  n │
├────┤
│  1 │
│  2 │
│  3 │
│  · │
│  · │
│  · │
│ 12 │
│ 13 │
└────┘
(13 rows, 5 shown)
`)
	whole := printed(t, "table", Options{MaxRows: 13}, fields, batches...)
	if whole != printed(t, "table", Options{}, fields, batches...) {
		t.Errorf("13 rows of 13 are not the whole table:\n%s", whole)
	}
}

// TestBlocks prints a table longer than what is kept: one box, and wider from where a wider value comes.
func TestBlocks(t *testing.T) {
	fields := []column.Field{field("n", tInt), field("s", tText)}
	var rows [][]any
	for i := range blockRows + 1 {
		rows = append(rows, []any{i % 10, "x"})
	}
	rows = append(rows, []any{12345, "longer than all before"})
	lines := strings.Split(printed(t, "table", Options{}, fields, cells(t, fields, rows...)), "\n")
	if len(lines) != 3+blockRows+2+1+2 {
		t.Fatalf("%d lines", len(lines))
	}
	width := text.StringWidth(lines[0])
	for i, line := range lines[:3+blockRows] {
		if text.StringWidth(line) != width {
			t.Fatalf("line %d is %q", i, line)
		}
	}
	golden(t, strings.Join(lines[3+blockRows:], "\n"), `
│     0 │ x                      │
│ 12345 │ longer than all before │
└───────┴────────────────────────┘
(10002 rows)
`)
}

func TestColor(t *testing.T) {
	fields := []column.Field{field("n", tInt), field("s", tText)}
	got := printed(t, "table", Options{Color: true}, fields, cells(t, fields, []any{nil, "NULL"}))
	if !strings.Contains(got, "\x1b[2mNULL\x1b[0m │ NULL │") || !strings.Contains(got, "\x1b[1m") {
		t.Errorf("got %q", got)
	}
}

func TestExpanded(t *testing.T) {
	fields := []column.Field{field("id", tInt), field("description", tText)}
	batch := cells(t, fields, []any{1, "one\ntwo"}, []any{nil, ""}, []any{3, "x"})
	golden(t, printed(t, "table", Options{Expanded: true, MaxRows: 2}, fields, batch), `
-[ RECORD 1 ]-------------
id          | 1
description | one
            | two
-[ RECORD 2 ]-------------
id          | NULL
description |
(3 rows, 2 shown)
`)
}

func TestCSV(t *testing.T) {
	fields := []column.Field{field("a,b", tText), field("n", column.T(column.Float64)), field("d", column.T(column.Date))}
	batch := cells(t, fields, []any{"plain", 1.5, 0}, []any{`say "hi", x`, nil, nil}, []any{"", math.Inf(1), 1}, []any{nil, 0.0, 2}, []any{"two\nlines", 1e300, 3})
	golden(t, printed(t, "csv", Options{}, fields, batch), `
"a,b",n,d
plain,1.5,1970-01-01
"say ""hi"", x",,
"",Infinity,1970-01-02
,0,1970-01-03
"two
lines",1e+300,1970-01-04
`)
}

// TestSelection prints the selected rows only.
func TestSelection(t *testing.T) {
	fields := []column.Field{field("n", tInt)}
	batch := cells(t, fields, []any{1}, []any{2}, []any{3})
	batch.Sel = []uint32{0, 2}
	golden(t, printed(t, "csv", Options{}, fields, batch), "n\n1\n3\n")
	golden(t, printed(t, "ndjson", Options{}, fields, batch), "{\"n\":1}\n{\"n\":3}\n")
}
