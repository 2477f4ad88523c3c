package expr

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// moment is a date and a time of day, or the parts of an interval.
type moment struct {
	year       int64 // astronomical: 0 is 1 BC
	month, day int
	days       int64 // since 1970-01-01
	us         int64 // of the day; of an interval all of its time part
	interval   bool
	zone       *shownZone // of a time with time zone that is printed
}

// shownZone is what a printed time tells of its zone.
type shownZone struct {
	name   string // the abbreviation, such as CEST
	offset int64  // seconds ahead of UTC
}

func momentOf(us int64) moment {
	days := convert.FloorDiv(us, column.MicrosPerDay)
	m := momentOfDay(int32(days))
	m.us = us - days*column.MicrosPerDay
	return m
}

func momentOfDay(days int32) moment {
	y, mon, d := column.CivilDate(days)
	return moment{year: y, month: mon, day: d, days: int64(days)}
}

func momentOfInterval(v column.IntervalValue) moment {
	return moment{year: int64(v.Months / 12), month: int(v.Months % 12), day: int(v.Days), us: v.Micros, interval: true}
}

// micros is the moment as a timestamp.
func (m moment) micros() int64 {
	return column.DaysFromCivil(m.year, m.month, m.day)*column.MicrosPerDay + m.us
}

// weekday counts from Sunday, 0. Day 0 was a Thursday.
func (m moment) weekday() int64 { return convert.FloorMod(m.days+4, 7) }

// isoWeek is the ISO 8601 year and week: weeks begin on Monday and belong to the year of their Thursday.
func (m moment) isoWeek() (year, week int64) {
	thursday := m.days - (m.weekday()+6)%7 + 3
	y, _, _ := column.CivilDate(int32(thursday))
	return y, (thursday-column.DaysFromCivil(y, 1, 1))/7 + 1
}

// written is a year as people count: there is none with number zero.
func written(year int64) int64 {
	if year <= 0 {
		return year - 1
	}
	return year
}

// ordinal is the number of the span of n years that a year lies in: centuries, millennia.
func ordinal(year, n int64) int64 {
	if year > 0 {
		return (year + n - 1) / n
	}
	return -((n - 1 - (year - 1)) / n)
}

func timestampRange() error { return fault.New(fault.DatetimeOverflow, "timestamp out of range") }
func intervalRange() error  { return fault.New(fault.DatetimeOverflow, "interval out of range") }

// The least and greatest finite timestamps: from 4713 BC to the last whole year whose microseconds fit.
var (
	minTimestamp = column.DaysFromCivil(-4712, 1, 1) * column.MicrosPerDay
	maxTimestamp = column.DaysFromCivil(294247, 1, 1)*column.MicrosPerDay - 1
)

// addMonths moves a day by months; a day that the month does not have becomes its last one.
func addMonths(year int64, month, day int, months int64) (int64, int, int) {
	total := year*12 + int64(month-1) + months
	year, month = convert.FloorDiv(total, 12), int(convert.FloorMod(total, 12))+1
	return year, month, min(day, daysIn(year, month))
}

func daysIn(year int64, month int) int {
	if month == 12 {
		return 31
	}
	return int(column.DaysFromCivil(year, month+1, 1) - column.DaysFromCivil(year, month, 1))
}

// addInterval adds months, then days, then time.
func addInterval(us int64, v column.IntervalValue) (int64, error) {
	if !convert.Finite(us) {
		return us, nil
	}
	if v.Months != 0 {
		m := momentOf(us)
		m.year, m.month, m.day = addMonths(m.year, m.month, m.day, int64(v.Months))
		if m.year < -5000 || m.year > 300000 {
			return 0, timestampRange()
		}
		us = m.micros()
	}
	sum := column.Int128FromInt64(us).Add(column.MulInt64(int64(v.Days), column.MicrosPerDay)).Add(column.Int128FromInt64(v.Micros))
	us, ok := sum.Int64()
	if !ok || us < minTimestamp || us > maxTimestamp {
		return 0, timestampRange()
	}
	return us, nil
}

