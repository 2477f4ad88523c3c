package column

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Value is one typed value on the Go heap: a literal of a plan, a statistic, a cell of a result. Which fields hold it follows from Type:
// Int for bool (0, 1), integers, decimals (scaled), date (days), time and timestamps (microseconds), uuid; Float for floats; Str for text
// and binary; Interval; List for the elements of a list, the fields of a struct, or a map's keys and values in turn.
type Value struct {
	Type     Type
	Null     bool
	Int      Int128
	Float    float64
	Str      string
	Interval IntervalValue
	List     []Value
}

// NullValue is NULL of type t.
func NullValue(t Type) Value { return Value{Type: t, Null: true} }

// IntValue is v as a value of type t (an integer, bool, date, time, timestamp or decimal scaled by the caller).
func IntValue(t Type, v int64) Value { return Value{Type: t, Int: Int128FromInt64(v)} }

// BoolValue is a boolean.
func BoolValue(b bool) Value {
	v := Value{Type: T(Bool)}
	if b {
		v.Int.Lo = 1
	}
	return v
}

// FloatValue is a double.
func FloatValue(f float64) Value { return Value{Type: T(Float64), Float: f} }

// TextValue is a text.
func TextValue(s string) Value { return Value{Type: T(Text), Str: s} }

// Bool is the value of a boolean.
func (v Value) Bool() bool { return v.Int.Lo != 0 }

// Int64 is the low word of Int.
func (v Value) Int64() int64 { return int64(v.Int.Lo) }

