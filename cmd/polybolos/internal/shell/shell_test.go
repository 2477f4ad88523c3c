package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
)

// script runs a text as a file's.
func script(t *testing.T, s *Shell, text string) error {
	t.Helper()
	return s.RunScript(context.Background(), strings.NewReader(text), "q.sql")
}

func TestScript(t *testing.T) {
	s, c, out, errs := newFake(t)
	if err := script(t, s, "make a;\nrows 2; -- done\nrows\n1"); err != nil {
		t.Fatal(err)
	}
	want := `MAKE
┌───┐
│ n │
├───┤
│ 2 │
│ 1 │
└───┘
(2 rows)
┌───┐
│ n │
├───┤
│ 1 │
└───┘
(1 row)
`
	if out.String() != want || errs.Len() > 0 || len(c.ran) != 3 {
		t.Errorf("got %s%s after %q", out, errs, c.ran)
	}
}

// TestScriptStops shows the place of an error in its file and runs nothing after it.
func TestScriptStops(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"make a;\n\nmake b; fail x; make c;", `q.sql:3: ERROR 42703: column "x" does not exist
LINE 3, COLUMN 14: make b; fail x
                                ^
`},
		{"make a;\nselect\n  syntax;make c;", `q.sql:3: ERROR 42601: syntax error at or near "syntax"
LINE 3, COLUMN 3:   syntax
                    ^
`},
		{"make a;\n\\nothing\nmake c;", `q.sql:2: ERROR 42601: there is no command \nothing
HINT: \? lists the commands
`},
	} {
		s, conn, _, errs := newFake(t)
		if err := script(t, s, c.text); !errors.Is(err, ErrReported) {
			t.Errorf("%q: %v", c.text, err)
		}
		if errs.String() != c.want {
			t.Errorf("%q printed\n%swant\n%s", c.text, errs, c.want)
		}
		if slices.Contains(conn.ran, "make c") {
			t.Errorf("%q went on after the error", c.text)
		}
	}
}

func TestFormats(t *testing.T) {
	for format, want := range map[string]string{
		"csv":    "n\n1\n",
		"json":   "[\n{\"n\":1}\n]\n",
		"ndjson": "{\"n\":1}\n",
	} {
		s, _, out, _ := newFake(t)
		s.Options.Format = format
		if err := script(t, s, "make a; rows 1;"); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v", format, out, err)
		}
	}
}

// TestBinary refuses to write bytes to a terminal, and two results in one Parquet file.
func TestBinary(t *testing.T) {
	s, _, out, errs := newFake(t)
	s.Options.Format, s.Terminal.Out = "arrow", true
	if err := script(t, s, "rows 1"); !errors.Is(err, ErrReported) || !strings.Contains(errs.String(), "arrow is binary") || out.Len() > 0 {
		t.Errorf("%v, %s", err, errs)
	}
	s, _, out, errs = newFake(t)
	s.Options.Format = "parquet"
	err := script(t, s, "rows 1; rows 1")
	if !errors.Is(err, ErrReported) || !strings.Contains(errs.String(), "holds one result") || !strings.HasPrefix(out.String(), "PAR1") {
		t.Errorf("%v, %s", err, errs)
	}
}

// TestMaxRows shortens long results in the interactive shell alone, and never lists.
func TestMaxRows(t *testing.T) {
	s, _, out, _ := newFake(t)
	s.Terminal.Out, s.interactive = true, true
	if err := script(t, s, "rows 9"); err != nil || !strings.Contains(out.String(), "(9 rows, 4 shown)") {
		t.Errorf("%v, %s", err, out)
	}
	s.interactive = false
	out.Reset()
	if err := script(t, s, "rows 9"); err != nil || !strings.HasSuffix(out.String(), "(9 rows)\n") {
		t.Errorf("%v, %s", err, out)
	}
	for text, want := range map[string]bool{"/* x */ EXPLAIN select 1": true, "show\nall": true, "describe x": true, "showcase": false, "select 1": false} {
		if isDescription(text) != want {
			t.Errorf("isDescription(%q) is %v", text, !want)
		}
	}
}

// TestInterrupt cancels the statement that runs; the shell goes on with the next.
func TestInterrupt(t *testing.T) {
	s, c, _, errs := newFake(t)
	interrupts := make(chan os.Signal, 1)
	s.Interrupts = interrupts
	interrupts <- os.Interrupt
	if err := script(t, s, "wait"); !errors.Is(err, ErrReported) {
		t.Fatal(err)
	}
	if want := "ERROR 57014: canceled by the user"; !strings.Contains(errs.String(), want) {
		t.Errorf("got %s", errs)
	}
	if err := script(t, s, "make a"); err != nil || len(c.ran) != 2 {
		t.Errorf("%v after %q", err, c.ran)
	}
}

