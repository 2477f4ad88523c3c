package shell

import "strings"

// Step is one thing to do: a statement or a meta command.
type Step struct {
	// Text is the statement without its semicolon, or the meta command from its backslash to the end of the line.
	Text string
	// Meta tells a meta command. Pending is then the statement that it interrupts, which has no semicolon yet.
	Meta    bool
	Pending string
	// Line is the number of the line, from 1, on which the text, or what is pending, begins; Lead is what stands before it on that line.
	Line int
	Lead string
}

// mode is what the scanner is inside of.
type mode uint8

const (
	inCode        mode = iota
	inString           // '…'
	inEscape           // E'…', where a backslash takes the next character
	inIdentifier       // "…"
	inDollar           // $tag$…$tag$
	inComment          // /* … */, nested
	inLineComment      // -- …
)

// Splitter finds the steps of a text that arrives in pieces, each of whole lines. It follows PostgreSQL's rules for where strings,
// quoted identifiers and comments end, because a semicolon or a backslash in them means nothing. Every character is looked at once, however
// many lines a statement has. The zero value is ready.
type Splitter struct {
	text    string
	start   int // of the statement being read; the text before it is done with
	pos     int
	line    int // lines before start
	mode    mode
	tag     string // of the dollar quote, with both dollars
	depth   int    // open parentheses and brackets
	comment int    // nesting of comments
}

// Feed adds text at the end.
func (s *Splitter) Feed(text string) {
	s.line += strings.Count(s.text[:s.start], "\n")
	// What stands before the statement on its line stays, for messages that show the line.
	keep := strings.LastIndexByte(s.text[:s.start], '\n') + 1
	s.text = s.text[keep:] + text
	s.pos -= keep
	s.start -= keep
}

// Next returns the next complete step, and false when the rest of the text is none.
func (s *Splitter) Next() (Step, bool) {
	for s.pos < len(s.text) {
		if s.mode != inCode {
			s.skip()
			continue
		}
		c := s.text[s.pos]
		switch {
		case c == ';' && s.depth == 0:
			step, ok := s.take(s.pos)
			s.pos++
			s.start = s.pos
			if ok {
				return step, true
			}
		case c == '\\':
			return s.meta(), true
		default:
			s.code(c)
		}
	}
	return Step{}, false
}

// Rest returns the statement that the text ends within, and false when only space and comments are left. The splitter is empty afterwards.
func (s *Splitter) Rest() (Step, bool) {
	step, ok := s.take(len(s.text))
	*s = Splitter{}
	return step, ok
}

// Len is the number of bytes of the statement that the text ends within.
func (s *Splitter) Len() int { return len(s.text) - s.start }

// Open reports whether the text ends within a statement, string or comment.
func (s *Splitter) Open() bool {
	if s.mode != inCode && s.mode != inLineComment {
		return true
	}
	_, ok := s.take(len(s.text))
	return ok
}

// take makes a statement of the text up to end, and reports whether there is more than space and comments.
func (s *Splitter) take(end int) (Step, bool) {
	from := skipBlank(s.text[:end], s.start)
	text := strings.TrimRight(s.text[from:end], " \t\r\n\f\v")
	if text == "" {
		return Step{}, false
	}
	line := strings.LastIndexByte(s.text[:from], '\n') + 1
	return Step{Text: text, Line: 1 + s.line + strings.Count(s.text[:from], "\n"), Lead: s.text[line:from]}, true
}

// meta takes a meta command, which ends with its line.
func (s *Splitter) meta() Step {
	step, pending := s.take(s.pos)
	end := strings.IndexByte(s.text[s.pos:], '\n')
	if end < 0 {
		end = len(s.text)
	} else {
		end += s.pos
	}
	out := Step{Text: strings.TrimSpace(s.text[s.pos:end]), Meta: true, Line: 1 + s.line + strings.Count(s.text[:s.pos], "\n")}
	if pending {
		out.Pending, out.Line, out.Lead = step.Text, step.Line, step.Lead
	}
	s.pos, s.start, s.depth = end, end, 0
	return out
}

