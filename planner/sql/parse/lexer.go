package parse

import "strings"

// kind classes a token; only as much as guards, splitting and rewriting need.
type kind uint8

const (
	tokEOF    kind = iota
	tokWord        // unquoted identifier or keyword
	tokIdent       // "quoted" or U&"quoted" identifier
	tokString      // any string constant: '…', E'…', U&'…', B'…', X'…', $tag$…$tag$
	tokNumber
	tokParam // $1
	tokOp    // operator or any other single character
	tokComma
	tokSemicolon
	tokOpen  // ( or [ or {
	tokClose // ) or ] or }
)

// token is a piece of the text: text[start:end]. Comments and white space lie between tokens.
type token struct {
	start, end int
	kind       kind
}

// lexer finds token boundaries as PostgreSQL's scanner does (its differential test says so),
// without the cost and the hazards of calling it before the guards have run.
type lexer struct {
	text string
	pos  int
}

// next returns the next token, or an error for a string, identifier or comment that does not end.
func (l *lexer) next() (token, error) {
	if err := l.skipSpace(); err != nil {
		return token{}, err
	}
	if l.pos >= len(l.text) {
		return token{start: l.pos, end: l.pos, kind: tokEOF}, nil
	}
	start := l.pos
	c := l.text[start]
	var k kind
	var err error
	switch {
	case c == '\'':
		k, err = tokString, l.quoted(start+1, false)
	case c == '"':
		k, err = tokIdent, l.quotedIdentifier(start+1)
	case isDigit(c), c == '.' && isDigit(l.at(start+1)):
		k = tokNumber
		l.number()
	case c == '$':
		k, err = l.dollar()
	case isIdentStart(c):
		k, err = l.wordOrPrefixed()
	case c == ',':
		k = tokComma
		l.pos++
	case c == ';':
		k = tokSemicolon
		l.pos++
	case c == '(' || c == '[' || c == '{':
		k = tokOpen
		l.pos++
	case c == ')' || c == ']' || c == '}':
		k = tokClose
		l.pos++
	default:
		k = tokOp
		l.operator()
	}
	if err != nil {
		return token{}, err
	}
	return token{start: start, end: l.pos, kind: k}, nil
}

