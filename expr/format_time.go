package expr

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// templates are to_char's patterns, longer ones before their prefixes.
var templates = []struct {
	key   string
	print func(m moment) string
}{
	{"HH24", func(m moment) string { return fmt.Sprintf("%02d", m.us/(3600*second)) }},
	{"HH12", twelve},
	{"HH", twelve},
	{"MI", func(m moment) string { return fmt.Sprintf("%02d", m.us/(60*second)%60) }},
	{"SSSS", func(m moment) string { return fmt.Sprint(m.us / second) }},
	{"SS", func(m moment) string { return fmt.Sprintf("%02d", m.us/second%60) }},
	{"MS", func(m moment) string { return fmt.Sprintf("%03d", m.us%second/1000) }},
	{"US", func(m moment) string { return fmt.Sprintf("%06d", m.us%second) }},
	{"Y,YYY", func(m moment) string {
		return fmt.Sprintf("%d,%03d", abs64(written(m.year))/1000, abs64(written(m.year))%1000)
	}},
	{"FF1", func(m moment) string { return fmt.Sprintf("%01d", m.us%second/100_000) }},
	{"FF2", func(m moment) string { return fmt.Sprintf("%02d", m.us%second/10_000) }},
	{"FF3", func(m moment) string { return fmt.Sprintf("%03d", m.us%second/1000) }},
	{"FF4", func(m moment) string { return fmt.Sprintf("%04d", m.us%second/100) }},
	{"FF5", func(m moment) string { return fmt.Sprintf("%05d", m.us%second/10) }},
	{"FF6", func(m moment) string { return fmt.Sprintf("%06d", m.us%second) }},
	{"WW", func(m moment) string { return fmt.Sprintf("%02d", (m.days-column.DaysFromCivil(m.year, 1, 1))/7+1) }},
	{"CC", func(m moment) string { return fmt.Sprintf("%02d", century(m.year)) }},
	{"J", func(m moment) string { return fmt.Sprint(m.days + julianEpoch) }},
	{"RM", func(m moment) string { return fmt.Sprintf("%-4s", romanMonths[m.month-1]) }},
	{"rm", func(m moment) string { return fmt.Sprintf("%-4s", strings.ToLower(romanMonths[m.month-1])) }},
	{"B.C.", func(m moment) string { return era(m, "B.C.", "A.D.") }},
	{"A.D.", func(m moment) string { return era(m, "B.C.", "A.D.") }},
	{"BC", func(m moment) string { return era(m, "BC", "AD") }},
	{"AD", func(m moment) string { return era(m, "BC", "AD") }},
	{"A.M.", func(m moment) string { return half(m, "A.M.", "P.M.") }},
	{"P.M.", func(m moment) string { return half(m, "A.M.", "P.M.") }},
	{"a.m.", func(m moment) string { return half(m, "a.m.", "p.m.") }},
	{"p.m.", func(m moment) string { return half(m, "a.m.", "p.m.") }},
	{"YYYY", func(m moment) string { return fmt.Sprintf("%04d", abs64(written(m.year))) }},
	{"YYY", func(m moment) string { return fmt.Sprintf("%03d", abs64(written(m.year))%1000) }},
	{"YY", func(m moment) string { return fmt.Sprintf("%02d", abs64(written(m.year))%100) }},
	{"Y", func(m moment) string { return fmt.Sprint(abs64(written(m.year)) % 10) }},
	{"IYYY", func(m moment) string { y, _ := m.isoWeek(); return fmt.Sprintf("%04d", y) }},
	{"IW", func(m moment) string { _, w := m.isoWeek(); return fmt.Sprintf("%02d", w) }},
	{"MONTH", func(m moment) string { return fmt.Sprintf("%-9s", strings.ToUpper(monthNames[m.month-1])) }},
	{"Month", func(m moment) string { return fmt.Sprintf("%-9s", monthNames[m.month-1]) }},
	{"month", func(m moment) string { return fmt.Sprintf("%-9s", strings.ToLower(monthNames[m.month-1])) }},
	{"MON", func(m moment) string { return strings.ToUpper(monthNames[m.month-1][:3]) }},
	{"Mon", func(m moment) string { return monthNames[m.month-1][:3] }},
	{"mon", func(m moment) string { return strings.ToLower(monthNames[m.month-1][:3]) }},
	{"MM", func(m moment) string { return fmt.Sprintf("%02d", m.month) }},
	{"DDD", func(m moment) string { return fmt.Sprintf("%03d", m.days-column.DaysFromCivil(m.year, 1, 1)+1) }},
	{"DD", func(m moment) string { return fmt.Sprintf("%02d", m.day) }},
	{"DAY", func(m moment) string { return fmt.Sprintf("%-9s", strings.ToUpper(dayNames[m.weekday()])) }},
	{"Day", func(m moment) string { return fmt.Sprintf("%-9s", dayNames[m.weekday()]) }},
	{"day", func(m moment) string { return fmt.Sprintf("%-9s", strings.ToLower(dayNames[m.weekday()])) }},
	{"DY", func(m moment) string { return strings.ToUpper(dayNames[m.weekday()][:3]) }},
	{"Dy", func(m moment) string { return dayNames[m.weekday()][:3] }},
	{"dy", func(m moment) string { return strings.ToLower(dayNames[m.weekday()][:3]) }},
	{"D", func(m moment) string { return fmt.Sprint(m.weekday() + 1) }},
	{"ID", func(m moment) string { return fmt.Sprint((m.weekday()+6)%7 + 1) }},
	{"Q", func(m moment) string { return fmt.Sprint((m.month-1)/3 + 1) }},
	{"AM", func(m moment) string { return half(m, "AM", "PM") }},
	{"PM", func(m moment) string { return half(m, "AM", "PM") }},
	{"am", func(m moment) string { return half(m, "am", "pm") }},
	{"TZH", func(m moment) string { return offsetSign(m.offset()) + fmt.Sprintf("%02d", abs64(m.offset())/3600) }},
	{"TZM", func(m moment) string { return fmt.Sprintf("%02d", abs64(m.offset())/60%60) }},
	{"TZ", func(m moment) string { return m.zoneName() }},
	{"tz", func(m moment) string { return strings.ToLower(m.zoneName()) }},
	{"OF", func(m moment) string {
		s, minutes := offsetSign(m.offset())+fmt.Sprintf("%02d", abs64(m.offset())/3600), abs64(m.offset())/60%60
		if minutes != 0 {
			s += fmt.Sprintf(":%02d", minutes)
		}
		return s
	}},
	{"pm", func(m moment) string { return half(m, "am", "pm") }},
}

