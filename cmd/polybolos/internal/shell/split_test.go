package shell

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// steps are the texts of a script's steps, and what is left at its end.
func steps(text string) (list []string, rest string) {
	var s Splitter
	s.Feed(text)
	for {
		step, ok := s.Next()
		if !ok {
			break
		}
		list = append(list, step.Text)
	}
	if step, ok := s.Rest(); ok {
		rest = step.Text
	}
	return list, rest
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
		rest string
	}{
		{"select 1; select 2;", []string{"select 1", "select 2"}, ""},
		{"select 1", nil, "select 1"},
		{" ; ;; -- nothing\n /* here */", nil, ""},
		{"select ';' || e'\\';' || \"a;b\";", []string{`select ';' || e'\';' || "a;b"`}, ""},
		{"select 'it''s;';x", []string{"select 'it''s;'"}, "x"},
		{"select $$;$$, $a$;$b$;$$;$a$;", []string{"select $$;$$, $a$;$b$;$$;$a$"}, ""},
		{"select a$b$;c$b$;", []string{"select a$b$", "c$b$"}, ""},
		{"select 1 -- a; b\n+ 2; -- end", []string{"select 1 -- a; b\n+ 2"}, ""},
		{"select /* ; /* ; */ ; */ 1;", []string{"select /* ; /* ; */ ; */ 1"}, ""},
		{"select (1; 2); [;];", []string{"select (1; 2)", "[;]"}, ""},
		{"select 'open;\n", nil, "select 'open;"},
		{"\\d orders;\nselect 1;\\q", []string{`\d orders;`, "select 1", `\q`}, ""},
		{"select 1\n\\g\nselect 2;", []string{`\g`, "select 2"}, ""},
		{"-- note\n  \\timing on\n", []string{`\timing on`}, ""},
	} {
		list, rest := steps(c.text)
		if !slices.Equal(list, c.want) || rest != c.rest {
			t.Errorf("%q became %q and %q", c.text, list, rest)
		}
	}
}

// TestSplitPlaces tells where statements stand, for messages.
func TestSplitPlaces(t *testing.T) {
	var s Splitter
	s.Feed("select 1; -- one\n\n  select\n 2; select 3;\n")
	s.Feed("select 4\n\\g\n")
	want := []Step{
		{Text: "select 1", Line: 1},
		{Text: "select\n 2", Line: 3, Lead: "  "},
		{Text: "select 3", Line: 4, Lead: " 2; "},
		{Text: `\g`, Meta: true, Pending: "select 4", Line: 5},
	}
	for _, w := range want {
		if got, ok := s.Next(); !ok || got != w {
			t.Errorf("got %+v, want %+v", got, w)
		}
	}
}

// TestSplitPieces feeds a script line by line and whole: the steps are the same.
func TestSplitPieces(t *testing.T) {
	text := "select 'a;\n\n';\nselect $x$;\n$x$ /* \n; */ ;\n\\d\nselect 1 -- ;\n;\n\n\nselect e'\\\\';\nselect ("
	var whole, lines Splitter
	whole.Feed(text)
	var want []Step
	for {
		step, ok := whole.Next()
		if !ok {
			break
		}
		want = append(want, step)
	}
	var got []Step
	for _, line := range strings.SplitAfter(text, "\n") {
		lines.Feed(line)
		for {
			step, ok := lines.Next()
			if !ok {
				break
			}
			got = append(got, step)
		}
	}
	if !slices.Equal(got, want) || len(got) != 5 || !lines.Open() {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestSplitAgreesWithParser compares with the engine's splitter on random tokens: a statement must not end elsewhere in the shell.
func TestSplitAgreesWithParser(t *testing.T) {
	tokens := []string{
		";", ";", " ", "\n", "select", "a", "'", "'", `"`, "$$", "$a$", "$1", "(", ")", "--", "/*", "*/", "e'", "\\", "E", "'", "1", ".", "+", "ü", "[", "]", ",", "x'",
	}
	r := rand.New(rand.NewPCG(7, 1))
	compared := 0
	for range 50_000 {
		var b strings.Builder
		for range 1 + r.IntN(14) {
			b.WriteString(tokens[r.IntN(len(tokens))])
		}
		text := b.String()
		pieces, err := parse.Split(text)
		if err != nil {
			// Unterminated here is unfinished in the shell.
			if e, ok := fault.As(err); ok && strings.Contains(e.Message, "unterminated") {
				var s Splitter
				s.Feed(text)
				for _, ok := s.Next(); ok; _, ok = s.Next() {
				}
				if !s.Open() && !strings.Contains(text, "\\") {
					t.Fatalf("%q is finished, but: %v", text, err)
				}
			}
			continue
		}
		var want []string
		for _, p := range pieces {
			want = append(want, p.Text)
		}
		list, rest := steps(text)
		if rest != "" {
			list = append(list, rest)
		}
		// A backslash outside of quotes is a meta command here and no SQL there.
		var s Splitter
		s.Feed(text)
		meta := false
		for step, ok := s.Next(); ok; step, ok = s.Next() {
			meta = meta || step.Meta
		}
		if meta {
			continue
		}
		compared++
		for i := range list {
			// Comments after a statement's last token belong to it here.
			if i >= len(want) || !strings.HasPrefix(list[i], want[i]) {
				t.Fatalf("%q became %q, the parser says %q", text, list, want)
			}
		}
		if len(list) != len(want) {
			t.Fatalf("%q became %q, the parser says %q", text, list, want)
		}
	}
	if compared < 1000 {
		t.Errorf("only %d texts were compared", compared)
	}
}
