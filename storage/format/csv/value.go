package csv

import (
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// set converts a field into row i. Views of text point to the field itself.
func (t *target) set(heap *mem.Arena, i int, field []byte) error {
	typ := t.field.Type
	v := column.Vector{Data: t.data}
	switch typ.Kind {
	case column.Text:
		if !utf8.Valid(field) {
			return fault.New(fault.CharacterNotInRepertoire, "invalid byte sequence for encoding UTF8")
		}
		column.Values[column.View](&v)[i] = column.MakeView(field)
	case column.Int8, column.Int16, column.Int32, column.Int64, column.Uint8, column.Uint16, column.Uint32, column.Uint64:
		n, err := convert.ParseInt(field, typ)
		if err != nil {
			return err
		}
		switch typ.Width() {
		case 1:
			column.Values[int8](&v)[i] = int8(n)
		case 2:
			column.Values[int16](&v)[i] = int16(n)
		case 4:
			column.Values[int32](&v)[i] = int32(n)
		default:
			column.Values[int64](&v)[i] = n
		}
	case column.Float64:
		f, err := convert.ParseFloat(field, typ)
		if err != nil {
			return err
		}
		column.Values[float64](&v)[i] = f
	case column.Decimal:
		n, err := convert.ParseDecimal(field, typ)
		if err != nil {
			return err
		}
		if typ.Physical() == column.PhysInt64 {
			column.Values[int64](&v)[i] = int64(n.Lo)
		} else {
			column.Values[column.Int128](&v)[i] = n
		}
	case column.Date:
		n, err := convert.ParseDate(field)
		if err != nil {
			return err
		}
		column.Values[int32](&v)[i] = n
	case column.Timestamp, column.TimestampTZ:
		n, err := convert.ParseTimestamp(field, typ.Kind == column.TimestampTZ)
		if err != nil {
			return err
		}
		column.Values[int64](&v)[i] = n
	default:
		val, err := convert.Text(field, typ)
		if err != nil {
			return err
		}
		v.Type = typ
		return column.SetValue(heap, &v, i, val)
	}
	return nil
}

// parses reports whether a field reads as a type.
func parses(field string, t column.Type) bool {
	_, err := convert.Text([]byte(field), t)
	return err == nil
}
