package convert

import (
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// typeNames are the names that options of files may give types by.
var typeNames = map[string]column.Kind{
	"bool": column.Bool, "boolean": column.Bool, "logical": column.Bool,
	"tinyint": column.Int8, "int1": column.Int8, "smallint": column.Int16, "int2": column.Int16, "short": column.Int16,
	"int": column.Int32, "integer": column.Int32, "int4": column.Int32, "bigint": column.Int64, "int8": column.Int64, "long": column.Int64,
	"utinyint": column.Uint8, "usmallint": column.Uint16, "uinteger": column.Uint32, "ubigint": column.Uint64,
	"real": column.Float32, "float4": column.Float32, "float": column.Float64, "double": column.Float64, "double precision": column.Float64, "float8": column.Float64,
	"numeric": column.Decimal, "decimal": column.Decimal,
	"date": column.Date, "time": column.Time, "time without time zone": column.Time, "timestamp": column.Timestamp, "datetime": column.Timestamp,
	"timestamp without time zone": column.Timestamp, "timestamptz": column.TimestampTZ, "timestamp with time zone": column.TimestampTZ,
	"interval": column.Interval, "text": column.Text, "varchar": column.Text, "char": column.Text, "character varying": column.Text, "string": column.Text,
	"bytea": column.Binary, "blob": column.Binary, "binary": column.Binary, "uuid": column.UUID,
}

// Scale and precision of a decimal that gives none, as CREATE TABLE has them.
const (
	defaultPrecision = column.MaxPrecision
	defaultScale     = 10
)

// TypeName is the type of a name as SQL writes it: bigint, numeric(12,2), timestamp with time zone, text[]. Nested types other than lists have no
// such name here.
func TypeName(s string) (column.Type, error) {
	name := strings.Join(strings.Fields(strings.ToLower(s)), " ")
	bad := func(why string) (column.Type, error) {
		return column.Type{}, fault.New(fault.UndefinedObject, "type %q %s", s, why)
	}
	if elem, ok := strings.CutSuffix(name, "[]"); ok {
		t, err := TypeName(elem)
		if err != nil {
			return bad("does not exist")
		}
		return column.ListType(t), nil
	}
	var mods []int
	if open := strings.IndexByte(name, '('); open >= 0 {
		end := strings.IndexByte(name, ')')
		if end < open {
			return bad("does not exist")
		}
		for _, m := range strings.Split(name[open+1:end], ",") {
			n, err := strconv.Atoi(strings.TrimSpace(m))
			if err != nil || n < 0 {
				return bad("has modifiers that are no integers")
			}
			mods = append(mods, n)
		}
		name = strings.TrimSpace(strings.Join(strings.Fields(name[:open]+" "+name[end+1:]), " "))
	}
	kind, ok := typeNames[name]
	switch {
	case !ok:
		return bad("does not exist")
	case kind != column.Decimal:
		return column.T(kind), nil
	case len(mods) == 0:
		return column.DecimalType(defaultPrecision, defaultScale), nil
	case len(mods) == 1:
		mods = append(mods, 0)
	}
	if len(mods) > 2 || mods[0] < 1 || mods[0] > column.MaxPrecision || mods[1] > mods[0] {
		return bad("has no proper precision and scale")
	}
	return column.DecimalType(mods[0], mods[1]), nil
}
