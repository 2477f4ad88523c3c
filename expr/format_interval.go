package expr

import (
	"fmt"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// intervalPattern prints a pattern of to_char of an interval: its years, months, days and time stand for themselves, a year being 12 months of 30 days
// where days are counted. What wants a date, such as the name of a month, fails with 22007.
func intervalPattern(key string, m moment) (string, error) {
	padded := func(width int, v int64) string {
		if v < 0 {
			width++
		}
		return fmt.Sprintf("%0*d", width, v)
	}
	hour, month := m.us/(3600*second), int64(m.month)
	inYear := (m.year*12+month)*30 + int64(m.day)
	switch key {
	case "HH24":
		return padded(2, hour), nil
	case "HH12", "HH":
		if hour%12 != 0 {
			hour %= 12
		} else {
			hour = 12
		}
		return padded(2, hour), nil
	case "MI":
		return padded(2, m.us/(60*second)%60), nil
	case "SS":
		return padded(2, m.us/second%60), nil
	case "SSSS":
		return fmt.Sprint(m.us / second), nil
	case "MS", "FF3":
		return fmt.Sprintf("%03d", m.us%second/1000), nil
	case "US", "FF6":
		return fmt.Sprintf("%06d", m.us%second), nil
	case "FF1", "FF2", "FF4", "FF5":
		digits, unit := int(key[2]-'0'), int64(second)
		for range digits {
			unit /= 10
		}
		return fmt.Sprintf("%0*d", digits, m.us%second/unit), nil
	case "YYYY":
		return padded(4, m.year), nil
	case "YYY":
		return padded(3, m.year%1000), nil
	case "YY":
		return padded(2, m.year%100), nil
	case "Y":
		return padded(1, m.year%10), nil
	case "Y,YYY":
		return fmt.Sprintf("%d,%03d", m.year/1000, m.year%1000), nil
	case "CC":
		return padded(2, m.year/100), nil
	case "MM":
		return padded(2, month), nil
	case "DD":
		return fmt.Sprintf("%02d", m.day), nil
	case "DDD":
		return fmt.Sprintf("%03d", inYear), nil
	case "WW":
		return fmt.Sprintf("%02d", (inYear-1)/7+1), nil
	case "Q":
		if month == 0 {
			return "", nil
		}
		return fmt.Sprint((month-1)/3 + 1), nil
	case "RM", "rm":
		if m.year == 0 && month == 0 {
			return "", nil
		}
		at := month - 1
		if month < 0 || month == 0 && m.year > 0 {
			at += 12
		}
		if month < 0 {
			at++
		}
		name := romanMonths[((at%12)+12)%12]
		if month == 0 && m.year < 0 {
			name = romanMonths[0]
		}
		if key == "rm" {
			name = strings.ToLower(name)
		}
		return fmt.Sprintf("%-4s", name), nil
	case "J":
		months := m.year*12 + month - 1
		first := column.DaysFromCivil(convert.FloorDiv(months, 12), int(convert.FloorMod(months, 12))+1, 1)
		return fmt.Sprint(first + int64(m.day) - 1 + julianEpoch), nil
	case "AM", "PM", "am", "pm", "A.M.", "P.M.", "a.m.", "p.m.":
		am, pm := "AM", "PM"
		if strings.Contains(key, ".") {
			am, pm = "A.M.", "P.M."
		}
		s := am
		if hour%24 >= 12 {
			s = pm
		}
		if key[0] >= 'a' {
			s = strings.ToLower(s)
		}
		return s, nil
	}
	return "", fault.New(fault.Code("22007"), "invalid format specification for an interval value").
		WithHint("Intervals are not tied to specific calendar dates: %s has no meaning here.", key)
}
