package sql

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// FuzzBind wants a well-formed plan or a *fault.Error with a position inside the text, and never a crash.
func FuzzBind(f *testing.F) {
	for _, pattern := range []string{"testdata/plans/*.txt", "../../bench/tpch/queries/*.sql"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			for _, record := range strings.Split(string(text), "\n\n") {
				query, _, _ := strings.Cut(record, "\n----\n")
				f.Add(query)
			}
		}
	}
	r := newTables(f, small+strings.TrimPrefix(tpch, "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Parse(text)
		if err != nil {
			return
		}
		for _, s := range list {
			q, ok := s.Body.(*parse.Query)
			if !ok {
				continue
			}
			b, err := Bind(context.Background(), q, r, Options{})
			if err != nil {
				if e, ok := fault.As(err); !ok {
					t.Errorf("%q: %v is not a *fault.Error", text, err)
				} else if e.Position < 0 || e.Position > len(text)+1 {
					t.Errorf("%q: position %d is outside", text, e.Position)
				} else if e.Code == fault.Internal {
					t.Errorf("%q: %v", text, err)
				}
				continue
			}
			if err := check(b.Plan); err != nil {
				t.Errorf("%q: %v\n%s", text, err, show(b.Plan))
			}
		}
	})
}
