package expr

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// field is a part of a date, time or interval that EXTRACT takes.
type field struct {
	name    string
	aliases []string
	date    bool // dates have it
	result  column.Type
	op      kernels.Op // an opcode that computes it of dates and timestamps
	doc     string
	of      func(m moment) int64
}

const second = column.MicrosPerSecond

// fields are the parts by name. Those of int64 are whole numbers, the others decimals scaled by their type.
var fields = []field{
	{"year", []string{"years"}, true, tInt64, kernels.OpExtractYear, "The year; those before Christ are negative.", func(m moment) int64 {
		if m.interval {
			return m.year
		}
		return written(m.year)
	}},
	{"month", []string{"months", "mon"}, true, tInt64, kernels.OpExtractMonth, "The month, 1 to 12.", func(m moment) int64 { return int64(m.month) }},
	{"day", []string{"days", "dayofmonth"}, true, tInt64, kernels.OpExtractDay, "The day of the month.", func(m moment) int64 { return int64(m.day) }},
	{"quarter", []string{"quarters"}, true, tInt64, kernels.OpExtractQuarter, "The quarter, 1 to 4.", func(m moment) int64 {
		if m.interval {
			return int64(m.month)/3 + 1
		}
		return int64(m.month-1)/3 + 1
	}},
	{"decade", nil, true, tInt64, kernels.OpCall, "The year divided by ten.", func(m moment) int64 { return convert.FloorDiv(m.year, 10) }},
	{"century", nil, true, tInt64, kernels.OpCall, "The century; the first begins with the year 1.", func(m moment) int64 {
		if m.interval {
			return m.year / 100
		}
		return ordinal(m.year, 100)
	}},
	{"millennium", nil, true, tInt64, kernels.OpCall, "The millennium; the first begins with the year 1.", func(m moment) int64 {
		if m.interval {
			return m.year / 1000
		}
		return ordinal(m.year, 1000)
	}},
	{"week", []string{"weeks", "weekofyear"}, true, tInt64, kernels.OpCall, "The week of the year by ISO 8601.", func(m moment) int64 { _, w := m.isoWeek(); return w }},
	{"isoyear", nil, true, tInt64, kernels.OpCall, "The year that the ISO 8601 week belongs to.", func(m moment) int64 { y, _ := m.isoWeek(); return written(y) }},
	{"dow", []string{"dayofweek", "weekday"}, true, tInt64, kernels.OpCall, "The day of the week, Sunday is 0.", moment.weekday},
	{"isodow", nil, true, tInt64, kernels.OpCall, "The day of the week, Monday is 1 and Sunday 7.", func(m moment) int64 { return (m.weekday()+6)%7 + 1 }},
	{"doy", []string{"dayofyear"}, true, tInt64, kernels.OpCall, "The day of the year, from 1.", func(m moment) int64 { return m.days - column.DaysFromCivil(m.year, 1, 1) + 1 }},
	{"hour", []string{"hours"}, false, tInt64, kernels.OpCall, "The hour.", func(m moment) int64 { return m.us / (3600 * second) }},
	{"minute", []string{"minutes"}, false, tInt64, kernels.OpCall, "The minute.", func(m moment) int64 { return m.us / (60 * second) % 60 }},
	{"second", []string{"seconds"}, false, column.DecimalType(8, 6), kernels.OpCall, "The second with its fraction.", func(m moment) int64 { return m.us % (60 * second) }},
	{"millisecond", []string{"milliseconds"}, false, column.DecimalType(8, 3), kernels.OpCall, "The second with its fraction in thousandths.", func(m moment) int64 { return m.us % (60 * second) }},
	{"microsecond", []string{"microseconds"}, false, tInt64, kernels.OpCall, "The second with its fraction in millionths.", func(m moment) int64 { return m.us % (60 * second) }},
}

var timeFields = map[string]bool{"hour": true, "minute": true, "second": true, "millisecond": true, "microsecond": true}
var intervalFields = map[string]bool{"year": true, "month": true, "day": true, "quarter": true, "decade": true, "century": true, "millennium": true}

func init() {
	special["extract"] = func(args []Expr) (Expr, error) { return newExtract("extract", args) }
	special["date_part"] = func(args []Expr) (Expr, error) {
		e, err := newExtract("date_part", args)
		if err != nil {
			return nil, err
		}
		return NewCast(e, tFloat64, false)
	}
	special["datepart"] = special["date_part"]
}

