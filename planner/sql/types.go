package sql

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// typeNames are the names of types, PostgreSQL's own first, then those that other dialects write.
var typeNames = map[string]column.Kind{
	"bool": column.Bool, "boolean": column.Bool,
	"int2": column.Int16, "int4": column.Int32, "int8": column.Int64,
	"float4": column.Float32, "float8": column.Float64,
	"numeric": column.Decimal,
	"text":    column.Text, "varchar": column.Text, "bpchar": column.Text, "char": column.Text, "name": column.Text,
	"json": column.Text, "jsonb": column.Text, "oid": column.Int64,
	"bytea": column.Binary, "uuid": column.UUID,
	"date": column.Date, "time": column.Time, "timestamp": column.Timestamp, "timestamptz": column.TimestampTZ, "interval": column.Interval,

	"tinyint": column.Int8, "utinyint": column.Uint8, "usmallint": column.Uint16, "uinteger": column.Uint32, "ubigint": column.Uint64,
	"int16": column.Int16, "int32": column.Int32, "int64": column.Int64,
	"uint8": column.Uint8, "uint16": column.Uint16, "uint32": column.Uint32, "uint64": column.Uint64,
	"float32": column.Float32, "float64": column.Float64, "double": column.Float64,
	"string": column.Text, "blob": column.Binary, "binary": column.Binary, "datetime": column.Timestamp,
}

// Digits of integers, and of NUMERIC without a precision where no value says more.
const (
	defaultScale     = 10
	defaultPrecision = column.MaxPrecision
)

// namedType is a type as written: its modifiers may be missing.
type namedType struct {
	column.Type
	unconstrained bool  // NUMERIC without precision
	length        int   // of varchar(n) and char(n), 0 without
	fields        int32 // of INTERVAL: the mask of PostgreSQL's grammar, 0 without
	array         bool
}

// declared is the type of a column that is declared so.
func (t namedType) declared() column.Type { return t.Type }

// typeName resolves a type's name.
func (b *binder) typeName(n *pg.TypeName) (namedType, error) {
	position := b.at(n.GetLocation())
	if n.GetSetof() || n.GetPctType() {
		return namedType{}, b.unsupported(n.GetLocation(), "SETOF and %%TYPE")
	}
	name := lastString(n.GetNames())
	kind, ok := typeNames[name]
	if !ok {
		e := fault.New(fault.UndefinedObject, "type %q does not exist", name).At(position)
		names := make([]string, 0, len(typeNames))
		for known := range typeNames {
			names = append(names, known)
		}
		return namedType{}, withSuggestion(e, name, sortedStrings(names))
	}
	t := namedType{Type: column.T(kind)}
	var mods []int
	for _, m := range n.Typmods {
		v, ok := smallInteger(m)
		if !ok {
			return namedType{}, fault.New(fault.InvalidParameterValue, "type modifiers must be integer constants").At(position)
		}
		mods = append(mods, v)
	}
	if err := t.modify(name, mods, position); err != nil {
		return namedType{}, err
	}
	for range n.ArrayBounds {
		t = namedType{Type: column.ListType(t.Type), array: true}
	}
	return t, nil
}

// modify applies the modifiers in parentheses.
func (t *namedType) modify(name string, mods []int, position int) error {
	switch t.Kind {
	case column.Decimal:
		if len(mods) == 0 {
			t.unconstrained = true
			t.Type = column.DecimalType(defaultPrecision, defaultScale)
			return nil
		}
		precision, scale := mods[0], 0
		if len(mods) > 1 {
			scale = mods[1]
		}
		if precision < 1 || precision > column.MaxPrecision {
			return fault.New(fault.InvalidParameterValue, "NUMERIC precision %d must be between 1 and %d", precision, column.MaxPrecision).At(position)
		}
		if scale < 0 || scale > precision {
			return fault.New(fault.InvalidParameterValue, "NUMERIC scale %d must be between 0 and precision %d", scale, precision).At(position)
		}
		t.Type = column.DecimalType(precision, scale)
	case column.Text:
		if len(mods) > 0 {
			if mods[0] < 1 {
				return fault.New(fault.InvalidParameterValue, "length for type %s must be at least 1", name).At(position)
			}
			t.length = mods[0]
		}
	case column.Interval:
		if len(mods) > 0 && mods[0] != fullInterval {
			t.fields = int32(mods[0])
		}
	case column.Time, column.Timestamp, column.TimestampTZ:
		if len(mods) > 0 && mods[0] < 6 {
			return fault.New(fault.FeatureNotSupported, "a precision of %d for type %s is not supported", mods[0], name).At(position).
				WithHint("Times have microseconds; use date_trunc to round.")
		}
	default:
		if len(mods) > 0 {
			return fault.New(fault.SyntaxError, "type modifier is not allowed for type %q", name).At(position)
		}
	}
	return nil
}

// PostgreSQL's grammar writes an interval's fields as a mask.
const (
	intervalMonth  = 1 << 1
	intervalYear   = 1 << 2
	intervalDay    = 1 << 3
	intervalHour   = 1 << 10
	intervalMinute = 1 << 11
	intervalSecond = 1 << 12
	fullInterval   = 0x7FFF
)

var intervalUnits = map[int32]string{
	intervalYear: "year", intervalMonth: "month", intervalDay: "day",
	intervalHour: "hour", intervalMinute: "minute", intervalSecond: "second",
}

// intervalText puts the unit of INTERVAL '3' MONTH to a bare number.
func intervalText(text string, fields int32) string {
	unit, ok := intervalUnits[fields]
	trimmed := strings.TrimSpace(text)
	if _, err := strconv.ParseFloat(trimmed, 64); !ok || err != nil {
		return text
	}
	return trimmed + " " + unit
}

func smallInteger(n *pg.Node) (int, bool) {
	c := n.GetAConst()
	if c == nil {
		return 0, false
	}
	if i, ok := c.Val.(*pg.A_Const_Ival); ok {
		return int(i.Ival.GetIval()), true
	}
	return 0, false
}

func lastString(list []*pg.Node) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1].GetString_().GetSval()
}
