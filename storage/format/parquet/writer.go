package parquet

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// NewWriter makes a writer. What it holds of a row group, encoded, lies on the Go heap, at most about 128 MB, and is charged to the budget that Charge
// names.
func (Format) NewWriter(w io.Writer, fields []column.Field, options map[string]string) (storage.Writer, error) {
	o, err := parseWriteOptions(options)
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, fault.New(fault.InvalidTableDefinition, "a Parquet file must have a column")
	}
	if hasNested(fields) {
		return newNestedWriter(&sink{w: w}, fields, o)
	}
	out := &writer{sink: &sink{w: w}, options: o, fields: fields, cols: make([]columnWriter, len(fields)), memory: newCharged()}
	nodes := make(schema.FieldList, len(fields))
	var intervals []string
	seen := map[string]bool{}
	if err := o.knows(fields); err != nil {
		return nil, err
	}
	for i, f := range fields {
		if seen[f.Name] {
			return nil, fault.New(fault.DuplicateColumn, "column %q appears twice in a Parquet file", f.Name)
		}
		seen[f.Name] = true
		if nodes[i], err = nodeOf(f); err != nil {
			return nil, err
		}
		if f.Type.Kind == column.Interval {
			intervals = append(intervals, f.Name)
		}
		out.cols[i].field = f
	}
	out.root, err = schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
	if err != nil {
		return nil, fmt.Errorf("parquet: make schema: %w", err)
	}
	if intervals != nil {
		out.marks = metadata.NewKeyValueMetadata()
		if err := out.marks.Append(intervalMark, strings.Join(intervals, "\x00")); err != nil {
			return nil, fmt.Errorf("parquet: mark intervals: %w", err)
		}
	}
	return out, nil
}

// nodeOf is the schema node that holds a field.
func nodeOf(f column.Field) (schema.Node, error) {
	rep := parquet.Repetitions.Optional
	if f.NotNull {
		rep = parquet.Repetitions.Required
	}
	var logical schema.LogicalType = schema.NoLogicalType{}
	physical, length := parquet.Types.Int32, -1
	switch k := f.Type.Kind; k {
	case column.Bool:
		physical = parquet.Types.Boolean
	case column.Int8, column.Int16:
		logical = schema.NewIntLogicalType(int8(8*f.Type.Width()), true)
	case column.Int32:
	case column.Int64:
		physical = parquet.Types.Int64
	case column.Uint8, column.Uint16, column.Uint32:
		logical = schema.NewIntLogicalType(int8(8*f.Type.Width()), false)
	case column.Uint64:
		physical, logical = parquet.Types.Int64, schema.NewIntLogicalType(64, false)
	case column.Float32:
		physical = parquet.Types.Float
	case column.Float64:
		physical = parquet.Types.Double
	case column.Decimal:
		logical = schema.NewDecimalLogicalType(int32(f.Type.Precision), int32(f.Type.Scale))
		if physical = parquet.Types.Int64; f.Type.Precision > column.MaxPrecision64 {
			physical, length = parquet.Types.FixedLenByteArray, 16
		}
	case column.Date:
		logical = schema.DateLogicalType{}
	case column.Time:
		physical, logical = parquet.Types.Int64, schema.NewTimeLogicalType(false, schema.TimeUnitMicros)
	case column.Timestamp, column.TimestampTZ:
		physical, logical = parquet.Types.Int64, schema.NewTimestampLogicalType(k == column.TimestampTZ, schema.TimeUnitMicros)
	case column.Interval:
		physical, length = parquet.Types.FixedLenByteArray, 16
	case column.Text, column.Null:
		physical, logical = parquet.Types.ByteArray, schema.StringLogicalType{}
	case column.Binary:
		physical = parquet.Types.ByteArray
	case column.UUID:
		physical, length, logical = parquet.Types.FixedLenByteArray, 16, schema.UUIDLogicalType{}
	default:
		return nil, fault.New(fault.FeatureNotSupported, "column %q of type %s cannot be written to Parquet", f.Name, f.Type)
	}
	n, err := schema.NewPrimitiveNodeLogical(f.Name, rep, logical, physical, length, -1)
	if err != nil {
		return nil, fault.Wrap(fault.FeatureNotSupported, err, "column %q of type %s cannot be written to Parquet", f.Name, f.Type)
	}
	return n, nil
}

// pageSize is the size of a data page, in bytes before compression: 16 thousand numbers of eight bytes, a few pages in a row group, so that the page index
// leaves some of them out.
const pageSize = 128 << 10

// maxBoundBytes is the length of texts in statistics and page indexes beyond which bounds are left out, in bytes.
const maxBoundBytes = 1024

