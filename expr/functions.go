package expr

import (
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// registry holds every overload by name. It is built once and never changes.
var registry = sync.OnceValue(func() map[string][]*Function {
	m := map[string][]*Function{}
	for _, family := range [][]*Function{arithmeticFunctions()} {
		for _, f := range family {
			m[f.Name] = append(m[f.Name], f)
		}
	}
	return m
})

// Names of the types that signatures are made of.
var (
	tBool      = column.T(column.Bool)
	tInt32     = column.T(column.Int32)
	tInt64     = column.T(column.Int64)
	tFloat32   = column.T(column.Float32)
	tFloat64   = column.T(column.Float64)
	tDate      = column.T(column.Date)
	tTime      = column.T(column.Time)
	tTimestamp = column.T(column.Timestamp)
	tTZ        = column.T(column.TimestampTZ)
	tInterval  = column.T(column.Interval)
	tText      = column.T(column.Text)
	tBinary    = column.T(column.Binary)
)

func params(ts ...column.Type) []column.Type { return ts }

// untypedDecimal reads a literal without a type as a decimal of its own digits.
func untypedDecimal(e Expr) (Expr, error) {
	l := e.(*Literal)
	if l.Value.Null {
		return &Literal{Value: column.NullValue(column.DecimalType(1, 0))}, nil
	}
	if v, ok := convert.LiteralDecimal(l.Value.Str); ok {
		return &Literal{Value: v}, nil
	}
	// The cast words the error.
	return NewCast(e, column.DecimalType(column.MaxPrecision, divisionScale), false)
}