// code consumes a token that begins with c outside of strings and comments.
func (s *Splitter) code(c byte) {
	rest := s.text[s.pos:]
	switch {
	case c == '\'':
		s.mode = inString
	case c == '"':
		s.mode = inIdentifier
	case strings.HasPrefix(rest, "--"):
		s.mode = inLineComment
	case strings.HasPrefix(rest, "/*"):
		s.mode, s.comment = inComment, 1
		s.pos++
	case c == '(' || c == '[':
		s.depth++
	case c == ')' || c == ']':
		s.depth = max(0, s.depth-1)
	case c == '$':
		if tag := dollarTag(rest); tag != "" {
			s.mode, s.tag = inDollar, tag
			s.pos += len(tag) - 1
		}
	case isDigit(c):
		s.pos += numberLength(rest) - 1
	case isWord(c):
		n := 1
		for n < len(rest) && (isWord(rest[n]) || rest[n] == '$') {
			n++
		}
		if n == 1 && (c == 'e' || c == 'E') && len(rest) > 1 && rest[1] == '\'' {
			s.mode = inEscape
			n = 2
		}
		s.pos += n - 1
	}
	s.pos++
}

// skip moves to the end of what the scanner is inside of, or to the end of the text.
func (s *Splitter) skip() {
	rest := s.text[s.pos:]
	switch s.mode {
	case inString, inIdentifier:
		quote := byte('\'')
		if s.mode == inIdentifier {
			quote = '"'
		}
		// A doubled quote ends the string and begins another: the same for splitting.
		if i := strings.IndexByte(rest, quote); i >= 0 {
			s.mode = inCode
			s.pos += i + 1
			return
		}
	case inEscape:
		for i := 0; i < len(rest); i++ {
			switch {
			case rest[i] == '\\':
				i++
			case rest[i] == '\'' && i+1 < len(rest) && rest[i+1] == '\'':
				i++
			case rest[i] == '\'':
				s.mode = inCode
				s.pos += i + 1
				return
			}
		}
	case inDollar:
		if i := strings.Index(rest, s.tag); i >= 0 {
			s.mode = inCode
			s.pos += i + len(s.tag)
			return
		}
	case inLineComment:
		if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
			s.mode = inCode
			s.pos += i
			return
		}
	case inComment:
		for i := 0; i+1 < len(rest); i++ {
			switch rest[i : i+2] {
			case "/*":
				s.comment++
				i++
			case "*/":
				s.comment--
				i++
				if s.comment == 0 {
					s.mode = inCode
					s.pos += i + 1
					return
				}
			}
		}
	}
	s.pos = len(s.text)
}

// dollarTag is the opening $tag$ that text begins with, or nothing.
func dollarTag(text string) string {
	for i := 1; i < len(text); i++ {
		c := text[i]
		if c == '$' {
			return text[:i+1]
		}
		if !isWord(c) || i == 1 && isDigit(c) {
			return ""
		}
	}
	return ""
}

// isWord reports whether c can stand in a name or number; every byte of a character outside ASCII can.
func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// numberLength is the length of the digits that text begins with, and of the exponent that follows them: letters after a number are a word of
// their own, in which a dollar begins no string.
func numberLength(text string) int {
	n := 1
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	if n+1 < len(text) && text[n]|0x20 == 'e' {
		digit := n + 1
		if text[digit] == '+' || text[digit] == '-' {
			digit++
		}
		if digit < len(text) && isDigit(text[digit]) {
			return digit + numberLength(text[digit:])
		}
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// skipBlank is the position of the first byte from at on that is neither space nor in a comment.
func skipBlank(text string, at int) int {
	for at < len(text) {
		rest := text[at:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			at++
		case strings.HasPrefix(rest, "--"):
			i := strings.IndexAny(rest, "\r\n")
			if i < 0 {
				return len(text)
			}
			at += i
		case strings.HasPrefix(rest, "/*"):
			s := Splitter{text: rest, pos: 2, mode: inComment, comment: 1}
			s.skip()
			if s.mode != inCode {
				return at
			}
			at += s.pos
		default:
			return at
		}
	}
	return at
}
