package expr

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// parsingFunctions read times by templates and print numbers by them.
func parsingFunctions() []*Function {
	template := func(name, doc string, result column.Type, finish func(us int64) int64) *Function {
		return strict(name, doc, params(tText, tText), result, func(c *kernels.Call) error {
			text, pattern := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1])
			return c.Rows(func(i int) error {
				us, err := parseTime(string(text.At(i)), string(pattern.At(i)))
				if err != nil {
					return err
				}
				return column.SetValue(nil, c.Out, i, column.IntValue(result, finish(us)))
			})
		})
	}
	patterns := "YYYY, MM, Mon, Month, DD, DDD, HH24, HH12, MI, SS, MS, US and AM."
	out := []*Function{
		template("to_date", "The date that a text holds by a template of "+patterns, tDate, func(us int64) int64 { return convert.FloorDiv(us, column.MicrosPerDay) }),
		template("to_timestamp", "The time (UTC) that a text holds by a template of "+patterns, tTZ, func(us int64) int64 { return us }),
		strict("to_char", numberTemplateDoc, params(anyDecimal, tText), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			x, t := decimalRead(c.Args[0]), kernels.ReadBytes(c.Args[1])
			return func(dst []byte, i int) ([]byte, error) {
				return numberByTemplate(dst, string(t.At(i)), string(x(i).AppendDecimal(nil, int(c.Args[0].Type.Scale))))
			}
		})),
		strict("to_char", numberTemplateDoc, params(tFloat64, tText), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			x, t := kernels.Read[float64](c.Args[0]), kernels.ReadBytes(c.Args[1])
			return func(dst []byte, i int) ([]byte, error) {
				v := x.At(i)
				if v-v != 0 {
					return nil, fault.New(fault.NumericOutOfRange, "%s cannot be printed by a template", column.FloatValue(v))
				}
				return numberByTemplate(dst, string(t.At(i)), strconv.FormatFloat(v, 'f', -1, 64))
			}
		})),
	}
	return out
}

const numberTemplateDoc = "The number printed by a template of 9 (a digit), 0 (a digit or zero), . or D, comma or G, S or MI (the sign), PR (angle brackets around what is negative) and FM (no blanks)."

// numberByTemplate is numberToChar with brackets around negative numbers, and an error for templates that it does not know.
func numberByTemplate(dst []byte, template, number string) ([]byte, error) {
	upper := strings.ToUpper(template)
	for _, unknown := range []string{"EEEE", "RN", "TH", "SG", "PL", "V"} {
		if strings.Contains(upper, unknown) {
			return nil, fault.New(fault.FeatureNotSupported, "%s in a template of to_char for numbers is not supported", unknown)
		}
	}
	template, upper = strings.ReplaceAll(template, "L", " "), strings.ReplaceAll(upper, "L", " ") // there is no currency
	plain, brackets := strings.CutSuffix(upper, "PR")
	if !brackets {
		return numberToChar(dst, template, number), nil
	}
	start := len(dst)
	dst = numberToChar(dst, template[:len(plain)], number)
	if at := bytes.IndexByte(dst[start:], '-'); at >= 0 {
		dst[start+at] = '<'
		return append(dst, '>'), nil
	}
	if strings.Contains(upper, "FM") {
		return dst, nil
	}
	return append(dst, ' '), nil
}

// months and parts of names, by three letters.
var monthNumbers = func() map[string]int {
	m := map[string]int{}
	for i, n := range monthNames {
		m[strings.ToLower(n[:3])] = i + 1
	}
	return m
}()

// clockParts are what a template found.
type clockParts struct {
	year                 int64
	month, day, ordinal  int
	hour, minute, second int64
	micros               int64
	afternoon, twelve    bool
}

