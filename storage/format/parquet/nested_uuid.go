package parquet

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/polybolos-db/polybolos/column"
)

// The library writes sixteen bytes as a uuid only where they have the extension type for it.

// withUUIDs is a schema of fields with the extension type wherever a field is or has a uuid.
func withUUIDs(schema *arrow.Schema, fields []column.Field) *arrow.Schema {
	out := schema.Fields()
	for i := range out {
		out[i].Type = uuidsIn(out[i].Type, fields[i].Type)
	}
	return arrow.NewSchema(out, nil)
}

func holdsUUID(t column.Type) bool {
	if t.Nested != nil {
		for _, f := range t.Nested.Fields {
			if holdsUUID(f.Type) {
				return true
			}
		}
	}
	return t.Kind == column.UUID
}

func uuidsIn(t arrow.DataType, c column.Type) arrow.DataType {
	if !holdsUUID(c) {
		return t
	}
	switch x := t.(type) {
	case *arrow.ListType:
		f := x.ElemField()
		f.Type = uuidsIn(f.Type, c.Nested.Fields[0].Type)
		return arrow.ListOfField(f)
	case *arrow.StructType:
		fields := x.Fields()
		for i := range fields {
			fields[i].Type = uuidsIn(fields[i].Type, c.Nested.Fields[i].Type)
		}
		return arrow.StructOf(fields...)
	case *arrow.MapType:
		m := arrow.MapOf(uuidsIn(x.KeyType(), c.Nested.Fields[0].Type), uuidsIn(x.ItemType(), c.Nested.Fields[1].Type))
		m.SetItemNullable(x.ItemField().Nullable)
		return m
	}
	return extensions.NewUUIDType()
}

// retyped is a record under another schema whose types have the same layout. The caller releases both.
func retyped(rec arrow.RecordBatch, schema *arrow.Schema) arrow.RecordBatch {
	cols := make([]arrow.Array, rec.NumCols())
	for i := range cols {
		data := retypedData(rec.Column(i).Data(), schema.Field(i).Type)
		cols[i] = array.MakeFromData(data)
		data.Release()
	}
	out := array.NewRecordBatch(schema, cols, rec.NumRows())
	for _, c := range cols {
		c.Release()
	}
	return out
}

func retypedData(d arrow.ArrayData, t arrow.DataType) *array.Data {
	var inner []arrow.DataType
	switch x := t.(type) {
	case *arrow.ListType:
		inner = []arrow.DataType{x.Elem()}
	case *arrow.MapType:
		inner = []arrow.DataType{x.Elem()}
	case *arrow.StructType:
		for _, f := range x.Fields() {
			inner = append(inner, f.Type)
		}
	}
	children := make([]arrow.ArrayData, len(inner))
	for i, c := range d.Children() {
		children[i] = retypedData(c, inner[i])
	}
	out := array.NewData(t, d.Len(), d.Buffers(), children, d.NullN(), d.Offset())
	for _, c := range children {
		c.Release()
	}
	return out
}
