package parse

import "strings"

// Piece is a statement's place in a script, found without parsing it.
type Piece struct {
	Text   string // without the semicolon and the space and comments around
	Offset int    // 0-based byte offset in the script
	script string
	tokens []token
}

// Script parses every statement of a text. Errors are *fault.Error whose position counts from the script's beginning.
func Script(script string) ([]*Statement, error) {
	pieces, err := Split(script)
	if err != nil {
		return nil, err
	}
	list := make([]*Statement, 0, len(pieces))
	for _, p := range pieces {
		s, err := p.Parse()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// Split finds the statements of a script and checks the bounds that keep the parser safe. Empty statements are left out.
func Split(script string) ([]Piece, error) {
	if err := checkText(script); err != nil {
		return nil, err
	}
	var pieces []Piece
	l := lexer{text: script}
	for {
		tokens, last, err := statementTokens(&l)
		if err != nil {
			return nil, err
		}
		if len(tokens) > 0 {
			start, end := tokens[0].start, tokens[len(tokens)-1].end
			pieces = append(pieces, Piece{Text: script[start:end], Offset: start, script: script, tokens: tokens})
		}
		if last {
			return pieces, nil
		}
	}
}

// statementTokens reads up to a semicolon outside parentheses or the end of the text, which last reports.
func statementTokens(l *lexer) (tokens []token, last bool, err error) {
	g := newGuard()
	for {
		t, err := l.next()
		if err != nil {
			return nil, false, err
		}
		switch {
		case t.kind == tokEOF:
			return tokens, true, nil
		case t.kind == tokSemicolon && g.depth() == 0:
			return tokens, false, nil
		}
		if len(tokens) > 0 && t.end-tokens[0].start > maxStatement || t.end-t.start > maxStatement {
			return nil, false, tooLarge(t)
		}
		if err := g.see(l.text, t); err != nil {
			return nil, false, err
		}
		tokens = append(tokens, t)
	}
}

// Parse parses one statement of a script.
func (p Piece) Parse() (*Statement, error) {
	if s, err := p.parseOwn(); s != nil || err != nil {
		return s, err
	}
	r, err := rewrite(p.script, p.tokens)
	if err != nil {
		return nil, err
	}
	result, err := r.parse(p.script)
	if err != nil {
		return nil, err
	}
	if len(result.Stmts) != 1 || result.Stmts[0].Stmt == nil {
		return nil, unexpected(p.script, p.tokens[0])
	}
	c := converter{piece: p, positions: r.positions, orReplace: r.orReplace, ifNotExists: r.ifNotExists}
	body, err := c.body(result.Stmts[0].Stmt)
	if err != nil {
		return nil, err
	}
	return &Statement{Body: body, Text: p.Text, Offset: p.Offset}, nil
}

// word reports whether token i is the given unquoted word.
func (p Piece) word(i int, word string) bool {
	return i < len(p.tokens) && i >= 0 && p.tokens[i].kind == tokWord && strings.EqualFold(p.text(i), word)
}

// text returns token i as written.
func (p Piece) text(i int) string { return p.script[p.tokens[i].start:p.tokens[i].end] }

// at returns token i, or the end of the statement.
func (p Piece) at(i int) token {
	if i < len(p.tokens) {
		return p.tokens[i]
	}
	end := p.tokens[len(p.tokens)-1].end
	return token{start: end, end: end, kind: tokEOF}
}
