package convert

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

func invalid(t column.Type, s []byte) error {
	code := fault.InvalidTextRepresentation
	if t.Kind.IsTemporal() {
		code = fault.InvalidDatetimeFormat
	}
	return fault.New(code, "invalid input syntax for type %s: %q", typeName(t), shorten(s))
}

func outOfRange(t column.Type, s []byte) error {
	return fault.New(fault.NumericOutOfRange, "value %q is out of range for type %s", shorten(s), typeName(t))
}

// typeName is the name without a decimal's digits, as PostgreSQL's messages have it.
func typeName(t column.Type) string {
	if t.Kind == column.Decimal {
		return "numeric"
	}
	return t.String()
}

// shownInput is the number of bytes of a bad input that an error shows.
const shownInput = 100

func shorten(s []byte) string {
	if len(s) > shownInput {
		return strings.ToValidUTF8(string(s[:shownInput]), "") + "..."
	}
	return string(s)
}

func trim(s []byte) []byte {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// IntRange is the least and the greatest value of an integer type.
func IntRange(k column.Kind) (lo, hi column.Int128) {
	switch k {
	case column.Int8:
		return column.Int128FromInt64(math.MinInt8), column.Int128FromInt64(math.MaxInt8)
	case column.Int16:
		return column.Int128FromInt64(math.MinInt16), column.Int128FromInt64(math.MaxInt16)
	case column.Int32:
		return column.Int128FromInt64(math.MinInt32), column.Int128FromInt64(math.MaxInt32)
	case column.Uint8:
		return column.Int128{}, column.Int128{Lo: math.MaxUint8}
	case column.Uint16:
		return column.Int128{}, column.Int128{Lo: math.MaxUint16}
	case column.Uint32:
		return column.Int128{}, column.Int128{Lo: math.MaxUint32}
	case column.Uint64:
		return column.Int128{}, column.Int128{Lo: math.MaxUint64}
	}
	return column.Int128FromInt64(math.MinInt64), column.Int128FromInt64(math.MaxInt64)
}

// ParseInt reads an integer of type t (any integer type; uint64 as its bits).
func ParseInt(s []byte, t column.Type) (int64, error) {
	p := trim(s)
	neg := false
	if len(p) > 0 && (p[0] == '-' || p[0] == '+') {
		neg = p[0] == '-'
		p = p[1:]
	}
	if len(p) == 0 {
		return 0, invalid(t, s)
	}
	var v uint64
	over := false
	for _, c := range p {
		if !isDigit(c) {
			return 0, invalid(t, s)
		}
		d := uint64(c - '0')
		if v > (math.MaxUint64-d)/10 {
			over = true
			continue
		}
		v = v*10 + d
	}
	w := column.Int128{Lo: v}
	if neg {
		w = w.Neg()
	}
	lo, hi := IntRange(t.Kind)
	if over || w.Less(lo) || hi.Less(w) {
		return 0, outOfRange(t, s)
	}
	return int64(w.Lo), nil
}

// ParseFloat reads a float of type t (float32 or float64), also NaN and the infinities.
func ParseFloat(s []byte, t column.Type) (float64, error) {
	p := trim(s)
	bits := 64
	if t.Kind == column.Float32 {
		bits = 32
	}
	if len(p) == 0 || bytes.IndexByte(p, '_') >= 0 || len(p) > 1 && (p[1] == 'x' || p[1] == 'X') || len(p) > 2 && (p[2] == 'x' || p[2] == 'X') {
		return 0, invalid(t, s)
	}
	f, err := strconv.ParseFloat(string(p), bits)
	if err != nil {
		if math.IsInf(f, 0) {
			return 0, outOfRange(t, s)
		}
		return 0, invalid(t, s)
	}
	if f == 0 && underflows(p) {
		return 0, outOfRange(t, s)
	}
	return f, nil
}

// underflows reports whether a number that was read as 0 has a digit that is not.
func underflows(p []byte) bool {
	for _, c := range p {
		switch {
		case c >= '1' && c <= '9':
			return true
		case c|0x20 == 'e':
			return false
		}
	}
	return false
}

// ParseDecimal reads a decimal of type t, rounding half away from zero where it has more digits after the point than t.
func ParseDecimal(s []byte, t column.Type) (column.Int128, error) {
	p := trim(s)
	neg := false
	if len(p) > 0 && (p[0] == '-' || p[0] == '+') {
		neg = p[0] == '-'
		p = p[1:]
	}
	mantissa, exp := p, 0
	if i := bytes.IndexAny(p, "eE"); i >= 0 {
		mantissa = p[:i]
		e, err := strconv.Atoi(string(p[i+1:]))
		if err != nil || e > 1000 || e < -1000 {
			return column.Int128{}, invalid(t, s)
		}
		exp = e
	}
	// point is the number of digits before the decimal point, counted over all digits of the mantissa.
	point, digits := -1, 0
	for _, c := range mantissa {
		switch {
		case c == '.' && point < 0:
			point = digits
		case isDigit(c):
			digits++
		default:
			return column.Int128{}, invalid(t, s)
		}
	}
	if digits == 0 {
		return column.Int128{}, invalid(t, s)
	}
	if point < 0 {
		point = digits
	}
	keep := point + exp + int(t.Scale) // digits that count
	var v column.Int128
	seen, roundUp := 0, false
	for _, c := range mantissa {
		if c == '.' {
			continue
		}
		if seen < keep {
			var ok bool
			if v, ok = v.MulChecked(column.Int128{Lo: 10}); ok {
				v, ok = v.AddChecked(column.Int128{Lo: uint64(c - '0')})
			}
			if !ok {
				return column.Int128{}, overflow(t)
			}
		} else if seen == keep {
			roundUp = c >= '5'
		}
		seen++
	}
	for ; seen < keep && v.Sign() != 0; seen++ {
		var ok bool
		if v, ok = v.MulChecked(column.Int128{Lo: 10}); !ok {
			return column.Int128{}, overflow(t)
		}
	}
	if roundUp {
		v = v.Add(column.Int128{Lo: 1})
	}
	if !v.FitsPrecision(int(t.Precision)) {
		return column.Int128{}, overflow(t)
	}
	if neg {
		v = v.Neg()
	}
	return v, nil
}

func overflow(t column.Type) error {
	if t.Kind == column.Decimal {
		return fault.New(fault.NumericOutOfRange, "numeric field overflow").WithDetail(
			"A value does not fit %d digits of which %d are after the point.", t.Precision, t.Scale)
	}
	return fault.New(fault.NumericOutOfRange, "%s out of range", t)
}

// LiteralDecimal reads a decimal constant as SQL writes it and gives it the type of its own digits: 12.50 is numeric(4,2).
// ok is false when it is none or needs more than 38 digits.
func LiteralDecimal(s string) (v column.Value, ok bool) {
	mantissa, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		e, err := strconv.Atoi(s[i+1:])
		if err != nil {
			return column.Value{}, false
		}
		exp = e
	}
	whole, frac, _ := strings.Cut(strings.TrimLeft(mantissa, "+-"), ".")
	whole = strings.TrimLeft(whole, "0")
	scale := max(len(frac)-exp, 0)
	precision := max(len(whole)+exp, 0) + scale
	if precision > column.MaxPrecision {
		return column.Value{}, false
	}
	t := column.DecimalType(max(precision, 1), scale)
	d, err := ParseDecimal([]byte(s), t)
	return column.Value{Type: t, Int: d}, err == nil
}

