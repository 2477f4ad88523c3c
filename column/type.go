package column

import (
	"fmt"
	"strings"
)

// Kind is the family of a type. Its numbers are part of the plan's wire format: append only.
type Kind uint8

// The kinds. Null is the type of an untyped NULL.
const (
	Null Kind = iota
	Bool
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float32
	Float64
	Decimal
	Date
	Time
	Timestamp
	TimestampTZ
	Interval
	Text
	Binary
	UUID
	List
	Struct
	Map
	kindCount
)

var kindNames = [kindCount]string{
	"null", "boolean", "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint",
	"real", "double precision", "numeric", "date", "time", "timestamp", "timestamp with time zone", "interval", "text", "bytea", "uuid",
	"list", "struct", "map",
}

// MaxPrecision is the greatest number of digits of a decimal; MaxPrecision64 of one that is stored in an int64.
const (
	MaxPrecision   = 38
	MaxPrecision64 = 18
)

// Type is an SQL type. Precision (digits in all) and Scale (digits after the point) belong to Decimal. Fields belong to List (one field,
// the element), Struct (its fields) and Map (key and value).
type Type struct {
	Kind      Kind
	Precision uint8
	Scale     uint8
	Nested    *Nested
}

// Nested holds the fields of a nested type.
type Nested struct{ Fields []Field }

// Field is a named, typed column or struct member. NotNull is a promise that no row is NULL.
type Field struct {
	Name    string
	Type    Type
	NotNull bool
}

// T makes a type without parameters.
func T(k Kind) Type { return Type{Kind: k} }

// DecimalType makes a decimal type of precision digits of which scale stand after the point.
func DecimalType(precision, scale int) Type {
	return Type{Kind: Decimal, Precision: uint8(precision), Scale: uint8(scale)}
}

// ListType makes the type of lists of elem.
func ListType(elem Type) Type {
	return Type{Kind: List, Nested: &Nested{Fields: []Field{{Name: "item", Type: elem}}}}
}

// Elem is the type of a list's elements.
func (t Type) Elem() Type { return t.Nested.Fields[0].Type }

// StructType makes the type of structs of the fields.
func StructType(fields []Field) Type { return Type{Kind: Struct, Nested: &Nested{Fields: fields}} }

// MapType makes the type of maps from key to value.
func MapType(key, value Type) Type {
	return Type{Kind: Map, Nested: &Nested{Fields: []Field{{Name: "key", Type: key, NotNull: true}, {Name: "value", Type: value}}}}
}

// Equal reports whether t and u are the same type, parameters included.
func (t Type) Equal(u Type) bool {
	if t.Kind != u.Kind || t.Precision != u.Precision || t.Scale != u.Scale || (t.Nested == nil) != (u.Nested == nil) {
		return false
	}
	if t.Nested == nil || t.Nested == u.Nested {
		return true
	}
	if len(t.Nested.Fields) != len(u.Nested.Fields) {
		return false
	}
	for i, f := range t.Nested.Fields {
		if g := u.Nested.Fields[i]; f.Name != g.Name || !f.Type.Equal(g.Type) {
			return false
		}
	}
	return true
}

// String is the type's name as SQL writes it.
func (t Type) String() string {
	if t.Kind.IsNested() && t.Nested == nil && t.Kind < kindCount {
		return kindNames[t.Kind]
	}
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("numeric(%d,%d)", t.Precision, t.Scale)
	case List:
		return t.Nested.Fields[0].Type.String() + "[]"
	case Struct, Map:
		var b strings.Builder
		b.WriteString(kindNames[t.Kind] + "(")
		for i, f := range t.Nested.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(f.Name + " " + f.Type.String())
		}
		return b.String() + ")"
	}
	if t.Kind < kindCount {
		return kindNames[t.Kind]
	}
	return fmt.Sprintf("kind(%d)", t.Kind)
}

// IsInteger reports whether k is a signed or unsigned integer.
func (k Kind) IsInteger() bool { return k >= Int8 && k <= Uint64 }

// IsSigned reports whether k is a signed integer.
func (k Kind) IsSigned() bool { return k >= Int8 && k <= Int64 }

// IsFloat reports whether k is a binary floating-point type.
func (k Kind) IsFloat() bool { return k == Float32 || k == Float64 }

// IsNumeric reports whether k is an integer, a float or a decimal.
func (k Kind) IsNumeric() bool { return k >= Int8 && k <= Decimal }

// IsTemporal reports whether k is a date, time, timestamp or interval.
func (k Kind) IsTemporal() bool { return k >= Date && k <= Interval }

// IsNested reports whether k has child vectors.
func (k Kind) IsNested() bool { return k >= List }

// Physical is how a type's values lie in memory.
type Physical uint8

// The physical layouts.
const (
	PhysNone Physical = iota // Null: no values
	PhysBool                 // one byte, 0 or 1
	PhysInt8
	PhysInt16
	PhysInt32
	PhysInt64
	PhysUint8
	PhysUint16
	PhysUint32
	PhysUint64
	PhysFloat32
	PhysFloat64
	PhysInt128   // Int128
	PhysInterval // IntervalValue
	PhysView     // View
	PhysNested   // List, Map: Span a row; Struct: nothing
)

// Physical returns the layout of t's values.
func (t Type) Physical() Physical {
	switch t.Kind {
	case Bool:
		return PhysBool
	case Int8:
		return PhysInt8
	case Int16:
		return PhysInt16
	case Int32, Date:
		return PhysInt32
	case Int64, Time, Timestamp, TimestampTZ:
		return PhysInt64
	case Uint8:
		return PhysUint8
	case Uint16:
		return PhysUint16
	case Uint32:
		return PhysUint32
	case Uint64:
		return PhysUint64
	case Float32:
		return PhysFloat32
	case Float64:
		return PhysFloat64
	case Decimal:
		if t.Precision <= MaxPrecision64 {
			return PhysInt64
		}
		return PhysInt128
	case UUID:
		return PhysInt128
	case Interval:
		return PhysInterval
	case Text, Binary:
		return PhysView
	case List, Struct, Map:
		return PhysNested
	}
	return PhysNone
}

var physicalWidth = [...]int{0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 16, 16, 16, 8}

// Width is the number of bytes that one value takes in a vector's data.
func (p Physical) Width() int { return physicalWidth[p] }

// Width is the number of bytes that one value of t takes in a vector's data (a View's 16 for strings).
func (t Type) Width() int {
	if t.Kind == Struct {
		return 0
	}
	return t.Physical().Width()
}
