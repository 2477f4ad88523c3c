package json

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/fault"
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

// objects reads the objects of a file.
type objects struct {
	d     *json.Decoder
	url   string
	array bool // the file is one array
	row   int
	began bool
	ended bool
}

// readBuffer is how much is read at a time.
const readBuffer = 256 << 10

func newObjects(r io.Reader, url string) *objects {
	in := bufio.NewReaderSize(r, readBuffer)
	// A byte order mark says nothing here.
	if mark, err := in.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = in.Discard(3)
	}
	d := json.NewDecoder(in)
	d.UseNumber()
	return &objects{d: d, url: url}
}

// next is the next object; io.EOF after the last.
func (o *objects) next() (members, error) {
	if o.ended {
		return nil, io.EOF
	}
	if !o.began {
		o.began = true
		t, err := o.d.Token()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err != nil {
			return nil, o.failure(err)
		}
		if t == json.Delim('[') {
			o.array = true
		} else if t == json.Delim('{') {
			o.row++
			m, err := o.members(0)
			return m, o.failure(err)
		} else {
			o.row++
			return nil, o.failure(fmt.Errorf("it begins with %v, not with an object", t))
		}
	}
	o.row++
	if o.array && !o.d.More() {
		if _, err := o.d.Token(); err != nil {
			return nil, o.failure(err)
		}
		if t, err := o.d.Token(); err == nil {
			return nil, o.failure(fmt.Errorf("%v follows the array", t))
		} else if !errors.Is(err, io.EOF) {
			return nil, o.failure(err)
		}
		o.ended = true
		return nil, io.EOF
	}
	t, err := o.d.Token()
	if errors.Is(err, io.EOF) && !o.array {
		return nil, io.EOF
	}
	if err != nil {
		return nil, o.failure(err)
	}
	if t != json.Delim('{') {
		return nil, o.failure(fmt.Errorf("%v is not an object", t))
	}
	m, err := o.members(0)
	return m, o.failure(err)
}

// failure is an error with the file and the row.
func (o *objects) failure(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fault.Wrap(fault.BadCopyFileFormat, err, "cannot read the object").In("%s, row %d, byte %d", o.url, max(o.row, 1), o.d.InputOffset())
}

// members reads an object behind its brace. Of members of one name the last counts.
func (o *objects) members(depth int) (members, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("objects are nested more than %d deep", maxDepth)
	}
	m := members{}
	for o.d.More() {
		t, err := o.d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, fmt.Errorf("%v is no name of a member", t)
		}
		v, err := o.value(depth + 1)
		if err != nil {
			return nil, err
		}
		m = append(m, member{name, v})
	}
	_, err := o.d.Token()
	return m, err
}

func (o *objects) value(depth int) (any, error) {
	t, err := o.d.Token()
	if err != nil {
		return nil, err
	}
	switch x := t.(type) {
	case json.Number:
		return number(x), nil
	case string:
		if !utf8.ValidString(x) {
			return nil, fmt.Errorf("a text is not UTF-8")
		}
		return x, nil
	case json.Delim:
		if x == '{' {
			return o.members(depth)
		}
		if depth > maxDepth {
			return nil, fmt.Errorf("lists are nested more than %d deep", maxDepth)
		}
		out := []any{}
		for o.d.More() {
			v, err := o.value(depth + 1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		_, err := o.d.Token()
		return out, err
	}
	return t, nil // true, false, null
}

// compact writes a value as JSON.
func compact(p []byte, v any) []byte {
	switch x := v.(type) {
	case nil:
		return append(p, "null"...)
	case bool:
		return fmt.Append(p, x)
	case number:
		return append(p, x...)
	case string:
		return appendString(p, x)
	case []any:
		p = append(p, '[')
		for i, e := range x {
			if i > 0 {
				p = append(p, ',')
			}
			p = compact(p, e)
		}
		return append(p, ']')
	case members:
		p = append(p, '{')
		for i, e := range x {
			if i > 0 {
				p = append(p, ',')
			}
			p = compact(append(appendString(p, e.name), ':'), e.value)
		}
		return append(p, '}')
	}
	return p
}

func appendString(p []byte, s string) []byte {
	const hex = "0123456789abcdef"
	p = append(p, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			p = append(p, '\\', c)
		case c == '\n':
			p = append(p, '\\', 'n')
		case c == '\t':
			p = append(p, '\\', 't')
		case c == '\r':
			p = append(p, '\\', 'r')
		case c < 0x20:
			p = append(p, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			p = append(p, c)
		}
	}
	return append(p, '"')
}
