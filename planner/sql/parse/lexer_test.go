package parse

import (
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
)

var lexerTexts = []string{
	"select 1",
	"SELECT a.b, \"c\"\"d\" FROM t -- comment\nWHERE x>=-1 and y<>'it''s'",
	"select E'a\\'b', U&'d\\0061t', b'01', x'1F', n'abc', $$dollar$$, $tag$ a $$ b $tag$",
	"select 1.5, .5, 1., 1e10, 1.5e-3, 0x1F, 0o17, 0b11, 1_000_000, 12345678901234567890",
	"select a::int, b:=1, c->>'x', d@>e, f||g, -h, +i, a<-b, a!=-b, a@-1, a*-b",
	"/* a /* nested */ comment */ select /**/ 1 /* x */",
	"select * from t where a ~~ 'x' and b !~* 'y' and c <= 2 => 3",
	"select $1, $23 + $4",
	"select arr[1:2], f(a => 1)",
	"select \"größe\", straße, 'ü' from täbelle",
	"a/*x*/+/*y*/b--c",
	"select 1..2",
	"select U&\"d\\0061ta\" from x",
	"select 'a'\n'b'",
	"select a$b, _c, A1",
}

// TestLexerAgreesWithPostgres compares token boundaries with those of PostgreSQL's scanner.
func TestLexerAgreesWithPostgres(t *testing.T) {
	for _, text := range lexerTexts {
		want, err := pg.Scan(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var ours, theirs []string
		l := lexer{text: text}
		for {
			tok, err := l.next()
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if tok.kind == tokEOF {
				break
			}
			ours = append(ours, text[tok.start:tok.end])
		}
		for _, tok := range want.Tokens {
			if tok.Token == pg.Token_SQL_COMMENT || tok.Token == pg.Token_C_COMMENT {
				continue
			}
			theirs = append(theirs, text[tok.Start:tok.End])
		}
		a, b := strings.Join(ours, "⎵"), strings.Join(theirs, "⎵")
		// PostgreSQL joins adjacent string constants across a line break; the parser does that for us.
		if strings.ReplaceAll(a, "'a'⎵'b'", "'a'\n'b'") != b {
			t.Errorf("%s\nours:   %s\ntheirs: %s", text, a, b)
		}
	}
}

func TestUnterminated(t *testing.T) {
	for text, position := range map[string]int{
		"select 'abc":         8,
		"select \"abc":        8,
		"select /* abc":       8,
		"select $x$ abc $y$":  8,
		"select E'abc\\'":     8,
		"select /* /* */ abc": 8,
	} {
		_, err := Script(text)
		wantError(t, text, err, "42601", position)
	}
}
