package column

import (
	"testing"
	"time"
)

func TestFormatTimestampIn(t *testing.T) {
	for _, c := range []struct {
		zone string
		us   int64
		want string
	}{
		{"UTC", 0, "1970-01-01 00:00:00+00"},
		{"Europe/Berlin", 1720000000_500000, "2024-07-03 11:46:40.5+02"},
		{"Europe/Berlin", 1700000000_000000, "2023-11-14 23:13:20+01"},
		{"Asia/Kolkata", 0, "1970-01-01 05:30:00+05:30"},
		{"America/New_York", 0, "1969-12-31 19:00:00-05"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := FormatTimestampIn(c.us, zone); got != c.want {
			t.Errorf("%d in %s: %s, want %s", c.us, c.zone, got, c.want)
		}
		list := Value{Type: ListType(T(TimestampTZ)), List: []Value{IntValue(T(TimestampTZ), c.us), NullValue(T(TimestampTZ))}}
		if got := list.Text(zone); got != "["+FormatTimestampIn(c.us, zone)+", NULL]" {
			t.Errorf("a list in %s: %s", c.zone, got)
		}
	}
	if got := formatOffset(-4531); got != "-01:15:31" {
		t.Error(got)
	}
}
