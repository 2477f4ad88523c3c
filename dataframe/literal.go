package dataframe

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/fault"
)

// Lit is a constant: nil (NULL), a bool, an integer, a float, a string, a []byte, a time.Time (a timestamp with time zone), a time.Duration (an interval).
// An Expr is returned as it is, so that methods take values and expressions alike.
func Lit(value any) Expr {
	text, err := literal(value)
	if err != nil {
		return Expr{err: err}
	}
	if e, ok := value.(Expr); ok {
		return e
	}
	return Expr{text: text, level: atom}
}

// Decimal is an exact number, written as digits with a point.
func Decimal(digits string) Expr {
	rest := strings.TrimLeft(digits, "+-")
	whole, fraction, _ := strings.Cut(rest, ".")
	if len(digits)-len(rest) > 1 || whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return Expr{err: fault.New(fault.InvalidTextRepresentation, "%q is no decimal number", digits)}
	}
	if digits[0] == '-' {
		return Expr{text: "(" + digits + ")", level: atom}
	}
	return Expr{text: strings.TrimPrefix(digits, "+"), level: atom}
}

// Date is a calendar day.
func Date(year int, month time.Month, day int) Expr {
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if t.Year() != year || t.Month() != month || t.Day() != day {
		return Expr{err: fault.New(fault.DatetimeOverflow, "there is no day %04d-%02d-%02d", year, month, day)}
	}
	return Expr{text: fmt.Sprintf("DATE '%04d-%02d-%02d'", year, month, day), level: atom}
}

// literal is value as SQL. The value of an Expr is its own text.
func literal(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "NULL", nil
	case Expr:
		return v.text, v.err
	case bool:
		return strings.ToUpper(strconv.FormatBool(v)), nil
	case int:
		return signed(int64(v)), nil
	case int8:
		return signed(int64(v)), nil
	case int16:
		return signed(int64(v)), nil
	case int32:
		return signed(int64(v)), nil
	case int64:
		return signed(v), nil
	case uint:
		return strconv.FormatUint(uint64(v), 10), nil
	case uint8:
		return strconv.FormatUint(uint64(v), 10), nil
	case uint16:
		return strconv.FormatUint(uint64(v), 10), nil
	case uint32:
		return strconv.FormatUint(uint64(v), 10), nil
	case uint64:
		return strconv.FormatUint(v, 10), nil
	case float32:
		return float(float64(v), 32), nil
	case float64:
		return float(v, 64), nil
	case string:
		return quoteText(v)
	case []byte:
		return `'\x` + hex.EncodeToString(v) + "'::bytea", nil
	case time.Time:
		return "TIMESTAMPTZ '" + v.UTC().Format("2006-01-02 15:04:05.999999") + "+00'", nil
	case time.Duration:
		return fmt.Sprintf("INTERVAL '%d microseconds'", v.Microseconds()), nil
	}
	return "", fault.New(fault.DatatypeMismatch, "a value of Go type %T cannot be a constant", value).
		WithHint("use a bool, integer, float, string, []byte, time.Time or time.Duration, or Decimal and Date")
}

// signed puts a negative number into parentheses: -9223372036854775808 without is the negation of a number that is too large.
func signed(v int64) string {
	switch {
	case v == math.MinInt64:
		return "(-9223372036854775807 - 1)"
	case v < 0:
		return "(" + strconv.FormatInt(v, 10) + ")"
	}
	return strconv.FormatInt(v, 10)
}

// float is a constant of a floating type, whose digits would be a decimal without the cast.
func float(v float64, bits int) string {
	text := strconv.FormatFloat(v, 'g', -1, bits)
	switch {
	case math.IsNaN(v):
		text = "NaN"
	case math.IsInf(v, 1):
		text = "Infinity"
	case math.IsInf(v, -1):
		text = "-Infinity"
	}
	if bits == 32 {
		return "'" + text + "'::real"
	}
	return "'" + text + "'::double precision"
}

func quoteText(s string) (string, error) {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return "", fault.New(fault.CharacterNotInRepertoire, "a text constant has a NUL byte at offset %d", i)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'", nil
}

// quoteName quotes an identifier, always: a name is what it says, whatever its case.
func quoteName(s string) (string, error) {
	if s == "" || strings.IndexByte(s, 0) >= 0 {
		return "", fault.New(fault.InvalidName, "%q cannot be a name", s)
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`, nil
}