// String is the value as PostgreSQL prints it, and NULL as "NULL".
func (v Value) String() string {
	if v.Null {
		return "NULL"
	}
	switch v.Type.Kind {
	case Bool:
		if v.Bool() {
			return "true"
		}
		return "false"
	case Float32:
		return FormatFloat(v.Float, 32)
	case Float64:
		return FormatFloat(v.Float, 64)
	case Decimal:
		return string(v.Int.AppendDecimal(nil, int(v.Type.Scale)))
	case Uint64:
		return strconv.FormatUint(v.Int.Lo, 10)
	case Date:
		return FormatDate(int32(v.Int64()))
	case Time:
		return FormatTime(v.Int64())
	case Timestamp:
		return FormatTimestamp(v.Int64())
	case TimestampTZ:
		return FormatTimestampTZ(v.Int64())
	case Interval:
		return v.Interval.String()
	case Text:
		return v.Str
	case Binary:
		return "\\x" + hex.EncodeToString([]byte(v.Str))
	case UUID:
		return FormatUUID(v.Int)
	case List:
		return "[" + joinValues(v.List) + "]"
	case Struct:
		parts := make([]string, len(v.List))
		for i, e := range v.List {
			parts[i] = v.Type.Nested.Fields[i].Name + ": " + e.String()
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case Map:
		var parts []string
		for i := 0; i+1 < len(v.List); i += 2 {
			parts = append(parts, v.List[i].String()+"="+v.List[i+1].String())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return v.Int.String()
}

func joinValues(vs []Value) string {
	parts := make([]string, len(vs))
	for i, e := range vs {
		parts[i] = e.String()
	}
	return strings.Join(parts, ", ")
}

// FormatFloat prints f of the given bit size as PostgreSQL does: the shortest text that reads back the same.
func FormatFloat(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	a := math.Abs(f)
	digits := 15
	if bits == 32 {
		digits = 6
	}
	if f != 0 && (a < 1e-4 || a >= math.Pow10(digits)) {
		s := strconv.FormatFloat(f, 'e', -1, bits)
		return s
	}
	return strconv.FormatFloat(f, 'f', -1, bits)
}

// The dates that are infinity and -infinity, as in PostgreSQL. The timestamps are the ends of int64.
const (
	DateInfinity      = math.MaxInt32
	DateMinusInfinity = math.MinInt32
)

// FormatDate prints days since 1970-01-01 as YYYY-MM-DD, years before 1 with BC.
func FormatDate(days int32) string {
	switch days {
	case DateInfinity:
		return "infinity"
	case DateMinusInfinity:
		return "-infinity"
	}
	y, m, d := civil(int64(days))
	return formatYMD(y, m, d)
}

func formatYMD(y int64, m, d int) string {
	if y <= 0 {
		return fmt.Sprintf("%04d-%02d-%02d BC", 1-y, m, d)
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
}

// civil turns days since 1970-01-01 into a proleptic Gregorian date (Howard Hinnant, "chrono-compatible low-level date algorithms").
func civil(z int64) (y int64, m, d int) {
	z += 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = int(doy - (153*mp+2)/5 + 1)
	m = int(mp + 3)
	if m > 12 {
		m -= 12
	}
	y = yoe + era*400
	if m <= 2 {
		y++
	}
	return y, m, d
}

// CivilDate is the year, month (1-12) and day of days since 1970-01-01; year 0 is 1 BC.
func CivilDate(days int32) (year int64, month, day int) { return civil(int64(days)) }

// DaysFromCivil is the number of days from 1970-01-01 to the given proleptic Gregorian date. month is 1-12; day may run over.
func DaysFromCivil(year int64, month, day int) int64 {
	y := year
	if month <= 2 {
		y--
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	mp := int64(month+9) % 12
	doy := (153*mp+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// FormatTime prints microseconds since midnight as HH:MM:SS[.ffffff].
func FormatTime(us int64) string {
	s := us / MicrosPerSecond
	t := fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
	return t + fraction(us%MicrosPerSecond)
}

func fraction(us int64) string {
	if us == 0 {
		return ""
	}
	return "." + strings.TrimRight(fmt.Sprintf("%06d", us), "0")
}

// FormatTimestamp prints microseconds since 1970 as YYYY-MM-DD HH:MM:SS[.ffffff].
func FormatTimestamp(us int64) string { return formatTimestamp(us, "") }

// FormatTimestampTZ is FormatTimestamp in UTC, with the zone's offset.
func FormatTimestampTZ(us int64) string { return formatTimestamp(us, "+00") }

func formatTimestamp(us int64, zone string) string {
	switch us {
	case math.MaxInt64:
		return "infinity"
	case math.MinInt64:
		return "-infinity"
	}
	days, rest := us/MicrosPerDay, us%MicrosPerDay
	if rest < 0 {
		days--
		rest += MicrosPerDay
	}
	y, m, d := civil(days)
	if y <= 0 {
		return fmt.Sprintf("%04d-%02d-%02d %s%s BC", 1-y, m, d, FormatTime(rest), zone)
	}
	return formatYMD(y, m, d) + " " + FormatTime(rest) + zone
}

// FormatUUID prints a uuid's 16 big-endian bytes with dashes.
func FormatUUID(v Int128) string {
	h := fmt.Sprintf("%016x%016x", uint64(v.Hi), v.Lo)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// String prints the interval as PostgreSQL's default style does: 1 year 2 mons -3 days +04:05:06.7. A part after a negative one shows its plus.
func (v IntervalValue) String() string {
	var b strings.Builder
	negative := false
	unit := func(n int32, one, many string) {
		if n == 0 {
			return
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if negative && n > 0 {
			b.WriteByte('+')
		}
		negative = n < 0
		name := many
		if n == 1 {
			name = one
		}
		fmt.Fprintf(&b, "%d %s", n, name)
	}
	unit(v.Months/12, "year", "years")
	unit(v.Months%12, "mon", "mons")
	unit(v.Days, "day", "days")
	if v.Micros == 0 && b.Len() > 0 {
		return b.String()
	}
	sign := ""
	switch {
	case v.Micros < 0:
		sign = "-"
	case negative:
		sign = "+"
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	// The magnitude is unsigned so that the most negative value has one.
	mag := uint64(v.Micros)
	if v.Micros < 0 {
		mag = -mag
	}
	s := mag / MicrosPerSecond
	fmt.Fprintf(&b, "%s%02d:%02d:%02d%s", sign, s/3600, s/60%60, s%60, fraction(int64(mag%MicrosPerSecond)))
	return b.String()
}

// TimeOf is the timestamp as a Go time in UTC.
func TimeOf(us int64) time.Time { return time.UnixMicro(us).UTC() }

// ValueAt is row i of v on the Go heap.
func (v *Vector) ValueAt(i int) Value {
	if v.IsNull(i) {
		return NullValue(v.Type)
	}
	t, at := v.Target(), v.Index(i)
	out := Value{Type: v.Type}
	switch v.Type.Physical() {
	case PhysBool, PhysUint8:
		out.Int.Lo = uint64(Values[uint8](t)[at])
	case PhysInt8:
		out.Int = Int128FromInt64(int64(Values[int8](t)[at]))
	case PhysInt16:
		out.Int = Int128FromInt64(int64(Values[int16](t)[at]))
	case PhysInt32:
		out.Int = Int128FromInt64(int64(Values[int32](t)[at]))
	case PhysInt64:
		out.Int = Int128FromInt64(Values[int64](t)[at])
	case PhysUint16:
		out.Int.Lo = uint64(Values[uint16](t)[at])
	case PhysUint32:
		out.Int.Lo = uint64(Values[uint32](t)[at])
	case PhysUint64:
		out.Int.Lo = Values[uint64](t)[at]
	case PhysFloat32:
		out.Float = float64(Values[float32](t)[at])
	case PhysFloat64:
		out.Float = Values[float64](t)[at]
	case PhysInt128:
		out.Int = Values[Int128](t)[at]
	case PhysInterval:
		out.Interval = Values[IntervalValue](t)[at]
	case PhysView:
		out.Str = Values[View](t)[at].String()
	case PhysNested:
		if v.Type.Kind == Struct {
			for _, c := range t.Children {
				out.List = append(out.List, c.ValueAt(at))
			}
			break
		}
		s := Values[Span](t)[at]
		for e := int(s.Offset); e < int(s.Offset+s.Length); e++ {
			for _, c := range t.Children {
				out.List = append(out.List, c.ValueAt(e))
			}
		}
	}
	return out
}
