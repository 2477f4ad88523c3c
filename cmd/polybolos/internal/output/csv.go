package output

import (
	"bytes"

	"github.com/polybolos-db/polybolos/column"
)

// csv prints RFC 4180 with a header. NULL is an empty field and the empty string a quoted one, so that they stay apart.
type csv struct {
	rows
	field []byte
}

func (c *csv) Begin(fields []column.Field) error {
	for i, f := range fields {
		if i > 0 {
			c.buf = append(c.buf, ',')
		}
		c.quoted([]byte(f.Name))
	}
	c.buf = append(c.buf, '\n')
	return nil
}

func (c *csv) Write(b *column.Batch) error {
	for k := range b.Rows() {
		row := b.Row(k)
		for i, v := range b.Cols {
			if i > 0 {
				c.buf = append(c.buf, ',')
			}
			if v.IsNull(row) {
				continue
			}
			if v.Type.Kind.IsNumeric() || v.Type.Kind == column.Bool {
				c.buf = appendCell(c.buf, v, row)
				continue
			}
			c.field = appendCell(c.field[:0], v, row)
			c.quoted(c.field)
		}
		c.buf = append(c.buf, '\n')
		if err := c.flush(bufferBytes); err != nil {
			return err
		}
	}
	return nil
}

// quoted appends a field, in quotes when it needs them.
func (c *csv) quoted(field []byte) {
	if len(field) > 0 && !bytes.ContainsAny(field, ",\"\r\n") && field[0] != ' ' && field[len(field)-1] != ' ' {
		c.buf = append(c.buf, field...)
		return
	}
	c.buf = append(c.buf, '"')
	for {
		i := bytes.IndexByte(field, '"')
		if i < 0 {
			break
		}
		c.buf = append(append(c.buf, field[:i]...), `""`...)
		field = field[i+1:]
	}
	c.buf = append(append(c.buf, field...), '"')
}

func (c *csv) End() error { return c.flush(0) }
