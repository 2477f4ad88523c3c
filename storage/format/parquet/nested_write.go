package parquet

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// recovered turns a panic of the library into an error.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%v", r)
	}
}

// nestedWriter writes files with nested columns through the Arrow library.
type nestedWriter struct {
	sink    *sink
	fields  []column.Field
	schema  *arrow.Schema
	uuids   *arrow.Schema // as the library is given it, nil when it is schema
	options writeOptions
	out     *pqarrow.FileWriter
	arena   *mem.Arena
	rows    int // in the current row group
	memory  *charged
}

// Charge names the budget that the writer's memory is charged to, before the first batch.
func (w *nestedWriter) Charge(budget *mem.Budget) {
	w.memory.budget = budget
	w.arena = mem.NewArena(budget)
}

// Discard gives the memory of a writer that will not be closed back.
func (w *nestedWriter) Discard() {
	w.memory.close()
	w.arena.Free()
}

func hasNested(fields []column.Field) bool {
	for _, f := range fields {
		if f.Type.Kind.IsNested() {
			return true
		}
	}
	return false
}

// holdsInterval reports whether a type is or has an interval.
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

// written is the type as which the library is given a type. It cannot write intervals: they go as uuids, which have as many bytes.
func written(t column.Type) column.Type {
	if t.Kind == column.Interval {
		return column.T(column.UUID)
	}
	if t.Nested == nil {
		return t
	}
	out := t
	out.Nested = &column.Nested{Fields: append([]column.Field(nil), t.Nested.Fields...)}
	for i := range out.Nested.Fields {
		out.Nested.Fields[i].Type = written(t.Nested.Fields[i].Type)
	}
	return out
}

// asWritten is a vector in the type as which it is written.
func asWritten(a *mem.Arena, v *column.Vector) (*column.Vector, error) {
	if !holdsInterval(v.Type) {
		return v, nil
	}
	out := *v
	out.Type = written(v.Type)
	var err error
	if v.Form == column.Dict {
		out.Dictionary, err = asWritten(a, v.Dictionary)
		return &out, err
	}
	if v.Type.Kind == column.Interval {
		values := column.Values[column.IntervalValue](v)
		numbers, err := column.AllocSlice[column.Int128](a, len(values))
		if err != nil {
			return nil, err
		}
		for i, x := range values {
			// A uuid's first byte is its number's highest.
			first := uint64(uint32(x.Months)) | uint64(uint32(x.Days))<<32
			numbers[i] = column.Int128{Hi: int64(bits.ReverseBytes64(first)), Lo: bits.ReverseBytes64(uint64(x.Micros))}
		}
		out.Data = column.BytesOf(numbers)
		return &out, nil
	}
	out.Children = make([]*column.Vector, len(v.Children))
	for i, c := range v.Children {
		if out.Children[i], err = asWritten(a, c); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// intervalPaths are the paths of the intervals among the leaves of a file's schema, whose order is that of the fields' own.
func intervalPaths(sc *schema.Schema, fields []column.Field) (paths []string) {
	at := 0
	var walk func(t column.Type)
	walk = func(t column.Type) {
		if t.Nested == nil {
			if t.Kind == column.Interval && at < sc.NumColumns() {
				paths = append(paths, sc.Column(at).Path())
			}
			at++
			return
		}
		for _, f := range t.Nested.Fields {
			walk(f.Type)
		}
	}
	for _, f := range fields {
		walk(f.Type)
	}
	return paths
}

func newNestedWriter(s *sink, fields []column.Field, o writeOptions) (w *nestedWriter, err error) {
	defer recovered(&err)
	given := make([]column.Field, len(fields))
	for i, f := range fields {
		given[i] = f
		given[i].Type = written(f.Type)
	}
	w = &nestedWriter{sink: s, fields: fields, schema: column.ArrowSchema(given), options: o, arena: mem.NewArena(nil), memory: newCharged()}
	props := parquet.NewWriterProperties(append(writerProperties(o, fields, w.memory), parquet.WithDictionaryPageSizeLimit(nestedDictionary))...)
	declared := w.schema
	for _, f := range fields {
		if holdsUUID(f.Type) {
			w.uuids = withUUIDs(w.schema, fields)
			declared = w.uuids
			break
		}
	}
	sc, err := pqarrow.ToParquet(declared, props, pqarrow.DefaultWriterProps())
	if err == nil {
		w.out, err = pqarrow.NewFileWriter(declared, s, props, pqarrow.DefaultWriterProps())
	}
	if err != nil {
		return nil, fault.Wrap(fault.FeatureNotSupported, err, "these columns cannot be written to Parquet")
	}
	if paths := intervalPaths(sc, fields); paths != nil {
		err = w.out.AppendKeyValueMetadata(intervalMark, strings.Join(paths, "\x00"))
	}
	return w, err
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
	given := &column.Batch{Len: b.Len, Sel: b.Sel}
	for _, v := range b.Cols {
		c, err := asWritten(w.arena, v)
		if err != nil {
			return err
		}
		given.Cols = append(given.Cols, c)
	}
	rec, err := column.ToArrow(w.arena, given, w.schema)
	if err != nil {
		return err
	}
	defer rec.Release()
	if w.uuids != nil {
		rec = retyped(rec, w.uuids)
		defer rec.Release()
	}
	used, refused := w.memory.held()
	if refused != nil {
		return refused
	}
	if w.rows >= w.options.rowGroup || used > maxGroupBytes {
		w.out.NewBufferedRowGroup()
		w.rows = 0
	}
	w.rows += b.Rows()
	return w.failure(w.out.WriteBuffered(rec))
}

// Close writes the last row group and the footer.
func (w *nestedWriter) Close() (err error) {
	defer recovered(&err)
	defer w.memory.close()
	defer w.arena.Free()
	return w.failure(w.out.Close())
}

func (w *nestedWriter) failure(err error) error {
	if err != nil && w.sink.err != nil {
		return w.sink.err
	}
	return err
}