// ParseBool reads a boolean: unique prefixes of true, false, yes, no, on, off, and 1, 0.
func ParseBool(s []byte) (bool, error) {
	p := bytes.ToLower(trim(s))
	is := func(word string, least int) bool { return len(p) >= least && strings.HasPrefix(word, string(p)) }
	switch {
	case is("true", 1), is("yes", 1), is("on", 2), string(p) == "1":
		return true, nil
	case is("false", 1), is("no", 1), is("off", 2), string(p) == "0":
		return false, nil
	}
	return false, invalid(column.T(column.Bool), s)
}

// Rescale moves v from one scale to another, rounding half away from zero; ok is false on overflow of 128 bits.
func Rescale(v column.Int128, from, to int) (column.Int128, bool) {
	switch {
	case to > from:
		if to-from > column.MaxPrecision {
			return v, v.Sign() == 0
		}
		return v.MulChecked(column.Pow10(to - from))
	case to < from:
		if from-to > column.MaxPrecision {
			return column.Int128{}, true
		}
		return DivRound(v, column.Pow10(from-to)), true
	}
	return v, true
}

// DivRound is a/b rounded half away from zero. b must be positive.
func DivRound(a, b column.Int128) column.Int128 {
	q, r := a.QuoRem(b)
	if r.Hi < 0 {
		r = r.Neg()
	}
	// r >= b-r is 2r >= b without overflow.
	if !r.Less(b.Sub(r)) {
		if a.Hi < 0 {
			return q.Sub(column.Int128{Lo: 1})
		}
		return q.Add(column.Int128{Lo: 1})
	}
	return q
}

// DecimalFromFloat is f as a decimal of type t, of its 15 significant digits as PostgreSQL takes them (6 for float32).
func DecimalFromFloat(f float64, bits int, t column.Type) (column.Int128, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return column.Int128{}, fault.New(fault.NumericOutOfRange, "cannot convert %s to %s", column.FormatFloat(f, 64), t)
	}
	digits := 15
	if bits == 32 {
		digits = 6
	}
	var buf [40]byte
	return ParseDecimal(strconv.AppendFloat(buf[:0], f, 'e', digits-1, bits), t)
}

// IntFromFloat rounds f half to even into the integer type t.
func IntFromFloat(f float64, t column.Type) (int64, error) {
	r := math.RoundToEven(f)
	lo, hi := IntRange(t.Kind)
	// The bounds are exact as floats or one above the greatest value, hence the half-open test.
	if math.IsNaN(r) || r < lo.Float64() || r >= hi.Float64()+1 || t.Kind == column.Int64 && r >= 1<<63 || t.Kind == column.Uint64 && r >= 1<<64 {
		return 0, overflow(t)
	}
	if t.Kind == column.Uint64 {
		return int64(uint64(r)), nil
	}
	return int64(r), nil
}