// newExtract turns extract(field, x) into the field's own function.
func newExtract(name string, args []Expr) (Expr, error) {
	if len(args) != 2 {
		return nil, undefinedFunction(name, args)
	}
	l, ok := args[0].(*Literal)
	if !ok || l.Value.Type.Kind != column.Text {
		return nil, fault.New(fault.FeatureNotSupported, "the field of %s must be a constant", name)
	}
	arg := args[1]
	if isUntyped(arg) {
		var err error
		if arg, err = NewCast(arg, tTimestamp, false); err != nil {
			return nil, err
		}
	}
	if !arg.Type().Kind.IsTemporal() {
		return nil, undefinedFunction(name, args)
	}
	want := strings.ToLower(l.Value.Str)
	for _, f := range fields {
		names := append([]string{f.name}, f.aliases...)
		for _, n := range names {
			if n != want {
				continue
			}
			for _, fn := range registry()[f.name] {
				if fn.Params[0].Kind == arg.Type().Kind {
					return Rebind(fn, []Expr{arg})
				}
			}
			return nil, fault.New(fault.FeatureNotSupported, "unit %q not supported for type %s", want, arg.Type())
		}
	}
	if e, err := zoneField(want, arg); e != nil || err != nil {
		return e, err
	}
	if want == "epoch" {
		return NewCall("epoch", []Expr{arg})
	}
	return nil, fault.New(fault.InvalidParameterValue, "unit %q not recognized for type %s", want, arg.Type())
}

// dateFieldFunctions are a function a field, what EXTRACT becomes.
func dateFieldFunctions() []*Function {
	var out []*Function
	for _, f := range fields {
		add := func(t column.Type, eval func(c *kernels.Call) error) {
			fn := strict(f.name, f.doc, params(t), f.result, eval)
			if f.op != kernels.OpCall && t.Kind != column.Interval {
				fn.Op, fn.Impl = f.op, nil
			}
			out = append(out, alias(fn, f.aliases...)...)
		}
		if f.date {
			add(tDate, map1(func(d int32) (int64, error) { return f.of(momentOfDay(d)), nil }))
		}
		for _, t := range []column.Type{tTimestamp, tTZ} {
			add(t, map1(func(us int64) (int64, error) { return f.of(momentOf(us)), nil }))
		}
		if timeFields[f.name] {
			add(tTime, map1(func(us int64) (int64, error) { return f.of(moment{us: us}), nil }))
		}
		if timeFields[f.name] || intervalFields[f.name] {
			add(tInterval, map1(func(v column.IntervalValue) (int64, error) { return f.of(momentOfInterval(v)), nil }))
		}
	}
	doc := "Seconds since 1970-01-01; of an interval its length, a year being 365.25 days and a month 30."
	epoch := column.DecimalType(21, 6)
	out = append(out, strict("epoch", doc, params(tDate), tInt64, map1(func(d int32) (int64, error) { return int64(d) * 86400, nil })),
		strict("epoch", doc, params(tTime), epoch, map1(func(us int64) (column.Int128, error) { return column.Int128FromInt64(us), nil })),
		strict("epoch", doc, params(tInterval), epoch, map1(func(v column.IntervalValue) (column.Int128, error) {
			days := int64(v.Months%12)*30 + int64(v.Days)
			// 365.25 days are 31557600 seconds.
			return column.MulInt64(int64(v.Months/12), 31557600*second).Add(column.MulInt64(days, column.MicrosPerDay)).Add(column.Int128FromInt64(v.Micros)), nil
		})))
	for _, t := range []column.Type{tTimestamp, tTZ} {
		out = append(out, strict("epoch", doc, params(t), epoch, map1(func(us int64) (column.Int128, error) { return column.Int128FromInt64(us), nil })))
	}
	name := func(fname, doc string, of func(m moment) string) {
		out = append(out, strict(fname, doc, params(tDate), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			r := kernels.Read[int32](c.Args[0])
			return func(dst []byte, i int) ([]byte, error) { return append(dst, of(momentOfDay(r.At(i)))...), nil }
		})))
		for _, t := range []column.Type{tTimestamp, tTZ} {
			out = append(out, strict(fname, doc, params(t), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
				r := kernels.Read[int64](c.Args[0])
				return func(dst []byte, i int) ([]byte, error) { return append(dst, of(momentOf(r.At(i)))...), nil }
			})))
		}
	}
	name("monthname", "The month's English name.", func(m moment) string { return monthNames[m.month-1] })
	name("dayname", "The weekday's English name.", func(m moment) string { return dayNames[m.weekday()] })
	return append(out, truncFunctions()...)
}

var monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
var dayNames = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// truncated is us cut to a unit.
func truncated(unit string, us int64) (int64, error) {
	if !convert.Finite(us) {
		return us, nil
	}
	m := momentOf(us)
	year := func(y int64) int64 { return column.DaysFromCivil(y, 1, 1) * column.MicrosPerDay }
	switch unit {
	case "microsecond", "microseconds":
		return us, nil
	case "millisecond", "milliseconds":
		return us - convert.FloorMod(us, 1000), nil
	case "second", "seconds":
		return us - convert.FloorMod(us, second), nil
	case "minute", "minutes":
		return us - convert.FloorMod(us, 60*second), nil
	case "hour", "hours":
		return us - convert.FloorMod(us, 3600*second), nil
	case "day", "days":
		return us - m.us, nil
	case "week", "weeks":
		return (m.days - (m.weekday()+6)%7) * column.MicrosPerDay, nil
	case "month", "months":
		return column.DaysFromCivil(m.year, m.month, 1) * column.MicrosPerDay, nil
	case "quarter", "quarters":
		return column.DaysFromCivil(m.year, (m.month-1)/3*3+1, 1) * column.MicrosPerDay, nil
	case "year", "years":
		return year(m.year), nil
	case "decade":
		return year(convert.FloorDiv(m.year, 10) * 10), nil
	case "century":
		return year(convert.FloorDiv(m.year-1, 100)*100 + 1), nil
	case "millennium":
		return year(convert.FloorDiv(m.year-1, 1000)*1000 + 1), nil
	}
	return 0, fault.New(fault.InvalidParameterValue, "unit %q not recognized for type timestamp", unit)
}

func truncatedInterval(unit string, v column.IntervalValue) (column.IntervalValue, error) {
	cut := func(months int32) (column.IntervalValue, error) {
		return column.IntervalValue{Months: v.Months - v.Months%months}, nil
	}
	part := func(us int64) (column.IntervalValue, error) {
		v.Micros -= v.Micros % us
		return v, nil
	}
	switch strings.TrimSuffix(unit, "s") {
	case "millennium":
		return cut(12000)
	case "century":
		return cut(1200)
	case "decade":
		return cut(120)
	case "year":
		return cut(12)
	case "quarter":
		return cut(3)
	case "month":
		return cut(1)
	case "day":
		v.Micros = 0
		return v, nil
	case "hour":
		return part(3600 * second)
	case "minute":
		return part(60 * second)
	case "second":
		return part(second)
	case "millisecond":
		return part(1000)
	case "microsecond":
		return v, nil
	}
	return v, fault.New(fault.InvalidParameterValue, "unit %q not recognized for type interval", unit)
}

func truncFunctions() []*Function {
	doc := "The time cut to a unit: second, minute, hour, day, week, month, quarter, year, decade, century, millennium."
	var out []*Function
	for _, t := range []column.Type{tTimestamp, tTZ} {
		out = append(out, alias(strict("date_trunc", doc, params(tText, t), t, func(c *kernels.Call) error {
			u, x, d := kernels.ReadBytes(c.Args[0]), kernels.Read[int64](c.Args[1]), column.Values[int64](c.Out)
			unit := unitReader(u)
			return c.Rows(func(i int) (err error) {
				d[i], err = truncated(unit(i), x.At(i))
				return err
			})
		}), "datetrunc")...)
	}
	return append(out, strict("date_trunc", doc, params(tText, tInterval), tInterval, func(c *kernels.Call) error {
		u, x, d := kernels.ReadBytes(c.Args[0]), kernels.Read[column.IntervalValue](c.Args[1]), column.Values[column.IntervalValue](c.Out)
		unit := unitReader(u)
		return c.Rows(func(i int) (err error) {
			d[i], err = truncatedInterval(unit(i), x.At(i))
			return err
		})
	}))
}

// unitReader gives each row's unit in lower case; equal ones in turn cost nothing.
func unitReader(u kernels.BytesReader) func(i int) string {
	var last, lower string
	return func(i int) string {
		if p := u.At(i); string(p) != last || last == "" {
			last = string(p)
			lower = strings.ToLower(last)
		}
		return lower
	}
}
