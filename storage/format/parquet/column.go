package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// columnReader turns the pages of a column chunk into vectors, batch by batch.
type columnReader struct {
	pool   *pool
	leaf   *leaf
	typ    column.Type // the table's
	conv   convert
	width  int // of a vector's value
	raw    int // of a raw value
	source chunkSource

	left int // values of the chunk that no page was opened for yet
	page page

	dict    column.Vector // of the chunk; Len 0 and DictID 0 before its page was read
	dictBuf [][]byte      // what its entries lie in

	retired [][]byte // pages that the last batch may point into

	// The batch being read.
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
}

type pageKind uint8

const (
	pageFixed pageKind = iota
	pageStrings
	pageCodes
)

// newColumnReader prepares reading a leaf as the table's column f.
func newColumnReader(p *pool, l *leaf, f column.Field) (*columnReader, error) {
	conv, err := l.conversionTo(f.Type)
	if err != nil {
		return nil, err
	}
	c := &columnReader{pool: p, leaf: l, typ: f.Type, conv: conv, width: f.Type.Width(), raw: l.rawWidth()}
	if c.codes, err = slice[uint32](p, column.BatchRows); err != nil {
		return nil, err
	}
	if c.data, err = p.get(column.BatchRows * c.width); err != nil {
		return nil, err
	}
	// Unselected and NULL rows must hold initialized memory.
	clear(c.data)
	words, err := slice[uint64](p, column.BitmapWords(column.BatchRows))
	c.valid = words
	return c, err
}

// open begins a column chunk.
func (c *columnReader) open(file storage.ReadFile, ch *chunk, rows int64) error {
	c.finish()
	if ch.physical != c.leaf.physical && !ch.encrypted {
		return fmt.Errorf("its chunk holds %s, the schema says %s", ch.physical, c.leaf.physical)
	}
	if ch.values != rows && !ch.encrypted {
		return fmt.Errorf("it has %d values in a row group of %d rows", ch.values, rows)
	}
	c.left = int(rows)
	return c.source.open(file, c.pool, ch)
}

// finish gives the buffers of a chunk back; vectors read from it are invalid then.
func (c *columnReader) finish() {
	c.retire()
	c.release()
	c.source.close()
	for _, b := range c.dictBuf {
		c.pool.put(b)
	}
	c.dictBuf = c.dictBuf[:0]
	c.dict = column.Vector{}
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
		h, body, err := c.source.header()
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
	b, err := c.source.load(h, p.body)
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
	for i := range out {
		out[i] = b[i>>3] >> (uint(i) & 7) & 1
	}
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
		views := column.SliceOf[column.View](buf)
		if enc == encDeltaLengthByteArray {
			err = deltaLengthViews(views, b, scratch)
		} else {
			err = deltaByteArray(views, b, scratch, c.hold)
		}
		p.values = buf
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
		if _, err := plainStrings(column.SliceOf[column.View](raw), b); err != nil {
			return err
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

// plainStrings reads len(dst) strings with their lengths in front and returns what follows them. The views point into src.
func plainStrings(dst []column.View, src []byte) (rest []byte, err error) {
	for i := range dst {
		if len(src) < 4 {
			return nil, errTooShort
		}
		n := int(binary.LittleEndian.Uint32(src))
		if n > len(src)-4 {
			return nil, errTooShort
		}
		s := src[4 : 4+n]
		if n <= column.InlineLen && len(src) >= 16 {
			// Both words are read whole and what follows the string is masked away.
			lo, hi := binary.LittleEndian.Uint64(src[4:]), uint64(binary.LittleEndian.Uint32(src[12:]))
			if n < 8 {
				lo &= 1<<(uint(n)*8) - 1
				hi = 0
			} else {
				hi &= 1<<(uint(n-8)*8) - 1
			}
			dst[i] = column.View{Len: uint32(n), Prefix: uint32(lo), Tail: lo>>32 | hi<<32}
		} else {
			dst[i] = column.MakeView(s)
		}
		src = src[4+n:]
	}
	return src, nil
}

// skipStrings passes over n strings.
func skipStrings(src []byte, n int) (rest []byte, err error) {
	for range n {
		if len(src) < 4 {
			return nil, errTooShort
		}
		size := int(binary.LittleEndian.Uint32(src))
		if size > len(src)-4 {
			return nil, errTooShort
		}
		src = src[4+size:]
	}
	return src, nil
}

// skip passes over n rows; pages that it passes over whole are not decompressed.
func (c *columnReader) skip(n int) error {
	c.release()
	for n > 0 {
		p := &c.page
		if p.left == 0 {
			if err := c.nextPage(); err != nil {
				return err
			}
			c.release()
			continue
		}
		k := min(n, p.left)
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
		n -= k
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
	c.release()
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
	if !p.checked && maxOf(dst) >= uint32(c.dict.Len) {
		return errCode
	}
	return nil
}

// maxOf is the greatest of codes, in four independent chains.
func maxOf(codes []uint32) uint32 {
	var a, b, d, e uint32
	for len(codes) >= 4 {
		a, b, d, e = max(a, codes[0]), max(b, codes[1]), max(d, codes[2]), max(e, codes[3])
		codes = codes[4:]
	}
	for _, v := range codes {
		a = max(a, v)
	}
	return max(a, b, d, e)
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
		if p.values, err = plainStrings(column.SliceOf[column.View](raw)[:n], p.values); err != nil {
			return err
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

// gather writes the entries that codes name, width bytes each.
func gather(dst, entries []byte, codes []uint32, width int) {
	switch width {
	case 1:
		gatherT[uint8](dst, entries, codes)
	case 2:
		gatherT[uint16](dst, entries, codes)
	case 4:
		gatherT[uint32](dst, entries, codes)
	case 8:
		gatherT[uint64](dst, entries, codes)
	case 16:
		gatherT[[2]uint64](dst, entries, codes)
	}
}

func gatherT[T any](dst, entries []byte, codes []uint32) {
	d, e := column.SliceOf[T](dst)[:len(codes)], column.SliceOf[T](entries)
	for i, c := range codes {
		d[i] = e[c]
	}
}

// spreadFlat moves dense values of width bytes to the rows that have one, and zeroes the others.
func spreadFlat(data []byte, valid column.Bitmap, at, k, values, width int) {
	switch width {
	case 1:
		spreadRows(column.SliceOf[uint8](data), valid, at, k, values)
	case 2:
		spreadRows(column.SliceOf[uint16](data), valid, at, k, values)
	case 4:
		spreadRows(column.SliceOf[uint32](data), valid, at, k, values)
	case 8:
		spreadRows(column.SliceOf[uint64](data), valid, at, k, values)
	case 16:
		spreadRows(column.SliceOf[[2]uint64](data), valid, at, k, values)
	}
}

// spreadRows moves the values that stand dense from row at on to those of the k rows from at on that are valid, the last first.
func spreadRows[T any](rows []T, valid column.Bitmap, at, k, values int) {
	var zero T
	from, to := at+values-1, at+k-1
	for to > from {
		// Whole words of rows with values move without testing each.
		if to&63 == 63 && to-63 >= at && valid[to>>6] == ^uint64(0) {
			copy(rows[to-63:to+1], rows[from-63:from+1])
			to, from = to-64, from-64
			continue
		}
		if valid[to>>6]>>(uint(to)&63)&1 != 0 {
			rows[to] = rows[from]
			from--
		} else {
			rows[to] = zero
		}
		to--
	}
}
