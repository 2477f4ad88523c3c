package substrait

import (
	"encoding/binary"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

// literal converts a constant.
func (c *converter) literal(l *pb.Expression_Literal) (expr.Expr, error) {
	v, err := c.value(l)
	if err != nil {
		return nil, err
	}
	return &expr.Literal{Value: v, Untyped: v.Null && v.Type.Kind == column.Null}, nil
}

func (c *converter) value(l *pb.Expression_Literal) (column.Value, error) {
	if err := c.count(); err != nil {
		return column.Value{}, err
	}
	ints := func(k column.Kind, v int64) (column.Value, error) { return column.IntValue(column.T(k), v), nil }
	switch k := l.GetLiteralType().(type) {
	case *pb.Expression_Literal_Boolean:
		return column.BoolValue(k.Boolean), nil
	case *pb.Expression_Literal_I8:
		return c.integerValue(column.Int8, l, int64(k.I8))
	case *pb.Expression_Literal_I16:
		return c.integerValue(column.Int16, l, int64(k.I16))
	case *pb.Expression_Literal_I32:
		return c.integerValue(column.Int32, l, int64(k.I32))
	case *pb.Expression_Literal_I64:
		return c.integerValue(column.Int64, l, k.I64)
	case *pb.Expression_Literal_Fp32:
		return column.Value{Type: column.T(column.Float32), Float: float64(k.Fp32)}, nil
	case *pb.Expression_Literal_Fp64:
		return column.FloatValue(k.Fp64), nil
	case *pb.Expression_Literal_String_:
		return column.TextValue(k.String_), nil
	case *pb.Expression_Literal_FixedChar:
		return column.TextValue(k.FixedChar), nil
	case *pb.Expression_Literal_VarChar_:
		return column.TextValue(k.VarChar.GetValue()), nil
	case *pb.Expression_Literal_Binary:
		return column.Value{Type: column.T(column.Binary), Str: string(k.Binary)}, nil
	case *pb.Expression_Literal_FixedBinary:
		return column.Value{Type: column.T(column.Binary), Str: string(k.FixedBinary)}, nil
	case *pb.Expression_Literal_Date:
		return ints(column.Date, int64(k.Date))
	case *pb.Expression_Literal_Time:
		return ints(column.Time, k.Time) //nolint:staticcheck // old producers still write it
	case *pb.Expression_Literal_PrecisionTime_:
		return c.instant(column.Time, k.PrecisionTime.GetPrecision(), k.PrecisionTime.GetValue())
	case *pb.Expression_Literal_Timestamp:
		return ints(column.Timestamp, k.Timestamp) //nolint:staticcheck // old producers still write it
	case *pb.Expression_Literal_TimestampTz:
		return ints(column.TimestampTZ, k.TimestampTz) //nolint:staticcheck // old producers still write it
	case *pb.Expression_Literal_PrecisionTimestamp_:
		return c.instant(column.Timestamp, k.PrecisionTimestamp.GetPrecision(), k.PrecisionTimestamp.GetValue())
	case *pb.Expression_Literal_PrecisionTimestampTz:
		return c.instant(column.TimestampTZ, k.PrecisionTimestampTz.GetPrecision(), k.PrecisionTimestampTz.GetValue())
	case *pb.Expression_Literal_IntervalYearToMonth_:
		return interval(k.IntervalYearToMonth, nil), nil
	case *pb.Expression_Literal_IntervalDayToSecond_:
		return interval(nil, k.IntervalDayToSecond), nil
	case *pb.Expression_Literal_IntervalCompound_:
		return interval(k.IntervalCompound.GetIntervalYearToMonth(), k.IntervalCompound.GetIntervalDayToSecond()), nil
	case *pb.Expression_Literal_Uuid:
		if len(k.Uuid) != 16 {
			return column.Value{}, c.fail(fault.InvalidTextRepresentation, "a uuid of %d bytes", len(k.Uuid))
		}
		return column.Value{Type: column.T(column.UUID), Int: column.Int128{
			Hi: int64(binary.BigEndian.Uint64(k.Uuid)), Lo: binary.BigEndian.Uint64(k.Uuid[8:]),
		}}, nil
	case *pb.Expression_Literal_Decimal_:
		return c.decimal(k.Decimal)
	case *pb.Expression_Literal_Null:
		t, _, err := c.typeOf(k.Null)
		return column.NullValue(t), err
	case *pb.Expression_Literal_List_:
		return c.list(k.List.GetValues())
	case *pb.Expression_Literal_EmptyList:
		elem, _, err := c.typeOf(k.EmptyList.GetType())
		return column.Value{Type: column.ListType(elem)}, err
	}
	return column.Value{}, c.unsupported("this kind of literal")
}

// integerValue is a signed integer, or an unsigned one whose bits the field of the literal holds.
func (c *converter) integerValue(k column.Kind, l *pb.Expression_Literal, v int64) (column.Value, error) {
	t := c.integer(k, l.GetTypeVariationReference())
	out := column.IntValue(t, v)
	if t.Kind >= column.Uint8 && t.Kind <= column.Uint64 {
		bits := uint(8 * t.Width())
		out.Int = column.Int128{Lo: uint64(v) & (^uint64(0) >> (64 - bits))}
	}
	return out, nil
}

// instant converts ticks of 10^-precision seconds to microseconds.
func (c *converter) instant(k column.Kind, precision int32, ticks int64) (column.Value, error) {
	if precision < 0 || precision > 12 {
		return column.Value{}, c.fail(fault.DatetimeOverflow, "a time of precision %d", precision)
	}
	v := column.Int128FromInt64(ticks)
	if precision <= 6 {
		v = column.MulInt64(ticks, int64(column.Pow10(int(6-precision)).Lo))
	} else {
		v, _ = v.QuoRem(column.Pow10(int(precision - 6)))
	}
	us, ok := v.Int64()
	if !ok {
		return column.Value{}, c.fail(fault.DatetimeOverflow, "a time beyond the range of microseconds")
	}
	return column.IntValue(column.T(k), us), nil
}

func interval(months *pb.Expression_Literal_IntervalYearToMonth, days *pb.Expression_Literal_IntervalDayToSecond) column.Value {
	v := column.Value{Type: column.T(column.Interval)}
	v.Interval.Months = 12*months.GetYears() + months.GetMonths()
	v.Interval.Days = days.GetDays()
	sub := days.GetSubseconds()
	precision := days.GetPrecision()
	if m, ok := days.GetPrecisionMode().(*pb.Expression_Literal_IntervalDayToSecond_Microseconds); ok {
		sub, precision = int64(m.Microseconds), 6 //nolint:staticcheck // old producers still write it
	}
	for ; precision < 6; precision++ {
		sub *= 10
	}
	for ; precision > 6; precision-- {
		sub /= 10
	}
	v.Interval.Micros = int64(days.GetSeconds())*1_000_000 + sub
	return v
}

// decimal reads 16 bytes, least significant first, two's complement.
func (c *converter) decimal(d *pb.Expression_Literal_Decimal) (column.Value, error) {
	t, _, err := c.typeOf(&pb.Type{Kind: &pb.Type_Decimal_{Decimal: &pb.Type_Decimal{Precision: d.GetPrecision(), Scale: d.GetScale()}}})
	if err != nil {
		return column.Value{}, err
	}
	if len(d.GetValue()) != 16 {
		return column.Value{}, c.fail(fault.InvalidTextRepresentation, "a decimal of %d bytes instead of 16", len(d.GetValue()))
	}
	v := column.Int128{Lo: binary.LittleEndian.Uint64(d.GetValue()), Hi: int64(binary.LittleEndian.Uint64(d.GetValue()[8:]))}
	if !v.FitsPrecision(int(t.Precision)) {
		return column.Value{}, c.fail(fault.NumericOutOfRange, "a decimal has more digits than the %d of its type", t.Precision)
	}
	return column.Value{Type: t, Int: v}, nil
}

func (c *converter) list(values []*pb.Expression_Literal) (column.Value, error) {
	out := column.Value{List: make([]column.Value, len(values))}
	var elem column.Type
	for i, l := range values {
		v, err := c.value(l)
		if err != nil {
			return out, err
		}
		if !v.Null && elem.Kind != column.Null && !elem.Equal(v.Type) {
			return out, c.fail(fault.DatatypeMismatch, "a list of %s and %s", elem, v.Type)
		}
		if elem.Kind == column.Null {
			elem = v.Type
		}
		out.List[i] = v
	}
	for i := range out.List {
		out.List[i].Type = elem
	}
	out.Type = column.ListType(elem)
	return out, nil
}
