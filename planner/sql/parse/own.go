package parse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// parseOwn parses the statements that PostgreSQL's grammar does not know; it returns nil without an error for all others.
func (p Piece) parseOwn() (*Statement, error) {
	r := &reader{Piece: p}
	var body Body
	var err error
	switch {
	case p.word(0, "describe"):
		r.i = 1
		body, err = r.describe()
	case p.word(0, "desc"):
		r.i = 1
		body, err = r.describe()
	case p.word(0, "summarize"):
		r.i = 1
		body, err = r.summarize()
	case p.word(0, "show") && p.word(1, "create"):
		r.i = 2
		body, err = r.showCreate()
	case p.word(0, "show") && p.word(1, "columns"):
		r.i = 2
		if !r.take("from") && !r.take("in") {
			return nil, unexpected(p.script, r.peek())
		}
		body, err = r.describe()
	case p.word(0, "show") && len(p.tokens) > 1 && isList(p.text(1)):
		r.i = 2
		body, err = r.showList(ShowWhat(strings.ToLower(p.text(1))))
	case p.word(0, "create") && p.word(1, "external"):
		r.i = 2
		body, err = r.external(false)
	case p.word(0, "create") && p.word(1, "or") && p.word(2, "replace") && p.word(3, "external"):
		r.i = 4
		body, err = r.external(true)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if r.i < len(p.tokens) {
		return nil, unexpected(p.script, r.peek())
	}
	return &Statement{Body: body, Text: p.Text, Offset: p.Offset}, nil
}

func isList(word string) bool {
	switch ShowWhat(strings.ToLower(word)) {
	case ShowTables, ShowViews, ShowSchemas, ShowFunctions, ShowDatabases, ShowExecutors:
		return true
	}
	return false
}

// reader reads a statement token by token.
type reader struct {
	Piece
	i int
}

func (r *reader) peek() token { return r.at(r.i) }

// take passes the given word if it comes next.
func (r *reader) take(word string) bool {
	if r.word(r.i, word) {
		r.i++
		return true
	}
	return false
}

// expect passes the given words or fails.
func (r *reader) expect(words ...string) error {
	for _, w := range words {
		if !r.take(w) {
			return unexpected(r.script, r.peek()).WithHint("%s is expected here.", strings.ToUpper(w))
		}
	}
	return nil
}

// takeSymbol passes a one-character token.
func (r *reader) takeSymbol(s string) bool {
	if r.i < len(r.tokens) && r.text(r.i) == s {
		r.i++
		return true
	}
	return false
}

// identifier reads a name's part.
func (r *reader) identifier() (string, error) {
	t := r.peek()
	switch t.kind {
	case tokWord:
		r.i++
		return fold(r.script[t.start:t.end]), nil
	case tokIdent:
		text := r.script[t.start:t.end]
		if text[0] != '"' {
			return "", notSupported(t, "an escaped identifier is not supported here")
		}
		r.i++
		if name := strings.ReplaceAll(text[1:len(text)-1], `""`, `"`); name != "" {
			return name, nil
		}
		return "", syntaxError(r.script, t.start, "zero-length delimited identifier")
	}
	return "", unexpected(r.script, t)
}

// fold lowers ASCII letters only, as PostgreSQL does for UTF-8.
func fold(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, name)
}

func (r *reader) name() (Name, error) {
	n := Name{Position: r.peek().start + 1}
	for {
		part, err := r.identifier()
		if err != nil {
			return Name{}, err
		}
		n.Parts = append(n.Parts, part)
		if len(n.Parts) > 3 {
			return Name{}, fault.New(fault.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(n.Parts, ".")).At(n.Position)
		}
		if !r.takeSymbol(".") {
			return n, nil
		}
	}
}

// str reads a string constant.
func (r *reader) str() (string, error) {
	t := r.peek()
	if t.kind != tokString {
		return "", unexpected(r.script, t).WithHint("A string is expected here.")
	}
	text := r.script[t.start:t.end]
	r.i++
	if text[0] == '\'' {
		return strings.ReplaceAll(text[1:len(text)-1], "''", "'"), nil
	}
	// Escapes and dollar quotes: the parser knows them.
	positions := ast.NewPositions(t.start)
	positions.Shift(len("SELECT "))
	result, err := pg.Parse("SELECT " + text)
	if err != nil {
		return "", translate(err, "SELECT "+text, &positions, r.script)
	}
	value := result.Stmts[0].Stmt.GetSelectStmt().GetTargetList()[0].GetResTarget().GetVal().GetAConst().GetSval()
	if value == nil {
		return "", unexpected(r.script, t)
	}
	return value.Sval, nil
}

func (r *reader) describe() (Body, error) {
	if t := r.peek(); t.kind == tokOpen || r.word(r.i, "select") || r.word(r.i, "with") || r.word(r.i, "values") || r.word(r.i, "table") || r.word(r.i, "pivot") || r.word(r.i, "unpivot") {
		q, err := r.rest()
		return &Describe{Query: q}, err
	}
	if t := r.peek(); t.kind == tokString {
		// DESCRIBE 'file' is DESCRIBE SELECT * FROM 'file'.
		text := apply(r.script, r.tokens[r.i:r.i+1], []change{
			{t.start, t.start, "SELECT * FROM " + quote(ast.FileFunction) + "("}, {t.end, t.end, ")"},
		})
		r.i++
		q, err := r.parseQuery(text, t.start)
		return &Describe{Query: q}, err
	}
	n, err := r.name()
	return &Describe{Table: n}, err
}

// rest parses the tokens that are left as a query.
func (r *reader) rest() (*Query, error) {
	text, err := rewrite(r.script, r.tokens[r.i:])
	if err != nil {
		return nil, err
	}
	start := r.peek().start
	r.i = len(r.tokens)
	return r.parseQuery(text, start)
}

// parseQuery parses rewritten text that stands for the statement from the byte offset start on.
func (r *reader) parseQuery(text rewritten, start int) (*Query, error) {
	result, err := text.parse(r.script)
	if err != nil {
		return nil, err
	}
	if len(result.Stmts) != 1 || result.Stmts[0].Stmt.GetSelectStmt() == nil {
		return nil, unexpected(r.script, r.tokens[0])
	}
	return &Query{Tree: ast.Select{Stmt: result.Stmts[0].Stmt.GetSelectStmt(), Positions: text.positions}, Text: r.script[start:r.tokens[len(r.tokens)-1].end]}, nil
}

func (r *reader) showList(what ShowWhat) (Body, error) {
	s := &ShowList{What: what}
	if r.take("from") || r.take("in") {
		in, err := r.identifier()
		if err != nil {
			return nil, err
		}
		s.In = in
	}
	return s, nil
}
