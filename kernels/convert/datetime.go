package convert

import (
	"bytes"
	"math"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// The years that dates and timestamps may have: from PostgreSQL's first to the last whole one whose microseconds since 1970 fit 64 bits, so that every date
// is a timestamp.
const (
	minYear = -4712
	maxYear = 294246
)

var (
	dateType      = column.T(column.Date)
	timeType      = column.T(column.Time)
	timestampType = column.T(column.Timestamp)
)

func fieldRange(s []byte) error {
	return fault.New(fault.DatetimeOverflow, "date/time field value out of range: %q", shorten(s))
}

var monthDays = [...]int{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// ValidDate reports whether the proleptic Gregorian calendar has the day, within the years that dates may have.
func ValidDate(year int64, month, day int) bool {
	if year < minYear || year > maxYear || month < 1 || month > 12 || day < 1 || day > monthDays[month-1] {
		return false
	}
	leap := year%4 == 0 && (year%100 != 0 || year%400 == 0)
	return month != 2 || day <= 28 || leap
}

// number reads digits off the front of p.
func number(p []byte) (v int64, digits int, rest []byte) {
	for digits < len(p) && isDigit(p[digits]) && digits < 18 {
		v = v*10 + int64(p[digits]-'0')
		digits++
	}
	return v, digits, p[digits:]
}

var monthNames = [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
	"november", "december"}

// monthName reads a month's name (at least three letters) off the front of p; 0 when there is none.
func monthName(p []byte) (month int, rest []byte) {
	n := 0
	for n < len(p) && (p[n]|0x20 >= 'a' && p[n]|0x20 <= 'z') {
		n++
	}
	if n < 3 {
		return 0, p
	}
	word := strings.ToLower(string(p[:n]))
	for i, m := range monthNames {
		if strings.HasPrefix(m, word) || word == "sept" && i == 8 {
			return i + 1, p[n:]
		}
	}
	return 0, p
}

func separators(p []byte) []byte {
	for len(p) > 0 && (p[0] == ' ' || p[0] == ',' || p[0] == '-') {
		p = p[1:]
	}
	return p
}

// date reads a date off the front of p. ok is false when there is none; the date may still be out of range.
func date(p []byte) (y int64, m, d int, rest []byte, ok bool) {
	if mon, r := monthName(p); mon > 0 {
		dd, n, r := number(separators(r))
		yy, k, r2 := number(separators(r))
		return yy, mon, int(dd), r2, n > 0 && n <= 2 && k >= 3
	}
	y, n, r := number(p)
	if n == 8 && (len(r) == 0 || !isDigit(r[0])) {
		return y / 10000, int(y / 100 % 100), int(y % 100), r, true
	}
	if mon, r2 := monthName(separators(r)); n > 0 && mon > 0 && len(r) > 0 {
		v, k, r3 := number(separators(r2))
		if n >= 3 {
			return y, mon, int(v), r3, k > 0 && k <= 2
		}
		return v, mon, int(y), r3, k >= 3
	}
	if n < 3 || len(r) == 0 || r[0] != '-' && r[0] != '/' {
		return 0, 0, 0, p, false
	}
	sep := r[0]
	mm, k, r := number(r[1:])
	if k == 0 || k > 2 || len(r) == 0 || r[0] != sep {
		return 0, 0, 0, p, false
	}
	dd, k, r := number(r[1:])
	return y, int(mm), int(dd), r, k > 0 && k <= 2
}

// era takes a BC or AD off the end of p.
func era(p []byte) (rest []byte, bc bool) {
	if len(p) > 2 && p[len(p)-1]|0x20 == 'c' && p[len(p)-2]|0x20 == 'b' {
		return trim(p[:len(p)-2]), true
	}
	if len(p) > 2 && p[len(p)-1]|0x20 == 'd' && p[len(p)-2]|0x20 == 'a' {
		return trim(p[:len(p)-2]), false
	}
	return p, false
}

// ParseDate reads a date as days since 1970-01-01: 2024-01-31, 20240131, 2024/1/31, Jan 31, 2024, 31-Jan-2024; a time of day after it is
// read and dropped, as PostgreSQL does.
func ParseDate(s []byte) (int32, error) {
	p := trim(s)
	switch string(bytes.ToLower(p)) {
	case "infinity", "+infinity":
		return column.DateInfinity, nil
	case "-infinity":
		return column.DateMinusInfinity, nil
	}
	p, bc := era(p)
	y, m, d, rest, ok := date(p)
	if !ok {
		return 0, invalid(dateType, s)
	}
	if bc {
		y = 1 - y
	}
	if y == 0 && !bc || !ValidDate(y, m, d) {
		return 0, fieldRange(s)
	}
	if len(rest) > 0 {
		if rest[0] != ' ' && rest[0]|0x20 != 't' {
			return 0, invalid(dateType, s)
		}
		_, rest, ok = timeOfDay(trim(rest[1:]))
		if _, _, zoneOK := zone(rest); !ok || !zoneOK {
			return 0, invalid(dateType, s)
		}
	}
	return int32(column.DaysFromCivil(y, m, d)), nil
}

// timeOfDay reads HH:MM[:SS[.ffffff]] with an optional AM or PM off the front of p, in microseconds; more digits are rounded.
func timeOfDay(p []byte) (us int64, rest []byte, ok bool) {
	h, n, r := number(p)
	if n == 0 || n > 2 || len(r) == 0 || r[0] != ':' {
		return 0, p, false
	}
	m, n, r := number(r[1:])
	if n == 0 || n > 2 || m > 59 {
		return 0, p, false
	}
	var sec, frac int64
	if len(r) > 0 && r[0] == ':' {
		sec, n, r = number(r[1:])
		if n == 0 || n > 2 || sec > 60 {
			return 0, p, false
		}
		if len(r) > 0 && r[0] == '.' {
			frac, r = micros(r[1:])
		}
	}
	half := trim(r)
	if len(half) >= 2 && half[1]|0x20 == 'm' && (half[0]|0x20 == 'a' || half[0]|0x20 == 'p') {
		if h < 1 || h > 12 {
			return 0, p, false
		}
		h %= 12
		if half[0]|0x20 == 'p' {
			h += 12
		}
		r = half[2:]
	}
	us = ((h*60+m)*60+sec)*column.MicrosPerSecond + frac
	return us, r, us <= column.MicrosPerDay
}

// clockLike reports whether p begins like a time of day, so that what is wrong with it is a field's value.
func clockLike(p []byte) bool {
	_, n, r := number(p)
	if n == 0 || n > 2 || len(r) == 0 || r[0] != ':' {
		return false
	}
	_, n, _ = number(r[1:])
	return n > 0 && n <= 2
}

// micros reads the digits of a fraction as millionths, rounded half up.
func micros(p []byte) (v int64, rest []byte) {
	n := 0
	for n < len(p) && isDigit(p[n]) {
		switch d := int64(p[n] - '0'); {
		case n < 6:
			v = v*10 + d
		case n == 6 && d >= 5:
			v++
		}
		n++
	}
	for k := n; k < 6; k++ {
		v *= 10
	}
	return v, p[n:]
}

// zone reads an optional time zone: Z, UTC, GMT or an offset ±HH[[:]MM]. The offset is in microseconds east of UTC.
func zone(p []byte) (offset int64, has, ok bool) {
	p = trim(p)
	if len(p) == 0 {
		return 0, false, true
	}
	switch strings.ToLower(string(p)) {
	case "z", "utc", "gmt", "zulu":
		return 0, true, true
	}
	if p[0] != '+' && p[0] != '-' {
		return 0, false, false
	}
	h, n, r := number(p[1:])
	var m int64
	if n == 4 {
		h, m = h/100, h%100
	} else if len(r) > 0 && r[0] == ':' {
		m, _, r = number(r[1:])
	}
	if n == 0 || n == 3 || n > 4 || h > 15 || m > 59 || len(r) > 0 {
		return 0, false, false
	}
	offset = (h*60 + m) * 60 * column.MicrosPerSecond
	if p[0] == '-' {
		offset = -offset
	}
	return offset, true, true
}

// ParseTime reads a time of day in microseconds since midnight.
func ParseTime(s []byte) (int64, error) {
	p := trim(s)
	us, rest, ok := timeOfDay(p)
	if !ok {
		// A timestamp's time of day is accepted, too.
		if ts, err := ParseTimestamp(s, false); err == nil {
			return FloorMod(ts, column.MicrosPerDay), nil
		}
		if clockLike(p) {
			return 0, fieldRange(s)
		}
		return 0, invalid(timeType, s)
	}
	if _, _, ok := zone(rest); !ok {
		return 0, invalid(timeType, s)
	}
	return us, nil
}

// ParseTimestamp reads a timestamp in microseconds since 1970-01-01 00:00 (UTC). An offset is applied with zoned and otherwise read and ignored, as
// PostgreSQL does for the type without time zone.
func ParseTimestamp(s []byte, zoned bool) (int64, error) {
	us, offset, _, err := parseTimestamp(s, zoned)
	if zoned {
		us -= offset
	}
	return us, err
}

// ParseTimestampIn reads a timestamp with time zone. One without an offset is what a clock shows, for which utc gives the time in UTC.
func ParseTimestampIn(s []byte, utc func(wall int64) int64) (int64, error) {
	us, offset, has, err := parseTimestamp(s, true)
	if err != nil || has {
		return us - offset, err
	}
	return utc(us), nil
}

// parseTimestamp gives the time as written, and its offset if it has one. Infinities and the epoch count as having one.
func parseTimestamp(s []byte, zoned bool) (us, offset int64, has bool, err error) {
	t := timestampType
	if zoned {
		t = column.T(column.TimestampTZ)
	}
	p := trim(s)
	switch string(bytes.ToLower(p)) {
	case "infinity", "+infinity":
		return math.MaxInt64, 0, true, nil
	case "-infinity":
		return math.MinInt64, 0, true, nil
	case "epoch":
		return 0, 0, true, nil
	}
	p, bc := era(p)
	y, m, d, rest, ok := date(p)
	if !ok {
		return 0, 0, false, invalid(t, s)
	}
	if bc {
		y = 1 - y
	}
	if y == 0 && !bc || !ValidDate(y, m, d) {
		return 0, 0, false, fieldRange(s)
	}
	us = column.DaysFromCivil(y, m, d) * column.MicrosPerDay
	if len(rest) == 0 {
		return us, 0, false, nil
	}
	if rest[0] != ' ' && rest[0]|0x20 != 't' {
		return 0, 0, false, invalid(t, s)
	}
	clock := trim(rest[1:])
	tod, rest, ok := timeOfDay(clock)
	if !ok {
		if clockLike(clock) {
			return 0, 0, false, fieldRange(s)
		}
		return 0, 0, false, invalid(t, s)
	}
	offset, has, ok = zone(rest)
	if !ok {
		return 0, 0, false, invalid(t, s)
	}
	return us + tod, offset, has, nil
}

// FloorMod is a modulo b with the sign of b.
func FloorMod(a, b int64) int64 {
	r := a % b
	if r != 0 && (r < 0) != (b < 0) {
		r += b
	}
	return r
}

// FloorDiv is a/b rounded down.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
