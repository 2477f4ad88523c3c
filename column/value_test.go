package column

import (
	"math"
	"testing"
)

func TestValuesPrintAsInPostgreSQL(t *testing.T) {
	stamp := func(y int64, m, d int, us int64) int64 { return DaysFromCivil(y, m, d)*MicrosPerDay + us }
	for _, c := range []struct {
		v    Value
		want string
	}{
		{Value{Type: T(Interval)}, "00:00:00"},
		{Value{Type: T(Interval), Interval: IntervalValue{Months: 14, Days: 3, Micros: 14706700000}}, "1 year 2 mons 3 days 04:05:06.7"},
		{Value{Type: T(Interval), Interval: IntervalValue{Days: -1, Micros: 7200000000}}, "-1 days +02:00:00"},
		{Value{Type: T(Interval), Interval: IntervalValue{Months: -1, Days: 2}}, "-1 mons +2 days"},
		{Value{Type: T(Interval), Interval: IntervalValue{Days: 1, Micros: -1000000}}, "1 day -00:00:01"},
		{Value{Type: T(Interval), Interval: IntervalValue{Micros: math.MinInt64}}, "-2562047788:00:54.775808"},
		{IntValue(T(Date), 0), "1970-01-01"},
		{IntValue(T(Date), DaysFromCivil(0, 3, 1)), "0001-03-01 BC"},
		{IntValue(T(Timestamp), stamp(1969, 12, 31, 1)), "1969-12-31 00:00:00.000001"},
		{IntValue(T(TimestampTZ), stamp(-4, 1, 2, 0)), "0005-01-02 00:00:00+00 BC"},
		{IntValue(T(TimestampTZ), math.MaxInt64), "infinity"},
		{IntValue(DecimalType(5, 2), -5), "-0.05"},
		{FloatValue(1e15), "1e+15"},
		{FloatValue(0.0001), "0.0001"},
		{FloatValue(math.Inf(-1)), "-Infinity"},
		{Value{Type: T(Binary), Str: "\x00\xff"}, "\\x00ff"},
		{Value{Type: T(UUID), Int: Int128{Hi: 0x123e4567e89b12d3, Lo: 0xa456426614174000}}, "123e4567-e89b-12d3-a456-426614174000"},
		{NullValue(T(Text)), "NULL"},
	} {
		if got := c.v.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.v.Type, got, c.want)
		}
	}
}

func TestCivilDatesInvert(t *testing.T) {
	for days := int32(-1000000); days < 1000000; days += 37 {
		y, m, d := CivilDate(days)
		if got := DaysFromCivil(y, m, d); got != int64(days) {
			t.Fatalf("day %d is %d-%d-%d, which is day %d", days, y, m, d, got)
		}
	}
}
