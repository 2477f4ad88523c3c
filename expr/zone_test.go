package expr

import (
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column"
)

// A clock's time becomes one time: by the offset before where the clocks leave it out, the second one where they show it twice.
func TestFromClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ wall, utc string }{
		{"2024-01-15 12:00:00", "2024-01-15 11:00:00"},
		{"2024-07-15 12:00:00", "2024-07-15 10:00:00"},
		{"2024-03-31 01:59:59", "2024-03-31 00:59:59"},
		{"2024-03-31 02:30:00", "2024-03-31 01:30:00"},
		{"2024-03-31 03:00:00", "2024-03-31 01:00:00"},
		{"2024-10-27 01:59:59", "2024-10-26 23:59:59"},
		{"2024-10-27 02:30:00", "2024-10-27 01:30:00"},
		{"2024-10-27 03:00:00", "2024-10-27 02:00:00"},
	} {
		wall, err := time.Parse(time.DateTime, c.wall)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.UnixMicro(fromClock(wall.UnixMicro(), berlin)).UTC().Format(time.DateTime); got != c.utc {
			t.Errorf("%s in Berlin is %s UTC, want %s", c.wall, got, c.utc)
		}
	}
}

// Every time of a year that clocks show once comes back from the clock.
func TestClockAndBack(t *testing.T) {
	// By zone, the steps of ten minutes in the first pass of the time that clocks show twice, which do not come back.
	for name, twice := range map[string]int{"Europe/Berlin": 6, "America/New_York": 6, "Australia/Lord_Howe": 3, "Asia/Kolkata": 0} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		wrong := 0
		for us := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(); us < time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(); us += 10 * 60 * second {
			if fromClock(clock(us, zone), zone) != us {
				wrong++
			}
		}
		if wrong != twice {
			t.Errorf("%s: %d times do not come back, want %d", name, wrong, twice)
		}
	}
}

// A cast that is tried in a zone gives NULL where the text is no time, and the zone's clock elsewhere.
func TestTryCastInZone(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"2024-01-01": "2023-12-31 18:30:00+00", "x": "NULL"} {
		// The argument is no literal, which would be cast at once.
		arg, err := NewCall("lower", []Expr{&Literal{Value: column.TextValue(text)}})
		if err != nil {
			t.Fatal(err)
		}
		e, err := InZone(&Cast{Arg: arg, To: tTZ, Try: true}, zone)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Evaluate(e)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.String(); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
