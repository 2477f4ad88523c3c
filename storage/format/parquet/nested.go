package parquet

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	arrowmem "github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// nestedColumn reads a list, struct or map through the Arrow library, whose pages lie on the Go heap; the vectors lie in an arena.
type nestedColumn struct {
	field  column.Field
	arena  *mem.Arena
	reader *pqarrow.ColumnReader // of the current row group; nil before its first row is wanted
	source *nestedFile
	group  int
	root   int // position among the file's top-level columns
	skip   int // rows to pass over first
}

// nestedFile is a file as the Arrow library opened it.
type nestedFile struct{ files *pqarrow.FileReader }

// openNested opens a file for the nested columns. The library panics on some malformed files; that is an error here.
func openNested(r io.ReaderAt, size int64) (f *nestedFile, err error) {
	defer recovered(&err)
	pf, err := file.NewParquetReader(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	fr, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: column.BatchRows}, arrowmem.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	return &nestedFile{files: fr}, nil
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%v", r)
	}
}

// open begins a row group.
func (n *nestedColumn) open(f *nestedFile, group, root int) {
	n.finish()
	n.source, n.group, n.root, n.skip = f, group, root, 0
}

func (n *nestedColumn) finish() {
	if n.reader != nil {
		n.reader.Release()
	}
	n.reader, n.source = nil, nil
}

func (n *nestedColumn) close() {
	n.finish()
	n.arena.Free()
}

// read gives the next rows, valid until the next call.
func (n *nestedColumn) read(rows int) (v *column.Vector, err error) {
	defer recovered(&err)
	n.arena.Reset()
	if n.reader == nil {
		leaves := map[int]bool{}
		descr := n.source.files.ParquetReader().MetaData().Schema
		for i := range descr.NumColumns() {
			if descr.ColumnRoot(i).Name() == descr.Root().Field(n.root).Name() {
				leaves[i] = true
			}
		}
		if n.reader, err = n.source.files.GetFieldReader(context.Background(), n.root, leaves, []int{n.group}); err != nil {
			return nil, err
		}
		if n.reader == nil {
			return nil, fmt.Errorf("the column has no values")
		}
	}
	for n.skip > 0 {
		k := min(n.skip, column.BatchRows)
		if _, err := n.next(k); err != nil {
			return nil, err
		}
		n.skip -= k
	}
	values, err := n.next(rows)
	if err != nil {
		return nil, err
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: n.field.Name, Type: values.DataType(), Nullable: true}}, nil)
	rec := array.NewRecordBatch(schema, []arrow.Array{values}, int64(values.Len()))
	defer rec.Release()
	b, err := column.FromArrow(n.arena, rec, []column.Field{n.field})
	if err != nil {
		return nil, err
	}
	return b.Cols[0], nil
}

// next is the next rows as one array.
func (n *nestedColumn) next(rows int) (arrow.Array, error) {
	chunked, err := n.reader.NextBatch(int64(rows))
	if err != nil {
		return nil, err
	}
	var values arrow.Array
	switch parts := chunked.Chunks(); len(parts) {
	case 0:
		return nil, fmt.Errorf("the column has fewer rows than its row group")
	case 1:
		values = parts[0]
	default:
		if values, err = array.Concatenate(parts, arrowmem.DefaultAllocator); err != nil {
			return nil, err
		}
	}
	if values.Len() != rows {
		return nil, fmt.Errorf("the column has fewer rows than its row group")
	}
	return values, nil
}

// nestedWriter writes files with nested columns through the Arrow library.
type nestedWriter struct {
	sink    *sink
	fields  []column.Field
	schema  *arrow.Schema
	options writeOptions
	out     *pqarrow.FileWriter
	arena   *mem.Arena
	rows    int // in the current row group
}

func hasNested(fields []column.Field) bool {
	for _, f := range fields {
		if f.Type.Kind.IsNested() {
			return true
		}
	}
	return false
}

// holdsInterval reports whether a type is or has an interval, which the library cannot write.
func holdsInterval(t column.Type) bool {
	if t.Nested != nil {
		for _, f := range t.Nested.Fields {
			if holdsInterval(f.Type) {
				return true
			}
		}
	}
	return t.Kind == column.Interval
}

func newNestedWriter(s *sink, fields []column.Field, o writeOptions) (w *nestedWriter, err error) {
	defer recovered(&err)
	for _, f := range fields {
		if holdsInterval(f.Type) {
			return nil, fault.New(fault.FeatureNotSupported, "column %q of type %s cannot be written to Parquet beside nested columns", f.Name, f.Type)
		}
	}
	w = &nestedWriter{sink: s, fields: fields, schema: column.ArrowSchema(fields), options: o, arena: mem.NewArena(nil)}
	w.out, err = pqarrow.NewFileWriter(w.schema, s, writerProperties(o), pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, fault.Wrap(fault.FeatureNotSupported, err, "these columns cannot be written to Parquet")
	}
	return w, nil
}

// Write appends the batch's selected rows.
func (w *nestedWriter) Write(b *column.Batch) (err error) {
	defer recovered(&err)
	if b.Rows() == 0 {
		return nil
	}
	for i, f := range w.fields {
		for k := range b.Rows() {
			if f.NotNull && b.Cols[i].IsNull(b.Row(k)) {
				return fault.New(fault.NotNullViolation, "null value in column %q, which holds none", f.Name)
			}
		}
	}
	w.arena.Reset()
	rec, err := column.ToArrow(w.arena, b, w.schema)
	if err != nil {
		return err
	}
	defer rec.Release()
	if w.rows >= w.options.rowGroup {
		w.out.NewBufferedRowGroup()
		w.rows = 0
	}
	w.rows += b.Rows()
	return w.failure(w.out.WriteBuffered(rec))
}

// Close writes the last row group and the footer.
func (w *nestedWriter) Close() (err error) {
	defer recovered(&err)
	defer w.arena.Free()
	return w.failure(w.out.Close())
}

func (w *nestedWriter) failure(err error) error {
	if err != nil && w.sink.err != nil {
		return w.sink.err
	}
	return err
}
