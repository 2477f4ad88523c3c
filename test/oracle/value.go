package oracle

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// Column is one column of an answer: its name and its canonical type name.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Answer is a whole result in canonical text. A nil cell is NULL. Every row has
// one cell for each column; rows stand in the order in which the engine gave
// them.
type Answer struct {
	Columns []Column    `json:"columns"`
	Rows    [][]*string `json:"rows"`
}

// text returns the canonical text of a value that DuckDB's driver produced.
// typ is the canonical type name of its column.
func text(v any, typ string) (string, error) {
	switch x := v.(type) {
	case bool:
		return strconv.FormatBool(x), nil
	case string:
		return x, nil
	case int8, int16, int32, int64, uint8, uint16, uint32, uint64, int:
		return fmt.Sprint(x), nil
	case *big.Int:
		return x.String(), nil
	case float32:
		return floatText(float64(x), 32), nil
	case float64:
		return floatText(x, 64), nil
	case duckdb.Decimal:
		return decimalText(x.Value, int(x.Scale)), nil
	case duckdb.Interval:
		return intervalText(x.Months, x.Days, x.Micros), nil
	case []byte:
		if typ == "uuid" && len(x) == 16 {
			return fmt.Sprintf("%x-%x-%x-%x-%x", x[:4], x[4:6], x[6:8], x[8:10], x[10:]), nil
		}
		return `\x` + hex.EncodeToString(x), nil
	case time.Time:
		return timeText(x, typ), nil
	case []any:
		parts := make([]string, len(x))
		for i, e := range x {
			if e == nil {
				parts[i] = "NULL"
				continue
			}
			s, err := text(e, strings.TrimSuffix(typ, "[]"))
			if err != nil {
				return "", err
			}
			parts[i] = s
		}
		return "[" + strings.Join(parts, ", ") + "]", nil
	}
	return "", fmt.Errorf("no canonical text for a value of type %s (%T)", typ, v)
}

// floatText prints the shortest text that reads back as f.
func floatText(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); a == 0 || (a >= 1e-5 && a < 1e16) {
		return strconv.FormatFloat(f, 'f', -1, bits)
	}
	return strconv.FormatFloat(f, 'e', -1, bits)
}

// decimalText prints unscaled / 10^scale with exactly scale digits after the point.
func decimalText(unscaled *big.Int, scale int) string {
	digits := new(big.Int).Abs(unscaled).String()
	if scale > 0 {
		if pad := scale + 1 - len(digits); pad > 0 {
			digits = strings.Repeat("0", pad) + digits
		}
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if unscaled.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

func timeText(t time.Time, typ string) string {
	switch typ {
	case "date":
		return t.Format("2006-01-02")
	case "time":
		return t.Format("15:04:05.999999")
	case "timestamptz":
		return t.UTC().Format("2006-01-02 15:04:05.999999") + "+00"
	}
	return t.Format("2006-01-02 15:04:05.999999999")
}

// intervalText prints an interval in PostgreSQL's default style, with each
// field carrying its own sign.
func intervalText(months, days int32, micros int64) string {
	var parts []string
	field := func(n int64, one, many string) {
		switch n {
		case 0:
		case 1:
			parts = append(parts, "1 "+one)
		default:
			parts = append(parts, strconv.FormatInt(n, 10)+" "+many)
		}
	}
	field(int64(months/12), "year", "years")
	field(int64(months%12), "mon", "mons")
	field(int64(days), "day", "days")
	if micros != 0 || len(parts) == 0 {
		sign := ""
		if micros < 0 {
			sign, micros = "-", -micros
		}
		seconds := micros / 1_000_000
		clock := fmt.Sprintf("%s%02d:%02d:%02d", sign, seconds/3600, seconds/60%60, seconds%60)
		if fraction := micros % 1_000_000; fraction != 0 {
			clock += strings.TrimRight(fmt.Sprintf(".%06d", fraction), "0")
		}
		parts = append(parts, clock)
	}
	return strings.Join(parts, " ")
}
