package column

import (
	"fmt"
	"math"
	"time"
)

// FormatTimestampIn prints microseconds since 1970 in UTC as the clocks of a zone show them, with the zone's offset then: +02, +05:30, -00:01:15. A nil
// zone is UTC.
func FormatTimestampIn(us int64, zone *time.Location) string {
	if zone == nil || zone == time.UTC || us == math.MaxInt64 || us == math.MinInt64 {
		return FormatTimestampTZ(us)
	}
	_, offset := time.UnixMicro(us).In(zone).Zone()
	return formatTimestamp(us+int64(offset)*MicrosPerSecond, formatOffset(offset))
}

// formatOffset prints seconds east of UTC.
func formatOffset(seconds int) string {
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d", sign, seconds/3600)
	if seconds%3600 != 0 {
		text += fmt.Sprintf(":%02d", seconds/60%60)
	}
	if seconds%60 != 0 {
		text += fmt.Sprintf(":%02d", seconds%60)
	}
	return text
}

// Text is the value as String gives it, with timestamps with time zone as the clocks of a zone show them, those within lists, structs and maps too.
func (v Value) Text(zone *time.Location) string {
	if zone == nil || zone == time.UTC || v.Null || !hasZone(v.Type) {
		return v.String()
	}
	if v.Type.Kind == TimestampTZ {
		return FormatTimestampIn(v.Int64(), zone)
	}
	out := v
	out.List = make([]Value, len(v.List))
	for i, e := range v.List {
		if out.List[i] = e; !e.Null && hasZone(e.Type) {
			out.List[i] = TextValue(e.Text(zone))
		}
	}
	return out.String()
}

func hasZone(t Type) bool {
	if t.Kind == TimestampTZ {
		return true
	}
	if t.Nested != nil {
		for _, f := range t.Nested.Fields {
			if hasZone(f.Type) {
				return true
			}
		}
	}
	return false
}
