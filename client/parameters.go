package client

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// parameters makes a record of one row of Go values, in the arena.
func parameters(arena *mem.Arena, args []any) (arrow.RecordBatch, error) {
	b := &column.Batch{Len: 1}
	fields := make([]column.Field, len(args))
	for i, a := range args {
		v, err := valueOf(a)
		if err != nil {
			return nil, fault.Wrap(fault.InvalidParameterValue, err, "parameter $%d", i+1)
		}
		fields[i] = column.Field{Name: fmt.Sprintf("$%d", i+1), Type: v.Type}
		vector, err := column.NewConstant(arena, v, 1)
		if err != nil {
			return nil, err
		}
		b.Cols = append(b.Cols, vector)
	}
	return column.ToArrow(arena, b, column.ArrowSchema(fields))
}

// valueOf is a Go value as the engine's.
func valueOf(a any) (column.Value, error) {
	integer := func(v int64) column.Value { return column.IntValue(column.T(column.Int64), v) }
	switch a := a.(type) {
	case nil:
		return column.NullValue(column.T(column.Null)), nil
	case column.Value:
		return a, nil
	case bool:
		return column.BoolValue(a), nil
	case int:
		return integer(int64(a)), nil
	case int8:
		return integer(int64(a)), nil
	case int16:
		return integer(int64(a)), nil
	case int32:
		return integer(int64(a)), nil
	case int64:
		return integer(a), nil
	case uint8:
		return integer(int64(a)), nil
	case uint16:
		return integer(int64(a)), nil
	case uint32:
		return integer(int64(a)), nil
	case float32:
		return column.FloatValue(float64(a)), nil
	case float64:
		return column.FloatValue(a), nil
	case string:
		return column.TextValue(a), nil
	case []byte:
		return column.Value{Type: column.T(column.Binary), Str: string(a)}, nil
	case time.Time:
		return column.IntValue(column.T(column.TimestampTZ), a.UnixMicro()), nil
	}
	return column.Value{}, fmt.Errorf("a Go value of type %T is no parameter", a)
}
