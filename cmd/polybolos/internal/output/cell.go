package output

import (
	"strconv"

	"github.com/polybolos-db/polybolos/column"
)

// appendCell appends row i of v, which is not NULL, as PostgreSQL prints it.
func appendCell(dst []byte, v *column.Vector, i int) []byte {
	target, at := v.Target(), v.Index(i)
	switch v.Type.Physical() {
	case column.PhysInt8:
		return strconv.AppendInt(dst, int64(column.Values[int8](target)[at]), 10)
	case column.PhysInt16:
		return strconv.AppendInt(dst, int64(column.Values[int16](target)[at]), 10)
	case column.PhysUint8:
		return strconv.AppendUint(dst, uint64(column.Values[uint8](target)[at]), 10)
	case column.PhysUint16:
		return strconv.AppendUint(dst, uint64(column.Values[uint16](target)[at]), 10)
	case column.PhysUint32:
		return strconv.AppendUint(dst, uint64(column.Values[uint32](target)[at]), 10)
	case column.PhysUint64:
		return strconv.AppendUint(dst, column.Values[uint64](target)[at], 10)
	case column.PhysInt32:
		if v.Type.Kind == column.Int32 {
			return strconv.AppendInt(dst, int64(column.Values[int32](target)[at]), 10)
		}
	case column.PhysInt64:
		switch v.Type.Kind {
		case column.Int64:
			return strconv.AppendInt(dst, column.Values[int64](target)[at], 10)
		case column.Decimal:
			return column.Int128FromInt64(column.Values[int64](target)[at]).AppendDecimal(dst, int(v.Type.Scale))
		}
	case column.PhysInt128:
		if v.Type.Kind == column.Decimal {
			return column.Values[column.Int128](target)[at].AppendDecimal(dst, int(v.Type.Scale))
		}
	case column.PhysView:
		if v.Type.Kind == column.Text {
			return append(dst, column.Values[column.View](target)[at].Bytes()...)
		}
	}
	return append(dst, v.ValueAt(i).String()...)
}