// offset is how many seconds the printed clocks are ahead of UTC.
func (m moment) offset() int64 {
	if m.zone == nil {
		return 0
	}
	return m.zone.offset
}

// zoneName is the abbreviation of the zone, empty for times without one.
func (m moment) zoneName() string {
	if m.zone == nil {
		return ""
	}
	return m.zone.name
}

func offsetSign(v int64) string {
	if v < 0 {
		return "-"
	}
	return "+"
}

// julianEpoch is 1970-01-01 in days of the Julian period.
const julianEpoch = 2_440_588

var romanMonths = []string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}

// century is the number of a year's century; the first begins with the year 1, and the one before it is -1.
func century(year int64) int64 {
	if year > 0 {
		return (year + 99) / 100
	}
	return year/100 - 1
}

func era(m moment, before, after string) string {
	if m.year > 0 {
		return after
	}
	return before
}

func abs64(v int64) int64 { return max(v, -v) }

func half(m moment, am, pm string) string {
	if m.us < 12*3600*second {
		return am
	}
	return pm
}

func twelve(m moment) string {
	h := m.us / (3600 * second) % 12
	if h == 0 {
		h = 12
	}
	return fmt.Sprintf("%02d", h)
}

// toChar prints a time by PostgreSQL's template patterns. FM before a pattern leaves out padding; case matters for names only.
func toChar(dst, template []byte, m moment) ([]byte, error) {
	for len(template) > 0 {
		if template[0] == '"' {
			end := bytes.IndexByte(template[1:], '"')
			if end < 0 {
				return append(dst, template[1:]...), nil
			}
			dst, template = append(dst, template[1:1+end]...), template[end+2:]
			continue
		}
		rest, bare := template, false
		for bytes.HasPrefix(rest, []byte("FM")) || bytes.HasPrefix(rest, []byte("TM")) { // names are English: TM only leaves out blanks
			rest, bare = rest[2:], true
		}
		found := false
		for _, t := range templates {
			if !bytes.HasPrefix(rest, []byte(t.key)) && !upperPattern(rest, t.key) {
				continue
			}
			s := ""
			if m.interval {
				var err error
				if s, err = intervalPattern(t.key, m); err != nil {
					return nil, err
				}
			} else {
				s = t.print(m)
			}
			if bare {
				sign := ""
				if m.interval && strings.HasPrefix(s, "-") {
					sign, s = "-", s[1:]
				}
				s = strings.TrimRight(s, " ")
				if trimmed := strings.TrimLeft(s, "0"); trimmed != "" {
					s = trimmed
				} else {
					s = "0"
				}
				s = sign + s
			}
			dst, template, found = append(dst, s...), rest[len(t.key):], true
			if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && len(template) > 1 && strings.EqualFold(string(template[:2]), "th") {
				suffix := ordinalEnding(n)
				if template[0] == 'T' {
					suffix = strings.ToUpper(suffix)
				}
				dst, template = append(dst, suffix...), template[2:]
			}
			break
		}
		if !found {
			dst, template = append(dst, template[0]), template[1:]
		}
	}
	return dst, nil
}

