package csv

import (
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// set converts a field into row i of t, as the dialect writes it.
func (r *reader) set(t *target, i int, field []byte) error {
	d := &r.dialect
	v := column.Vector{Data: t.data}
	switch k := t.field.Type.Kind; {
	case k == column.Date && d.date != nil:
		n, err := d.date.parse(field)
		if err != nil {
			return err
		}
		column.Values[int32](&v)[i] = int32(convert.FloorDiv(n, column.MicrosPerDay))
		return nil
	case (k == column.Timestamp || k == column.TimestampTZ) && d.timestamp != nil:
		n, err := d.timestamp.parse(field)
		if err != nil {
			return err
		}
		column.Values[int64](&v)[i] = n
		return nil
	case d.decimal != '.' && (k.IsFloat() || k == column.Decimal):
		pointed, ok := pointed(r.scratch, field, d.decimal)
		if !ok {
			return fault.New(fault.InvalidTextRepresentation, "the decimal separator is %q", d.decimal)
		}
		r.scratch = pointed
		return t.set(r.heap, i, pointed)
	}
	return t.set(r.heap, i, field)
}

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
func (d *dialect) parses(field string, t column.Type) bool {
	b := []byte(field)
	switch {
	case t.Kind == column.Date && d.date != nil:
		_, err := d.date.parse(b)
		return err == nil
	case (t.Kind == column.Timestamp || t.Kind == column.TimestampTZ) && d.timestamp != nil:
		_, err := d.timestamp.parse(b)
		return err == nil
	case d.decimal != '.' && (t.Kind.IsFloat() || t.Kind == column.Decimal):
		b, _ = pointed(nil, b, d.decimal)
	}
	_, err := convert.Text(b, t)
	return err == nil
}
