package expr

import (
	"math"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

type iv = column.IntervalValue

func dateRange() error { return fault.New(fault.DatetimeOverflow, "date out of range") }

func dateOf(days int64) (int32, error) {
	if days < minTimestamp/column.MicrosPerDay || days > maxTimestamp/column.MicrosPerDay {
		return 0, dateRange()
	}
	return int32(days), nil
}

func dateMicros(d int32) int64 { return convert.MicrosOfDate(d) }

// daysLater is a date so many days later; infinity stays.
func daysLater(d int32, n int64) (int32, error) {
	if !convert.FiniteDate(d) {
		return d, nil
	}
	return dateOf(int64(d) + n)
}

// dateAt is a date at a time of day.
func dateAt(d int32, t int64) (int64, error) {
	if !convert.FiniteDate(d) {
		return dateMicros(d), nil
	}
	return dateMicros(d) + t, nil
}

// dateArithmeticFunctions are the operators on dates, times, timestamps and intervals.
func dateArithmeticFunctions() []*Function {
	var out []*Function
	op := func(name, doc string, ps []column.Type, result column.Type, eval func(c *kernels.Call) error) {
		out = append(out, operator(strict(name, doc, ps, result, eval)))
	}
	sub := func(us int64, v iv) (int64, error) {
		n, err := negateInterval(v)
		if err != nil {
			return 0, err
		}
		return addInterval(us, n)
	}
	op("+", "The date so many days later.", params(tDate, tInt32), tDate, map2(func(d, n int32) (int32, error) { return daysLater(d, int64(n)) }))
	op("+", "The date so many days later.", params(tInt32, tDate), tDate, map2(func(n, d int32) (int32, error) { return daysLater(d, int64(n)) }))
	op("-", "The date so many days earlier.", params(tDate, tInt32), tDate, map2(func(d, n int32) (int32, error) { return daysLater(d, -int64(n)) }))
	op("-", "The number of days between two dates.", params(tDate, tDate), tInt32, map2(func(a, b int32) (int32, error) {
		if !convert.FiniteDate(a) || !convert.FiniteDate(b) {
			return 0, fault.New(fault.DatetimeOverflow, "cannot subtract infinite dates")
		}
		return a - b, nil
	}))
	op("+", "The date later by an interval.", params(tDate, tInterval), tTimestamp, map2(func(d int32, v iv) (int64, error) { return addInterval(dateMicros(d), v) }))
	op("+", "The date later by an interval.", params(tInterval, tDate), tTimestamp, map2(func(v iv, d int32) (int64, error) { return addInterval(dateMicros(d), v) }))
	op("-", "The date earlier by an interval.", params(tDate, tInterval), tTimestamp, map2(func(d int32, v iv) (int64, error) { return sub(dateMicros(d), v) }))
	op("+", "The date at a time of day.", params(tDate, tTime), tTimestamp, map2(dateAt))
	op("+", "The date at a time of day.", params(tTime, tDate), tTimestamp, map2(func(t int64, d int32) (int64, error) { return dateAt(d, t) }))
	for _, t := range []column.Type{tTimestamp, tTZ} {
		op("+", "The time later by an interval.", params(t, tInterval), t, map2(addInterval))
		op("+", "The time later by an interval.", params(tInterval, t), t, map2(func(v iv, us int64) (int64, error) { return addInterval(us, v) }))
		op("-", "The time earlier by an interval.", params(t, tInterval), t, map2(sub))
		op("-", "The days and time between two timestamps.", params(t, t), tInterval, map2(func(a, b int64) (iv, error) {
			d := a - b
			if !convert.Finite(a) || !convert.Finite(b) {
				return iv{}, fault.New(fault.DatetimeOverflow, "cannot subtract infinite timestamps")
			}
			if (a^b)&(a^d) < 0 {
				return iv{}, intervalRange()
			}
			return iv{Days: int32(d / column.MicrosPerDay), Micros: d % column.MicrosPerDay}, nil
		}))
	}
	op("+", "The time of day later by an interval, around midnight.", params(tTime, tInterval), tTime, map2(func(t int64, v iv) (int64, error) {
		return convert.FloorMod(t+v.Micros%column.MicrosPerDay, column.MicrosPerDay), nil
	}))
	op("+", "The time of day later by an interval, around midnight.", params(tInterval, tTime), tTime, map2(func(v iv, t int64) (int64, error) {
		return convert.FloorMod(t+v.Micros%column.MicrosPerDay, column.MicrosPerDay), nil
	}))
	op("-", "The time of day earlier by an interval, around midnight.", params(tTime, tInterval), tTime, map2(func(t int64, v iv) (int64, error) {
		return convert.FloorMod(t-v.Micros%column.MicrosPerDay, column.MicrosPerDay), nil
	}))
	op("-", "The interval between two times of day.", params(tTime, tTime), tInterval, map2(func(a, b int64) (iv, error) { return iv{Micros: a - b}, nil }))
	op("+", "Sum, part by part.", params(tInterval, tInterval), tInterval, map2(addIntervals))
	op("-", "Difference, part by part.", params(tInterval, tInterval), tInterval, map2(func(a, b iv) (iv, error) {
		n, err := negateInterval(b)
		if err != nil {
			return b, err
		}
		return addIntervals(a, n)
	}))
	op("-", "Negation.", params(tInterval), tInterval, map1(negateInterval))
	op("*", "The interval so many times.", params(tInterval, tFloat64), tInterval, map2(scaleInterval))
	op("*", "The interval so many times.", params(tFloat64, tInterval), tInterval, map2(func(f float64, v iv) (iv, error) { return scaleInterval(v, f) }))
	op("/", "The interval's part.", params(tInterval, tFloat64), tInterval, map2(func(v iv, f float64) (iv, error) {
		if f == 0 {
			return v, fault.New(fault.DivisionByZero, "division by zero")
		}
		return mapInterval(v, func(part float64) float64 { return part / f })
	}))
	return out
}

// dateMakingFunctions make dates and times of parts, and tell the time.
func dateMakingFunctions() []*Function {
	var out []*Function
	add := func(f *Function, more ...string) { out = append(out, alias(f, more...)...) }
	bad := func(what string, y, m, d int32) error {
		return fault.New(fault.DatetimeOverflow, "%s field value out of range: %d-%02d-%02d", what, y, m, d)
	}
	days := func(what string, y, m, d int32) (int64, error) {
		year := int64(y)
		if y < 0 {
			year++
		}
		if y == 0 || !convert.ValidDate(year, int(m), int(d)) {
			return 0, bad(what, y, m, d)
		}
		return column.DaysFromCivil(year, int(m), int(d)), nil
	}
	add(strict("make_date", "The date of year, month and day.", params(tInt32, tInt32, tInt32), tDate, map3(func(y, m, d int32) (int32, error) {
		v, err := days("date", y, m, d)
		return int32(v), err
	})))
	clock := func(h, m int32, s float64) (int64, error) {
		us := math.Round(s * second)
		if h < 0 || h > 24 || m < 0 || m > 59 || !(us >= 0 && us <= 60*second) || h == 24 && (m > 0 || us > 0) {
			return 0, fault.New(fault.DatetimeOverflow, "time field value out of range: %d:%02d:%02g", h, m, s)
		}
		return (int64(h)*60+int64(m))*60*second + int64(us), nil
	}
	add(strict("make_time", "The time of day of hour, minute and second.", params(tInt32, tInt32, tFloat64), tTime, map3(clock)))
	for _, f := range []struct {
		name, doc string
		result    column.Type
	}{
		{"make_timestamp", "The timestamp of year, month, day, hour, minute and second.", tTimestamp},
		{"make_timestamptz", "The time when the session's clocks show year, month, day, hour, minute and second.", tTZ},
	} {
		add(strict(f.name, f.doc, params(tInt32, tInt32, tInt32, tInt32, tInt32, tFloat64), f.result, func(c *kernels.Call) error {
			var part [5]kernels.Reader[int32]
			for k := range part {
				part[k] = kernels.Read[int32](c.Args[k])
			}
			s, d := kernels.Read[float64](c.Args[5]), column.Values[int64](c.Out)
			return c.Rows(func(i int) error {
				day, err := days("date", part[0].At(i), part[1].At(i), part[2].At(i))
				if err != nil {
					return err
				}
				us, err := clock(part[3].At(i), part[4].At(i), s.At(i))
				d[i] = day*column.MicrosPerDay + us
				return err
			})
		}))
	}
	add(strict("to_timestamp", "The time so many seconds after 1970-01-01 00:00 UTC.", params(tFloat64), tTZ, map1(func(s float64) (int64, error) {
		us := math.RoundToEven(s * second)
		if !(us >= float64(minTimestamp) && us <= float64(maxTimestamp)) {
			return 0, timestampRange()
		}
		return int64(us), nil
	})))
	for _, t := range []column.Type{tTimestamp, tTZ} {
		add(strict("age", "The difference of two timestamps in years, months, days and time.", params(t, t), tInterval, map2(age)))
	}
	add(strict("last_day", "The last day of the date's month.", params(tDate), tDate, map1(func(d int32) (int32, error) {
		m := momentOfDay(d)
		return int32(column.DaysFromCivil(m.year, m.month, daysIn(m.year, m.month))), nil
	})))
	for _, t := range []column.Type{tDate, tTimestamp, tTZ} {
		add(strict("date_diff", "The number of unit boundaries (day, month, year and so on) between two times.", params(tText, t, t), tInt64, dateDiff), "datediff")
	}
	add(strict("justify_days", "The interval with 30 days turned into a month.", params(tInterval), tInterval, map1(func(v iv) (iv, error) {
		return addIntervals(iv{Months: v.Months, Micros: v.Micros}, iv{Months: v.Days / 30, Days: v.Days % 30})
	})))
	add(strict("justify_interval", "The interval with 24 hours turned into a day, 30 days into a month, and all parts of one sign.", params(tInterval), tInterval, map1(justifyInterval)))
	add(strict("justify_hours", "The interval with 24 hours turned into a day.", params(tInterval), tInterval, map1(func(v iv) (iv, error) {
		return addIntervals(iv{Months: v.Months, Days: v.Days}, iv{Days: int32(v.Micros / column.MicrosPerDay), Micros: v.Micros % column.MicrosPerDay})
	})))
	for _, f := range []struct {
		name, doc string
		params    []column.Type
	}{
		{"to_char", "The time printed by a template of YYYY, MM, DD, HH24, HH12, MI, SS, MS, US, Mon, Month, Dy, Day, Q, DDD, AM, TZ, OF and texts in double quotes.", params(tTimestamp, tText)},
		{"strftime", "The time printed by a template of %Y, %m, %d, %H, %M, %S, %f, %j, %b, %B, %a, %A, %y, %I, %p and %%.", params(tTimestamp, tText)},
	} {
		format := toChar
		if f.name == "strftime" {
			format = strftime
		}
		for _, p := range [][]column.Type{f.params, params(tTZ, tText)} {
			add(strict(f.name, f.doc, p, tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
				x, t := kernels.Read[int64](c.Args[0]), kernels.ReadBytes(c.Args[1])
				var zone *shownZone
				if c.Args[0].Type.Kind == column.TimestampTZ {
					zone = &shownZone{name: "UTC"}
				}
				return func(dst []byte, i int) ([]byte, error) {
					m := momentOf(x.At(i))
					m.zone = zone
					return format(dst, t.At(i), m)
				}
			})))
		}
	}
	add(strict("to_char", "The interval printed by a template of YYYY, MM, DD, DDD, HH24, HH12, MI, SS, MS, US and the like.", params(tInterval, tText), tText,
		toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			x, t := kernels.Read[iv](c.Args[0]), kernels.ReadBytes(c.Args[1])
			return func(dst []byte, i int) ([]byte, error) { return toChar(dst, t.At(i), momentOfInterval(x.At(i))) }
		})))
	for _, n := range []struct {
		name, doc string
		t         column.Type
		alias     []string
	}{
		{"now", "The time when the statement began.", tTZ, []string{"current_timestamp", "transaction_timestamp", "statement_timestamp"}},
		{"localtimestamp", "The time when the statement began, without time zone (UTC).", tTimestamp, nil},
		{"current_date", "The day when the statement began (UTC).", tDate, []string{"today"}},
		{"current_time", "The time of day when the statement began (UTC).", tTime, []string{"localtime"}},
	} {
		f := strict(n.name, n.doc, nil, n.t, func(c *kernels.Call) error {
			us := time.Now().UnixMicro()
			return c.Rows(func(i int) error {
				switch n.t.Kind {
				case column.Date:
					column.Values[int32](c.Out)[i] = int32(us / column.MicrosPerDay)
				case column.Time:
					column.Values[int64](c.Out)[i] = us % column.MicrosPerDay
				default:
					column.Values[int64](c.Out)[i] = us
				}
				return nil
			})
		})
		f.Volatility = Stable
		add(f, n.alias...)
	}
	return out
}

