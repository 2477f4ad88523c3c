package convert

import (
	"encoding/hex"
	"math"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// Text reads s as a value of type t.
func Text(s []byte, t column.Type) (column.Value, error) {
	out := column.Value{Type: t}
	var err error
	var v int64
	switch k := t.Kind; {
	case k == column.Text:
		out.Str = string(s)
		return out, nil
	case k == column.Bool:
		var b bool
		if b, err = ParseBool(s); b {
			v = 1
		}
	case k.IsInteger():
		v, err = ParseInt(s, t)
		if k == column.Uint64 {
			out.Int = column.Int128{Lo: uint64(v)}
			return out, err
		}
	case k.IsFloat():
		out.Float, err = ParseFloat(s, t)
		return out, err
	case k == column.Decimal:
		out.Int, err = ParseDecimal(s, t)
		return out, err
	case k == column.Date:
		var d int32
		d, err = ParseDate(s)
		v = int64(d)
	case k == column.Time:
		v, err = ParseTime(s)
	case k == column.Timestamp, k == column.TimestampTZ:
		v, err = ParseTimestamp(s, k == column.TimestampTZ)
	case k == column.Interval:
		out.Interval, err = ParseInterval(s)
		return out, err
	case k == column.UUID:
		out.Int, err = ParseUUID(s)
		return out, err
	case k == column.Binary:
		var b []byte
		b, err = ParseBinary(s)
		out.Str = string(b)
		return out, err
	case k == column.List && t.Nested != nil:
		return listText(s, t, 0)
	default:
		return out, cannot(column.T(column.Text), t)
	}
	out.Int = column.Int128FromInt64(v)
	return out, err
}

func cannot(from, to column.Type) error {
	return fault.New(fault.CannotCoerce, "cannot cast type %s to %s", from, to)
}

// ParseUUID reads a uuid: 32 hexadecimal digits with dashes and braces as one likes.
func ParseUUID(s []byte) (column.Int128, error) {
	h := strings.NewReplacer("-", "", "{", "", "}", "").Replace(string(trim(s)))
	b, err := hex.DecodeString(h)
	if err != nil || len(b) != 16 {
		return column.Int128{}, invalid(column.T(column.UUID), s)
	}
	var v column.Int128
	for i := range 8 {
		v.Hi = v.Hi<<8 | int64(b[i])
		v.Lo = v.Lo<<8 | uint64(b[8+i])
	}
	return v, nil
}

// ParseBinary reads PostgreSQL's hexadecimal (\x…) or escaped (\\, \ooo) form of bytes.
func ParseBinary(s []byte) ([]byte, error) {
	if len(s) >= 2 && s[0] == '\\' && s[1] == 'x' {
		b, err := hex.DecodeString(string(s[2:]))
		if err != nil {
			return nil, fault.New(fault.InvalidParameterValue, "invalid hexadecimal data: %q", shorten(s))
		}
		return b, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		octal := func(k int) bool { return i+k < len(s) && s[i+k] >= '0' && s[i+k] <= '7' }
		switch {
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		case octal(1) && octal(2) && octal(3) && s[i+1] <= '3':
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return nil, invalid(column.T(column.Binary), s)
		}
	}
	return out, nil
}

// Castable reports whether an explicit cast leads from one kind to another.
func Castable(from, to column.Kind) bool {
	if from == to || from == column.Null {
		return true
	}
	if from.IsNested() || to.IsNested() {
		return to == column.Text || from == column.Text && to == column.List
	}
	if from == column.Text || to == column.Text {
		return true
	}
	zoned := func(k column.Kind) bool { return k == column.Timestamp || k == column.TimestampTZ }
	switch {
	case from.IsNumeric() && to.IsNumeric():
		return true
	case from == column.Bool:
		return to.IsInteger()
	case to == column.Bool:
		return from.IsInteger()
	case from == column.Date:
		return zoned(to)
	case zoned(from):
		return to == column.Date || to == column.Time || zoned(to)
	case from == column.Time:
		return to == column.Interval
	case from == column.Interval:
		return to == column.Time
	}
	return false
}

// Value converts v to type t as an explicit cast does.
func Value(v column.Value, t column.Type) (column.Value, error) {
	if v.Null || v.Type.Kind == column.Null {
		return column.NullValue(t), nil
	}
	from, to := v.Type.Kind, t.Kind
	if v.Type.Equal(t) {
		return v, nil
	}
	if !Castable(from, to) {
		return column.Value{}, cannot(v.Type, t)
	}
	out := column.Value{Type: t}
	switch {
	case from == column.Text:
		return Text([]byte(v.Str), t)
	case to == column.Text:
		out.Str = v.String()
	case from.IsNumeric() && to.IsNumeric():
		return numeric(v, t)
	case from == column.Bool:
		out.Int = v.Int
	case to == column.Bool:
		if v.Int.Sign() != 0 {
			out.Int.Lo = 1
		}
	case from == column.Date:
		out.Int = column.Int128FromInt64(MicrosOfDate(int32(v.Int64())))
	case to == column.Date:
		out.Int = column.Int128FromInt64(int64(DateOfMicros(v.Int64())))
	case to == column.Time && from == column.Interval:
		out.Int = column.Int128FromInt64(FloorMod(v.Interval.Micros, column.MicrosPerDay))
	case to == column.Time:
		if !Finite(v.Int64()) {
			return out, fault.New(fault.DatetimeOverflow, "infinity has no time of day")
		}
		out.Int = column.Int128FromInt64(FloorMod(v.Int64(), column.MicrosPerDay))
	case to == column.Interval:
		out.Interval.Micros = v.Int64()
	case from.IsNested():
		return nested(v, t)
	default:
		out.Int, out.Float, out.Str, out.Interval = v.Int, v.Float, v.Str, v.Interval
	}
	return out, nil
}

// Finite reports whether a timestamp is none of the two infinities.
func Finite(us int64) bool { return us != 1<<63-1 && us != -1<<63 }

// FiniteDate reports whether a date is none of the two infinities.
func FiniteDate(days int32) bool {
	return days != column.DateInfinity && days != column.DateMinusInfinity
}

// MicrosOfDate is the timestamp at which a date begins.
func MicrosOfDate(days int32) int64 {
	switch days {
	case column.DateInfinity:
		return math.MaxInt64
	case column.DateMinusInfinity:
		return math.MinInt64
	}
	return int64(days) * column.MicrosPerDay
}

// DateOfMicros is the date that a timestamp lies in.
func DateOfMicros(us int64) int32 {
	switch us {
	case math.MaxInt64:
		return column.DateInfinity
	case math.MinInt64:
		return column.DateMinusInfinity
	}
	return int32(FloorDiv(us, column.MicrosPerDay))
}

func numeric(v column.Value, t column.Type) (column.Value, error) {
	out := column.Value{Type: t}
	from := v.Type.Kind
	scale := int(v.Type.Scale) // zero for integers
	var err error
	switch k := t.Kind; {
	case k == column.Decimal && from.IsFloat():
		out.Int, err = DecimalFromFloat(v.Float, v.Type.Width()*8, t)
	case k == column.Decimal:
		d, ok := Rescale(v.Int, scale, int(t.Scale))
		if !ok || !d.FitsPrecision(int(t.Precision)) {
			return out, overflow(t)
		}
		out.Int = d
	case k.IsFloat():
		out.Float = v.Float
		if !from.IsFloat() {
			out.Float = DecimalFloat(v.Int, scale)
		}
		if k == column.Float32 {
			if f := float32(out.Float); float64(f)-float64(f) != 0 && out.Float-out.Float == 0 {
				return out, overflow(t)
			}
			out.Float = float64(float32(out.Float))
		}
	case from.IsFloat():
		var i int64
		i, err = IntFromFloat(v.Float, t)
		out.Int = column.Int128FromInt64(i)
		if k == column.Uint64 {
			out.Int = column.Int128{Lo: uint64(i)}
		}
	default:
		d, _ := Rescale(v.Int, scale, 0)
		lo, hi := IntRange(k)
		if d.Less(lo) || hi.Less(d) {
			return out, overflow(t)
		}
		out.Int = d
	}
	return out, err
}

// DecimalFloat is the float64 nearest to v / 10^scale for v within 2^53 and scale within 22, and near it otherwise.
func DecimalFloat(v column.Int128, scale int) float64 {
	if scale == 0 {
		return v.Float64()
	}
	return v.Float64() / pow10Float[scale]
}

var pow10Float = func() (t [column.MaxPrecision + 1]float64) {
	for i := range t {
		t[i] = column.Pow10(i).Float64()
	}
	return t
}()
