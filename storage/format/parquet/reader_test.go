package parquet

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
)

// One table of 700 rows, written by another program in every encoding, codec and page version, with pages that end within batches.
func TestReadsEveryEncodingAndCodec(t *testing.T) {
	files, err := filepath.Glob("testdata/table_*.parquet")
	if err != nil || len(files) < 16 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	want := expected(t, "table")
	for _, f := range files {
		rows, _, err := readRows(t, f, nil)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		diff(t, f, rows, want)
	}
}

func TestReadsEveryType(t *testing.T) {
	want := expected(t, "types")
	for _, f := range []string{"types", "types_dictionary"} {
		rows, _, err := readRows(t, "testdata/"+f+".parquet", nil)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, f, rows, want)
	}
}

func TestReadsDecimalsInIntegers(t *testing.T) {
	rows, _, err := readRows(t, "testdata/decimal_int.parquet", nil)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "decimal_int", rows, [][]string{{"-999.99", "-9999999999999.99"}, {"999.99", "0.01"}, {"NULL", "NULL"}})
}

func TestReadsInt96(t *testing.T) {
	rows, _, err := readRows(t, "testdata/int96.parquet", nil)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "int96", rows, [][]string{{"1969-12-31 23:59:59.999999"}, {"NULL"}, {"2024-02-29 12:00:00"}})
}

func TestNestedColumnsAreRefusedByName(t *testing.T) {
	rows, _, err := readRows(t, "testdata/nested.parquet", []string{"id", "after"})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "nested", rows, [][]string{{"1", "p"}, {"2", "q"}, {"3", "r"}})
	for _, name := range []string{"list", "struct", "map"} {
		_, _, err := readRows(t, "testdata/nested.parquet", []string{name})
		if fault.CodeOf(err) != fault.FeatureNotSupported || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFileWithoutRows(t *testing.T) {
	rows, _, err := readRows(t, "testdata/no_rows.parquet", nil)
	if err != nil || len(rows) != 0 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}
