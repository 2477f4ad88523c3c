package flightsql

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
)

// maxBoundRows bounds the rows of parameters that one call may send.
const maxBoundRows = 1_000_000

// readParameters reads rows of parameters and calls f with each.
func readParameters(ctx context.Context, r flight.MessageReader, f func(values []column.Value) error) error {
	arena := mem.NewArena(nil)
	defer arena.Free()
	var fields []column.Field
	rows := 0
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return malformed(ctx, err)
		}
		if fields == nil {
			if fields, err = wire.Fields(record.Schema()); err != nil {
				return err
			}
		}
		arena.Reset()
		b, err := toBatch(ctx, arena, record, fields)
		if err != nil {
			return err
		}
		if rows += b.Len; rows > maxBoundRows {
			return fault.New(fault.StatementTooComplex, "more than %d rows of parameters", maxBoundRows).
				WithHint("bulk ingestion takes any number of rows")
		}
		for k := range b.Len {
			values := make([]column.Value, len(b.Cols))
			for c, v := range b.Cols {
				values[c] = v.ValueAt(b.Row(k))
				if values[c].Null {
					// A NULL takes the type that its place asks for.
					values[c] = column.NullValue(column.T(column.Null))
				}
			}
			if err := f(values); err != nil {
				return err
			}
		}
	}
}

// malformed is the error of a stream of Arrow messages that cannot be read.
func malformed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fault.Wrap(fault.InvalidParameterValue, err, "read the Arrow stream")
}

// parameterSchema declares parameters of the given types; what is not known is text. Integers are declared with 64 bits, since clients that build
// parameters by this schema give those.
func parameterSchema(types []column.Type) *arrow.Schema {
	fields := make([]arrow.Field, len(types))
	for i, t := range types {
		fields[i] = arrow.Field{Name: parameterName(i), Type: declared(t), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

func declared(t column.Type) arrow.DataType {
	switch {
	case t.Kind == column.Null || t.Kind.IsNested():
		return arrow.BinaryTypes.String
	case t.Kind.IsInteger():
		return arrow.PrimitiveTypes.Int64
	case t.Kind == column.Float32:
		return arrow.PrimitiveTypes.Float64
	}
	return column.ArrowType(t)
}
