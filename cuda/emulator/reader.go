package emulator

import (
	"strconv"
	"strings"
)

// reader goes through tokens. Its first error stays; what is read after it means nothing.
type reader struct {
	tokens []token
	at     int
	err    error
}

func (r *reader) peek() token {
	if r.at < len(r.tokens) {
		return r.tokens[r.at]
	}
	return token{tokenEnd, "", r.line()}
}

func (r *reader) next() token {
	t := r.peek()
	if r.at < len(r.tokens) {
		r.at++
	}
	return t
}

// line is that of the next token, at the end that of the last one.
func (r *reader) line() int {
	if len(r.tokens) == 0 {
		return 0
	}
	return r.tokens[min(r.at, len(r.tokens)-1)].line
}

// fail notes an error at the token that was read last.
func (r *reader) fail(format string, args ...any) {
	line := r.line()
	if r.at > 0 && r.at <= len(r.tokens) {
		line = r.tokens[r.at-1].line
	}
	r.failAt(line, format, args...)
}

func (r *reader) failAt(line int, format string, args ...any) {
	if r.err == nil {
		r.err = syntax(line, format, args...)
	}
}

// accept takes the sign if it comes next.
func (r *reader) accept(sign string) bool {
	if t := r.peek(); r.err == nil && t.kind == tokenSign && t.text == sign {
		r.at++
		return true
	}
	return false
}

func (r *reader) expect(sign string) {
	if !r.accept(sign) {
		t := r.peek()
		r.failAt(t.line, "%s instead of %q", t.describe(), sign)
	}
}

func (t token) describe() string {
	if t.kind == tokenEnd {
		return "the end"
	}
	return strconv.Quote(t.text)
}

// word is the next token, a word.
func (r *reader) word() string {
	t := r.next()
	if t.kind != tokenWord {
		r.failAt(t.line, "%s instead of a word", t.describe())
		return ""
	}
	return t.text
}

// name is a word that names something.
func (r *reader) name() string {
	w := r.word()
	if r.err == nil && w[0] == '.' {
		r.fail("%q instead of a name", w)
	}
	return w
}

// typeName is the next token, a type with its dot.
func (r *reader) typeName() typ {
	w := r.word()
	name, dot := strings.CutPrefix(w, ".")
	t, ok := typeOf(name)
	if r.err == nil && (!ok || !dot) {
		r.fail("%q is no type", w)
	}
	return t
}

// number is the next token, an integer.
func (r *reader) number() uint64 {
	t := r.next()
	v, ok := integer(t.text)
	if t.kind != tokenNumber || !ok {
		r.failAt(t.line, "%s instead of an integer", t.describe())
	}
	return v
}
