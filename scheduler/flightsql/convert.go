package flightsql

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/compute"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// toBatch copies a client's record into an arena, converting types that the engine does not have: other units of time, views, large strings,
// dictionaries. Times finer than a microsecond are cut.
func toBatch(ctx context.Context, arena *mem.Arena, record arrow.RecordBatch, fields []column.Field) (*column.Batch, error) {
	if int(record.NumCols()) != len(fields) {
		return nil, fault.New(fault.DatatypeMismatch, "a record of %d columns where %d are expected", record.NumCols(), len(fields))
	}
	cols := make([]arrow.Array, len(fields))
	defer func() {
		for _, c := range cols {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i, f := range fields {
		var err error
		if cols[i], err = convert(ctx, record.Column(i), column.ArrowType(f.Type)); err != nil {
			return nil, fault.Wrap(fault.DatatypeMismatch, err, "column %q: convert Arrow %s to %s", f.Name, record.Column(i).DataType(), f.Type)
		}
	}
	same := array.NewRecordBatch(column.ArrowSchema(fields), cols, record.NumRows())
	defer same.Release()
	return column.FromArrow(arena, same, fields)
}

// convert casts an array to a type; the caller releases the result.
func convert(ctx context.Context, a arrow.Array, to arrow.DataType) (arrow.Array, error) {
	if x, ok := a.(array.ExtensionArray); ok {
		a = x.Storage()
	}
	if arrow.TypeEqual(a.DataType(), to) {
		a.Retain()
		return a, nil
	}
	if arrow.IsNested(a.DataType().ID()) {
		return convertNested(ctx, a, to)
	}
	if d, ok := a.(*array.Dictionary); ok {
		values, err := compute.TakeArray(ctx, d.Dictionary(), d.Indices())
		if err != nil {
			return nil, err
		}
		defer values.Release()
		return convert(ctx, values, to)
	}
	if from, ok := a.DataType().(*arrow.TimestampType); ok {
		// Zones say how an instant is shown; the instant is the same.
		if target, ok := to.(*arrow.TimestampType); ok && from.TimeZone != target.TimeZone {
			to = &arrow.TimestampType{Unit: target.Unit, TimeZone: from.TimeZone}
		}
	}
	options := compute.SafeCastOptions(to)
	options.AllowTimeTruncate = true
	out, err := compute.CastArray(ctx, a, options)
	if err != nil {
		return nil, err
	}
	if t, ok := out.DataType().(*arrow.TimestampType); ok && t.TimeZone != "" && t.TimeZone != "UTC" {
		defer out.Release()
		data := array.NewData(&arrow.TimestampType{Unit: t.Unit, TimeZone: "UTC"}, out.Len(), out.Data().Buffers(), nil, out.NullN(), out.Data().Offset())
		defer data.Release()
		return array.MakeFromData(data), nil
	}
	return out, nil
}
