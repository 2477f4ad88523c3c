package random

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/test/slt"
)

// Difference describes the first difference between two results, in order or as multisets; it is empty where they agree. Whole numbers
// and decimals are equal digit for digit but for trailing zeros; numbers that an engine computes as floats, and quotients, which have more than
// quotientScale digits after the point, are equal within tolerance.
func Difference(ordered bool, a, b slt.Result) string {
	if len(a.Types) != len(b.Types) {
		return fmt.Sprintf("%d columns against %d", len(a.Types), len(b.Types))
	}
	if len(a.Rows) != len(b.Rows) {
		return fmt.Sprintf("%d rows against %d", len(a.Rows), len(b.Rows))
	}
	x, y := a.Rows, b.Rows
	if !ordered {
		exact := exactColumns(a, b)
		x, y = arrange(a, exact), arrange(b, exact)
	}
	for i := range x {
		if !sameRow(a.Types, b.Types, x[i], y[i]) {
			if !ordered && len(x) <= matchRows && matches(a, b) {
				return ""
			}
			return fmt.Sprintf("row %d: %s against %s", i+1, Line(x[i]), Line(y[i]))
		}
	}
	return ""
}

const (
	tolerance     = 1e-9
	quotientScale = 10
	matchRows     = 3000 // above it, rows that sort differently by a rounding error are not matched one by one
)

// zonedText is a time with its offset from UTC.
var zonedText = regexp.MustCompile(`^(\d{4,5}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(?::?(\d\d))?$`)

// inUTC rewrites the times with time zone of a result: engines print them in different zones.
func inUTC(r slt.Result) {
	for _, row := range r.Rows {
		for i, v := range row {
			if m := zonedText.FindStringSubmatch(v.Text); m != nil && r.Types[i] == 'T' {
				if t, err := time.Parse("2006-01-02 15:04:05-0700", m[1]+m[2]+cmp.Or(m[3], "00")); err == nil {
					row[i].Text = t.UTC().Format("2006-01-02 15:04:05.999999Z")
				}
			}
		}
	}
}

// Line is a row as text.
func Line(row []slt.Value) string {
	cells := make([]string, len(row))
	for i, v := range row {
		cells[i] = "NULL"
		if !v.Null {
			cells[i] = strconv.Quote(v.Text)
		}
	}
	return strings.Join(cells, " | ")
}

// exactColumns says for each column whether its numbers are equal digit for digit in both results.
func exactColumns(results ...slt.Result) []bool {
	exact := make([]bool, len(results[0].Types))
	for c := range exact {
		exact[c] = true
		for _, r := range results {
			exact[c] = exact[c] && r.Types[c] != 'R'
			for _, row := range r.Rows {
				exact[c] = exact[c] && (r.Types[c] == 'T' || row[c].Null || scale(row[c].Text) <= quotientScale)
			}
		}
	}
	return exact
}

// arrange sorts rows so that equal multisets are in the same order, but for rounding errors.
func arrange(r slt.Result, exact []bool) [][]slt.Value {
	type keyed struct {
		key string
		row []slt.Value
	}
	rows := make([]keyed, len(r.Rows))
	for i, row := range r.Rows {
		var b strings.Builder
		for c, v := range row {
			switch f, err := strconv.ParseFloat(v.Text, 64); {
			case v.Null:
				b.WriteString("\x00")
			case r.Types[c] == 'T' || err != nil:
				b.WriteString("\x01" + v.Text)
			case exact[c] && strings.Contains(v.Text, "."):
				b.WriteString(strings.TrimSuffix(strings.TrimRight(v.Text, "0"), "."))
			case exact[c]:
				b.WriteString(v.Text)
			default:
				fmt.Fprintf(&b, "%.6e", f+0)
			}
			b.WriteString("\x02")
		}
		rows[i] = keyed{b.String(), row}
	}
	slices.SortStableFunc(rows, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	out := make([][]slt.Value, len(rows))
	for i, k := range rows {
		out[i] = k.row
	}
	return out
}

// matches finds a partner for every row.
func matches(a, b slt.Result) bool {
	left := slices.Clone(b.Rows)
	for _, row := range a.Rows {
		i := slices.IndexFunc(left, func(other []slt.Value) bool { return sameRow(a.Types, b.Types, row, other) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

func sameRow(aTypes, bTypes string, a, b []slt.Value) bool {
	for i := range a {
		if !sameValue(aTypes[i], bTypes[i], a[i], b[i]) {
			return false
		}
	}
	return true
}

func sameValue(aType, bType byte, a, b slt.Value) bool {
	if a.Null || b.Null {
		return a.Null == b.Null
	}
	if a.Text == b.Text {
		return true
	}
	if aType == 'T' || bType == 'T' {
		return false
	}
	if aType != 'R' && bType != 'R' && scale(a.Text) <= quotientScale && scale(b.Text) <= quotientScale {
		x, okX := new(big.Rat).SetString(a.Text)
		y, okY := new(big.Rat).SetString(b.Text)
		return okX && okY && x.Cmp(y) == 0
	}
	x, errX := strconv.ParseFloat(a.Text, 64)
	y, errY := strconv.ParseFloat(b.Text, 64)
	if errX != nil || errY != nil {
		return false
	}
	if math.IsInf(x, 0) || math.IsInf(y, 0) || math.IsNaN(x) || math.IsNaN(y) {
		return x == y || math.IsNaN(x) && math.IsNaN(y)
	}
	return math.Abs(x-y) <= tolerance*max(math.Abs(x), math.Abs(y), 1e-3)
}

// scale is how many digits follow the point.
func scale(s string) int {
	_, fraction, _ := strings.Cut(s, ".")
	return len(strings.TrimRight(fraction, "0"))
}
