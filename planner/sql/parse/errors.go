package parse

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// nameTooLong is PostgreSQL's code for an identifier over 63 bytes, which its scanner would cut silently.
const nameTooLong fault.Code = "42622"

// syntaxError makes a 42601 error at the 0-based byte offset at of text; its message ends with the marked text.
func syntaxError(text string, at int, message string) *fault.Error {
	e := fault.New(fault.SyntaxError, "%s", message)
	if near := excerpt(text, at); near != "" {
		e = fault.New(fault.SyntaxError, "%s at or near %q", message, near)
	}
	return e.At(at + 1)
}

// maxExcerpt is the number of bytes of the text that an error message quotes.
const maxExcerpt = 40

// excerpt returns the token or the beginning of the text at a byte offset, short enough for a message.
func excerpt(text string, at int) string {
	if at < 0 || at >= len(text) {
		return ""
	}
	end := len(text)
	l := lexer{text: text, pos: at}
	if t, err := l.next(); err == nil && t.start == at && t.kind != tokEOF {
		end = t.end
	}
	return cut(text[at:end])
}

// cut shortens a text for a message, at a character's boundary.
func cut(text string) string {
	if len(text) <= maxExcerpt {
		return text
	}
	end := maxExcerpt
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// unterminated is the error for a token that begins at a byte offset and never ends.
func unterminated(text string, at int, message string) *fault.Error {
	return fault.New(fault.SyntaxError, "%s at or near %q", message, cut(text[at:])).At(at + 1)
}

// unexpected is the error for a token that the grammar does not allow where it stands.
func unexpected(text string, t token) *fault.Error {
	if t.kind == tokEOF {
		return fault.New(fault.SyntaxError, "syntax error at end of input").At(t.start + 1)
	}
	return syntaxError(text, t.start, "syntax error")
}

// translate turns an error of PostgreSQL's parser about the rewritten text into ours about the script.
func translate(err error, rewritten string, tree *ast.Positions, script string) error {
	var pe *parser.Error
	if !errors.As(err, &pe) {
		// The parse tree's own decoder refuses trees that are too deep.
		return fault.Wrap(fault.StatementTooComplex, err, "statement is nested too deeply")
	}
	code := fault.SyntaxError
	message := pe.Message
	switch {
	case strings.Contains(message, "stack depth limit"), strings.Contains(message, "memory exhausted"):
		code, message = fault.StatementTooComplex, "statement is nested too deeply"
	case strings.Contains(message, "out of memory"), strings.Contains(message, "invalid memory alloc"):
		code, message = fault.StatementTooComplex, "statement needs too much memory"
	case strings.HasPrefix(message, "frame "):
		code = fault.WindowingError
	}
	e := fault.New(code, "%s", message)
	if pe.Cursorpos <= 0 {
		return e.At(tree.Script(0))
	}
	at := byteOffset(rewritten, pe.Cursorpos-1)
	place := tree.Script(at)
	// The parser quotes the rewritten text; the user must see their own.
	if i := strings.Index(message, " at or near "); i >= 0 {
		if near := excerpt(script, place-1); near != "" {
			e.Message = message[:i] + " at or near \"" + near + "\""
		}
	}
	return e.At(place)
}

// byteOffset converts a 0-based count of characters into a byte offset.
func byteOffset(text string, chars int) int {
	n := 0
	for i := range text {
		if n == chars {
			return i
		}
		n++
	}
	return len(text)
}
