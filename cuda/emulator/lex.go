package emulator

import (
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// tokenKind is what a token is.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenNumber
	tokenString
	tokenSign // one character
)

// token is a piece of the text; line counts from 1.
type token struct {
	kind tokenKind
	text string
	line int
}

// syntax is an error of the text.
func syntax(line int, format string, args ...any) error {
	return fault.New(fault.SyntaxError, format, args...).In("PTX line %d", line)
}

func wordStart(c byte) bool {
	return c == '.' || c == '%' || c == '$' || c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func wordByte(c byte) bool { return wordStart(c) || c >= '0' && c <= '9' }

// lex cuts text into tokens; the last one is the end. A word may have dots and double colons: an opcode with its modifiers is one.
func lex(text string) ([]token, error) {
	var out []token
	line := 1
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n':
			line++
			i++
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case strings.HasPrefix(text[i:], "//"):
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				return nil, syntax(line, "a comment has no end")
			}
			line += strings.Count(text[i:i+2+end], "\n")
			i += end + 4
		case c == '"':
			end := strings.IndexAny(text[i+1:], "\"\n")
			if end < 0 || text[i+1+end] != '"' {
				return nil, syntax(line, "a string has no end")
			}
			out = append(out, token{tokenString, text[i+1 : i+1+end], line})
			i += end + 2
		case c >= '0' && c <= '9':
			from := i
			for i < len(text) && (wordByte(text[i]) && text[i] != '%' && text[i] != '$' && text[i] != '_' ||
				(text[i] == '+' || text[i] == '-') && (text[i-1] == 'e' || text[i-1] == 'E') && decimal(text[from:i-1])) {
				i++
			}
			out = append(out, token{tokenNumber, text[from:i], line})
		case wordStart(c):
			from := i
			for i < len(text) && (wordByte(text[i]) || strings.HasPrefix(text[i:], "::")) {
				if text[i] == ':' {
					i++
				}
				i++
			}
			out = append(out, token{tokenWord, text[from:i], line})
		case c > ' ' && c < 0x7F:
			out = append(out, token{tokenSign, text[i : i+1], line})
			i++
		default:
			return nil, syntax(line, "byte 0x%02x", c)
		}
	}
	return append(out, token{tokenEnd, "", line}), nil
}

// decimal reports whether s is what may stand before a decimal exponent.
func decimal(s string) bool {
	for i := range len(s) {
		if s[i] != '.' && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}
