package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/simd"
)

// page is a data page being read.
type page struct {
	header  pageHeader
	body    int64
	left    int // rows
	loaded  bool
	buffers [][]byte // what its values lie in
	levels  hybrid
	all     bool // no levels: every row has a value
	kind    pageKind
	values  []byte // pageFixed: raw values left; pageStrings: lengths and bytes left
	codes   hybrid
	checked bool // codes cannot be beyond the dictionary
	ascii   bool // pageStrings: no byte is above 0x7F
}

type pageKind uint8

const (
	pageFixed pageKind = iota
	pageStrings
	pageCodes
)

// hold makes b live as long as the page.
func (c *columnReader) hold(n int) ([]byte, error) {
	b, err := c.pool.get(n)
	if err == nil {
		c.page.buffers = append(c.page.buffers, b)
	}
	return b, err
}

// load decompresses the current page and prepares its levels and values.
func (c *columnReader) load() error {
	p := &c.page
	h := &p.header
	b, err := c.source.load(h, p.body, c.pool)
	if err != nil {
		return err
	}
	p.buffers = append(p.buffers, b)
	p.loaded, p.all = true, !c.leaf.optional
	if h.kind == pageDataV2 {
		if h.repBytes != 0 {
			return errors.New("a flat column has repetition levels")
		}
		if c.leaf.optional && h.nulls > 0 {
			p.levels.reset(b[:h.defBytes], 1)
		} else {
			p.all = true
		}
		b = b[h.defBytes:]
	} else if c.leaf.optional {
		if h.defEncoding != encRLE {
			return fault.New(fault.FeatureNotSupported, "definition levels in encoding %d cannot be read", h.defEncoding)
		}
		if len(b) < 4 {
			return errRunsEnd
		}
		n := binary.LittleEndian.Uint32(b)
		if uint64(n) > uint64(len(b)-4) {
			return errRunsEnd
		}
		p.levels.reset(b[4:4+n], 1)
		b = b[4+n:]
	}
	return c.prepare(b)
}

// prepare prepares the values of the page, which begin with b.
func (c *columnReader) prepare(b []byte) error {
	p := &c.page
	switch enc := p.header.encoding; enc {
	case encRLEDictionary, encPlainDictionary:
		if c.dict.DictID == 0 {
			return errors.New("a page refers to a dictionary that the column chunk does not have")
		}
		p.kind = pageCodes
		if len(b) == 0 {
			p.codes.reset(nil, 0) // no value in the page
			p.checked = true
			return nil
		}
		width := uint(b[0])
		if width > 32 {
			return errors.New("codes have more than 32 bits")
		}
		p.codes.reset(b[1:], width)
		p.checked = width < 32 && 1<<width <= c.dict.Len
		return nil
	case encPlain:
		switch c.leaf.physical {
		case parquet.Types.ByteArray:
			p.kind, p.values = pageStrings, b
			p.ascii = c.typ.Kind == column.Text && simd.ASCII(b)
			return nil
		case parquet.Types.Boolean:
			return c.unfoldBits(b, false)
		}
		p.kind, p.values = pageFixed, b
		return nil
	default:
		return c.unfold(enc, b)
	}
}

// unfoldBits makes bytes of a page of booleans: plain bits, or runs with their length in front.
func (c *columnReader) unfoldBits(b []byte, runs bool) error {
	p := &c.page
	n, err := c.countValues()
	if err != nil {
		return err
	}
	out, err := c.hold(n)
	if err != nil {
		return err
	}
	p.kind, p.values = pageFixed, out
	if runs {
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return errRunsEnd
		}
		var h hybrid
		h.reset(b[4:4+binary.LittleEndian.Uint32(b)], 1)
		for at := 0; at < n; {
			k := min(n-at, len(c.codes))
			if err := h.next(c.codes[:k]); err != nil {
				return err
			}
			for i, v := range c.codes[:k] {
				out[at+i] = byte(v)
			}
			at += k
		}
		return nil
	}
	if len(b) < (n+7)/8 {
		return errTooShort
	}
	simd.UnpackBits(out, b)
	return nil
}

var errTooShort = errors.New("a page is too short for its values")

// countValues is the number of values in the page, by its levels, which are not consumed.
func (c *columnReader) countValues() (int, error) {
	p := &c.page
	if p.all {
		return p.header.values, nil
	}
	levels := p.levels
	return levels.countPresent(p.header.values)
}

// maxUnfolded bounds what a page of a compact encoding may unfold to, in bytes.
const maxUnfolded = 1 << 30

// unfold decodes a page of one of the encodings that are not read in place into plain raw values.
func (c *columnReader) unfold(enc int, b []byte) error {
	p, phys := &c.page, c.leaf.physical
	unsupported := fault.New(fault.FeatureNotSupported, "%s values in encoding %d cannot be read", phys, enc)
	bytesLike := phys == parquet.Types.ByteArray || phys == parquet.Types.FixedLenByteArray
	if enc == encRLE && phys == parquet.Types.Boolean {
		return c.unfoldBits(b, true)
	}
	n, err := c.countValues()
	if err != nil {
		return err
	}
	if n > maxUnfolded/max(c.raw, 16) {
		return fmt.Errorf("a page has %d values, more than can be read at once", n)
	}
	p.kind = pageFixed
	scratch := func(n int) ([]int64, error) {
		b, err := c.hold(8 * n)
		return column.SliceOf[int64](b), err
	}
	switch {
	case enc == encDeltaBinaryPacked && (phys == parquet.Types.Int32 || phys == parquet.Types.Int64):
		d, err := newDeltaReader(b)
		if err != nil {
			return err
		}
		if d.total != n {
			return errDelta
		}
		wide, err := scratch(n)
		if err != nil {
			return err
		}
		if _, err := d.read(wide); err != nil {
			return err
		}
		if phys == parquet.Types.Int64 {
			p.values = column.BytesOf(wide)
			return nil
		}
		narrow := column.SliceOf[int32](column.BytesOf(wide))
		for i, v := range wide {
			narrow[i] = int32(v) // in place: what is written was read before
		}
		p.values = column.BytesOf(narrow[:n])
		return nil
	case enc == encDeltaLengthByteArray && phys == parquet.Types.ByteArray, enc == encDeltaByteArray && bytesLike:
		buf, err := c.hold(16 * n)
		if err != nil {
			return err
		}
		views := column.SliceOf[column.View](buf)[:n]
		var bytes []byte // of all strings, one after another
		if enc == encDeltaLengthByteArray {
			bytes, err = deltaLengthViews(views, b, scratch)
		} else {
			bytes, err = deltaByteArray(views, b, scratch, c.hold)
		}
		p.values = buf
		if err == nil && c.typ.Kind == column.Text && !simd.ASCII(bytes) {
			err = checkText(views)
		}
		if err != nil || phys == parquet.Types.ByteArray {
			return err
		}
		out, err := c.hold(n * c.raw)
		if err != nil {
			return err
		}
		for i := range views {
			if int(views[i].Len) != c.raw {
				return errDelta
			}
			copy(out[i*c.raw:], views[i].Bytes())
		}
		p.values = out
		return nil
	case enc == encByteStreamSplit && phys != parquet.Types.ByteArray && phys != parquet.Types.Boolean:
		if len(b) < n*c.raw {
			return errTooShort
		}
		out, err := c.hold(n * c.raw)
		if err != nil {
			return err
		}
		unsplit(out, b, n, c.raw)
		p.values = out
		return nil
	}
	return unsupported
}
