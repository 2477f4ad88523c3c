package slt_test

import (
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/test/slt"
	"github.com/polybolos-db/polybolos/test/slt/embedded"
)

// Every file holds on the embedded engine, with one task a query and with all
// exchanges of a cluster.
func TestFiles(t *testing.T) {
	for _, exchange := range []string{"auto", "force"} {
		for _, name := range files(t) {
			t.Run(exchange+"/"+name, func(t *testing.T) { holds(t, name, "SET exchange = '"+exchange+"'") })
		}
	}
}

// leastStatements is how many statements the files must have, so that none gets lost.
const leastStatements = 3000

// The files have enough statements, and no two of one file are the same query where nothing changes in between.
func TestFilesAreMany(t *testing.T) {
	total := 0
	for _, name := range files(t) {
		seen := map[string]int{}
		for _, r := range load(t, name).Records() {
			total++
			if r.Kind != slt.Query {
				clear(seen) // a table, a setting or a view may be another one now
				continue
			}
			if at := seen[r.SQL]; at != 0 && r.AppliesTo("polybolos") {
				t.Errorf("%s:%d: the same statement is at line %d", name, r.Line, at)
			}
			if r.AppliesTo("polybolos") {
				seen[r.SQL] = r.Line
			}
		}
	}
	t.Logf("%d statements in %d files", total, len(files(t)))
	if total < leastStatements {
		t.Errorf("only %d statements", total)
	}
}

// unoptimized are files that need the optimizer: they join large tables, whose product would be computed without it.
var unoptimized = map[string]bool{filepath.Join("select", "large.slt"): true}

// Every file holds without the optimizer, so no result depends on one of its rules.
func TestFilesWithoutOptimizer(t *testing.T) {
	for _, name := range files(t) {
		if !unoptimized[name] {
			t.Run(name, func(t *testing.T) { holds(t, name, "SET optimizer_disabled_rules = 'all'") })
		}
	}
}

// holds runs a file on a new embedded engine, after other statements.
func holds(t *testing.T, name string, before ...string) {
	t.Helper()
	file := load(t, name)
	conn, err := embedded.Connect(engine.Config{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	_, failures := slt.Run(t.Context(), file, conn, slt.Options{Engine: "polybolos", Variables: variables(t), Before: before})
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	for _, f := range failures {
		t.Error(f)
	}
}
