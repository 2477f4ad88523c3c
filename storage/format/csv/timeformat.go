package csv

import (
	"fmt"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// timeFormat is how dates or timestamps are written, in the letters of strptime: %Y-%m-%d.
type timeFormat struct {
	text string
	zone bool // has %z
}

// The letters: year with and without century, month, its short and whole name, day, hour of 24 and of 12, AM or PM, minute, second, fraction of a second,
// zone, day of the year, names of weekdays, which are passed over.
const formatLetters = "YymbBdHIpMSfzjaA%"

func newTimeFormat(s string) (*timeFormat, error) {
	if s == "" {
		return nil, fmt.Errorf("a format such as %%d.%%m.%%Y")
	}
	f := &timeFormat{text: s}
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		i++
		if i == len(s) || strings.IndexByte(formatLetters, s[i]) < 0 {
			return nil, fmt.Errorf("a format of the letters %%Y %%y %%m %%b %%B %%d %%H %%I %%p %%M %%S %%f %%z %%j %%a %%A")
		}
		f.zone = f.zone || s[i] == 'z'
	}
	return f, nil
}

// bad says that a field is written otherwise.
func (f *timeFormat) bad() error {
	return fault.New(fault.InvalidDatetimeFormat, "it is not written as %q", f.text)
}

// parsed are the parts of a time that a field shows.
type parsed struct {
	year, month, day, yearDay int
	hour, minute, second      int
	micros, offset            int64
	half                      int // 0: no AM or PM, 1: AM, 2: PM
}

// parse reads a field; micros are since 1970-01-01 in the zone that it names, or none.
func (f *timeFormat) parse(field []byte) (micros int64, err error) {
	p := parsed{year: 1900, month: 1, day: 1}
	rest := field
	for i := 0; i < len(f.text); i++ {
		c := f.text[i]
		if c != '%' {
			if len(rest) == 0 || rest[0] != c {
				return 0, f.bad()
			}
			rest = rest[1:]
			continue
		}
		i++
		var ok bool
		if rest, ok = p.take(f.text[i], rest); !ok {
			return 0, f.bad()
		}
	}
	if len(rest) > 0 {
		return 0, f.bad()
	}
	return p.together()
}

// number reads up to width digits, at least one.
func number(b []byte, width int) (n int, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < width && b[i] >= '0' && b[i] <= '9' {
		n = n*10 + int(b[i]-'0')
		i++
	}
	return n, b[i:], i > 0
}

func (p *parsed) take(letter byte, b []byte) (rest []byte, ok bool) {
	rest = b
	switch letter {
	case 'Y':
		p.year, rest, ok = number(b, 4)
	case 'y':
		if p.year, rest, ok = number(b, 2); p.year < 69 {
			p.year += 2000
		} else {
			p.year += 1900
		}
	case 'm':
		p.month, rest, ok = number(b, 2)
	case 'd':
		p.day, rest, ok = number(b, 2)
	case 'j':
		p.yearDay, rest, ok = number(b, 3)
		ok = ok && p.yearDay > 0
	case 'H', 'I':
		p.hour, rest, ok = number(b, 2)
	case 'M':
		p.minute, rest, ok = number(b, 2)
	case 'S':
		p.second, rest, ok = number(b, 2)
	case 'f':
		var n int
		n, rest, ok = number(b, 6)
		for k := len(b) - len(rest); k < 6; k++ {
			n *= 10
		}
		p.micros = int64(n)
	case 'b', 'B':
		for m := time.January; m <= time.December && !ok; m++ {
			name := m.String()
			if letter == 'b' {
				name = name[:3]
			}
			if rest, ok = cutFold(b, name); ok {
				p.month = int(m)
			}
		}
	case 'a', 'A':
		for d := time.Sunday; d <= time.Saturday && !ok; d++ {
			name := d.String()
			if letter == 'a' {
				name = name[:3]
			}
			rest, ok = cutFold(b, name)
		}
	case 'p':
		if rest, ok = cutFold(b, "AM"); ok {
			p.half = 1
		} else if rest, ok = cutFold(b, "PM"); ok {
			p.half = 2
		}
	case 'z':
		rest, ok = p.zone(b)
	case '%':
		rest, ok = cutFold(b, "%")
	}
	return rest, ok
}

// cutFold takes a name off, whatever its case.
func cutFold(b []byte, name string) ([]byte, bool) {
	if len(b) < len(name) || !strings.EqualFold(string(b[:len(name)]), name) {
		return b, false
	}
	return b[len(name):], true
}

// zone reads Z, +hh, +hhmm or +hh:mm.
func (p *parsed) zone(b []byte) ([]byte, bool) {
	if rest, ok := cutFold(b, "Z"); ok {
		return rest, true
	}
	if len(b) < 3 || b[0] != '+' && b[0] != '-' {
		return b, false
	}
	hours, rest, ok := number(b[1:], 2)
	if !ok || len(b)-len(rest) != 3 {
		return b, false
	}
	if len(rest) > 0 && rest[0] == ':' {
		rest = rest[1:]
	}
	minutes := 0
	if len(rest) >= 2 {
		if n, after, ok := number(rest, 2); ok && len(rest)-len(after) == 2 {
			minutes, rest = n, after
		}
	}
	p.offset = int64(hours*60+minutes) * 60 * column.MicrosPerSecond
	if b[0] == '-' {
		p.offset = -p.offset
	}
	return rest, hours < 24 && minutes < 60
}

// together puts the parts together.
func (p *parsed) together() (int64, error) {
	overflow := fault.New(fault.DatetimeOverflow, "date/time field value out of range")
	if p.half > 0 {
		if p.hour < 1 || p.hour > 12 {
			return 0, overflow
		}
		p.hour = p.hour%12 + 12*(p.half-1)
	}
	if p.hour > 24 || p.minute > 59 || p.second > 60 || p.year < 1 {
		return 0, overflow
	}
	days := column.DaysFromCivil(int64(p.year), p.month, p.day)
	if p.yearDay > 0 {
		days = column.DaysFromCivil(int64(p.year), 1, 1) + int64(p.yearDay-1)
	}
	y, m, d := column.CivilDate(int32(days))
	if p.yearDay == 0 && (y != int64(p.year) || m != p.month || d != p.day) || y != int64(p.year) {
		return 0, overflow
	}
	clock := int64(p.hour*3600+p.minute*60+p.second)*column.MicrosPerSecond + p.micros
	return days*column.MicrosPerDay + clock - p.offset, nil
}

// append writes a time as the format says.
func (f *timeFormat) append(dst []byte, micros int64) []byte {
	t := column.TimeOf(micros)
	for i := 0; i < len(f.text); i++ {
		if f.text[i] != '%' {
			dst = append(dst, f.text[i])
			continue
		}
		i++
		switch f.text[i] {
		case 'Y':
			dst = fmt.Appendf(dst, "%04d", t.Year())
		case 'j':
			dst = fmt.Appendf(dst, "%03d", t.YearDay())
		case 'f':
			dst = fmt.Appendf(dst, "%06d", t.Nanosecond()/1000)
		case 'z':
			dst = append(dst, "+00"...)
		case '%':
			dst = append(dst, '%')
		default:
			dst = t.AppendFormat(dst, map[byte]string{
				'y': "06", 'm': "01", 'b': "Jan", 'B': "January", 'd': "02", 'H': "15", 'I': "03", 'p': "PM", 'M': "04", 'S': "05", 'a': "Mon", 'A': "Monday",
			}[f.text[i]])
		}
	}
	return dst
}