// writerProperties are those of every file.
func writerProperties(o writeOptions, fields []column.Field, memory *charged) []parquet.WriterProperty {
	props := []parquet.WriterProperty{
		parquet.WithVersion(parquet.V2_LATEST), parquet.WithCreatedBy("polybolos"), parquet.WithCompression(o.codec), parquet.WithAllocator(memory),
		parquet.WithDataPageSize(pageSize), parquet.WithPageIndexEnabled(true), parquet.WithMaxStatsSize(maxBoundBytes),
		parquet.WithMaxBloomFilterBytes(maxBloomWritten), parquet.WithDictionaryPageSizeLimit(dictionaryLimit(memory.budget)),
	}
	for _, f := range fields {
		if f.Type.Kind == column.Interval { // bytes have another order than intervals
			props = append(props, parquet.WithStatsFor(f.Name, false), parquet.WithPageIndexEnabledFor(f.Name, false))
		}
		if o.blooms(f.Name) && f.Type.Kind != column.Bool && !f.Type.Kind.IsNested() {
			props = append(props, parquet.WithBloomFilterEnabledFor(f.Name, true), parquet.WithBloomFilterNDVFor(f.Name, int64(o.rowGroup)))
		}
	}
	return props
}

// maxBloomWritten bounds a Bloom filter that is written, in bytes: with one value in a hundred passing wrongly, that of two million values.
const maxBloomWritten = 2 << 20

// sink keeps the first error of what is written to, which the library's own errors hide.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	s.err = err
	return n, err
}

type writer struct {
	sink    *sink
	options writeOptions
	fields  []column.Field
	root    *schema.GroupNode
	marks   metadata.KeyValueMetadata
	cols    []columnWriter
	out     *file.Writer
	group   file.BufferedRowGroupWriter
	rows    int // in the current row group
	memory  *charged
}

// Charge names the budget that the writer's memory is charged to, before the first batch.
func (w *writer) Charge(budget *mem.Budget) { w.memory.budget = budget }

// Discard gives the memory of a writer that will not be closed back.
func (w *writer) Discard() { w.memory.close() }

// Held is how many bytes of the row group are charged.
func (w *writer) Held() int64 {
	n, _ := w.memory.held()
	return n
}

// Pressed reports, once, that memory was short.
func (w *writer) Pressed() bool { return w.memory.wasPressed() }

// Flush ends the row group.
func (w *writer) Flush() error { return w.endGroup() }

// begin opens the file when the first batch, or none, tells which columns deserve dictionaries.
func (w *writer) begin(sample *column.Batch) error {
	props := append(writerProperties(w.options, w.fields, w.memory), parquet.WithDictionaryDefault(true))
	for i, f := range w.fields {
		if f.Type.Kind == column.Bool || sample != nil && !repeats(sample, i) {
			props = append(props, parquet.WithDictionaryFor(f.Name, false))
		}
	}
	out, err := file.NewParquetWriterWithError(w.sink, w.root, file.WithWriterProps(parquet.NewWriterProperties(props...)),
		file.WithWriteMetadata(w.marks))
	w.out = out
	return w.failure(err)
}

// failure prefers the error of what is written to.
func (w *writer) failure(err error) error {
	if err == nil {
		return nil
	}
	if w.sink.err != nil {
		return w.sink.err
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	return fmt.Errorf("parquet: write: %w", err)
}

// Write appends the batch's selected rows.
func (w *writer) Write(b *column.Batch) error {
	if len(b.Cols) != len(w.fields) {
		return fmt.Errorf("parquet: a batch of %d columns for a file of %d", len(b.Cols), len(w.fields))
	}
	if b.Rows() == 0 {
		return nil
	}
	if w.out == nil {
		if err := w.begin(b); err != nil {
			return err
		}
	}
	for from := 0; from < b.Rows(); {
		if w.group == nil {
			g, err := w.out.AppendBufferedRowGroupChecked()
			if err != nil {
				return w.failure(err)
			}
			w.group, w.rows = g, 0
		}
		n := min(b.Rows()-from, w.options.rowGroup-w.rows)
		for i := range w.cols {
			cw, err := w.group.Column(i)
			if err == nil {
				err = w.cols[i].write(cw, b, i, from, n)
			}
			if err != nil {
				return w.failure(err)
			}
		}
		from += n
		used, refused := w.memory.held()
		if refused != nil {
			return refused
		}
		if w.rows += n; w.rows == w.options.rowGroup || used > maxGroupBytes {
			if err := w.endGroup(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) endGroup() error {
	if w.group == nil {
		return nil
	}
	err := w.group.Close()
	w.group = nil
	return w.failure(err)
}

// Close writes the last row group and the footer.
func (w *writer) Close() error {
	defer w.memory.close()
	if w.out == nil {
		if err := w.begin(nil); err != nil {
			return err
		}
	}
	if err := w.endGroup(); err != nil {
		return errors.Join(err, w.out.Close())
	}
	return w.failure(w.out.Close())
}
