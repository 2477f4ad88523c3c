package substrait

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// typeOf is the type of the engine that holds t's values; ok is whether t names one at all.
func (c *converter) typeOf(t *pb.Type) (out column.Type, ok bool, err error) {
	switch k := t.GetKind().(type) {
	case nil:
		return out, false, nil
	case *pb.Type_Bool:
		return column.T(column.Bool), true, nil
	case *pb.Type_I8_:
		return c.integer(column.Int8, k.I8.GetTypeVariationReference()), true, nil
	case *pb.Type_I16_:
		return c.integer(column.Int16, k.I16.GetTypeVariationReference()), true, nil
	case *pb.Type_I32_:
		return c.integer(column.Int32, k.I32.GetTypeVariationReference()), true, nil
	case *pb.Type_I64_:
		return c.integer(column.Int64, k.I64.GetTypeVariationReference()), true, nil
	case *pb.Type_Fp32:
		return column.T(column.Float32), true, nil
	case *pb.Type_Fp64:
		return column.T(column.Float64), true, nil
	case *pb.Type_String_, *pb.Type_FixedChar_, *pb.Type_Varchar:
		return column.T(column.Text), true, nil
	case *pb.Type_Binary_, *pb.Type_FixedBinary_:
		return column.T(column.Binary), true, nil
	case *pb.Type_Date_:
		return column.T(column.Date), true, nil
	case *pb.Type_Time_, *pb.Type_PrecisionTime_:
		return column.T(column.Time), true, nil
	case *pb.Type_Timestamp_, *pb.Type_PrecisionTimestamp_:
		return column.T(column.Timestamp), true, nil
	case *pb.Type_TimestampTz, *pb.Type_PrecisionTimestampTz:
		return column.T(column.TimestampTZ), true, nil
	case *pb.Type_IntervalYear_, *pb.Type_IntervalDay_, *pb.Type_IntervalCompound_:
		return column.T(column.Interval), true, nil
	case *pb.Type_Uuid:
		return column.T(column.UUID), true, nil
	case *pb.Type_Decimal_:
		p, s := k.Decimal.GetPrecision(), k.Decimal.GetScale()
		if p < 1 || p > column.MaxPrecision || s < 0 || s > p {
			return out, false, c.fail(fault.DatatypeMismatch, "there is no type decimal(%d,%d)", p, s).WithHint("a decimal has 1 to %d digits", column.MaxPrecision)
		}
		return column.DecimalType(int(p), int(s)), true, nil
	case *pb.Type_List_:
		elem, ok, err := c.typeOf(k.List.GetType())
		if err != nil || !ok {
			return out, false, err
		}
		return column.ListType(elem), true, nil
	case *pb.Type_Map_:
		key, ok, err := c.typeOf(k.Map.GetKey())
		if err != nil || !ok {
			return out, false, err
		}
		value, ok, err := c.typeOf(k.Map.GetValue())
		if err != nil || !ok {
			return out, false, err
		}
		return column.MapType(key, value), true, nil
	}
	// A struct's type has no field names, and a user-defined one means nothing here: what computes them knows better.
	return out, false, nil
}

// unsignedVariation is how DataFusion marks unsigned integers; the standard has none.
const unsignedVariation = 1

func (c *converter) integer(k column.Kind, variation uint32) column.Type {
	if variation == unsignedVariation {
		return column.T(k + (column.Uint8 - column.Int8))
	}
	return column.T(k)
}

// fieldNames is how many names the nested fields of t take in a depth-first list.
func fieldNames(t column.Type) int {
	n := 0
	if t.Nested != nil {
		for _, f := range t.Nested.Fields {
			if t.Kind == column.Struct {
				n++
			}
			n += fieldNames(f.Type)
		}
	}
	return n
}

// declaredNames is the same of a declared type.
func declaredNames(t *pb.Type) int {
	switch k := t.GetKind().(type) {
	case *pb.Type_Struct_:
		n := 0
		for _, f := range k.Struct.GetTypes() {
			n += 1 + declaredNames(f)
		}
		return n
	case *pb.Type_List_:
		return declaredNames(k.List.GetType())
	case *pb.Type_Map_:
		return declaredNames(k.Map.GetKey()) + declaredNames(k.Map.GetValue())
	}
	return 0
}