// ordinalEnding is the ending of an English ordinal number.
func ordinalEnding(n int) string {
	if n%100 >= 11 && n%100 <= 13 {
		return "th"
	}
	switch n % 10 {
	case 1:
		return "st"
	case 2:
		return "nd"
	case 3:
		return "rd"
	}
	return "th"
}

// upperPattern reports whether p begins with a numeric pattern in lower case.
func upperPattern(p []byte, key string) bool {
	switch key {
	case "HH24", "HH12", "HH", "MI", "SS", "MS", "US", "YYYY", "YY", "MM", "DD", "DDD", "IYYY", "IW", "Q", "TZH", "TZM", "OF":
		return len(p) >= len(key) && strings.ToUpper(string(p[:len(key)])) == key
	}
	return false
}

// strftime prints a time by C's template patterns.
func strftime(dst, template []byte, m moment) ([]byte, error) {
	for i := 0; i < len(template); i++ {
		if template[i] != '%' || i+1 == len(template) {
			dst = append(dst, template[i])
			continue
		}
		i++
		bare := template[i] == '-' && i+1 < len(template)
		if bare {
			i++
		}
		var s string
		switch template[i] {
		case 'Y':
			s = fmt.Sprint(m.year)
		case 'y':
			s = fmt.Sprintf("%02d", m.year%100)
		case 'm':
			s = fmt.Sprintf("%02d", m.month)
		case 'd':
			s = fmt.Sprintf("%02d", m.day)
		case 'H':
			s = fmt.Sprintf("%02d", m.us/(3600*second))
		case 'I':
			s = twelve(m)
		case 'M':
			s = fmt.Sprintf("%02d", m.us/(60*second)%60)
		case 'S':
			s = fmt.Sprintf("%02d", m.us/second%60)
		case 'f':
			s = fmt.Sprintf("%06d", m.us%second)
		case 'g':
			s = fmt.Sprintf("%03d", m.us%second/1000)
		case 'j':
			s = fmt.Sprintf("%03d", m.days-column.DaysFromCivil(m.year, 1, 1)+1)
		case 'b':
			s = monthNames[m.month-1][:3]
		case 'B':
			s = monthNames[m.month-1]
		case 'a':
			s = dayNames[m.weekday()][:3]
		case 'A':
			s = dayNames[m.weekday()]
		case 'w':
			s = fmt.Sprint(m.weekday())
		case 'u':
			s = fmt.Sprint((m.weekday()+6)%7 + 1)
		case 'V':
			_, w := m.isoWeek()
			s = fmt.Sprintf("%02d", w)
		case 'p':
			s = half(m, "AM", "PM")
		case 'F':
			s = fmt.Sprintf("%04d-%02d-%02d", m.year, m.month, m.day)
		case 'T':
			s = fmt.Sprintf("%02d:%02d:%02d", m.us/(3600*second), m.us/(60*second)%60, m.us/second%60)
		case '%':
			s = "%"
		default:
			return nil, fault.New(fault.InvalidParameterValue, "unknown pattern %%%c of strftime", template[i])
		}
		if bare {
			if s = strings.TrimLeft(s, "0"); s == "" {
				s = "0"
			}
		}
		dst = append(dst, s...)
	}
	return dst, nil
}
