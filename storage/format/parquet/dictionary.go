package parquet

import (
	"errors"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// readDictionary reads the dictionary page and converts its entries once.
func (c *columnReader) readDictionary(h *pageHeader, body int64) error {
	if h.encoding != encPlain && h.encoding != encPlainDictionary {
		return fault.New(fault.FeatureNotSupported, "a dictionary in encoding %d cannot be read", h.encoding)
	}
	if c.leaf.physical == parquet.Types.Boolean {
		return errors.New("a dictionary of booleans")
	}
	b, err := c.source.load(h, body)
	if err != nil {
		return err
	}
	c.dictBuf = append(c.dictBuf, b)
	n := h.values
	raw := b
	if c.leaf.physical == parquet.Types.ByteArray {
		if n > len(b)/4 {
			return errTooShort // each entry has a length of four bytes
		}
		if raw, err = c.keep(16 * n); err != nil {
			return err
		}
		views := column.SliceOf[column.View](raw)
		if _, err := plainStrings(views, b); err != nil {
			return err
		}
		if c.typ.Kind == column.Text {
			if err := checkText(views); err != nil {
				return err
			}
		}
	} else if n > len(b)/c.raw {
		return errTooShort
	}
	data := raw[:n*c.raw]
	if c.conv != nil {
		if data, err = c.keep(n * c.width); err != nil {
			return err
		}
		if err := c.conv(data, raw, n); err != nil {
			return err
		}
	}
	c.dict = column.Vector{Type: c.typ, Form: column.Flat, Len: n, Data: data, DictID: column.NewDictID()}
	return nil
}

func (c *columnReader) keep(n int) ([]byte, error) {
	b, err := c.pool.get(n)
	if err == nil {
		c.dictBuf = append(c.dictBuf, b)
	}
	return b, err
}