// dateDiff counts the boundaries of a unit between two dates or timestamps.
func dateDiff(c *kernels.Call) error {
	unit, d := unitReader(kernels.ReadBytes(c.Args[0])), column.Values[int64](c.Out)
	at := func(v *column.Vector) func(i int) int64 {
		if v.Type.Kind == column.Date {
			r := kernels.Read[int32](v)
			return func(i int) int64 { return dateMicros(r.At(i)) }
		}
		r := kernels.Read[int64](v)
		return r.At
	}
	from, to := at(c.Args[1]), at(c.Args[2])
	return c.Rows(func(i int) error {
		a, b := from(i), to(i)
		x, y := momentOf(a), momentOf(b)
		switch u := unit(i); u {
		case "year", "years":
			d[i] = y.year - x.year
		case "quarter", "quarters":
			d[i] = (y.year*4 + int64(y.month-1)/3) - (x.year*4 + int64(x.month-1)/3)
		case "month", "months":
			d[i] = (y.year*12 + int64(y.month)) - (x.year*12 + int64(x.month))
		case "week", "weeks":
			d[i] = convert.FloorDiv(y.days+3, 7) - convert.FloorDiv(x.days+3, 7)
		case "day", "days":
			d[i] = y.days - x.days
		case "hour", "hours":
			d[i] = convert.FloorDiv(b, 3600*second) - convert.FloorDiv(a, 3600*second)
		case "minute", "minutes":
			d[i] = convert.FloorDiv(b, 60*second) - convert.FloorDiv(a, 60*second)
		case "second", "seconds":
			d[i] = convert.FloorDiv(b, second) - convert.FloorDiv(a, second)
		default:
			return fault.New(fault.InvalidParameterValue, "unit %q not recognized for date_diff", u)
		}
		return nil
	})
}