// parseTime reads a text by to_date's template.
func parseTime(text, template string) (int64, error) {
	bad := func() (int64, error) {
		return 0, fault.New(fault.InvalidDatetimeFormat, "invalid value %q for the template %q", text, template)
	}
	p := clockParts{year: 1, month: 1, day: 1}
	s := text
	digits := func(most int) (int64, int, bool) {
		s = strings.TrimLeft(s, " ")
		n := 0
		for n < len(s) && n < most && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		v, err := strconv.ParseInt(s[:n], 10, 64)
		s = s[n:]
		return v, n, err == nil
	}
	t := strings.TrimPrefix(template, "FM")
	for t != "" {
		key := ""
		for _, k := range []string{"YYYY", "YY", "MONTH", "MON", "MM", "DDD", "DD", "HH24", "HH12", "HH", "MI", "SS", "MS", "US", "AM", "PM", "FM", "TH"} {
			if len(t) >= len(k) && strings.EqualFold(t[:len(k)], k) {
				key = k
				break
			}
		}
		if key == "" {
			// Separators stand for any separator.
			if c := t[0]; s != "" && !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') && !(s[0] >= '0' && s[0] <= '9') {
				s = s[1:]
			} else if s != "" && s[0] == c {
				s = s[1:]
			}
			t = t[1:]
			continue
		}
		t = t[len(key):]
		var v int64
		var n int
		ok := true
		switch key {
		case "FM", "TH":
		case "YYYY":
			most := 4
			if t == "" || !(t[0] >= 'A' && t[0] <= 'z') {
				most = 6
			}
			p.year, _, ok = digits(most)
		case "YY":
			if v, _, ok = digits(2); v < 70 {
				v += 100
			}
			p.year = 1900 + v
		case "MONTH", "MON":
			s = strings.TrimLeft(s, " ")
			n = 0
			for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z') {
				n++
			}
			if n < 3 {
				return bad()
			}
			if key == "MON" {
				n = 3
			}
			p.month = monthNumbers[strings.ToLower(s[:3])]
			ok, s = p.month > 0, s[n:]
		case "MM":
			v, _, ok = digits(2)
			p.month = int(v)
		case "DD":
			v, _, ok = digits(2)
			p.day = int(v)
		case "DDD":
			v, _, ok = digits(3)
			p.ordinal = int(v)
		case "HH24":
			p.hour, _, ok = digits(2)
		case "HH12", "HH":
			p.hour, _, ok = digits(2)
			p.twelve = true
		case "MI":
			p.minute, _, ok = digits(2)
		case "SS":
			p.second, _, ok = digits(2)
		case "MS", "US":
			most := 3
			if key == "US" {
				most = 6
			}
			if v, n, ok = digits(most); ok {
				p.micros = v * int64(math.Pow10(6-n))
			}
		case "AM", "PM":
			if len(s) < 2 {
				return bad()
			}
			p.afternoon, p.twelve = strings.EqualFold(s[:2], "pm"), true
			s = s[2:]
		}
		if !ok {
			return bad()
		}
	}
	return p.moment(bad)
}

func (p clockParts) moment(bad func() (int64, error)) (int64, error) {
	if p.twelve {
		if p.hour < 1 || p.hour > 12 {
			return bad()
		}
		p.hour %= 12
		if p.afternoon {
			p.hour += 12
		}
	}
	if p.ordinal > 0 {
		p.month, p.day = 1, 1
	}
	if !convert.ValidDate(p.year, p.month, p.day) || p.hour > 24 || p.minute > 59 || p.second > 59 || p.ordinal > 366 {
		e := fault.New(fault.DatetimeOverflow, "date/time field value out of range")
		return 0, e
	}
	days := column.DaysFromCivil(p.year, p.month, p.day)
	if p.ordinal > 0 {
		days += int64(p.ordinal) - 1
	}
	return days*column.MicrosPerDay + ((p.hour*60+p.minute)*60+p.second)*second + p.micros, nil
}

