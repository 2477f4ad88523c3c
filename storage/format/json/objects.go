package json

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/polybolos-db/polybolos/fault"
)

// objects reads the values of a file one after another: objects, or with values set whatever stands there.
type objects struct {
	in     io.Reader
	url    string
	limit  int    // bytes of a value
	layout layout // found at the beginning, when it is not given
	values bool
	ignore bool
	wanted func(name []byte) bool

	buf      []byte
	pos, end int
	offset   int64 // of buf[0] in what is read
	last     bool
	began    bool
	ended    bool
	comma    bool // a comma must stand before the next value of the array
	row      int64
	skipped  int64
}

// layout is how the values of a file stand.
type layout uint8

const (
	auto  layout = iota
	lines        // one on each line
	array        // in one array
	loose        // one after another, over any number of lines
)

// readBuffer is how much is read at a time.
const readBuffer = 256 << 10

func newObjects(r io.Reader, url string, s *settings) *objects {
	return &objects{in: r, url: url, limit: s.maxObject, layout: s.layout, ignore: s.ignore, values: s.records == recordsNo}
}

// fill reads more behind what is left from pos on.
func (o *objects) fill() error {
	if o.end-o.pos > o.limit {
		return fmt.Errorf("it is longer than %d bytes, which the option maximum_object_size allows", o.limit)
	}
	o.offset += int64(o.pos)
	if rest := o.end - o.pos; len(o.buf)-rest < readBuffer {
		grown := make([]byte, max(2*rest, 2*readBuffer))
		copy(grown, o.buf[o.pos:o.end])
		o.buf = grown
	} else {
		copy(o.buf, o.buf[o.pos:o.end])
	}
	o.end -= o.pos
	o.pos = 0
	n, err := io.ReadFull(o.in, o.buf[o.end:])
	o.end += n
	switch {
	case errors.Is(err, io.EOF):
		o.last = true
	case errors.Is(err, io.ErrUnexpectedEOF):
		// The end, or a compressed stream that is cut off: reading on tells.
		var one [1]byte
		if _, again := o.in.Read(one[:]); again != nil && !errors.Is(again, io.EOF) {
			return again
		}
		o.last = true
	case err != nil:
		return err
	}
	return nil
}

// peek is the next byte that is no space; 0 at the end.
func (o *objects) peek() (byte, error) {
	for {
		for ; o.pos < o.end; o.pos++ {
			switch c := o.buf[o.pos]; c {
			case ' ', '\t', '\n', '\r':
			default:
				return c, nil
			}
		}
		if o.last {
			return 0, nil
		}
		if err := o.fill(); err != nil {
			return 0, err
		}
	}
}

// begin passes over a mark and finds the layout.
func (o *objects) begin() error {
	o.began = true
	if err := o.fill(); err != nil {
		return err
	}
	if bytes.HasPrefix(o.buf[o.pos:o.end], []byte("\ufeff")) {
		o.pos += 3
	}
	c, err := o.peek()
	if err != nil {
		return err
	}
	if o.layout == auto && c == '[' {
		o.layout = array
	}
	if o.layout == array {
		if c != '[' {
			return errors.New("the file is not an array")
		}
		o.pos++
	}
	return nil
}

// raw is the next value's bytes; nil after the last.
func (o *objects) raw() ([]byte, error) {
	if o.ended {
		return nil, nil
	}
	if !o.began {
		if err := o.begin(); err != nil {
			return nil, err
		}
	}
	c, err := o.peek()
	if err != nil {
		return nil, err
	}
	if o.layout == array {
		if c == ']' {
			return nil, o.endArray()
		}
		if o.comma {
			if c != ',' {
				return nil, o.expected(c)
			}
			o.pos++
			if c, err = o.peek(); err != nil {
				return nil, err
			}
		}
		o.comma = true
	}
	if c == 0 {
		if o.layout == array {
			return nil, errCut
		}
		o.ended = true
		return nil, nil
	}
	if o.layout == lines {
		return o.line()
	}
	for {
		if end, ok := valueEnd(o.buf[:o.end], o.pos); ok {
			if end-o.pos > o.limit {
				return nil, fmt.Errorf("it is longer than %d bytes, which the option maximum_object_size allows", o.limit)
			}
			p := o.buf[o.pos:max(end, o.pos+1)]
			o.pos += len(p)
			return p, nil
		}
		if o.last {
			p := o.buf[o.pos:o.end]
			o.pos = o.end
			return p, nil // a number at the end, or what parsing will find cut off
		}
		if err := o.fill(); err != nil {
			return nil, err
		}
	}
}

