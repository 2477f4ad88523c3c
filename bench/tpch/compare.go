package tpch

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// floatTolerance is the relative difference that floats may have: engines add them in different orders.
const floatTolerance = 1e-9

// Compare says how got differs from want, nil when it does not. Columns go by position, as names do not matter to an answer. Decimals and
// everything else compare exactly, except that trailing zeros after a decimal point do not count and that a column which either side holds in floats
// compares to floatTolerance. Rows compare in order; where ORDER BY leaves ties the order is free, so rows that differ in order only are
// equal when both sides have the same rows: the queries' sort keys are among their columns.
func Compare(got, want *Table) error { return compare(got, want, sameFloat) }

// CompareRounded is Compare for engines that give quotients and averages fewer digits: in columns that either side holds in floats, numbers
// are equal that differ by less than one in the last digit of the one with fewer digits after the point, if these are at least roundedDigits.
func CompareRounded(got, want *Table) error { return compare(got, want, sameRounded) }

// roundedDigits is the least number of digits after the point that engines give averages of money.
const roundedDigits = 4

// same compares two cells of a column with floats.
type same func(a, b string) bool

func compare(got, want *Table, floats same) error {
	if len(got.Names) != len(want.Names) {
		return fmt.Errorf("%d columns instead of %d", len(got.Names), len(want.Names))
	}
	if len(got.Rows) != len(want.Rows) {
		return fmt.Errorf("%d rows instead of %d", len(got.Rows), len(want.Rows))
	}
	columns := make([]same, len(got.Names))
	approximate := make([]bool, len(got.Names))
	for c := range columns {
		columns[c] = sameExact
		if approximate[c] = isFloat(got.Types[c]) || isFloat(want.Types[c]); approximate[c] {
			columns[c] = floats
		}
	}
	inOrder := compareRows(got.Rows, want.Rows, columns, want.Names)
	if inOrder == nil {
		return nil
	}
	if err := compareRows(sorted(got.Rows, approximate), sorted(want.Rows, approximate), columns, want.Names); err != nil {
		return inOrder
	}
	return nil
}

func isFloat(typ string) bool {
	return typ == "real" || strings.HasPrefix(typ, "double")
}

func compareRows(got, want [][]*string, columns []same, names []string) error {
	for r := range got {
		for c := range names {
			if !sameCell(got[r][c], want[r][c], columns[c]) {
				return fmt.Errorf("row %d, column %s: %s instead of %s", r+1, names[c], show(got[r][c]), show(want[r][c]))
			}
		}
	}
	return nil
}

func show(cell *string) string {
	if cell == nil {
		return "NULL"
	}
	return strconv.Quote(*cell)
}

func sameCell(a, b *string, equal same) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b || equal(*a, *b)
}

func sameExact(a, b string) bool { return trimZeros(a) == trimZeros(b) }

func sameFloat(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && math.Abs(x-y) <= floatTolerance*math.Max(math.Abs(x), math.Abs(y))
}

func sameRounded(a, b string) bool {
	if sameFloat(a, b) {
		return true
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	digits := min(digitsAfterPoint(a), digitsAfterPoint(b))
	return errX == nil && errY == nil && digits >= roundedDigits && math.Abs(x-y) < math.Pow10(-digits)
}

func digitsAfterPoint(s string) int {
	_, fraction, _ := strings.Cut(s, ".")
	return len(fraction)
}

// trimZeros takes the zeros after a number's decimal point away; other texts stay.
func trimZeros(s string) string {
	point := strings.IndexByte(s, '.')
	if point < 0 {
		return s
	}
	for i := range len(s) {
		if !(s[i] >= '0' && s[i] <= '9' || i == point || i == 0 && s[i] == '-') {
			return s
		}
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// sorted orders rows by their exact columns; approximate ones take no part, so that rounding cannot change the order.
func sorted(rows [][]*string, approximate []bool) [][]*string {
	out := slices.Clone(rows)
	key := func(row []*string) string {
		var b strings.Builder
		for c, cell := range row {
			switch {
			case approximate[c]:
			case cell == nil:
				b.WriteString("\x00\x01")
			default:
				b.WriteString("\x01" + trimZeros(*cell) + "\x00")
			}
		}
		return b.String()
	}
	sort.SliceStable(out, func(i, j int) bool { return key(out[i]) < key(out[j]) })
	return out
}
