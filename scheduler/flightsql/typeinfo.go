package flightsql

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"

	"github.com/polybolos-db/polybolos/column"
)

// sqlType is a type as ODBC and JDBC describe it.
type sqlType struct {
	name   string
	code   int32 // XdbcDataType
	size   int32 // digits, characters or bytes, 0: no limit
	quote  string
	params []string
	scale  int32 // the greatest, for decimals
	radix  int32 // of size, 0 for what has no digits
	coarse int32 // the code of the type's family
	sub    int32 // of dates and times, 0: none
}

// sqlTypes are the types in the order of their codes, as the protocol wants them.
var sqlTypes = []sqlType{
	{name: "boolean", code: -7, size: 1, coarse: -7},
	{name: "bigint", code: -5, size: 19, radix: 10, coarse: -5},
	{name: "bytea", code: -3, quote: "'", coarse: -3},
	{name: "numeric", code: 2, size: column.MaxPrecision, params: []string{"precision", "scale"}, scale: column.MaxPrecision, radix: 10, coarse: 2},
	{name: "integer", code: 4, size: 10, radix: 10, coarse: 4},
	{name: "smallint", code: 5, size: 5, radix: 10, coarse: 5},
	{name: "real", code: 7, size: 24, radix: 2, coarse: 7},
	{name: "double precision", code: 8, size: 53, radix: 2, coarse: 8},
	{name: "text", code: 12, quote: "'", coarse: 12},
	{name: "date", code: 91, size: 10, quote: "'", coarse: 9, sub: 1},
	{name: "time", code: 92, size: 15, quote: "'", coarse: 9, sub: 2},
	{name: "timestamp", code: 93, size: 26, quote: "'", coarse: 9, sub: 3},
}

// GetFlightInfoXdbcTypeInfo lists the types.
func (s *service) GetFlightInfoXdbcTypeInfo(_ context.Context, _ flightsql.GetXdbcTypeInfo, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return answer(desc, schema_ref.XdbcTypeInfo)
}

// DoGetXdbcTypeInfo lists the types, or the one with a code.
func (s *service) DoGetXdbcTypeInfo(_ context.Context, cmd flightsql.GetXdbcTypeInfo) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return one(schema_ref.XdbcTypeInfo, func(b *array.RecordBuilder) error {
		for _, t := range sqlTypes {
			if want := cmd.GetDataType(); want == nil || *want == t.code {
				t.append(b)
			}
		}
		return nil
	})
}

func (t sqlType) append(b *array.RecordBuilder) {
	number := func(i int, v int32, known bool) {
		if f := b.Field(i).(*array.Int32Builder); known {
			f.Append(v)
		} else {
			f.AppendNull()
		}
	}
	text := func(i int, v string) {
		if f := b.Field(i).(*array.StringBuilder); v != "" {
			f.Append(v)
		} else {
			f.AppendNull()
		}
	}
	flag := func(i int, v bool) { b.Field(i).(*array.BooleanBuilder).Append(v) }
	text(0, t.name)
	number(1, t.code, true)
	number(2, t.size, t.size > 0)
	text(3, t.quote)
	text(4, t.quote)
	list := b.Field(5).(*array.ListBuilder)
	list.Append(true)
	for _, p := range t.params {
		list.ValueBuilder().(*array.StringBuilder).Append(p)
	}
	number(6, 1, true) // may be NULL
	flag(7, t.name == "text")
	number(8, 3, true) // searchable, with LIKE too
	flag(9, false)
	flag(10, t.name == "numeric")
	flag(11, false)
	text(12, t.name)
	number(13, 0, t.radix == 10)
	number(14, t.scale, t.radix == 10)
	number(15, t.coarse, true)
	number(16, t.sub, t.sub > 0)
	number(17, t.radix, t.radix > 0)
	number(18, 0, false)
}
