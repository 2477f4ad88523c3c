package parse

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
)

// FuzzParse wants a statement list or a *fault.Error with a position inside the text, and never a crash.
func FuzzParse(f *testing.F) {
	for _, text := range lexerTexts {
		f.Add(text)
	}
	for _, text := range []string{
		"", ";", "(", ")", "'", "\"", "$", "$$", "/*", "--", "e'\\", "u&'", "u&\"", "\\", "select * exclude", "select * replace (",
		"try_cast", "try_cast(", "from '", "select 1 from 'x' 'y'", "create external table", "create or replace table",
		"create external table t options (", "show columns", "describe", "describe 'x", "explain", "explain (", "group by all",
		"a semi join", "copy ( to 'x'", "copy to 'x'", "prepare as", "create view v as", "select a from t qualify", "[[[", "0x", "1e", ".",
		"create external table t (a int) location $a$x$a$ stored as csv with (a = -1, 'b' c)",
		"drop table a.b.c.d", "drop function f", "insert into t default values", "set x", "set x = ", "execute p", "analyze", "table t",
	} {
		f.Add(text)
	}
	queries, err := filepath.Glob("../../../bench/tpch/queries/*.sql")
	if err != nil {
		f.Fatal(err)
	}
	for _, q := range queries {
		text, err := os.ReadFile(q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Script(text)
		if err == nil {
			for _, s := range list {
				if text[s.Offset:s.Offset+len(s.Text)] != s.Text {
					t.Errorf("statement %q is not at %d of %q", s.Text, s.Offset, text)
				}
			}
		} else if e, ok := fault.As(err); !ok {
			t.Errorf("%q: %v is not a *fault.Error", text, err)
		} else if e.Position < 0 || e.Position > len(text)+1 {
			t.Errorf("%q: position %d is outside", text, e.Position)
		}
	})
}
