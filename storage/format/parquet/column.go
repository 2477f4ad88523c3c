package parquet

import (
	"context"
	"errors"
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/simd"
	"github.com/polybolos-db/polybolos/storage"
)

// columnReader turns the pages of a column chunk into vectors, batch by batch.
type columnReader struct {
	pool   *pool
	leaf   *leaf
	nested *nestedColumn // instead of all else
	typ    column.Type   // the table's
	conv   convert
	width  int // of a vector's value
	raw    int // of a raw value
	source chunkSource

	ctx    context.Context
	index  *pageIndex   // of the chunk, nil where there is none
	shared *sharedChunk // its dictionary, where other readers read parts of the chunk, too

	total   int // values of the chunk
	left    int // those that no page was opened for yet
	page    page
	pending int // rows to pass over before the next are read

	dict    column.Vector // of the chunk; Len 0 and DictID 0 before its page was read
	dictBuf [][]byte      // what its entries lie in

	retired [][]byte // pages that the last batch may point into

	// The batch being read.
	own     [3][]byte // what codes, data and valid lie in
	out     column.Vector
	codes   []uint32
	data    []byte
	scratch []byte // raw values before conversion
	valid   column.Bitmap
	form    batchForm
	nulls   bool
	values  int // rows with a value
}

type batchForm uint8

const (
	formNone  batchForm = iota
	formCodes           // codes in codes
	formFlat            // values in data
	formView            // values in the page
)

// newColumnReader prepares reading a leaf as the table's column f.
func newColumnReader(p *pool, l *leaf, f column.Field) (*columnReader, error) {
	if l.nested {
		n, err := newNestedColumn(p, l.tree)
		if err != nil {
			return nil, err
		}
		return &columnReader{pool: p, leaf: l, nested: n}, nil
	}
	conv, err := l.conversionTo(f.Type)
	if err != nil {
		return nil, err
	}
	c := &columnReader{pool: p, leaf: l, typ: f.Type, conv: conv, width: f.Type.Width(), raw: l.rawWidth()}
	for i, size := range []int{4 * column.BatchRows, c.width * column.BatchRows, column.BatchRows / 8} {
		if c.own[i], err = p.get(size); err != nil {
			c.close()
			return nil, err
		}
	}
	c.codes, c.data, c.valid = column.SliceOf[uint32](c.own[0]), c.own[1], column.SliceOf[uint64](c.own[2])
	// Unselected and NULL rows must hold initialized memory.
	clear(c.data)
	return c, nil
}

// close gives all buffers back; the reader is of no use then.
func (c *columnReader) close() {
	if c.nested != nil {
		c.nested.close()
		return
	}
	c.finish()
	for _, b := range c.own {
		c.pool.put(b)
	}
	c.pool.put(c.scratch)
	*c = columnReader{}
}

// pageAt is the file's offset of the page that was read last; 0 when there was none.
func (c *columnReader) pageAt() int64 {
	if c.nested != nil {
		if c.nested.last == nil {
			return 0
		}
		return c.nested.last.source.page
	}
	return c.source.page
}

// open begins a column chunk of that many rows.
func (c *columnReader) open(ctx context.Context, file storage.ReadFile, ch *chunk, rows int64, index *pageIndex, shared *sharedChunk) error {
	c.finish()
	c.ctx, c.index, c.shared = ctx, index, shared
	if ch.physical != c.leaf.physical && !ch.encrypted {
		return fmt.Errorf("its chunk holds %s, the schema says %s", ch.physical, c.leaf.physical)
	}
	if ch.values != rows && !ch.encrypted {
		return fmt.Errorf("it has %d values in a row group of %d rows", ch.values, rows)
	}
	c.total, c.left, c.pending = int(rows), int(rows), 0
	return c.source.open(file, c.pool, ch)
}

// finish gives the buffers of a chunk back; vectors read from it are invalid then.
func (c *columnReader) finish() {
	if c.nested != nil {
		c.nested.finish()
		return
	}
	c.retire()
	c.release()
	c.source.close()
	for _, b := range c.dictBuf {
		c.pool.put(b)
	}
	c.dictBuf = c.dictBuf[:0]
	c.dict = column.Vector{}
	c.ctx, c.index, c.shared = nil, nil, nil
}

// retire notes that the current page is read to its end; the batch may still point into it.
func (c *columnReader) retire() {
	c.retired = append(c.retired, c.page.buffers...)
	c.page = page{buffers: c.page.buffers[:0]}
}

