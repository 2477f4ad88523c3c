package convert

import (
	"math"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// intervalFieldOverflow is SQLSTATE interval_field_overflow.
const intervalFieldOverflow fault.Code = "22015"

var intervalType = column.T(column.Interval)

// unit is an interval unit in the three parts of an interval.
type unit struct {
	months, days int64
	micros       int64
}

var units = func() map[string]unit {
	m := map[string]unit{}
	add := func(u unit, names ...string) {
		for _, n := range names {
			m[n] = u
		}
	}
	add(unit{months: 12000}, "millennium", "millennia", "millenniums", "mil", "mils")
	add(unit{months: 1200}, "century", "centuries", "cent", "c")
	add(unit{months: 120}, "decade", "decades", "dec", "decs")
	add(unit{months: 12}, "year", "years", "yr", "yrs", "y")
	add(unit{months: 3}, "quarter", "quarters", "qtr")
	add(unit{months: 1}, "month", "months", "mon", "mons")
	add(unit{days: 7}, "week", "weeks", "w")
	add(unit{days: 1}, "day", "days", "d")
	add(unit{micros: 3600 * column.MicrosPerSecond}, "hour", "hours", "hr", "hrs", "h")
	add(unit{micros: 60 * column.MicrosPerSecond}, "minute", "minutes", "min", "mins", "m")
	add(unit{micros: column.MicrosPerSecond}, "second", "seconds", "sec", "secs", "s")
	add(unit{micros: 1000}, "millisecond", "milliseconds", "msec", "msecs", "ms")
	add(unit{micros: 1}, "microsecond", "microseconds", "usec", "usecs", "us")
	return m
}()

// sum adds up an interval's parts as floats of whole parts and fractions that spill to the next smaller part.
type sum struct {
	months, days, micros column.Int128
}

// add adds v (a decimal text) times u. Fractions of months become days (30 a month), of days microseconds.
func (t *sum) add(text string, u unit) bool {
	neg := strings.HasPrefix(text, "-")
	whole, frac, _ := strings.Cut(strings.TrimLeft(text, "+-"), ".")
	n := int64(0)
	if whole != "" {
		v, err := strconv.ParseInt(whole, 10, 64)
		if err != nil {
			return false
		}
		n = v
	}
	f := 0.0
	if frac != "" {
		v, err := strconv.ParseFloat("0."+frac, 64)
		if err != nil {
			return false
		}
		f = v
	}
	if neg {
		n, f = -n, -f
	}
	t.months = t.months.Add(column.MulInt64(n, u.months))
	t.days = t.days.Add(column.MulInt64(n, u.days))
	t.micros = t.micros.Add(column.MulInt64(n, u.micros))
	if f != 0 {
		m, rest := math.Modf(f * float64(u.months))
		if u.months >= 12 {
			// A fraction of years or more counts in whole months.
			m, rest = math.Round(f*float64(u.months)), 0
		}
		t.months = t.months.Add(column.Int128FromInt64(int64(m)))
		d, day := math.Modf(rest*30 + f*float64(u.days))
		t.days = t.days.Add(column.Int128FromInt64(int64(d)))
		t.micros = t.micros.Add(column.Int128FromInt64(int64(math.RoundToEven(day*column.MicrosPerDay + f*float64(u.micros)))))
	}
	return true
}

func (t *sum) value(s []byte) (column.IntervalValue, error) {
	m, ok1 := t.months.Int64()
	d, ok2 := t.days.Int64()
	us, ok3 := t.micros.Int64()
	if !ok1 || !ok2 || !ok3 || m != int64(int32(m)) || d != int64(int32(d)) {
		return column.IntervalValue{}, fault.New(intervalFieldOverflow, "interval field value out of range: %q", shorten(s))
	}
	return column.IntervalValue{Months: int32(m), Days: int32(d), Micros: us}, nil
}

// ParseInterval reads an interval: '3 months', '1 year 2 mons 3 days 04:05:06.7', '-1 day', '2 hours ago', '1-2' (years and months), 'P1Y2M3DT4H5M6S'.
// A number without a unit counts seconds.
func ParseInterval(s []byte) (column.IntervalValue, error) { return ParseIntervalUnit(s, "second") }

// ParseIntervalUnit is ParseInterval where a number without a unit counts the given one: interval '90' day.
func ParseIntervalUnit(s []byte, def string) (column.IntervalValue, error) {
	p := strings.ToLower(string(trim(s)))
	p = strings.TrimSpace(strings.TrimPrefix(p, "@"))
	if p == "" {
		return column.IntervalValue{}, invalid(intervalType, s)
	}
	var t sum
	if p[0] == 'p' {
		if !t.iso(p[1:]) {
			return column.IntervalValue{}, invalid(intervalType, s)
		}
		return t.value(s)
	}
	ago := false
	for p != "" {
		p = strings.TrimLeft(p, " \t,")
		if p == "ago" {
			ago, p = true, ""
			break
		}
		n := 0
		for n < len(p) && (isDigit(p[n]) || p[n] == '.' || n == 0 && (p[n] == '-' || p[n] == '+')) {
			n++
		}
		num, rest := p[:n], p[n:]
		if strings.Trim(num, "+-.") == "" || strings.Count(num, ".") > 1 {
			return column.IntervalValue{}, invalid(intervalType, s)
		}
		if rest != "" && rest[0] == ':' {
			var ok bool
			if p, ok = t.clock(num, rest); !ok {
				return column.IntervalValue{}, invalid(intervalType, s)
			}
			continue
		}
		if len(rest) > 1 && rest[0] == '-' && isDigit(rest[1]) && !strings.Contains(num, ".") {
			k := 1
			for k < len(rest) && isDigit(rest[k]) {
				k++
			}
			months := rest[1:k]
			if strings.HasPrefix(num, "-") {
				months = "-" + months
			}
			if !t.add(num, units["year"]) || !t.add(months, units["month"]) {
				return column.IntervalValue{}, invalid(intervalType, s)
			}
			p = rest[k:]
			continue
		}
		rest = strings.TrimLeft(rest, " \t")
		k := 0
		for k < len(rest) && rest[k] >= 'a' && rest[k] <= 'z' {
			k++
		}
		name := rest[:k]
		if k == 0 {
			// A day count may stand before a time of day without a unit: '3 04:05:06'.
			name = def
			if strings.IndexByte(rest[:min(len(rest), 4)], ':') >= 0 {
				name = "day"
			}
		}
		u, ok := units[name]
		if !ok || !t.add(num, u) {
			return column.IntervalValue{}, invalid(intervalType, s)
		}
		p = strings.TrimLeft(rest[k:], " \t")
	}
	if ago {
		t.months, t.days, t.micros = t.months.Neg(), t.days.Neg(), t.micros.Neg()
	}
	return t.value(s)
}

// clock adds HH:MM[:SS[.f]] whose hours (with their sign) are read; rest begins with the colon.
func (t *sum) clock(hours, rest string) (string, bool) {
	n := 0
	for n < len(rest) && (isDigit(rest[n]) || rest[n] == ':' || rest[n] == '.') {
		n++
	}
	parts := strings.Split(rest[1:n], ":")
	neg := strings.HasPrefix(hours, "-")
	names := []string{"hour", "minute", "second"}
	parts = append([]string{hours}, parts...)
	if len(parts) > 3 {
		return "", false
	}
	for i, part := range parts {
		if strings.Trim(part, "+-.") == "" || i < 2 && strings.Contains(part, ".") {
			return "", false
		}
		if i > 0 {
			if v, err := strconv.ParseFloat(part, 64); err != nil || v >= 60+float64(i-1) {
				return "", false
			}
			if neg {
				part = "-" + part
			}
		}
		if !t.add(part, units[names[i]]) {
			return "", false
		}
	}
	return rest[n:], true
}

// iso adds the ISO 8601 form after its P.
func (t *sum) iso(p string) bool {
	date := map[byte]string{'y': "year", 'm': "month", 'w': "week", 'd': "day"}
	clock := map[byte]string{'h': "hour", 'm': "minute", 's': "second"}
	names, any := date, false
	for p != "" {
		if p[0] == 't' {
			names, p = clock, p[1:]
			continue
		}
		n := 0
		for n < len(p) && (isDigit(p[n]) || p[n] == '.' || n == 0 && p[n] == '-') {
			n++
		}
		if n == 0 || n == len(p) {
			return false
		}
		name, ok := names[p[n]]
		if !ok || strings.Trim(p[:n], "-.") == "" || !t.add(p[:n], units[name]) {
			return false
		}
		p, any = p[n+1:], true
	}
	return any
}
