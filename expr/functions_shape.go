package expr

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

func init() {
	root := func(name string) func(args []Expr) (Expr, error) {
		return func(args []Expr) (Expr, error) {
			if len(args) != 1 || !args[0].Type().Kind.IsNumeric() && !isUntyped(args[0]) {
				return nil, undefinedFunction(name, args)
			}
			x, err := NewCast(args[0], tFloat64, false)
			if err != nil {
				return nil, err
			}
			return NewCall(map[string]string{"|/": "sqrt", "||/": "cbrt"}[name], []Expr{x})
		}
	}
	special["|/"], special["||/"] = root("|/"), root("||/")
}

// shapeFunctions tell of the dimensions of lists and the digits of decimals, and of the clock.
func shapeFunctions() []*Function {
	var out []*Function
	add := func(f nestedFunction) { out = append(out, f.function()) }
	add(nestedFunction{
		name: "array_ndims", doc: "The number of dimensions of a list, of those inside too; NULL of an empty one.", params: params(tList), result: fixed(tInt32),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			n := len(dimensions(args[0]))
			if n == 0 {
				return column.NullValue(t), nil
			}
			return column.IntValue(t, int64(n)), nil
		}),
	})
	add(nestedFunction{
		name: "array_dims", doc: "The bounds of the dimensions of a list as text, such as [1:2][1:3]; NULL of an empty one.", params: params(tList), result: fixed(tText),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			var b strings.Builder
			for _, n := range dimensions(args[0]) {
				fmt.Fprintf(&b, "[1:%d]", n)
			}
			if b.Len() == 0 {
				return column.NullValue(t), nil
			}
			return column.TextValue(b.String()), nil
		}),
	})
	digits := func(name, doc string, f func(v column.Value) int64) {
		add(nestedFunction{name: name, doc: doc, params: params(anyDecimal), result: fixed(tInt32), eval: scalars(func(args row) (column.Value, error) {
			return column.IntValue(tInt32, f(args[0])), nil
		})})
	}
	digits("scale", "The number of digits after the point of the number's type.", func(v column.Value) int64 { return int64(v.Type.Scale) })
	digits("min_scale", "The number of digits after the point without zeros at the end.", func(v column.Value) int64 {
		text := string(v.Int.AppendDecimal(nil, int(v.Type.Scale)))
		_, fraction, _ := strings.Cut(text, ".")
		return int64(len(strings.TrimRight(fraction, "0")))
	})
	clock := strict("clock_timestamp", "The time now, also while a statement runs.", nil, tTZ, func(c *kernels.Call) error {
		d := column.Values[int64](c.Out)
		return c.Rows(func(i int) error {
			d[i] = time.Now().UnixMicro()
			return nil
		})
	})
	clock.Volatility = Volatile
	out = append(out, clock)
	for _, t := range []column.Type{tDate, tTimestamp, tTZ} {
		out = append(out, alias(strict("date_sub", "The number of whole units (day, month, year and so on) between two times.", params(tText, t, t), tInt64, wholeUnits), "datesub")...)
	}
	return out
}

// dimensions are the lengths of a list, of its first element where that is a list, and so on; none of an empty list.
func dimensions(v column.Value) []int {
	var out []int
	for v.Type.Kind == column.List && len(v.List) > 0 {
		out = append(out, len(v.List))
		v = v.List[0]
	}
	return out
}

// unitMicros are the units of a fixed length.
var unitMicros = map[string]int64{
	"week": 7 * column.MicrosPerDay, "day": column.MicrosPerDay, "hour": 3600 * second, "minute": 60 * second, "second": second, "millisecond": second / 1000, "microsecond": 1,
}

// unitMonths are the units of whole months.
var unitMonths = map[string]int64{"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "millennium": 12000}

// wholeUnits is date_sub.
func wholeUnits(c *kernels.Call) error {
	unit, d := unitReader(kernels.ReadBytes(c.Args[0])), column.Values[int64](c.Out)
	at := func(v column.Value) int64 {
		if v.Type.Kind == column.Date {
			return dateMicros(int32(v.Int64()))
		}
		return v.Int64()
	}
	return c.Rows(func(i int) error {
		from, to := at(c.Args[1].ValueAt(i)), at(c.Args[2].ValueAt(i))
		u := strings.TrimSuffix(unit(i), "s")
		if n, ok := unitMicros[u]; ok {
			d[i] = (to - from) / n
			return nil
		}
		n, ok := unitMonths[u]
		if !ok {
			return fault.New(fault.InvalidParameterValue, "unit %q not recognized for date_sub", u)
		}
		d[i] = wholeMonths(from, to) / n
		return nil
	})
}

// wholeMonths is how many months can be added to the earlier time without passing the later one, negative where from is the later.
func wholeMonths(from, to int64) int64 {
	if from > to {
		return -wholeMonths(to, from)
	}
	x, y := momentOf(from), momentOf(to)
	n := (y.year*12 + int64(y.month)) - (x.year*12 + int64(x.month))
	if n > 0 && n <= math.MaxInt32 {
		if later, err := addInterval(from, column.IntervalValue{Months: int32(n)}); err == nil && later > to {
			n--
		}
	}
	return n
}
