package avro

import (
	"github.com/polybolos-db/polybolos/column"
)

// nullable is the type of a union of null and one other type, which value the latter has among the branches; nil when s is no such union.
func (s *shape) nullable() (inner *shape, branch int) {
	if s.name != "union" || len(s.types) != 2 {
		return nil, 0
	}
	switch {
	case s.types[0].name == "null" && s.types[1].name != "null":
		return s.types[1], 1
	case s.types[1].name == "null" && s.types[0].name != "null":
		return s.types[0], 0
	}
	return nil, 0
}

// columnType is the type of the column that holds values of the shape.
func (s *shape) columnType() column.Type {
	switch s.name {
	case "boolean":
		return column.T(column.Bool)
	case "int":
		switch s.logical {
		case "date":
			return column.T(column.Date)
		case "time-millis":
			return column.T(column.Time)
		}
		return column.T(column.Int32)
	case "long":
		return column.T(longKind(s.logical))
	case "float":
		return column.T(column.Float32)
	case "double":
		return column.T(column.Float64)
	case "string":
		if s.logical == "uuid" {
			return column.T(column.UUID)
		}
		return column.T(column.Text)
	case "bytes", "fixed":
		return s.bytesType()
	case "array":
		return column.ListType(s.items.columnType())
	case "map":
		return column.MapType(column.T(column.Text), s.items.columnType())
	case "record":
		return column.StructType(s.columns())
	case "union":
		return s.unionType()
	}
	return column.T(column.Text) // enum, and null alone
}

func longKind(logical string) column.Kind {
	switch logical {
	case "time-micros":
		return column.Time
	case "timestamp-millis", "timestamp-micros", "timestamp-nanos":
		return column.TimestampTZ
	case "local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos":
		return column.Timestamp
	}
	return column.Int64
}

// maxDigits bounds the digits of decimals that become text.
const maxDigits = 1000

// bytesType is the type of bytes and of a fixed. A decimal of more digits than numeric has here is text.
func (s *shape) bytesType() column.Type {
	switch {
	case s.logical == "decimal" && s.precision <= column.MaxPrecision:
		return column.DecimalType(s.precision, s.scale)
	case s.logical == "decimal" && s.precision <= maxDigits:
		return column.T(column.Text)
	case s.logical == "duration" && s.name == "fixed" && s.size == 12:
		return column.T(column.Interval)
	case s.logical == "uuid" && s.name == "fixed" && s.size == 16:
		return column.T(column.UUID)
	}
	return column.T(column.Binary)
}

// columns are the fields of a record as columns.
func (s *shape) columns() []column.Field {
	out := make([]column.Field, len(s.fields))
	for i, f := range s.fields {
		out[i] = column.Field{Name: f.name, Type: f.typ.columnType(), NotNull: f.typ.name != "null" && f.typ.name != "union"}
	}
	return out
}

// unionType is the widest of the branches' types, or a struct of all of them.
func (s *shape) unionType() column.Type {
	if inner, _ := s.nullable(); inner != nil {
		return inner.columnType()
	}
	if t, ok := s.common(); ok {
		return t
	}
	return column.StructType(s.branches())
}

// common is the type that takes the values of all branches, if they are numbers or texts.
func (s *shape) common() (column.Type, bool) {
	var kind column.Kind
	for _, b := range s.types {
		if b.name == "null" {
			continue
		}
		k := b.columnType().Kind
		switch {
		case kind == column.Null:
			kind = k
		case k == kind && !k.IsNested() && k != column.Decimal:
		case widening[kind] > 0 && widening[k] > 0:
			if widening[k] > widening[kind] {
				kind = k
			}
			// A long does not fit a float, but all of Avro's own implementations promote it.
		default:
			return column.Type{}, false
		}
		if k.IsNested() || k == column.Decimal {
			return column.Type{}, false
		}
	}
	if kind == column.Null {
		kind = column.Text
	}
	return column.T(kind), true
}

// widening orders the numbers as Avro's schema resolution promotes them.
var widening = map[column.Kind]int{column.Int32: 1, column.Int64: 2, column.Float32: 3, column.Float64: 4}

// branches are the members of the struct that holds a union's value.
func (s *shape) branches() []column.Field {
	var out []column.Field
	taken := map[string]bool{}
	for _, b := range s.types {
		if b.name == "null" {
			continue
		}
		name := b.name
		for taken[name] {
			name += "_"
		}
		taken[name] = true
		out = append(out, column.Field{Name: name, Type: b.columnType()})
	}
	return out
}
