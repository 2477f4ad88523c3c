package wire

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// simple are the Arrow types that have one engine type.
var simple = map[arrow.Type]column.Kind{
	arrow.NULL: column.Null, arrow.BOOL: column.Bool,
	arrow.INT8: column.Int8, arrow.INT16: column.Int16, arrow.INT32: column.Int32, arrow.INT64: column.Int64,
	arrow.UINT8: column.Uint8, arrow.UINT16: column.Uint16, arrow.UINT32: column.Uint32, arrow.UINT64: column.Uint64,
	arrow.FLOAT16: column.Float32, arrow.FLOAT32: column.Float32, arrow.FLOAT64: column.Float64,
	arrow.DATE32: column.Date, arrow.DATE64: column.Date, arrow.TIME32: column.Time, arrow.TIME64: column.Time,
	arrow.INTERVAL_MONTH_DAY_NANO: column.Interval, arrow.INTERVAL_MONTHS: column.Interval, arrow.INTERVAL_DAY_TIME: column.Interval,
	arrow.DURATION: column.Interval,
	arrow.STRING:   column.Text, arrow.LARGE_STRING: column.Text, arrow.STRING_VIEW: column.Text,
	arrow.BINARY: column.Binary, arrow.LARGE_BINARY: column.Binary, arrow.BINARY_VIEW: column.Binary,
}

// Fields are the columns of an Arrow schema. Types that the engine does not have become the nearest that holds their values; where there is none
// it fails with 0A000 and the column's name.
func Fields(schema *arrow.Schema) ([]column.Field, error) {
	out := make([]column.Field, schema.NumFields())
	for i, f := range schema.Fields() {
		var err error
		if out[i], err = fieldOf(f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func fieldOf(f arrow.Field) (column.Field, error) {
	out := column.Field{Name: f.Name, NotNull: !f.Nullable}
	if name, ok := f.Metadata.GetValue("ARROW:extension:name"); ok && name == "arrow.uuid" {
		if t, ok := f.Type.(*arrow.FixedSizeBinaryType); ok && t.ByteWidth == 16 {
			out.Type = column.T(column.UUID)
			return out, nil
		}
	}
	t, err := typeOf(f.Name, f.Type)
	out.Type = t
	return out, err
}

func typeOf(name string, t arrow.DataType) (column.Type, error) {
	if kind, ok := simple[t.ID()]; ok {
		return column.T(kind), nil
	}
	switch t := t.(type) {
	case *arrow.TimestampType:
		if t.TimeZone != "" {
			return column.T(column.TimestampTZ), nil
		}
		return column.T(column.Timestamp), nil
	case arrow.DecimalType:
		precision, scale := int(t.GetPrecision()), int(t.GetScale())
		if precision <= column.MaxPrecision && scale >= 0 && scale <= precision {
			return column.DecimalType(precision, scale), nil
		}
	case *arrow.DictionaryType:
		return typeOf(name, t.ValueType)
	case *arrow.FixedSizeBinaryType:
		return column.T(column.Binary), nil
	case arrow.ExtensionType:
		if t.ExtensionName() == "arrow.uuid" {
			return column.T(column.UUID), nil
		}
		return typeOf(name, t.StorageType())
	case *arrow.MapType:
		key, err := fieldOf(t.KeyField())
		if err != nil {
			return column.Type{}, err
		}
		item, err := fieldOf(t.ItemField())
		return column.Type{Kind: column.Map, Nested: &column.Nested{Fields: []column.Field{key, item}}}, err
	case *arrow.ListType:
		elem, err := fieldOf(t.ElemField())
		return column.Type{Kind: column.List, Nested: &column.Nested{Fields: []column.Field{elem}}}, err
	case *arrow.LargeListType:
		elem, err := fieldOf(t.ElemField())
		return column.Type{Kind: column.List, Nested: &column.Nested{Fields: []column.Field{elem}}}, err
	case *arrow.FixedSizeListType:
		elem, err := fieldOf(t.ElemField())
		return column.Type{Kind: column.List, Nested: &column.Nested{Fields: []column.Field{elem}}}, err
	case *arrow.StructType:
		fields := make([]column.Field, t.NumFields())
		for i, f := range t.Fields() {
			var err error
			if fields[i], err = fieldOf(f); err != nil {
				return column.Type{}, err
			}
		}
		return column.Type{Kind: column.Struct, Nested: &column.Nested{Fields: fields}}, nil
	}
	return column.Type{}, fault.New(fault.FeatureNotSupported, "column %q has Arrow type %s, which is not supported", name, t)
}
