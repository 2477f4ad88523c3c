package slt

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Value is one cell of a result.
type Value struct {
	Text string
	Null bool
}

// Result is what a statement returned. Types has one letter for each column: I
// integer, D decimal, R float, T everything else. Rows have one value for each
// column, in canonical text: integers and decimals in plain digits, booleans true
// and false, dates 1995-03-15, timestamps 1995-03-15 04:05:06.789.
type Result struct {
	Columns []string
	Types   string
	Rows    [][]Value
}

var cellEscape = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// cell returns a value as a file writes it.
func cell(v Value) string {
	switch {
	case v.Null:
		return "NULL"
	case v.Text == "":
		return "(empty)"
	}
	return cellEscape.Replace(v.Text)
}

// lines returns a result as the lines of a file, in the order of comparison.
func lines(result Result, order Sort) []string {
	rows := make([][]string, len(result.Rows))
	for i, row := range result.Rows {
		rows[i] = make([]string, len(row))
		for j, v := range row {
			rows[i][j] = cell(v)
		}
	}
	rows = arrange(rows, order)
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = strings.Join(row, "\t")
	}
	return out
}

// arrange puts cells into the order of comparison. valuesort gives rows of one cell.
func arrange(rows [][]string, order Sort) [][]string {
	switch order {
	case RowSort:
		rows = slices.Clone(rows)
		slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(sortKey(a), sortKey(b)) })
	case ValueSort:
		var values [][]string
		for _, row := range rows {
			for _, v := range row {
				values = append(values, []string{v})
			}
		}
		return arrange(values, RowSort)
	}
	return rows
}

// sortKey is the text that orders a row; engines may differ in a number's trailing zeros.
func sortKey(row []string) string {
	key := make([]string, len(row))
	for i, c := range row {
		key[i] = normalize(c)
	}
	return strings.Join(key, "\t")
}

// difference compares a result with the expected lines of a file and describes
// the first difference; it is empty if they agree.
func difference(types string, order Sort, expect []string, got Result) string {
	if len(got.Types) != len(types) {
		return fmt.Sprintf("expected %d columns (%s), got %d (%s)", len(types), types, len(got.Types), got.Types)
	}
	for i := range got.Types {
		if !accepts(types[i], got, i) {
			return fmt.Sprintf("column %d (%s): expected type %c, got %c", i+1, got.Columns[i], types[i], got.Types[i])
		}
	}
	actual := lines(got, order)
	wantRows := make([][]string, len(expect))
	for i, line := range expect {
		wantRows[i] = strings.Split(line, "\t")
	}
	wantRows = arrange(wantRows, order)
	for i := range max(len(wantRows), len(actual)) {
		switch {
		case i >= len(wantRows):
			return fmt.Sprintf("expected %d rows, got %d; the first one too many:\n  %s", len(wantRows), len(actual), actual[i])
		case i >= len(actual):
			return fmt.Sprintf("expected %d rows, got %d; the first one missing:\n  %s", len(wantRows), len(actual), strings.Join(wantRows[i], "\t"))
		}
		if !sameRow(types, order, wantRows[i], strings.Split(actual[i], "\t")) {
			return fmt.Sprintf("row %d:\n  expected %s\n  got      %s", i+1, strings.Join(wantRows[i], "\t"), actual[i])
		}
	}
	return ""
}

// accepts reports whether a column of the result may stand for the letter in the
// file. A column without a value proves nothing; an integer column may be a
// decimal of scale 0, in which PostgreSQL adds up its widest integers.
func accepts(letter byte, got Result, column int) bool {
	if got.Types[column] == letter {
		return true
	}
	whole := true
	empty := true
	for _, row := range got.Rows {
		v := row[column]
		empty = empty && v.Null
		whole = whole && !strings.Contains(v.Text, ".")
	}
	switch letter {
	case 'R':
		return empty || got.Types[column] != 'T'
	case 'I', 'D':
		other := 'I' + 'D' - letter
		return empty || (whole && got.Types[column] == other)
	}
	return empty
}

func sameRow(types string, order Sort, want, got []string) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		letter := byte('R') // valuesort has lost the column
		if order != ValueSort {
			letter = types[i]
		}
		if !sameCell(letter, want[i], got[i]) {
			return false
		}
	}
	return true
}

// tolerance is the relative difference that is allowed between two floats.
const tolerance = 1e-9

func sameCell(letter byte, want, got string) bool {
	if want == got {
		return true
	}
	switch letter {
	case 'I', 'D':
		return normalize(want) == normalize(got)
	case 'R':
		if normalize(want) == normalize(got) {
			return true
		}
		a, err := strconv.ParseFloat(want, 64)
		if err != nil {
			return false
		}
		b, err := strconv.ParseFloat(got, 64)
		if err != nil {
			return false
		}
		if math.IsInf(a, 0) || math.IsInf(b, 0) {
			return a == b
		}
		return math.Abs(a-b) <= tolerance*max(math.Abs(a), math.Abs(b))
	}
	return false
}

// normalize drops the trailing zeros of a decimal number; other texts stay.
func normalize(s string) string {
	digits := strings.TrimPrefix(s, "-")
	whole, fraction, ok := strings.Cut(digits, ".")
	if !ok || whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return s
	}
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}
