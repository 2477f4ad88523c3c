package arrow

import (
	"encoding/binary"
	"io"
	"math"
)

const (
	maxNesting  = 64       // of fields within fields
	maxMetadata = 64 << 20 // bytes of one message's metadata, or of a footer
)

// Kinds of message.
const (
	schemaMessage     = 1
	dictionaryMessage = 2
	recordMessage     = 3
)

// Kinds of type that need more than that their tables lie within the metadata.
const (
	typeTimestamp       = 10
	typeList            = 12
	typeStruct          = 13
	typeUnion           = 14
	typeFixedSizeBinary = 15
	typeFixedSizeList   = 16
	typeMap             = 17
	typeLargeList       = 21
	typeRunEndEncoded   = 22
	typeBinaryView      = 23
	typeUtf8View        = 24
	typeListView        = 25
	typeLargeListView   = 26
)

// widths are those of the values of each type's table, none of which is an offset.
var widths = map[int64][]int64{
	2: {4, 1}, 3: {2}, 7: {4, 4, 4}, 8: {2}, 9: {2, 4}, typeTimestamp: {2}, 11: {2}, typeUnion: {2}, typeFixedSizeBinary: {4}, typeFixedSizeList: {4},
	typeMap: {1}, 18: {2},
}

// shape is what a record batch has for a column, all its nested columns included.
type shape struct {
	nodes, views int64
}

// verifier checks the metadata of a file or stream before the library sees it: the library believes what stands there and makes slices as long as it
// says. It remembers what the schema says that each record batch and dictionary must have, since the library reads that much without looking.
type verifier struct {
	size         int64 // bytes of the file
	record       shape
	dictionaries map[int64]shape
}

// schema checks a schema's table.
func (v *verifier) schema(t table) error {
	v.record, v.dictionaries = shape{}, map[int64]shape{}
	if _, err := t.number(0, 2); err != nil {
		return err
	}
	_, err := t.each(1, func(f table) error {
		s, err := v.field(f, maxNesting)
		v.record.nodes += s.nodes
		v.record.views += s.views
		return err
	})
	if err != nil {
		return err
	}
	return keyValues(t, 2)
}

// keyValues checks a vector of pairs of strings.
func keyValues(t table, slot int64) error {
	_, err := t.each(slot, func(kv table) error {
		if err := kv.text(0); err != nil {
			return err
		}
		return kv.text(1)
	})
	return err
}

// field checks a field and those within it.
func (v *verifier) field(t table, depth int) (shape, error) {
	s := shape{nodes: 1}
	if depth == 0 {
		return s, damage("fields are nested more than %d deep", maxNesting)
	}
	if err := t.text(0); err != nil {
		return s, err
	}
	if _, err := t.number(1, 1); err != nil {
		return s, err
	}
	kind, err := dataType(t)
	if err != nil {
		return s, err
	}
	n, err := t.each(5, func(f table) error {
		c, err := v.field(f, depth-1)
		s.nodes += c.nodes
		s.views += c.views
		return err
	})
	if err != nil {
		return s, err
	}
	switch kind {
	case typeList, typeStruct, typeUnion, typeFixedSizeList, typeMap, typeLargeList, typeRunEndEncoded, typeListView, typeLargeListView:
	case typeBinaryView, typeUtf8View:
		s.views++
		fallthrough
	default:
		if n != 0 {
			return s, damage("a field whose type has none within it has %d", n)
		}
	}
	if err := keyValues(t, 6); err != nil {
		return s, err
	}
	encoding, ok, err := t.child(4)
	if err != nil || !ok {
		return s, err
	}
	id, err := v.encoding(encoding)
	if err != nil {
		return s, err
	}
	v.dictionaries[id] = s
	return shape{nodes: 1}, nil
}

// encoding checks how a field is encoded by a dictionary, whose number it returns.
func (v *verifier) encoding(t table) (id int64, err error) {
	if id, err = t.number(0, 8); err != nil {
		return 0, err
	}
	index, ok, err := t.child(1)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, damage("a dictionary has no type of index")
	}
	if err := numbers(index, widths[2]); err != nil {
		return 0, err
	}
	_, err = t.number(2, 1)
	return id, err
}

func numbers(t table, widths []int64) error {
	for i, w := range widths {
		if _, err := t.number(int64(i), w); err != nil {
			return err
		}
	}
	return nil
}

// dataType checks a field's type and returns its kind.
func dataType(t table) (int64, error) {
	kind, err := t.number(2, 1)
	if err != nil {
		return 0, err
	}
	of, ok, err := t.child(3)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, damage("a field has no type")
	}
	if err := numbers(of, widths[kind]); err != nil {
		return 0, err
	}
	switch kind {
	case typeTimestamp:
		err = of.text(1)
	case typeUnion:
		_, _, err = of.vector(1, 4)
	case typeFixedSizeBinary, typeFixedSizeList:
		if n, _ := of.number(0, 4); n < 0 {
			err = damage("a type has the width %d", n)
		}
	}
	return kind, err
}

// message checks a message's metadata and returns what kind of message it is and how long its body is.
func (v *verifier) message(meta []byte) (kind, body int64, err error) {
	t, err := newFlat(meta).root()
	if err != nil {
		return 0, 0, err
	}
	if _, err := t.number(0, 2); err != nil {
		return 0, 0, err
	}
	if kind, err = t.number(1, 1); err != nil {
		return 0, 0, err
	}
	if body, err = t.number(3, 8); err != nil {
		return 0, 0, err
	}
	if body < 0 || body > v.size {
		return 0, 0, damage("a message has a body of %d bytes", body)
	}
	if err := keyValues(t, 4); err != nil {
		return 0, 0, err
	}
	header, ok, err := t.child(2)
	if err != nil {
		return 0, 0, err
	}
	if !ok {
		return 0, 0, damage("a message has no header")
	}
	switch kind {
	case schemaMessage:
		err = v.schema(header)
	case dictionaryMessage:
		err = v.dictionary(header, body)
	case recordMessage:
		err = batch(header, v.record, body)
	default:
		err = damage("a message of kind %d", kind)
	}
	return kind, body, err
}

