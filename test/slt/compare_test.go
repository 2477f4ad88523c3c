package slt

import (
	"strings"
	"testing"
)

func row(cells ...string) []Value {
	values := make([]Value, len(cells))
	for i, c := range cells {
		values[i] = Value{Text: c, Null: c == "NULL"}
	}
	return values
}

func TestSameCell(t *testing.T) {
	for _, test := range []struct {
		letter    byte
		want, got string
		same      bool
	}{
		{'I', "1", "1", true},
		{'I', "1", "2", false},
		{'I', "1", "NULL", false},
		{'D', "1.50", "1.5", true},
		{'D', "-0.00", "0", true},
		{'D', "100", "1", false},
		{'D', "1.5000000000000001", "1.5", false},
		{'R', "0.3", "0.30000000000000004", true},
		{'R', "1e+20", "100000000000000000000", true},
		{'R', "1", "1.00000001", false},
		{'R', "NaN", "NaN", true},
		{'R', "Infinity", "-Infinity", false},
		{'R', "0", "1e-300", false},
		{'T', "1.50", "1.5", false},
		{'T', "(empty)", "NULL", false},
	} {
		if got := sameCell(test.letter, test.want, test.got); got != test.same {
			t.Errorf("%c %s %s: %v, want %v", test.letter, test.want, test.got, got, test.same)
		}
	}
}

func TestDifference(t *testing.T) {
	result := Result{Columns: []string{"a", "b"}, Types: "IT", Rows: [][]Value{row("2", "y"), row("1", "NULL"), row("10", "")}}
	for _, test := range []struct {
		types  string
		order  Sort
		expect []string
		want   string // part of the difference; empty for none
	}{
		{"IT", NoSort, []string{"2\ty", "1\tNULL", "10\t(empty)"}, ""},
		{"IT", RowSort, []string{"10\t(empty)", "2\ty", "1\tNULL"}, ""},
		{"IT", ValueSort, []string{"(empty)", "1", "10", "2", "NULL", "y"}, ""},
		{"RT", NoSort, []string{"2\ty", "1\tNULL", "10\t(empty)"}, ""},
		{"IT", NoSort, []string{"1\tNULL", "2\ty", "10\t(empty)"}, "row 1:"},
		{"IT", NoSort, []string{"2\ty"}, "expected 1 rows, got 3"},
		{"IT", NoSort, []string{"2\ty", "1\tNULL", "10\t(empty)", "4\tz"}, "expected 4 rows, got 3"},
		{"TT", NoSort, []string{"2\ty", "1\tNULL", "10\t(empty)"}, "column 1 (a): expected type T, got I"},
		{"I", NoSort, nil, "expected 1 columns (I), got 2 (IT)"},
	} {
		got := difference(test.types, test.order, test.expect, result)
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s %s %q: got %q, want %q", test.types, test.order, test.expect, got, test.want)
		}
	}
}