// release gives back the pages that only the last batch needed.
func (c *columnReader) release() {
	for _, b := range c.retired {
		c.pool.put(b)
	}
	c.retired = c.retired[:0]
}

// nextPage opens the next data page without loading it, and reads a dictionary on the way.
func (c *columnReader) nextPage() error {
	c.retire()
	for {
		h, body, err := c.source.header(c.pending > 0)
		if err != nil {
			return err
		}
		switch h.kind {
		case pageDictionary:
			if c.dict.DictID != 0 {
				return errors.New("the column chunk has two dictionaries")
			}
			if err := c.readDictionary(&h, body); err != nil {
				return err
			}
		case pageData, pageDataV2:
			if h.values > c.left {
				return errors.New("the column chunk has more values than its metadata says")
			}
			if h.values == 0 {
				continue
			}
			c.left -= h.values
			c.page.header, c.page.body, c.page.left = h, body, h.values
			return nil
		}
	}
}

// skip passes over n rows. That is put off until rows are wanted: pages that it passes over whole are then not even decompressed, and a chunk of which
// nothing is wanted is not read.
func (c *columnReader) skip(n int) {
	if c.nested != nil {
		c.nested.skip += n
		return
	}
	c.release()
	c.pending += n
}

// jump goes to the page of the row that is wanted next, where the page index tells its place and it is not the current one or the next.
func (c *columnReader) jump() error {
	opened := c.total - c.left // rows of pages that were opened
	to := int64(opened - c.page.left + c.pending)
	if to < int64(opened) {
		return nil
	}
	if to >= int64(c.total) {
		return errors.New("the column chunk has fewer values than its metadata says")
	}
	k := c.index.page(to)
	from := int(c.index.rows[k])
	if from <= opened {
		return nil
	}
	c.retire()
	c.release()
	if c.dict.DictID == 0 && c.index.offsets[0] > c.source.chunk.offset {
		// What lies before the data pages is the dictionary.
		c.source.next = c.source.chunk.offset
		h, body, err := c.source.header(false)
		if err != nil {
			return err
		}
		if h.kind == pageDictionary {
			if err := c.readDictionary(&h, body); err != nil {
				return err
			}
		}
	}
	c.source.next = c.index.offsets[k]
	c.left = c.total - from
	c.pending = int(to) - from
	h, body, err := c.source.header(c.pending > 0)
	if err != nil {
		return err
	}
	if h.kind != pageData && h.kind != pageDataV2 || int64(h.values) != c.index.end(k, int64(c.total))-c.index.rows[k] {
		return errors.New("the page index does not fit the pages")
	}
	c.left -= h.values
	c.page.header, c.page.body, c.page.left = h, body, h.values
	return nil
}

// passOver does what skip put off.
func (c *columnReader) passOver() error {
	if c.index != nil && c.pending > 0 {
		if err := c.jump(); err != nil {
			return err
		}
	}
	for c.pending > 0 {
		p := &c.page
		if p.left == 0 {
			if err := c.nextPage(); err != nil {
				return err
			}
			c.release()
			continue
		}
		k := min(c.pending, p.left)
		if p.loaded || k < p.left {
			if !p.loaded {
				if err := c.load(); err != nil {
					return err
				}
			}
			if err := c.skipRows(k); err != nil {
				return err
			}
		}
		p.left -= k
		c.pending -= k
	}
	return nil
}

func (c *columnReader) skipRows(k int) error {
	p := &c.page
	values := k
	var err error
	if !p.all {
		if values, err = p.levels.countPresent(k); err != nil {
			return err
		}
	}
	switch p.kind {
	case pageCodes:
		return p.codes.skip(values)
	case pageStrings:
		p.values, err = skipStrings(p.values, values)
		return err
	}
	if len(p.values) < values*c.raw {
		return errTooShort
	}
	p.values = p.values[values*c.raw:]
	return nil
}

// read reads the next n rows, at most column.BatchRows. The vector is valid until the next call of read, skip, open or finish.
func (c *columnReader) read(n int) (*column.Vector, error) {
	if c.nested != nil {
		return c.nested.read(n)
	}
	c.release()
	if err := c.passOver(); err != nil {
		return nil, err
	}
	c.form, c.nulls, c.values = formNone, false, 0
	for got := 0; got < n; {
		p := &c.page
		if p.left == 0 {
			if err := c.nextPage(); err != nil {
				return nil, err
			}
		}
		if !p.loaded {
			if err := c.load(); err != nil {
				return nil, err
			}
		}
		k := min(n-got, p.left)
		if err := c.segment(got, k, k == n); err != nil {
			return nil, err
		}
		p.left -= k
		got += k
	}
	return c.vector(n), nil
}