func (v *verifier) dictionary(t table, body int64) error {
	id, err := t.number(0, 8)
	if err != nil {
		return err
	}
	if _, err := t.number(2, 1); err != nil {
		return err
	}
	s, ok := v.dictionaries[id]
	if !ok {
		return damage("a dictionary has the number %d, which no field has", id)
	}
	data, ok, err := t.child(1)
	if err != nil {
		return err
	}
	if !ok {
		return damage("dictionary %d has no data", id)
	}
	return batch(data, s, body)
}

// batch checks a record batch of the given shape.
func batch(t table, s shape, body int64) error {
	rows, err := t.number(0, 8)
	if err != nil {
		return err
	}
	if rows < 0 || rows > math.MaxInt32 {
		return damage("a record batch has %d rows", rows)
	}
	at, nodes, err := t.vector(1, 16)
	if err != nil {
		return err
	}
	if nodes < s.nodes {
		return damage("a record batch has %d columns of %d", nodes, s.nodes)
	}
	for i := range nodes {
		if n, nulls := t.int64At(at+16*i), t.int64At(at+16*i+8); n < 0 || nulls < 0 || nulls > n {
			return damage("a column has %d values of which %d are null", n, nulls)
		}
	}
	at, buffers, err := t.vector(2, 16)
	if err != nil {
		return err
	}
	for i := range buffers {
		if off, n := t.int64At(at+16*i), t.int64At(at+16*i+8); off < 0 || n < 0 || n > body || off > body-n {
			return damage("a buffer of %d bytes at %d of a body of %d", n, off, body)
		}
	}
	if c, ok, err := t.child(3); err != nil {
		return err
	} else if ok {
		if codec, err := c.number(0, 1); err != nil || codec > 1 {
			return damage("a record batch is compressed in the way %d", codec)
		}
	}
	at, views, err := t.vector(4, 8)
	if err != nil {
		return err
	}
	if views < s.views {
		return damage("a record batch has the buffers of %d columns of %d", views, s.views)
	}
	for i := range views {
		if n := t.int64At(at + 8*i); n < 0 || n > buffers {
			return damage("a column has %d buffers of %d", n, buffers)
		}
	}
	return nil
}

// blocks are where the messages of a file stand.
type blocks struct {
	*verifier
	r       io.ReaderAt
	footer  *flat
	records int64 // where their list begins in the footer
	n       int64
}

// verifyFile checks a file's footer, schema and dictionaries.
func verifyFile(r io.ReaderAt, size int64) (*blocks, error) {
	trailer := make([]byte, 4+len(magic))
	if size < int64(len(trailer)+len(magic)) {
		return nil, damage("it has %d bytes", size)
	}
	if err := readAt(r, trailer, size-int64(len(trailer))); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(trailer))
	if n > maxMetadata || n > size-int64(len(trailer)+len(magic)) {
		return nil, damage("a footer of %d bytes in a file of %d", n, size)
	}
	footer := make([]byte, n)
	if err := readAt(r, footer, size-int64(len(trailer))-n); err != nil {
		return nil, err
	}
	out := &blocks{verifier: &verifier{size: size}, r: r, footer: newFlat(footer)}
	t, err := out.footer.root()
	if err != nil {
		return nil, err
	}
	if _, err := t.number(0, 2); err != nil {
		return nil, err
	}
	schema, ok, err := t.child(1)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, damage("it has no schema")
	}
	if err := out.schema(schema); err != nil {
		return nil, err
	}
	if err := keyValues(t, 4); err != nil {
		return nil, err
	}
	dictionaries, k, err := t.vector(2, 24)
	if err != nil {
		return nil, err
	}
	for i := range k {
		if err := out.block(dictionaries+24*i, dictionaryMessage); err != nil {
			return nil, err
		}
	}
	out.records, out.n, err = t.vector(3, 24)
	return out, err
}

// verify checks the metadata of record batch number i, before it is read.
func (b *blocks) verify(i int64) error {
	if i < 0 || i >= b.n {
		return damage("it has no record batch %d", i)
	}
	return b.block(b.records+24*i, recordMessage)
}

// block checks the metadata of the message whose place stands at position at of the footer.
func (b *blocks) block(at, want int64) error {
	off, n, body := b.footer.int64At(at), int64(int32(binary.LittleEndian.Uint32(b.footer.b[at+8:]))), b.footer.int64At(at+16)
	if off < 0 || n < 8 || n > maxMetadata || body < 0 || off > b.size || n > b.size-off || body > b.size-off-n {
		return damage("a message of %d and %d bytes at %d of a file of %d", n, body, off, b.size)
	}
	meta := make([]byte, n)
	if err := readAt(b.r, meta, off); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(meta) == continuation {
		meta = meta[4:]
	}
	kind, length, err := b.message(meta[4:])
	if err != nil {
		return err
	}
	if kind != want || length != body {
		return damage("the message at %d is of kind %d with %d bytes, where the footer says %d with %d", off, kind, length, want, body)
	}
	return nil
}

// readAt fills p; bytes that are missing are damage.
func readAt(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		return damage("%d bytes at %d are missing", len(p), off)
	}
	return err
}
