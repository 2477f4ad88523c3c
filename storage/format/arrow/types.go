package arrow

import (
	"context"

	arrowgo "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/compute"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// kinds are the types that each Arrow type without parameters becomes.
var kinds = map[arrowgo.Type]column.Kind{
	arrowgo.NULL: column.Null, arrowgo.BOOL: column.Bool, arrowgo.INT8: column.Int8, arrowgo.INT16: column.Int16, arrowgo.INT32: column.Int32,
	arrowgo.INT64: column.Int64, arrowgo.UINT8: column.Uint8, arrowgo.UINT16: column.Uint16, arrowgo.UINT32: column.Uint32,
	arrowgo.UINT64: column.Uint64, arrowgo.FLOAT16: column.Float32, arrowgo.FLOAT32: column.Float32, arrowgo.FLOAT64: column.Float64,
	arrowgo.DATE32: column.Date, arrowgo.DATE64: column.Date, arrowgo.TIME32: column.Time, arrowgo.TIME64: column.Time,
	arrowgo.INTERVAL_MONTH_DAY_NANO: column.Interval, arrowgo.STRING: column.Text, arrowgo.LARGE_STRING: column.Text,
	arrowgo.STRING_VIEW: column.Text, arrowgo.BINARY: column.Binary, arrowgo.LARGE_BINARY: column.Binary, arrowgo.BINARY_VIEW: column.Binary,
}

// typeOf is the type that holds an Arrow type's values.
func typeOf(t arrowgo.DataType) (column.Type, error) {
	if k, ok := kinds[t.ID()]; ok {
		return column.T(k), nil
	}
	unsupported := fault.New(fault.FeatureNotSupported, "the Arrow type %s is not supported", t)
	switch x := t.(type) {
	case *arrowgo.DictionaryType:
		return typeOf(x.ValueType)
	case *arrowgo.TimestampType:
		if x.TimeZone != "" {
			return column.T(column.TimestampTZ), nil
		}
		return column.T(column.Timestamp), nil
	case *arrowgo.FixedSizeBinaryType:
		if x.ByteWidth == 16 {
			return column.T(column.UUID), nil
		}
		return column.T(column.Binary), nil
	case arrowgo.ExtensionType:
		return typeOf(x.StorageType())
	case arrowgo.DecimalType:
		if x.GetPrecision() > column.MaxPrecision || x.GetScale() < 0 || x.GetScale() > x.GetPrecision() {
			return column.Type{}, unsupported
		}
		return column.DecimalType(int(x.GetPrecision()), int(x.GetScale())), nil
	case *arrowgo.ListType:
		elem, err := exact(x.Elem())
		return column.ListType(elem), err
	case *arrowgo.StructType:
		fields := make([]column.Field, x.NumFields())
		for i, f := range x.Fields() {
			m, err := exact(f.Type)
			if err != nil {
				return column.Type{}, err
			}
			fields[i] = column.Field{Name: f.Name, Type: m}
		}
		return column.StructType(fields), nil
	}
	return column.Type{}, unsupported
}

// exact is the type of values within lists and structs, which are not converted.
func exact(t arrowgo.DataType) (column.Type, error) {
	out, err := typeOf(t)
	if err == nil && !out.Kind.IsNested() && !arrowgo.TypeEqual(column.ArrowType(out), t) {
		err = fault.New(fault.FeatureNotSupported, "the Arrow type %s within a list or struct is not supported", t)
	}
	return out, err
}

// convert makes an array one of the engine's types; the caller releases the result. Times finer than a microsecond are cut.
func convert(ctx context.Context, a arrowgo.Array, to arrowgo.DataType) (arrowgo.Array, error) {
	if x, ok := a.(array.ExtensionArray); ok {
		a = x.Storage()
	}
	if arrowgo.TypeEqual(a.DataType(), to) || a.DataType().ID() == to.ID() && arrowgo.IsNested(to.ID()) {
		a.Retain()
		return a, nil
	}
	// What converts runs on goroutines of its own, whose panics nobody could recover.
	if err := array.ValidateFull(a); err != nil {
		return nil, fault.Wrap(fault.DataCorrupted, err, "the file is not Arrow IPC, or damaged")
	}
	if d, ok := a.(*array.Dictionary); ok {
		values, err := compute.TakeArray(ctx, d.Dictionary(), d.Indices())
		if err != nil {
			return nil, err
		}
		defer values.Release()
		return convert(ctx, values, to)
	}
	if from, ok := a.DataType().(*arrowgo.TimestampType); ok {
		if target, ok := to.(*arrowgo.TimestampType); ok {
			return convertTimestamp(ctx, a, from, target)
		}
	}
	options := compute.SafeCastOptions(to)
	options.AllowTimeTruncate = true
	return compute.CastArray(ctx, a, options)
}

// converted is about how many bytes an array takes once it is converted, which may be far more than it has in the file: nulls have none there, and the
// values of dictionaries and views can be the same many times.
func converted(a arrowgo.Array) int64 {
	if x, ok := a.(array.ExtensionArray); ok {
		a = x.Storage()
	}
	type lengths interface{ ValueLen(int) int }
	n := 16 * int64(a.Len())
	switch x := a.(type) {
	case *array.Dictionary:
		if values, ok := x.Dictionary().(lengths); ok {
			for i := range x.Len() {
				if k := x.GetValueIndex(i); x.IsValid(i) && k >= 0 && k < x.Dictionary().Len() {
					n += int64(values.ValueLen(k))
				}
			}
		}
	case array.ViewLike:
		if values, ok := a.(lengths); ok {
			for i := range a.Len() {
				n += int64(max(0, values.ValueLen(i)))
			}
		}
	}
	return n
}

// convertTimestamp changes the unit. The zone only says how an instant is shown.
func convertTimestamp(ctx context.Context, a arrowgo.Array, from, to *arrowgo.TimestampType) (arrowgo.Array, error) {
	out := a
	if from.Unit != to.Unit {
		options := compute.SafeCastOptions(&arrowgo.TimestampType{Unit: to.Unit, TimeZone: from.TimeZone})
		options.AllowTimeTruncate = true
		var err error
		if out, err = compute.CastArray(ctx, a, options); err != nil {
			return nil, err
		}
		defer out.Release()
	}
	data := array.NewData(to, out.Len(), out.Data().Buffers(), nil, out.NullN(), out.Data().Offset())
	defer data.Release()
	return array.MakeFromData(data), nil
}
