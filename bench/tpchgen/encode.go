package tpchgen

import (
	"bytes"
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

const (
	maxPageRows  = 20_480  // a sixth of the usual row group
	maxPageBytes = 1 << 20 // before compression
	// neverCut is a page size that the library never reaches: pages are cut here, by rows.
	neverCut = 1 << 30
)

// codecs are the names that Options.Codec takes.
var codecs = map[string]compress.Compression{
	"snappy": compress.Codecs.Snappy,
	"zstd":   compress.Codecs.Zstd,
	"gzip":   compress.Codecs.Gzip,
	"lz4":    compress.Codecs.Lz4Raw,
	"none":   compress.Codecs.Uncompressed,
}

// format is how the files of a table are written.
type format struct {
	schema *schema.Schema
	props  *parquet.WriterProperties
}

func newFormat(t *table, codec compress.Compression) (*format, error) {
	fields := make(schema.FieldList, len(t.schema.Columns))
	options := []parquet.WriterProperty{
		parquet.WithVersion(parquet.V2_LATEST),
		parquet.WithDataPageVersion(parquet.DataPageV1),
		parquet.WithDataPageSize(neverCut),
		parquet.WithDictionaryPageSizeLimit(neverCut),
		parquet.WithBatchSize(neverCut),
		parquet.WithCompression(codec),
		parquet.WithStats(true),
		parquet.WithCreatedBy("polybolos tpchgen"),
	}
	for i, c := range t.schema.Columns {
		var node *schema.PrimitiveNode
		var err error
		required := parquet.Repetitions.Required
		switch c.Type {
		case Int32:
			node = schema.NewInt32Node(c.Name, required, -1)
		case Int64:
			node = schema.NewInt64Node(c.Name, required, -1)
		case Decimal:
			decimal := schema.NewDecimalLogicalType(DecimalPrecision, DecimalScale)
			node, err = schema.NewPrimitiveNodeLogical(c.Name, required, decimal, parquet.Types.Int64, -1, -1)
		case Date:
			node, err = schema.NewPrimitiveNodeLogical(c.Name, required, schema.DateLogicalType{}, parquet.Types.Int32, -1, -1)
		case String:
			node, err = schema.NewPrimitiveNodeLogical(c.Name, required, schema.StringLogicalType{}, parquet.Types.ByteArray, -1, -1)
		}
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		fields[i] = node
		options = append(options, parquet.WithDictionaryFor(c.Name, t.dictionaries[i] != nil))
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", t.schema.Name, err)
	}
	return &format{schema: schema.NewSchema(root), props: parquet.NewWriterProperties(options...)}, nil
}

// rowGroup is an encoded row group that has no place in a file yet: its metadata counts from the beginning of data.
type rowGroup struct {
	rows      int
	data      bytes.Buffer
	meta      *metadata.FileMetaData // with this one row group
	pages     [][]pageEntry          // by column
	checksums []Checksum             // by column
}

// pageEntry is what the page index says of a page.
type pageEntry struct {
	offset, firstRow int64
	size             int32
	stats            metadata.EncodedStatistics
}

// Tell is the position in the row group, for the library's page writer.
func (r *rowGroup) Tell() int64 { return int64(r.data.Len()) }

// Write appends to the row group, for the library's page writer.
func (r *rowGroup) Write(b []byte) (int, error) { return r.data.Write(b) }

// encode encodes the chunk into r, which keeps its buffer from one use to the next.
func (r *rowGroup) encode(c *chunk, f *format) error {
	r.rows = c.rows
	r.data.Reset()
	r.pages = resize(r.pages, len(c.columns))
	r.checksums = resize(r.checksums, len(c.columns))
	builder := metadata.NewFileMetadataBuilder(f.schema, f.props, nil)
	group := builder.AppendRowGroup()
	for i := range c.columns {
		if err := r.encodeColumn(i, &c.columns[i], c, group.NextColumnChunk(), f); err != nil {
			return fmt.Errorf("encoding column %s: %w", c.table.schema.Columns[i].Name, err)
		}
		r.checksums[i] = c.columns[i].checksum(c.table.schema.Columns[i].Type)
	}
	group.SetNumRows(c.rows)
	if err := group.Finish(int64(r.data.Len()), 0); err != nil {
		return err
	}
	var err error
	r.meta, err = builder.Finish()
	return err
}

func (r *rowGroup) encodeColumn(i int, col *column, c *chunk, meta *metadata.ColumnChunkMetaDataBuilder, f *format) error {
	path := f.schema.Column(i).Path()
	pages, err := file.NewPageWriter(r, f.props.CompressionFor(path), f.props.CompressionLevelFor(path), meta, 0, int16(i),
		f.props.Allocator(), false, nil, nil)
	if err != nil {
		return err
	}
	r.pages[i] = r.pages[i][:0]
	writer := file.NewColumnChunkWriter(meta, &recorder{PageWriter: pages, group: r, pages: &r.pages[i]}, f.props)
	step := min(maxPageRows, max(1, maxPageBytes/c.table.widths[i]))
	if err := writePages(writer, col, c.rows, step); err != nil {
		return err
	}
	return writer.Close()
}

// writePages writes the column in pages of step rows.
func writePages(writer file.ColumnChunkWriter, col *column, rows, step int) error {
	var err error
	if col.dict != nil {
		seeded, ok := writer.CurrentEncoder().(interface{ PutDictionary(arrow.Array) error })
		if !ok {
			return fmt.Errorf("the writer %T takes no dictionary", writer)
		}
		if err := seeded.PutDictionary(col.dict.values); err != nil {
			return err
		}
	}
	for at := 0; at < rows && err == nil; at += step {
		end := min(at+step, rows)
		switch w := writer.(type) {
		case *file.Int32ColumnChunkWriter:
			if col.dict != nil {
				err = writePositions(w, col, at, end)
			} else {
				_, err = w.WriteBatch(col.i32[at:end], nil, nil)
			}
			err = flushed(w, err)
		case *file.Int64ColumnChunkWriter:
			if col.dict != nil {
				err = writePositions(w, col, at, end)
			} else {
				_, err = w.WriteBatch(col.i64[at:end], nil, nil)
			}
			err = flushed(w, err)
		case *file.ByteArrayColumnChunkWriter:
			if col.dict != nil {
				err = writePositions(w, col, at, end)
			} else {
				_, err = w.WriteBatch(col.str[at:end], nil, nil)
			}
			err = flushed(w, err)
		default:
			err = fmt.Errorf("no column is written by a %T", writer)
		}
	}
	return err
}

// flushed cuts the page unless writing it failed.
func flushed(w interface{ FlushCurrentPage() error }, err error) error {
	if err != nil {
		return err
	}
	return w.FlushCurrentPage()
}

// writePositions writes rows at to end as dictionary positions. The library leaves the statistics of such rows to the
// caller; the dictionary ascends, so they are those of the least and the greatest position.
func writePositions(w file.ColumnChunkWriter, col *column, at, end int) error {
	idx := col.idx[at:end]
	low, high := idx[0], idx[0]
	for _, v := range idx {
		low, high = min(low, v), max(high, v)
	}
	stats := w.PageStatistics()
	switch s := stats.(type) {
	case *metadata.Int32Statistics:
		s.SetMinMax(col.dict.i32[low], col.dict.i32[high])
	case *metadata.Int64Statistics:
		s.SetMinMax(col.dict.i64[low], col.dict.i64[high])
	case *metadata.ByteArrayStatistics:
		s.SetMinMax(parquet.ByteArray(col.dict.str[low]), parquet.ByteArray(col.dict.str[high]))
	default:
		return fmt.Errorf("no column has statistics %T", stats)
	}
	stats.IncNumValues(int64(len(idx)))

	raw := unsafe.Slice((*byte)(unsafe.Pointer(&idx[0])), 2*len(idx))
	data := array.NewData(arrow.PrimitiveTypes.Uint16, len(idx), []*memory.Buffer{nil, memory.NewBufferBytes(raw)}, nil, 0, 0)
	defer data.Release()
	positions := array.NewUint16Data(data)
	defer positions.Release()
	return w.WriteDictIndices(positions, nil, nil)
}

// recorder notes where pages begin, and keeps out of the data the copy of the column's metadata that the library writes
// after the pages: readers use the footer's, and offsets are not final here.
type recorder struct {
	file.PageWriter
	group *rowGroup
	pages *[]pageEntry
}

// WriteDataPage writes a page and notes it.
func (p *recorder) WriteDataPage(page file.DataPage) (int64, error) {
	entry := pageEntry{offset: p.group.Tell(), firstRow: page.FirstRowIndex(), stats: page.Statistics()}
	n, err := p.PageWriter.WriteDataPage(page)
	entry.size = int32(p.group.Tell() - entry.offset)
	*p.pages = append(*p.pages, entry)
	return n, err
}

// Close ends the column.
func (p *recorder) Close(hasDict, fallback bool) error {
	end := p.group.data.Len()
	err := p.PageWriter.Close(hasDict, fallback)
	p.group.data.Truncate(end)
	return err
}
