package sql

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/catalog"
)

// TestPlans reads testdata/plans: each file holds queries, each followed by its plan after a line of dashes, a blank line between them.
// Tables are those of fixture_test.go. -update writes the plans anew.
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/plans/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no plans under testdata/plans", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := newTables(t, small)
			r.views["v"] = &catalog.View{Name: "v", Columns: []string{"k"}, SQL: "select a, b as other from t"}
			var out strings.Builder
			for _, record := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
				query, want, _ := strings.Cut(record, "\n----\n")
				got := ""
				n, err := bind(t, r, query)
				if err != nil {
					t.Errorf("%s\n%v", query, err)
					continue
				}
				got = strings.TrimSpace(show(n))
				if err := check(n); err != nil {
					t.Errorf("%s\n%v\n%s", query, err, got)
				}
				if !*update && got != strings.TrimSpace(want) {
					t.Errorf("%s\ngot:\n%s\nwant:\n%s", query, got, want)
				}
				out.WriteString(strings.TrimSpace(query) + "\n----\n" + got + "\n\n")
			}
			if *update {
				if err := os.WriteFile(file, []byte(strings.TrimSpace(out.String())+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
