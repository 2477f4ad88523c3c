package stage_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
	"github.com/polybolos-db/polybolos/planner/physical"
	"github.com/polybolos-db/polybolos/planner/stage"
	"github.com/polybolos-db/polybolos/storage"
)

var update = flag.Bool("update", false, "write the golden plans")

// planned takes a query all the way; Cut checks the plan.
func planned(t *testing.T, c catalog.Resolver, text string, opts physical.Options) *plan.Plan {
	t.Helper()
	ctx := context.Background()
	b := plantest.Bind(t, c, text)
	n, err := optimize.Optimize(ctx, b.Plan, b.IDs, optimize.Options{})
	if err != nil {
		t.Fatalf("%s\noptimize: %s", text, err)
	}
	if opts.Splits == nil {
		opts.Splits = func(context.Context, catalog.Table, *storage.Scan) ([]plan.Split, error) { return nil, nil }
	}
	root, shared, err := physical.Plan(ctx, n, opts)
	if err != nil {
		t.Fatalf("%s\nphysical: %s", text, err)
	}
	p, err := stage.Cut(root, shared, plan.Settings{})
	if err != nil {
		t.Fatalf("%s\ncut: %s\n%s", text, err, logical.Format(n))
	}
	return p
}

// TestTPCH compares the plans of the 22 queries, in one task and with exchanges, with those under testdata.
func TestTPCH(t *testing.T) {
	files, err := filepath.Glob("../../bench/tpch/queries/q*.sql")
	if err != nil || len(files) != 22 {
		t.Fatalf("%d queries, %v", len(files), err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".sql")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			b.WriteString("-- one task\n" + plan.Explain(planned(t, plantest.TPCH(), string(text), physical.Options{}), nil) + "\n")
			b.WriteString("\n-- exchanges\n" + plan.Explain(planned(t, plantest.TPCH(), string(text), physical.Options{Exchange: true, Partitions: 4}), nil) + "\n")
			golden(t, filepath.Join("testdata", "tpch", name+".txt"), b.String())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
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
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", file, got)
	}
}