func TestCanceledContext(t *testing.T) {
	s, c, _, errs := newFake(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(fault.New(fault.AdminShutdown, "the end"))
	if err := s.RunScript(ctx, strings.NewReader("make a"), ""); !errors.Is(err, ErrReported) || len(c.ran) != 0 {
		t.Errorf("%v, %s", err, errs)
	}
}

func TestMetaCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "two words.sql")
	if err := os.WriteFile(file, []byte("make included;\n\\q\nmake never;"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, out, errs string }{
		{`\d`, `
┌─────────────┬───────┐
│ name        │ type  │
├─────────────┼───────┤
│ lineage     │ table │
│ orders      │ table │
│ open_orders │ view  │
└─────────────┴───────┘
(3 rows)
`, ""},
		{`\dv;`, `
┌─────────────┬──────┐
│ name        │ type │
├─────────────┼──────┤
│ open_orders │ view │
└─────────────┴──────┘
(1 row)
`, ""},
		{`\d Orders`, `
┌────────────┬────────┬──────────┐
│ column     │ type   │ nullable │
├────────────┼────────┼──────────┤
│ o_orderkey │ bigint │ not null │
│ o_comment  │ text   │          │
└────────────┴────────┴──────────┘
(2 rows)
`, ""},
		{`\d nothing`, "", `table "nothing" does not exist`},
		{"\\format csv\nrows 1;", "n\n1\n", ""},
		{`\format xml`, "", "the formats are table, csv, json, ndjson, parquet, arrow"},
		{"\\x\nrows 1;", "-[ RECORD 1 ]---\nn | 1\n(1 row)\n", ""},
		{"\\set format ndjson\nrows 1;\n\\set", "{\"n\":1}\nexpanded = off\nformat = ndjson\nmaxrows = 4\ntiming = off\n", ""},
		{`\set nothing 1`, "", "SET name = value"},
		{`\maxrows 1`, "", "from 2 to"},
		{"\\format csv\n\\show threads", "text\nSHOW threads\n", ""},
		{"rows 1 \\g", "┌───┐\n│ n │\n├───┤\n│ 1 │\n└───┘\n(1 row)\n", ""},
		{"rows 1\n\\r\nmake a;", "MAKE\n", ""},
		{"rows 1 \\d", "", "within a statement"},
		{"make a;\\q\nmake b;", "MAKE\n", ""},
		{fmt.Sprintf("\\i '%s'\nmake b;", file), "MAKE\nMAKE\n", ""},
		{`\i`, "", "needs the name of a file"},
		{`\i nowhere.sql`, "", `open "nowhere.sql"`},
		{`\timing maybe`, "", "neither on nor off"},
		{`\q now`, "", "takes no argument"},
		{`\l`, "", `\d lists its tables`},
		{`\tim`, "", `Did you mean \timing?`},
		{`\d 'x`, "", "does not end"},
		{`\`, "", "a backslash begins a command"},
	} {
		s, _, out, errs := newFake(t)
		err := script(t, s, c.text)
		if (err != nil) != (c.errs != "") || !strings.Contains(errs.String(), c.errs) {
			t.Errorf("%s: %v, %s", c.text, err, errs)
		}
		if got := out.String(); got != strings.TrimPrefix(c.out, "\n") {
			t.Errorf("%s printed\n%s", c.text, got)
		}
	}
}

// TestOutputFile writes results to a file and back to the terminal.
func TestOutputFile(t *testing.T) {
	s, _, out, _ := newFake(t)
	file := filepath.Join(t.TempDir(), "out.csv")
	if err := script(t, s, "\\format csv\n\\o "+file+"\nrows 1;\n\\o\nrows 2;"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != "n\n1\n" || out.String() != "n\n2\n1\n" {
		t.Errorf("%v: %q in the file, %q here", err, got, out)
	}
}

// TestIncludeItself ends with an error.
func TestIncludeItself(t *testing.T) {
	s, _, _, errs := newFake(t)
	file := filepath.Join(t.TempDir(), "self.sql")
	if err := os.WriteFile(file, []byte(`\i `+file), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := script(t, s, `\i `+file); !errors.Is(err, ErrReported) || !strings.Contains(errs.String(), "include each other") {
		t.Errorf("%v, %s", err, errs)
	}
}

func TestTiming(t *testing.T) {
	s, _, out, _ := newFake(t)
	if err := script(t, s, "\\timing\nmake a;"); err != nil || !strings.Contains(out.String(), "MAKE\nTime: ") {
		t.Errorf("%v, %s", err, out)
	}
}

func TestIsComplete(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "  ": true, "select 1": false, "select 1;": true, "select 1; select 2": false, "select 'a;": false, "select (1;": false,
		"select 1; -- done": true, "-- only a comment": true, "/* open": false, `\d`: true, "select 1\n\\g": true, "select\n\\q": true,
		"\\d\nselect 1": false, " Quit ": true, "select\nexit": false,
	} {
		if isComplete(text) != want {
			t.Errorf("isComplete(%q) is %v", text, !want)
		}
	}
}
