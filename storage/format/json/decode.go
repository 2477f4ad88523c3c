package json

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// number is a JSON number as written; members an object's in their order.
type (
	number  string
	members []member
	member  struct {
		name  string
		value any
	}
)

// maxDepth bounds the nesting of a value.
const maxDepth = 100

var (
	errCut      = errors.New("it is cut off")
	errLetters  = errors.New("a text is not valid UTF-8")
	errControl  = errors.New("a text has a control character that is not escaped")
	errEscape   = errors.New("a text has an escape that does not exist")
	errNumber   = errors.New("a number is not written as JSON writes it")
	errExpected = errors.New("a comma, a colon, a brace or a name is missing")
)

// parser reads one value.
type parser struct {
	b   []byte
	pos int
}

func (p *parser) space() {
	for p.pos < len(p.b) {
		switch p.b[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek is the next byte that is no space, 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.pos == len(p.b) {
		return 0
	}
	return p.b[p.pos]
}

// take passes over c, which must come next.
func (p *parser) take(c byte) error {
	if p.peek() != c {
		return p.missing()
	}
	p.pos++
	return nil
}

func (p *parser) missing() error {
	if p.pos >= len(p.b) {
		return errCut
	}
	return errExpected
}

// object reads an object. Members that are not wanted are passed over; wanted is nil when all are.
func (p *parser) object(depth int, wanted func(name []byte) bool) (members, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("objects are nested more than %d deep", maxDepth)
	}
	if err := p.take('{'); err != nil {
		return nil, err
	}
	m := members{}
	if p.peek() == '}' {
		p.pos++
		return m, nil
	}
	for {
		if p.peek() != '"' {
			return nil, p.missing()
		}
		name, err := p.text()
		if err != nil {
			return nil, err
		}
		if err := p.take(':'); err != nil {
			return nil, err
		}
		if wanted != nil && !wanted(name) {
			if err := p.skip(depth + 1); err != nil {
				return nil, err
			}
		} else {
			key := string(name)
			v, err := p.value(depth + 1)
			if err != nil {
				return nil, err
			}
			m = append(m, member{key, v})
		}
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return m, nil
		default:
			return nil, p.missing()
		}
	}
}

func (p *parser) value(depth int) (any, error) {
	switch c := p.peek(); c {
	case '{':
		return p.object(depth, nil)
	case '[':
		return p.list(depth)
	case '"':
		t, err := p.text()
		return string(t), err
	case 't':
		return true, p.word("true")
	case 'f':
		return false, p.word("false")
	case 'n':
		return nil, p.word("null")
	default:
		n, err := p.number()
		return number(n), err
	}
}

func (p *parser) list(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("lists are nested more than %d deep", maxDepth)
	}
	p.pos++
	out := []any{}
	if p.peek() == ']' {
		p.pos++
		return out, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return out, nil
		default:
			return nil, p.missing()
		}
	}
}

func (p *parser) word(w string) error {
	if len(p.b)-p.pos < len(w) {
		return errCut
	}
	if string(p.b[p.pos:p.pos+len(w)]) != w {
		return errExpected
	}
	p.pos += len(w)
	return nil
}

// number takes a number as it is written.
func (p *parser) number() ([]byte, error) {
	from := p.pos
	digits := func() bool {
		at := p.pos
		for p.pos < len(p.b) && p.b[p.pos] >= '0' && p.b[p.pos] <= '9' {
			p.pos++
		}
		return p.pos > at
	}
	is := func(c byte) bool { return p.pos < len(p.b) && p.b[p.pos] == c }
	if is('-') {
		p.pos++
	}
	lead := p.pos
	switch {
	case p.pos == len(p.b):
		return nil, errCut
	case !digits() && p.pos == from:
		return nil, errExpected
	case p.pos == lead, p.b[lead] == '0' && p.pos > lead+1:
		return nil, errNumber
	}
	if is('.') {
		p.pos++
		if !digits() {
			return nil, errNumber
		}
	}
	if is('e') || is('E') {
		p.pos++
		if is('+') || is('-') {
			p.pos++
		}
		if !digits() {
			return nil, errNumber
		}
	}
	return p.b[from:p.pos], nil
}

// text reads a text behind its quote, which comes next. The result is valid as long as the input.
func (p *parser) text() ([]byte, error) {
	p.pos++
	from := p.pos
	for i := from; i < len(p.b); i++ {
		switch c := p.b[i]; {
		case c == '"':
			p.pos = i + 1
			if t := p.b[from:i]; utf8.Valid(t) {
				return t, nil
			}
			return nil, errLetters
		case c == '\\':
			return p.escaped(from, i)
		case c < 0x20:
			return nil, errControl
		}
	}
	return nil, errCut
}

// escaped reads a text that has escapes, the first at i.
func (p *parser) escaped(from, i int) ([]byte, error) {
	out := append([]byte(nil), p.b[from:i]...)
	for i < len(p.b) {
		c := p.b[i]
		switch {
		case c == '"':
			p.pos = i + 1
			if !utf8.Valid(out) {
				return nil, errLetters
			}
			return out, nil
		case c < 0x20:
			return nil, errControl
		case c != '\\':
			out = append(out, c)
			i++
			continue
		}
		if i+1 >= len(p.b) {
			return nil, errCut
		}
		i += 2
		switch e := p.b[i-1]; e {
		case '"', '\\', '/':
			out = append(out, e)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, ok := p.unit(i)
			if !ok {
				return nil, errEscape
			}
			i += 4
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if i+6 <= len(p.b) && p.b[i] == '\\' && p.b[i+1] == 'u' {
					low, ok = p.unit(i + 2)
				}
				if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
					r = pair
					i += 6
				} else {
					r = utf8.RuneError // half of a pair is no letter
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			return nil, errEscape
		}
	}
	return nil, errCut
}

// unit is the four hexadecimal digits at i.
func (p *parser) unit(i int) (rune, bool) {
	if i+4 > len(p.b) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.b[i:i+4]), 16, 32)
	return rune(n), err == nil
}

// skip passes over a value, which is read no closer than finding its end takes.
func (p *parser) skip(depth int) error {
	switch p.peek() {
	case '{', '[':
		end, ok := valueEnd(p.b, p.pos)
		if !ok {
			return errCut
		}
		p.pos = end
		return nil
	case '"':
		_, err := p.text()
		return err
	}
	_, err := p.value(depth)
	return err
}

// valueEnd is where the value that begins at b[from] ends, if it does in b: an object, a list or a text by its brackets and quotes, anything else by what
// may follow a value.
func valueEnd(b []byte, from int) (int, bool) {
	depth := 0
	for i := from; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
			if depth < 0 {
				return i, true
			}
		case '"':
			for i++; ; i++ {
				if i >= len(b) {
					return 0, false
				}
				if b[i] == '\\' {
					i++
				} else if b[i] == '"' {
					break
				}
			}
			if depth == 0 {
				return i + 1, true
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i, true
			}
		}
	}
	return 0, false
}