// line is the rest of the line.
func (o *objects) line() ([]byte, error) {
	for {
		if n := bytes.IndexByte(o.buf[o.pos:o.end], '\n'); n >= 0 || o.last {
			if n < 0 {
				n = o.end - o.pos
			}
			p := o.buf[o.pos : o.pos+n]
			o.pos += n
			return p, nil
		}
		if err := o.fill(); err != nil {
			return nil, err
		}
	}
}

func (o *objects) expected(c byte) error {
	if c == 0 {
		return errCut
	}
	return fmt.Errorf("%q follows it, where a comma or the array's end belongs", c)
}

// endArray passes over the array's end, behind which nothing may stand.
func (o *objects) endArray() error {
	o.pos++
	o.ended = true
	c, err := o.peek()
	if err == nil && c != 0 {
		err = fmt.Errorf("%q follows the array", c)
	}
	return err
}

// next is the next object's members; io.EOF after the last. A value that is no object is the member json.
func (o *objects) next() (members, error) {
	for {
		o.row++
		at := o.offset + int64(o.pos)
		raw, err := o.raw()
		if err == nil && raw == nil {
			return nil, io.EOF
		}
		var m members
		if err == nil {
			if m, err = o.parse(raw); err == nil {
				return m, nil
			}
			if o.ignore {
				o.skipped++
				o.resume(raw)
				continue
			}
		}
		return nil, o.failure(err, at)
	}
}

// resume passes over the rest of a line whose value is bad, unless the value's end is known.
func (o *objects) resume(raw []byte) {
	if o.layout == array || o.layout == lines || len(raw) > 0 && (raw[0] == '{' || raw[0] == '[') && !bytes.Contains(raw, []byte{'\n'}) {
		return
	}
	// The value ran on into the next lines, for want of a bracket or a quote: what follows its first line is read anew.
	if n := bytes.IndexByte(raw, '\n'); n >= 0 && len(raw) <= o.pos {
		o.pos -= len(raw) - n - 1
		return
	}
	if n := bytes.IndexByte(o.buf[o.pos:o.end], '\n'); n >= 0 {
		o.pos += n + 1
	}
}

func (o *objects) parse(raw []byte) (members, error) {
	p := parser{b: raw}
	var m members
	if o.values || p.peek() != '{' {
		if !o.values {
			return nil, fmt.Errorf("%s is not an object", shownBytes(raw))
		}
		v, err := p.value(0)
		if err != nil {
			return nil, err
		}
		m = members{{valueColumn, v}}
	} else {
		var err error
		if m, err = p.object(0, o.wanted); err != nil {
			return nil, err
		}
	}
	if c := p.peek(); c != 0 {
		return nil, fmt.Errorf("%q follows the value", c)
	}
	return m, nil
}

// valueColumn is the column of values that are no records.
const valueColumn = "json"

func shownBytes(p []byte) string {
	if len(p) > maxShown {
		return fmt.Sprintf("%q…", p[:maxShown])
	}
	return fmt.Sprintf("%q", p)
}

// failure is an error with the file and the row.
func (o *objects) failure(err error, at int64) error {
	if _, ok := fault.As(err); ok {
		return err
	}
	code := fault.BadCopyFileFormat
	if errors.Is(err, errLetters) {
		code = fault.CharacterNotInRepertoire
	}
	return fault.Wrap(code, err, "cannot read the object").In("%s, row %d, byte %d", o.url, max(o.row, 1), at)
}
