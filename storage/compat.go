package storage

import "github.com/polybolos-db/polybolos/column"

// Widens reports whether every value of type from is, exactly, one of type to, so that a file with the one can belong to a table with the other.
func Widens(from, to column.Type) bool {
	if from.Equal(to) {
		return true
	}
	switch {
	case from.Kind == column.Decimal && to.Kind == column.Decimal:
		return from.Scale == to.Scale && from.Precision <= to.Precision
	case from.Kind.IsInteger() && to.Kind.IsInteger():
		return from.Width() < to.Width() && (from.Kind.IsSigned() == to.Kind.IsSigned() || to.Kind.IsSigned())
	case from.Kind == column.Float32 && to.Kind == column.Float64:
		return true
	case from.Kind == column.Text && to.Kind == column.Binary, from.Kind == column.Binary && to.Kind == column.Text:
		return true // writers differ in whether they mark text as such
	case from.Kind == column.Timestamp && to.Kind == column.TimestampTZ, from.Kind == column.TimestampTZ && to.Kind == column.Timestamp:
		return true // sessions are in UTC
	}
	return false
}
