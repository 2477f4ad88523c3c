package parquet

import (
	"errors"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// readDictionary reads the dictionary page, or takes what another reader of the row group has made of it.
func (c *columnReader) readDictionary(h *pageHeader, body int64) (err error) {
	if c.shared != nil {
		c.dict, err = c.shared.dictionary(c.ctx, c.pool.arena.Budget(), func(p *pool) (column.Vector, error) {
			return c.decodeDictionary(h, body, p, func([]byte) {})
		})
		return err
	}
	c.dict, err = c.decodeDictionary(h, body, c.pool, func(b []byte) { c.dictBuf = append(c.dictBuf, b) })
	return err
}

// decodeDictionary converts the entries of a dictionary page once, into buffers of a pool that keep is told of.
func (c *columnReader) decodeDictionary(h *pageHeader, body int64, from *pool, keep func([]byte)) (dict column.Vector, err error) {
	if h.encoding != encPlain && h.encoding != encPlainDictionary {
		return dict, fault.New(fault.FeatureNotSupported, "a dictionary in encoding %d cannot be read", h.encoding)
	}
	if c.leaf.physical == parquet.Types.Boolean {
		return dict, errors.New("a dictionary of booleans")
	}
	get := func(n int) ([]byte, error) {
		b, err := from.get(n)
		if err == nil {
			keep(b)
		}
		return b, err
	}
	b, err := c.source.load(h, body, from)
	if err != nil {
		return dict, err
	}
	keep(b)
	n := h.values
	raw := b
	if c.leaf.physical == parquet.Types.ByteArray {
		if n > len(b)/4 {
			return dict, errTooShort // each entry has a length of four bytes
		}
		if raw, err = get(16 * n); err != nil {
			return dict, err
		}
		views := column.SliceOf[column.View](raw)
		if _, err := plainStrings(views, b); err != nil {
			return dict, err
		}
		if c.typ.Kind == column.Text {
			if err := checkText(views); err != nil {
				return dict, err
			}
		}
	} else if n > len(b)/c.raw {
		return dict, errTooShort
	}
	data := raw[:n*c.raw]
	if c.conv != nil {
		if data, err = get(n * c.width); err != nil {
			return dict, err
		}
		if err := c.conv(data, raw, n); err != nil {
			return dict, err
		}
	}
	return column.Vector{Type: c.typ, Form: column.Flat, Len: n, Data: data, DictID: column.NewDictID()}, nil
}
