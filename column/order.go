package column

import (
	"cmp"
	"encoding/binary"
	"math"
	"strings"
)

// CompareValues orders two values of one type as ORDER BY does: NULL after all others, also inside of lists and structs; NaN after all
// other floats; lists element by element, a shorter one first.
func CompareValues(a, b Value) int {
	if a.Null || b.Null {
		return cmp.Compare(nullRank(a), nullRank(b))
	}
	switch {
	case a.Type.Kind.IsFloat():
		return compareFloats(a.Float, b.Float)
	case a.Type.Kind.IsNested():
		for i := range min(len(a.List), len(b.List)) {
			if c := CompareValues(a.List[i], b.List[i]); c != 0 {
				return c
			}
		}
		return cmp.Compare(len(a.List), len(b.List))
	case a.Type.Kind == Interval:
		return a.Interval.Compare(b.Interval)
	case a.Type.Physical() == PhysView:
		return strings.Compare(a.Str, b.Str)
	case a.Type.Kind == UUID:
		// Big-endian bytes order as unsigned numbers.
		if c := cmp.Compare(uint64(a.Int.Hi), uint64(b.Int.Hi)); c != 0 {
			return c
		}
		return cmp.Compare(a.Int.Lo, b.Int.Lo)
	}
	return a.Int.Cmp(b.Int)
}

func nullRank(v Value) int {
	if v.Null {
		return 1
	}
	return 0
}

func compareFloats(x, y float64) int {
	switch {
	case x == y || x != x && y != y:
		return 0
	case x < y || y != y:
		return -1
	}
	return 1
}

// What begins a part of a sort key.
const (
	keyEnd   = 0 // no further element
	keyValue = 1
	keyNull  = 2 // NULL is greater than any value
)

// AppendSortKey appends bytes that order as CompareValues orders values of v's type, and are equal exactly where values are.
func AppendSortKey(dst []byte, v Value) []byte {
	if v.Null {
		return append(dst, keyNull)
	}
	dst = append(dst, keyValue)
	switch k := v.Type.Kind; {
	case k == Null:
	case k.IsFloat():
		f := v.Float + 0 // no negative zero
		if f != f {
			f = math.NaN()
		}
		bits := math.Float64bits(f)
		if bits>>63 != 0 {
			bits = ^bits
		} else {
			bits |= 1 << 63
		}
		dst = binary.BigEndian.AppendUint64(dst, bits)
	case k == Interval:
		// Months of 30 days and days of 24 hours, as intervals are compared.
		n := MulInt64(int64(v.Interval.Months)*30+int64(v.Interval.Days), MicrosPerDay).Add(Int128FromInt64(v.Interval.Micros))
		dst = appendInt(dst, n)
	case v.Type.Physical() == PhysView:
		for i := range len(v.Str) {
			dst = append(dst, v.Str[i])
			if v.Str[i] == 0 {
				dst = append(dst, 0xFF)
			}
		}
		dst = append(dst, 0, 0)
	case k == UUID:
		dst = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, uint64(v.Int.Hi)), v.Int.Lo)
	case k.IsNested():
		for _, e := range v.List {
			dst = AppendSortKey(dst, e)
		}
		dst = append(dst, keyEnd)
	default:
		dst = appendInt(dst, v.Int)
	}
	return dst
}

func appendInt(dst []byte, n Int128) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, uint64(n.Hi)^1<<63), n.Lo)
}
