package flightsql

import (
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// maxParameters bounds the parameters of a statement.
const maxParameters = 10_000

// shift is a placeholder that became longer: text at or after a byte of the new text lies by bytes less in the old one.
type shift struct{ at, by int }

// shifts map places of a rewritten text to the client's.
type shifts []shift

// restore moves an error's place.
func (s shifts) restore(err error) error {
	e, ok := fault.As(err)
	if !ok || e.Position == 0 || len(s) == 0 {
		return err
	}
	moved := 0
	for _, x := range s {
		if e.Position-1 >= x.at {
			moved = x.by
		}
	}
	// A copy, since the error may be kept by who made it.
	out := *e
	out.Position -= moved
	return &out
}

// numberPlaceholders writes the placeholders ? of JDBC and ODBC as $1, $2, …, and counts the parameters of the statement. What stands in strings,
// quoted names and comments is left alone.
func numberPlaceholders(text string) (string, shifts, int) {
	var out strings.Builder
	var moved shifts
	count, highest := 0, 0
	for i := 0; i < len(text); {
		n := skip(text[i:])
		switch {
		case n > 0:
		case text[i] == '?':
			count++
			number := "$" + strconv.Itoa(count)
			out.WriteString(number)
			by := len(number) - 1
			if len(moved) > 0 {
				by += moved[len(moved)-1].by
			}
			moved = append(moved, shift{at: out.Len(), by: by})
			i++
			continue
		case text[i] == '$':
			n = 1
			for i+n < len(text) && text[i+n] >= '0' && text[i+n] <= '9' {
				n++
			}
			if v, err := strconv.Atoi(text[i+1 : i+n]); err == nil {
				highest = max(highest, v)
			}
		case isWord(text[i]):
			// A $ within a name is no parameter.
			for n < len(text)-i && (isWord(text[i+n]) || text[i+n] == '$') {
				n++
			}
		default:
			n = 1
		}
		out.WriteString(text[i : i+n])
		i += n
	}
	return out.String(), moved, min(max(count, highest), maxParameters)
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// skip is the length of the string, quoted name or comment at the start of text, 0 when there is none. One that does not end is left to the parser,
// which says so.
func skip(text string) int {
	switch {
	case strings.HasPrefix(text, "--"):
		return through(text, 2, "\n")
	case strings.HasPrefix(text, "/*"):
		depth := 1
		for i := 2; i < len(text); i++ {
			switch {
			case strings.HasPrefix(text[i:], "/*"):
				depth++
				i++
			case strings.HasPrefix(text[i:], "*/"):
				depth--
				i++
			}
			if depth == 0 {
				return i + 1
			}
		}
		return len(text)
	case text[0] == '\'':
		return through(text, 1, "'")
	case text[0] == '"':
		return through(text, 1, `"`)
	case strings.HasPrefix(text, "E'") || strings.HasPrefix(text, "e'"):
		for i := 2; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '\'':
				return i + 1
			}
		}
		return len(text)
	case text[0] == '$':
		end := 1
		for end < len(text) && isWord(text[end]) {
			end++
		}
		if end < len(text) && text[end] == '$' && (end == 1 || text[1] < '0' || text[1] > '9') {
			return through(text, end+1, text[:end+1])
		}
	}
	return 0
}

// through is the length of text up to the end of the next mark after from.
func through(text string, from int, mark string) int {
	i := strings.Index(text[from:], mark)
	if i < 0 {
		return len(text)
	}
	return from + i + len(mark)
}
