package flightsql

import (
	"errors"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
)

func TestNumberPlaceholders(t *testing.T) {
	for _, c := range []struct {
		text, want string
		count      int
	}{
		{"select 1", "select 1", 0},
		{"select ?, ?", "select $1, $2", 2},
		{"select $2, $1", "select $2, $1", 2},
		{"select '?', \"?\", 'it''s ?', ?", "select '?', \"?\", 'it''s ?', $1", 1},
		{"select E'\\'?', ? -- ?\n, ?", "select E'\\'?', $1 -- ?\n, $2", 2},
		{"select /* ? /* ? */ ? */ ?", "select /* ? /* ? */ ? */ $1", 1},
		{"select $$?$$, $tag$ ? $$ $tag$, ?", "select $$?$$, $tag$ ? $$ $tag$, $1", 1},
		{"select a$1 from t where b = $1", "select a$1 from t where b = $1", 1},
		{"select '? -- not closed", "select '? -- not closed", 0},
		{"select é, ?", "select é, $1", 1},
		{"", "", 0},
		{"?", "$1", 1},
		{"$", "$", 0},
		{"select $99999999999999999999", "select $99999999999999999999", 0},
		{"select $123456789", "select $123456789", maxParameters},
	} {
		got, _, n := numberPlaceholders(c.text)
		if got != c.want || n != c.count {
			t.Errorf("%q became %q with %d parameters, want %q with %d", c.text, got, n, c.want, c.count)
		}
	}
}

// Places of errors are those of the text as the client wrote it.
func TestPlaceholdersKeepPlaces(t *testing.T) {
	text := "select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nope, ? from t"
	numbered, moved, _ := numberPlaceholders(text)
	for i := range text {
		if text[i] != 'n' && text[i] != 'f' && text[i] != 's' {
			continue
		}
		at := -1
		for j := range numbered {
			if e, ok := fault.As(moved.restore(fault.New(fault.SyntaxError, "x").At(j + 1))); ok && e.Position == i+1 && numbered[j] == text[i] {
				at = j
			}
		}
		if at < 0 {
			t.Errorf("no place in %q leads back to byte %d of %q", numbered, i, text)
		}
	}
	if err := errors.New("plain"); !errors.Is(moved.restore(err), err) {
		t.Error("a plain error was changed")
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		want          bool
	}{
		{"abc", "abc", true}, {"abc", "ab", false}, {"abc", "a%", true}, {"abc", "%c", true}, {"abc", "%b%", true}, {"abc", "a_c", true},
		{"abc", "____", false}, {"", "%", true}, {"", "_", false}, {"a_c", `a\_c`, true}, {"abc", `a\_c`, false}, {"a%", `a\%`, true},
		{"aab", "%ab", true}, {"ababc", "%abc", true}, {"é", "_", true}, {"abc", "%%%", true}, {"abc", "", false}, {`a\`, `a\\`, true},
	} {
		if got := like(c.name, &c.pattern); got != c.want {
			t.Errorf("like(%q, %q) = %t", c.name, c.pattern, got)
		}
	}
	if !like("anything", nil) {
		t.Error("no pattern matches all")
	}
}
