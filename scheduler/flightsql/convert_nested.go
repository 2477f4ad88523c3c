package flightsql

import (
	"context"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// convertNested casts the values within lists, structs and maps; lists of other layouts become lists. The caller releases the result, which shares what stays as it is.
func convertNested(ctx context.Context, a arrow.Array, to arrow.DataType) (arrow.Array, error) {
	data := a.Data()
	buffers := data.Buffers()
	var inner []arrow.DataType
	switch from := a.DataType().(type) {
	case *arrow.StructType:
		target, ok := to.(*arrow.StructType)
		if !ok || target.NumFields() != from.NumFields() {
			return nil, mismatched(a, to)
		}
		for _, f := range target.Fields() {
			inner = append(inner, f.Type)
		}
	case *arrow.MapType:
		target, ok := to.(*arrow.MapType)
		if !ok {
			return nil, mismatched(a, to)
		}
		inner = []arrow.DataType{target.Elem()}
	case *arrow.ListType:
		target, ok := to.(*arrow.ListType)
		if !ok {
			return nil, mismatched(a, to)
		}
		inner = []arrow.DataType{target.Elem()}
	case *arrow.LargeListType, *arrow.FixedSizeListType:
		target, ok := to.(*arrow.ListType)
		if !ok {
			return nil, mismatched(a, to)
		}
		inner = []arrow.DataType{target.Elem()}
		starts, err := shortOffsets(a)
		if err != nil {
			return nil, err
		}
		buffers = []*memory.Buffer{buffers[0], memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(starts))}
	default:
		return nil, mismatched(a, to)
	}
	if len(data.Children()) != len(inner) {
		return nil, fault.New(fault.DataCorrupted, "damaged Arrow data of type %s", a.DataType())
	}
	children := make([]arrow.ArrayData, len(inner))
	for i, t := range inner {
		child := array.MakeFromData(data.Children()[i])
		converted, err := convert(ctx, child, t)
		child.Release()
		if err != nil {
			return nil, err
		}
		defer converted.Release()
		children[i] = converted.Data()
	}
	out := array.NewData(to, data.Len(), buffers, children, data.NullN(), data.Offset())
	defer out.Release()
	return array.MakeFromData(out), nil
}

func mismatched(a arrow.Array, to arrow.DataType) error {
	return fault.New(fault.DatatypeMismatch, "Arrow data of type %s is no %s", a.DataType(), to)
}

// shortOffsets are the places of the lists of an array in its values, as a list with 32 bits has them: one more than the array has lists, from its first buffer's begin on.
func shortOffsets(a arrow.Array) ([]int32, error) {
	n := a.Data().Offset() + a.Len()
	out := make([]int32, n+1)
	switch l := a.(type) {
	case *array.FixedSizeList:
		width := int64(l.DataType().(*arrow.FixedSizeListType).Len())
		for i := range out {
			if int64(i)*width > math.MaxInt32 {
				return nil, tooLong(a)
			}
			out[i] = int32(int64(i) * width)
		}
	case *array.LargeList:
		if a.Len() == 0 {
			return out, nil
		}
		starts := arrow.Int64Traits.CastFromBytes(a.Data().Buffers()[1].Bytes())
		if len(starts) < n+1 {
			return nil, fault.New(fault.DataCorrupted, "damaged Arrow data of type %s", a.DataType())
		}
		for i := a.Data().Offset(); i <= n; i++ {
			if starts[i] < 0 || starts[i] > math.MaxInt32 {
				return nil, tooLong(a)
			}
			out[i] = int32(starts[i])
		}
	}
	return out, nil
}

func tooLong(a arrow.Array) error {
	return fault.New(fault.StatementTooComplex, "a record has more than 2 147 483 647 values in its column of type %s", a.DataType()).WithHint("send fewer rows in a record")
}

// storable makes of a type one that a table can have: what no value tells the type of is text. That nothing is NULL in the rows that come is no promise about others.
func storable(t column.Type) column.Type {
	switch {
	case t.Kind == column.Null:
		return column.T(column.Text)
	case t.Nested == nil:
		return t
	}
	nested := *t.Nested
	nested.Fields = append([]column.Field(nil), nested.Fields...)
	for i := range nested.Fields {
		f := &nested.Fields[i]
		f.Type = storable(f.Type)
		f.NotNull = f.NotNull && t.Kind == column.Map && i == 0
	}
	t.Nested = &nested
	return t
}
