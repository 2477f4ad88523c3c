package tpch

import (
	"errors"
	"strings"
	"testing"
)

func rows(text string) [][]*string {
	var out [][]*string
	for _, l := range strings.Split(text, "\n") {
		var row []*string
		for _, c := range strings.Split(l, "|") {
			if c == "NULL" {
				row = append(row, nil)
			} else {
				row = append(row, &c)
			}
		}
		out = append(out, row)
	}
	return out
}

func TestCompare(t *testing.T) {
	exact, float := []string{"varchar", "decimal(10,2)"}, []string{"varchar", "double"}
	for _, c := range []struct {
		name      string
		types     []string
		got, want string
		differs   string
	}{
		{"equal", exact, "a|1.50\nb|2", "a|1.5\nb|2.00", ""},
		{"last digit of a decimal", exact, "a|1.50", "a|1.51", "row 1, column v"},
		{"decimals are never approximate", exact, "a|100000000000.01", "a|100000000000.02", "row 1"},
		{"floats are, to 1e-9", float, "a|100000000000.01", "a|100000000000.02", ""},
		{"not further", float, "a|1.00001", "a|1.00002", "row 1"},
		{"order of ties is free", exact, "b|1\na|1", "a|1\nb|1", ""},
		{"but the rows are not", exact, "b|1\nb|1", "a|1\nb|1", "row 1, column k"},
		{"NULL is not a text", exact, "a|NULL", "a|0", "NULL instead of"},
		{"missing row", exact, "a|1", "a|1\nb|1", "1 rows instead of 2"},
		{"texts keep their zeros", []string{"varchar", "varchar"}, "a|1.0x", "a|1.x", "row 1"},
	} {
		names := []string{"k", "v"}
		err := Compare(&Table{names, c.types, rows(c.got)}, &Table{names, exact, rows(c.want)})
		switch {
		case err == nil && c.differs != "":
			t.Errorf("%s: no difference found", c.name)
		case err != nil && (c.differs == "" || !strings.Contains(err.Error(), c.differs)):
			t.Errorf("%s: %v, want %q", c.name, err, c.differs)
		}
	}
}

func TestCompareRounded(t *testing.T) {
	for _, c := range []struct {
		got, want string
		equal     bool
	}{
		{"25.507967", "25.507967136654827", true},
		{"25.507968", "25.507967136654827", true}, // rounded the other way
		{"25.507969", "25.507967136654827", false},
		{"25.5", "25.507967136654827", false}, // too few digits to say
		{"26", "25.507967136654827", false},
	} {
		got, want := &Table{[]string{"v"}, []string{"decimal(19,6)"}, rows(c.got)}, &Table{[]string{"v"}, []string{"double"}, rows(c.want)}
		if err := CompareRounded(got, want); (err == nil) != c.equal {
			t.Errorf("%s and %s: %v", c.got, c.want, err)
		}
		want.Types[0] = "decimal(38,15)"
		if err := CompareRounded(got, want); err == nil {
			t.Errorf("%s and %s are equal as decimals", c.got, c.want)
		}
	}
}

func TestAllAnswersParse(t *testing.T) {
	for _, sf := range []float64{0.01, 0.1, 1} {
		for n := 1; n <= Queries; n++ {
			a, err := Answer(sf, n)
			if err != nil {
				t.Errorf("scale factor %g, query %d: %v", sf, n, err)
			} else if len(a.Rows) == 0 {
				t.Errorf("scale factor %g, query %d: no rows", sf, n)
			}
		}
	}
	if _, err := Answer(0.5, 1); !errors.Is(err, ErrNoReference) {
		t.Errorf("scale factor 0.5: %v", err)
	}
}
