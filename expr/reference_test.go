package expr

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/sql-functions.md anew")

func TestReferencePageIsUpToDate(t *testing.T) {
	const page = "../docs/sql-functions.md"
	want := Reference()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil || string(got) != want {
		t.Errorf("%s differs from the registry (%v): run go test ./expr -run Reference -update", page, err)
	}
}

func TestEveryFunctionIsDescribed(t *testing.T) {
	for name, fs := range registry() {
		for _, f := range fs {
			if f.Doc == "" {
				t.Errorf("%s has no description", name)
			}
			if f.Op == 0 {
				t.Errorf("%s has no operation", f.signature())
			}
		}
	}
}