func negateInterval(v column.IntervalValue) (column.IntervalValue, error) {
	if v.Months == math.MinInt32 || v.Days == math.MinInt32 || v.Micros == math.MinInt64 {
		return v, intervalRange()
	}
	return column.IntervalValue{Months: -v.Months, Days: -v.Days, Micros: -v.Micros}, nil
}

func addIntervals(v, w column.IntervalValue) (column.IntervalValue, error) {
	m, d := int64(v.Months)+int64(w.Months), int64(v.Days)+int64(w.Days)
	us := v.Micros + w.Micros
	if m != int64(int32(m)) || d != int64(int32(d)) || (v.Micros^us)&(w.Micros^us) < 0 {
		return v, intervalRange()
	}
	return column.IntervalValue{Months: int32(m), Days: int32(d), Micros: us}, nil
}

// scaleInterval multiplies an interval; fractions of months become days of which a month has 30, fractions of days time.
func scaleInterval(v column.IntervalValue, f float64) (column.IntervalValue, error) {
	return mapInterval(v, func(part float64) float64 { return part * f })
}

// mapInterval multiplies or divides an interval: what is left of months are days, of 30 a month, and what is left of days is time.
func mapInterval(v column.IntervalValue, f func(part float64) float64) (column.IntervalValue, error) {
	months, days := f(float64(v.Months)), f(float64(v.Days))
	whole, wholeDays := math.Trunc(months), math.Trunc(days)
	// Digits beyond the microsecond come from binary fractions: they are rounded off before the parts are cut.
	rest := roundMicro((months - whole) * 30)
	spill := math.Trunc(rest)
	seconds := roundMicro((days - wholeDays + rest - spill) * (column.MicrosPerDay / second))
	if carried := math.Trunc(seconds / (column.MicrosPerDay / second)); carried != 0 {
		wholeDays, seconds = wholeDays+carried, seconds-carried*(column.MicrosPerDay/second)
	}
	us := math.RoundToEven(f(float64(v.Micros)) + seconds*second)
	wholeDays += spill
	if math.IsNaN(months) || math.Abs(whole) > math.MaxInt32 || math.Abs(wholeDays) > math.MaxInt32 || math.Abs(us) >= math.MaxInt64 {
		return v, intervalRange()
	}
	return column.IntervalValue{Months: int32(whole), Days: int32(wholeDays), Micros: int64(us)}, nil
}

func roundMicro(f float64) float64 { return math.RoundToEven(f*1e6) / 1e6 }

// age is the difference of two timestamps in years, months, days and time, counted back from the first one.
func age(a, b int64) (column.IntervalValue, error) {
	if !convert.Finite(a) || !convert.Finite(b) {
		return column.IntervalValue{}, intervalRange()
	}
	sign := int64(1)
	if a < b {
		a, b, sign = b, a, -1
	}
	x, y := momentOf(a), momentOf(b)
	us, day, month := x.us-y.us, int64(x.day-y.day), int64(x.month-y.month)+12*(x.year-y.year)
	if us < 0 {
		us += column.MicrosPerDay
		day--
	}
	if day < 0 {
		// The missing days are those of the earlier timestamp's month.
		day += int64(daysIn(y.year, y.month))
		month--
	}
	return column.IntervalValue{Months: int32(sign * month), Days: int32(sign * day), Micros: sign * us}, nil
}

// justifyInterval moves whole days and months up and gives all parts the sign of the whole.
func justifyInterval(v column.IntervalValue) (column.IntervalValue, error) {
	days := int64(v.Days) + v.Micros/column.MicrosPerDay
	us := v.Micros % column.MicrosPerDay
	months := int64(v.Months) + days/30
	days %= 30
	switch {
	case months > 0 && (days < 0 || days == 0 && us < 0):
		days, months = days+30, months-1
	case months < 0 && (days > 0 || days == 0 && us > 0):
		days, months = days-30, months+1
	}
	switch {
	case days > 0 && us < 0:
		us, days = us+column.MicrosPerDay, days-1
	case days < 0 && us > 0:
		us, days = us-column.MicrosPerDay, days+1
	}
	if months != int64(int32(months)) {
		return v, intervalRange()
	}
	return column.IntervalValue{Months: int32(months), Days: int32(days), Micros: us}, nil
}