// at returns the byte at i, or 0 past the end (the text holds no NUL bytes).
func (l *lexer) at(i int) byte {
	if i < len(l.text) {
		return l.text[i]
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isIdentPart(c byte) bool { return isIdentStart(c) || isDigit(c) || c == '$' }

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

const operatorBytes = "~!@#^&|`?+-*/%<>="

func isOperator(c byte) bool { return c != 0 && strings.IndexByte(operatorBytes, c) >= 0 }

// skipSpace passes white space, -- comments and /* nested comments */.
func (l *lexer) skipSpace() error {
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		switch {
		case isSpace(c):
			l.pos++
		case c == '-' && l.at(l.pos+1) == '-':
			end := strings.IndexAny(l.text[l.pos:], "\n\r")
			if end < 0 {
				l.pos = len(l.text)
			} else {
				l.pos += end
			}
		case c == '/' && l.at(l.pos+1) == '*':
			if err := l.blockComment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) blockComment() error {
	start, depth := l.pos, 0
	for l.pos < len(l.text) {
		switch {
		case l.text[l.pos] == '/' && l.at(l.pos+1) == '*':
			depth++
			l.pos += 2
		case l.text[l.pos] == '*' && l.at(l.pos+1) == '/':
			depth--
			l.pos += 2
			if depth == 0 {
				return nil
			}
		default:
			l.pos++
		}
	}
	return unterminated(l.text, start, "unterminated /* comment")
}

// quoted passes a string constant whose first quote has been read; from is the byte after it.
func (l *lexer) quoted(from int, backslash bool) error {
	for i := from; i < len(l.text); i++ {
		switch l.text[i] {
		case '\\':
			if backslash {
				i++
			}
		case '\'':
			if l.at(i+1) == '\'' {
				i++
				continue
			}
			l.pos = i + 1
			return nil
		}
	}
	return unterminated(l.text, l.pos, "unterminated quoted string")
}

func (l *lexer) quotedIdentifier(from int) error {
	for i := from; i < len(l.text); i++ {
		if l.text[i] != '"' {
			continue
		}
		if l.at(i+1) == '"' {
			i++
			continue
		}
		l.pos = i + 1
		return nil
	}
	return unterminated(l.text, l.pos, "unterminated quoted identifier")
}

// dollar reads a parameter, a dollar-quoted string or a stray dollar sign.
func (l *lexer) dollar() (kind, error) {
	i := l.pos + 1
	if isDigit(l.at(i)) {
		for isDigit(l.at(i)) {
			i++
		}
		l.pos = i
		return tokParam, nil
	}
	if isIdentStart(l.at(i)) {
		for isIdentStart(l.at(i)) || isDigit(l.at(i)) {
			i++
		}
	}
	if l.at(i) != '$' {
		l.pos++
		return tokOp, nil
	}
	tag := l.text[l.pos : i+1]
	end := strings.Index(l.text[i+1:], tag)
	if end < 0 {
		return 0, unterminated(l.text, l.pos, "unterminated dollar-quoted string")
	}
	l.pos = i + 1 + end + len(tag)
	return tokString, nil
}

// wordOrPrefixed reads an identifier or keyword, or a constant with a letter before its quote.
func (l *lexer) wordOrPrefixed() (kind, error) {
	c, n := l.text[l.pos]|0x20, l.at(l.pos+1)
	if n == '\'' {
		switch c {
		case 'e':
			return tokString, l.quoted(l.pos+2, true)
		case 'b', 'x':
			return tokString, l.quoted(l.pos+2, false)
		}
	}
	if c == 'u' && n == '&' {
		switch l.at(l.pos + 2) {
		case '\'':
			return tokString, l.quoted(l.pos+3, false)
		case '"':
			return tokIdent, l.quotedIdentifier(l.pos + 3)
		}
	}
	for l.pos < len(l.text) && isIdentPart(l.text[l.pos]) {
		l.pos++
	}
	return tokWord, nil
}

// number reads decimal, 0x, 0o and 0b integers and decimal numbers with exponent.
func (l *lexer) number() {
	i := l.pos
	if l.text[i] == '0' && strings.IndexByte("xXoObB", l.at(i+1)) >= 0 && l.at(i+1) != 0 {
		j := i + 2
		for isHex(l.at(j)) || l.at(j) == '_' {
			j++
		}
		if j > i+2 {
			l.pos = j
			return
		}
	}
	i = l.digits(i)
	// Two dots are a range operator, not a fraction.
	if l.at(i) == '.' && l.at(i+1) != '.' {
		i = l.digits(i + 1)
	}
	if c := l.at(i); c == 'e' || c == 'E' {
		j := i + 1
		if s := l.at(j); s == '+' || s == '-' {
			j++
		}
		if isDigit(l.at(j)) {
			i = l.digits(j)
		}
	}
	l.pos = i
}

func (l *lexer) digits(i int) int {
	for isDigit(l.at(i)) || l.at(i) == '_' && isDigit(l.at(i+1)) {
		i++
	}
	return i
}

func isHex(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// operator reads one operator by PostgreSQL's rules: the longest run of operator characters,
// ended by the start of a comment, and without trailing signs unless it holds an unusual character.
func (l *lexer) operator() {
	start := l.pos
	if c := l.text[start]; !isOperator(c) {
		l.pos++
		if two := l.at(l.pos); c == ':' && (two == ':' || two == '=') || c == '.' && two == '.' {
			l.pos++
		}
		return
	}
	end := start
	for isOperator(l.at(end)) {
		if c, n := l.text[end], l.at(end+1); end > start && (c == '-' && n == '-' || c == '/' && n == '*') {
			break
		}
		end++
	}
	if run := l.text[start:end]; !strings.ContainsAny(run, "~!@#^&|`?%") {
		for end > start+1 && (l.text[end-1] == '+' || l.text[end-1] == '-') {
			end--
		}
	}
	l.pos = end
}
