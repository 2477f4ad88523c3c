package expr

import (
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// similarFunctions turn the patterns of SIMILAR TO into regular expressions.
func similarFunctions() []*Function {
	doc := "The regular expression of a SIMILAR TO pattern"
	return []*Function{
		strict("similar_to_escape", doc+", whose escape character is the backslash.", params(tText), tText,
			toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
				p := kernels.ReadBytes(c.Args[0])
				return func(dst []byte, i int) ([]byte, error) { return similarPattern(dst, p.At(i), []byte{'\\'}) }
			})),
		text2("similar_to_escape", doc+" with an escape character (empty: none).", similarPattern),
	}
}

// similarPattern appends the regular expression: % is any text, _ any character, parentheses only group, and what is special in regular expressions alone is
// taken as it stands.
func similarPattern(dst, pattern, escape []byte) ([]byte, error) {
	if utf8.RuneCount(escape) > 1 {
		return nil, fault.New(fault.InvalidEscape, "invalid escape string").WithHint("Escape string must be empty or one character.")
	}
	dst = append(dst, "^(?:"...)
	escaped, depth := false, 0
	start := 0 // how far into a bracket expression: 1 and 2 are before its first member, where a closing bracket is one
	for len(pattern) > 0 {
		_, size := utf8.DecodeRune(pattern)
		c := pattern[:size]
		pattern = pattern[size:]
		switch {
		case escaped:
			if c[0] == '"' {
				return nil, fault.New(fault.FeatureNotSupported, "separators in the pattern of SIMILAR TO are not supported")
			}
			if c[0] < utf8.RuneSelf {
				dst = append(dst, '\\')
			}
			dst, escaped = append(dst, c...), false
		case string(c) == string(escape):
			escaped = true
		case depth > 0:
			if c[0] == '\\' {
				dst = append(dst, '\\')
			}
			dst = append(dst, c...)
			if c[0] == ']' && start > 2 {
				depth--
			} else if c[0] == '[' {
				depth++
			}
			if c[0] == '^' {
				start++
			} else {
				start = 3
			}
		case c[0] == '[':
			dst, depth, start = append(dst, c...), 1, 1
		case c[0] == '%':
			dst = append(dst, ".*"...)
		case c[0] == '_':
			dst = append(dst, '.')
		case c[0] == '(':
			dst = append(dst, "(?:"...)
		case c[0] == '\\', c[0] == '.', c[0] == '^', c[0] == '$':
			dst = append(append(dst, '\\'), c...)
		default:
			dst = append(dst, c...)
		}
	}
	return append(dst, ")$"...), nil
}