// vector is the batch that was read.
func (c *columnReader) vector(n int) *column.Vector {
	v := &c.out
	if c.values == 0 {
		*v = column.Vector{Type: c.typ, Form: column.Constant, Len: n, Valid: column.Bitmap{0}, Data: c.data[:c.width]}
		clear(v.Data)
		return v
	}
	data := v.Data
	*v = column.Vector{Type: c.typ, Form: column.Flat, Len: n}
	if c.nulls {
		v.Valid = c.valid[:column.BitmapWords(n)]
	}
	switch c.form {
	case formCodes:
		v.Form, v.Codes, v.Dictionary, v.DictID = column.Dict, c.codes[:n], &c.dict, c.dict.DictID
	case formView:
		v.Data = data
	default:
		v.Data = c.data[:n*c.width]
	}
	return v
}

// segment reads k rows of the current page into the batch's rows from got on. whole says that they are the whole batch.
func (c *columnReader) segment(got, k int, whole bool) error {
	p := &c.page
	values, spread := k, false
	if !p.all {
		must := c.nulls
		if !must {
			clear(c.valid)
		}
		set, wrote, err := p.levels.present(k, c.valid, got, must)
		if err != nil {
			return err
		}
		if wrote && set < k {
			if !c.nulls {
				setRange(c.valid, 0, got)
			}
			c.nulls, spread = true, true
		}
		values = set
	} else if c.nulls {
		setRange(c.valid, got, k)
	}
	c.values += values
	if p.kind == pageCodes && (c.form == formNone || c.form == formCodes) {
		if err := c.readCodes(c.codes[got:got+values], got); err != nil {
			return err
		}
		c.form = formCodes
		if spread {
			spreadRows(c.codes, c.valid, got, k, values)
		}
		return nil
	}
	if p.kind == pageFixed && c.conv == nil && whole && !spread {
		size := k * c.raw
		if len(p.values) < size {
			return errTooShort
		}
		c.out.Data, p.values = p.values[:size:size], p.values[size:]
		c.form = formView
		return nil
	}
	if c.form == formCodes {
		gather(c.data, c.dict.Data, c.codes[:got], c.width)
	}
	c.form = formFlat
	if err := c.readFlat(got, values); err != nil {
		return err
	}
	if spread {
		spreadFlat(c.data, c.valid, got, k, values, c.width)
	}
	return nil
}

var errCode = errors.New("a code is beyond the dictionary")

// readCodes reads codes and checks them.
func (c *columnReader) readCodes(dst []uint32, got int) error {
	if len(dst) == 0 {
		return nil
	}
	p := &c.page
	if err := p.codes.next(dst); err != nil {
		return err
	}
	if !p.checked && simd.MaxUint32(dst) >= uint32(c.dict.Len) {
		return errCode
	}
	return nil
}

// readFlat reads n values of the page, dense, into the batch's data from row got on.
func (c *columnReader) readFlat(got, n int) error {
	p := &c.page
	dst := c.data[got*c.width:]
	switch p.kind {
	case pageCodes:
		codes := c.codes[got : got+n]
		if err := c.readCodes(codes, got); err != nil {
			return err
		}
		gather(dst, c.dict.Data, codes, c.width)
		return nil
	case pageStrings:
		raw := dst
		if c.conv != nil {
			if c.scratch == nil {
				var err error
				if c.scratch, err = c.pool.get(16 * column.BatchRows); err != nil {
					return err
				}
			}
			raw = c.scratch
		}
		var err error
		views := column.SliceOf[column.View](raw)[:n]
		if p.values, err = plainStrings(views, p.values); err != nil {
			return err
		}
		if c.typ.Kind == column.Text && !p.ascii {
			if err := checkText(views); err != nil {
				return err
			}
		}
		if c.conv != nil {
			return c.conv(dst, raw, n)
		}
		return nil
	}
	size := n * c.raw
	if len(p.values) < size {
		return errTooShort
	}
	if c.conv != nil {
		if err := c.conv(dst, p.values, n); err != nil {
			return err
		}
	} else {
		copy(dst, p.values[:size])
	}
	p.values = p.values[size:]
	return nil
}
