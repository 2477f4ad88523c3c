package sql

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the plans under testdata")

// TestTPCH compares the plans of the 22 queries with testdata/tpch; -update writes them anew.
func TestTPCH(t *testing.T) {
	r := newTables(t, tpch)
	for q := 1; q <= 22; q++ {
		name := fmt.Sprintf("q%02d", q)
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../../bench/tpch/queries", name+".sql"))
			if err != nil {
				t.Fatal(err)
			}
			n, err := bind(t, r, string(text))
			if err != nil {
				t.Fatal(err)
			}
			got := show(n)
			if err := check(n); err != nil {
				t.Errorf("%v\n%s", err, got)
			}
			file := filepath.Join("testdata", "tpch", name+".plan")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the plan changed\ngot:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}
