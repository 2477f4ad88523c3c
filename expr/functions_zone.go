package expr

import (
	"strings"
	"time"
	_ "time/tzdata" // zones by name, wherever the engine runs

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// zoneFunctions are AT TIME ZONE, which the grammar writes timezone(zone, time).
func zoneFunctions() []*Function {
	doc := "The time in a zone without its offset, or the time that a clock of the zone shows as one with; time AT TIME ZONE zone means this."
	return []*Function{
		strict("timezone", doc, params(tText, tTZ), tTimestamp, timeInZone(clock)),
		strict("timezone", doc, params(tText, tTimestamp), tTZ, timeInZone(fromClock)),
	}
}

func timeInZone(f func(us int64, z *time.Location) int64) func(c *kernels.Call) error {
	return func(c *kernels.Call) error {
		names, times, out := kernels.ReadBytes(c.Args[0]), kernels.Read[int64](c.Args[1]), column.Values[int64](c.Out)
		var last string
		var zone *time.Location
		return c.Rows(func(i int) error {
			if name := string(names.At(i)); zone == nil || name != last {
				z, err := Zone(name)
				if err != nil {
					return err
				}
				zone, last = z, name
			}
			us := times.At(i)
			if out[i] = us; convert.Finite(us) {
				out[i] = f(us, zone)
			}
			return nil
		})
	}
}

// clock is what the clocks of a zone show at a time.
func clock(us int64, z *time.Location) int64 {
	if !convert.Finite(us) {
		return us
	}
	return us + zoneOffset(us, z)
}

// zoneOffset is how many microseconds the clocks of a zone are ahead of UTC at a time.
func zoneOffset(us int64, z *time.Location) int64 {
	_, seconds := time.UnixMicro(us).In(z).Zone()
	return int64(seconds) * second
}

// fromClock is when the clocks of a zone show a time. One that they leave out in spring is read by the offset before; of one that they show twice
// in autumn it is the second time, as in PostgreSQL.
func fromClock(wall int64, z *time.Location) int64 {
	if !convert.Finite(wall) {
		return wall
	}
	before, after := zoneOffset(wall-column.MicrosPerDay, z), zoneOffset(wall+column.MicrosPerDay, z)
	if before != after && zoneOffset(wall-after, z) != after {
		return wall - before
	}
	return wall - after
}

// Zone is a time zone by its name, or by an offset in POSIX's form such as +02 or -05:30, whose sign PostgreSQL counts west of Greenwich. An
// unknown one fails with 22023.
func Zone(name string) (*time.Location, error) {
	trimmed := strings.TrimSpace(name)
	switch strings.ToLower(trimmed) {
	case "utc", "z", "gmt", "zulu":
		return time.UTC, nil
	case "", "local":
		return nil, fault.New(fault.InvalidParameterValue, "time zone %q not recognized", name)
	}
	if z, err := time.LoadLocation(trimmed); err == nil {
		return z, nil
	}
	for _, layout := range []string{"-07:00", "-07"} {
		if t, err := time.Parse(layout, trimmed); err == nil {
			_, offset := t.Zone()
			return time.FixedZone(trimmed, -offset), nil
		}
	}
	return nil, fault.New(fault.InvalidParameterValue, "time zone %q not recognized", name)
}
