package avro

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// magic is how a file begins.
var magic = []byte("Obj\x01")

const (
	syncBytes = 16
	// maxHeader bounds a file's header, in bytes: the schema and what else a writer has noted.
	maxHeader = 16 << 20
)

// header is a file's beginning.
type header struct {
	schema *shape // a record
	text   []byte // of the schema
	codec  string
	sync   [syncBytes]byte
	size   int64 // bytes of the header: where the first block begins
}

// counted counts the bytes read.
type counted struct {
	r *bufio.Reader
	n int64
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

func (c *counted) full(p []byte) error {
	n, err := io.ReadFull(c.r, p)
	c.n += int64(n)
	return err
}

func (c *counted) bytes() ([]byte, error) {
	n, err := binary.ReadVarint(c)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > maxHeader-c.n {
		return nil, errLength
	}
	p := make([]byte, min(n, 64<<10))
	for have := int64(0); ; {
		if err := c.full(p[have:]); err != nil {
			return nil, err
		}
		if have = int64(len(p)); have == n {
			return p, nil
		}
		p = append(p, make([]byte, min(n-have, have))...)
	}
}

// errMagic says that a file is of another kind.
var errMagic = errors.New("it does not begin as an Avro file does")

// readHeader reads the beginning of a file.
func readHeader(r io.Reader) (*header, error) {
	in := &counted{r: bufio.NewReader(r)}
	begin := make([]byte, len(magic))
	if err := in.full(begin); err != nil || string(begin) != string(magic) {
		return nil, errMagic
	}
	h := &header{codec: "null"}
	if err := h.metadata(in); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file ends within its header")
		}
		return nil, err
	}
	if h.text == nil {
		return nil, errors.New("the header has no schema")
	}
	var err error
	if h.schema, err = parseSchema(h.text); err != nil {
		return nil, err
	}
	if h.schema.name != "record" {
		// A file of single values is one column.
		h.schema = &shape{name: "record", fields: []member{{"value", h.schema}}}
	}
	switch h.codec {
	case "null", "deflate", "snappy", "zstandard":
		return h, nil
	}
	return nil, fmt.Errorf("codec %q is not supported; null, deflate, snappy and zstandard are", h.codec)
}

func (h *header) metadata(in *counted) error {
	for {
		n, err := binary.ReadVarint(in)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if n < 0 {
			if _, err := binary.ReadVarint(in); err != nil {
				return err
			}
			n = -n
		}
		if n < 0 || n > maxHeader {
			return errCount
		}
		for range n {
			key, err := in.bytes()
			if err != nil {
				return err
			}
			value, err := in.bytes()
			if err != nil {
				return err
			}
			switch string(key) {
			case "avro.schema":
				h.text = value
			case "avro.codec":
				h.codec = string(value)
			}
		}
	}
	if err := in.full(h.sync[:]); err != nil {
		return err
	}
	h.size = in.n
	return nil
}