// numberToChar prints the decimal digits of a number by to_char's template.
func numberToChar(dst []byte, template, number string) []byte {
	fill := true
	sign, trailing, minus := false, false, false
	var whole, fraction []byte
	point := false
	for t := template; t != ""; {
		up := strings.ToUpper(t[:min(2, len(t))])
		switch {
		case up == "FM":
			fill, t = false, t[2:]
			continue
		case up == "MI":
			minus, t = true, t[2:]
			continue
		case up[0] == 'S':
			sign, trailing = true, len(whole) > 0
		case up[0] == '.' || up[0] == 'D':
			point = true
		case point && (t[0] == '9' || t[0] == '0'):
			fraction = append(fraction, t[0])
		case !point && up[0] == 'G':
			whole = append(whole, ',')
		case !point:
			whole = append(whole, t[0])
		}
		t = t[1:]
	}
	negative := strings.HasPrefix(number, "-")
	digits, decimals, _ := strings.Cut(strings.TrimPrefix(number, "-"), ".")
	digits, decimals = roundDigits(digits, decimals, len(fraction))
	negative = negative && strings.Trim(digits+decimals, "0") != ""
	digits = strings.TrimLeft(digits, "0")
	places := strings.Count(string(whole), "9") + strings.Count(string(whole), "0")
	if len(digits) > places {
		digits = strings.Repeat("#", places)
		decimals = strings.Repeat("#", len(decimals))
	}
	// Digits fill the places from the right; a zero in the template begins leading zeros.
	body := make([]byte, 0, len(whole))
	at, started := len(digits)-places, false
	for _, c := range whole {
		switch {
		case c == '9' || c == '0':
			started = started || at >= 0 || c == '0'
			switch {
			case at >= 0:
				body = append(body, digits[at])
			case started:
				body = append(body, '0')
			default:
				body = append(body, ' ')
			}
			at++
		case c == ',' && !started:
			body = append(body, ' ')
		default:
			body = append(body, c)
		}
	}
	if places > 0 && digits == "" && len(fraction) == 0 && body[len(body)-1] == ' ' {
		body[len(body)-1] = '0'
	}
	if point {
		if !fill {
			keep := strings.LastIndexByte(string(fraction), '0') + 1
			for len(decimals) > keep && decimals[len(decimals)-1] == '0' {
				decimals = decimals[:len(decimals)-1]
			}
		}
		body = append(append(body, '.'), decimals...)
	}
	text := string(body)
	blanks := len(text) - len(strings.TrimLeft(text, " "))
	mark := ""
	switch {
	case negative && !minus && !trailing:
		mark = "-"
	case sign && !trailing:
		mark = "+"
	case fill && !minus && !trailing:
		mark = " "
	}
	text = text[:blanks] + mark + text[blanks:]
	switch {
	case trailing && negative || minus && negative:
		text += "-"
	case trailing:
		text += "+"
	case minus && fill:
		text += " "
	}
	if !fill {
		text = strings.Trim(text, " ")
	}
	return append(dst, text...)
}

// roundDigits rounds a number's digits half away from zero to so many decimals.
func roundDigits(digits, decimals string, places int) (string, string) {
	if len(decimals) <= places {
		return digits, decimals + strings.Repeat("0", places-len(decimals))
	}
	up := decimals[places] >= '5'
	all := []byte(digits + decimals[:places])
	for i := len(all) - 1; up && i >= 0; i-- {
		if all[i] == '9' {
			all[i] = '0'
			continue
		}
		all[i]++
		up = false
	}
	if up {
		all = append([]byte{'1'}, all...)
	}
	return string(all[:len(all)-places]), string(all[len(all)-places:])
}

// intervalMakingFunctions make intervals of numbers.
func intervalMakingFunctions() []*Function {
	var out []*Function
	for n := 1; n <= 7; n++ {
		ps := make([]column.Type, n)
		for i := range ps {
			if ps[i] = tInt32; i == 6 {
				ps[i] = tFloat64
			}
		}
		out = append(out, strict("make_interval", "The interval of so many years, months, weeks, days, hours, minutes and seconds.", ps, tInterval,
			func(c *kernels.Call) error {
				d := column.Values[iv](c.Out)
				return c.Rows(func(i int) error {
					var v [6]int64
					us := 0.0
					for k, a := range c.Args {
						if k == 6 {
							us = math.Round(a.ValueAt(i).Float * second)
						} else {
							v[k] = a.ValueAt(i).Int64()
						}
					}
					months, days := v[0]*12+v[1], v[2]*7+v[3]
					total := float64(v[4]*60+v[5])*60*second + us
					if months != int64(int32(months)) || days != int64(int32(days)) || !(math.Abs(total) < math.MaxInt64) {
						return intervalRange()
					}
					d[i] = iv{Months: int32(months), Days: int32(days), Micros: (v[4]*60+v[5])*60*second + int64(us)}
					return nil
				})
			}))
	}
	for _, t := range []column.Type{tTimestamp, tTZ} {
		since := strict("age", "The difference of the day when the statement began and a timestamp, in years, months, days and time.", params(t), tInterval,
			func(c *kernels.Call) error {
				today := time.Now().Truncate(24 * time.Hour).UnixMicro()
				return map1(func(us int64) (iv, error) { return age(today, us) })(c)
			})
		since.Volatility = Volatile
		out = append(out, since)
	}
	return out
}
