package differential

import (
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/test/slt"
)

var (
	flagSeed    = flag.Uint64("seed", 0, "seed of the generated queries; 0 takes a fixed one, and with -fresh a new one")
	flagFresh   = flag.Bool("fresh", false, "take a new seed")
	flagQueries = flag.Int("queries", 300, "number of generated queries")
)

// seed is fixed unless asked otherwise, so that a run in CI can be repeated.
func seed() uint64 {
	switch {
	case *flagSeed != 0:
		return *flagSeed
	case *flagFresh:
		return rand.Uint64()
	}
	return 20
}

// compare runs generated queries on both connections and reports every difference.
func compare(t *testing.T, g *Generator, got, want slt.Conn) {
	t.Helper()
	for _, sql := range g.Tables() {
		for _, conn := range []slt.Conn{got, want} {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
	}
	rows := 0
	for n := range *flagQueries {
		sql := g.Query()
		expected, err := want.Exec(t.Context(), sql)
		if err != nil {
			t.Errorf("query %d: the reference failed: %v\n%s", n, err, sql)
			continue
		}
		actual, err := got.Exec(t.Context(), sql)
		if err != nil {
			t.Errorf("query %d: %v\n%s", n, err, sql)
			continue
		}
		rows += len(expected.Rows)
		if reason := slt.Compare(expected, actual, slt.RowSort); reason != "" {
			t.Errorf("query %d: %s\n%s", n, reason, sql)
		}
	}
	if rows == 0 {
		t.Error("no query had a row: nothing was compared")
	}
}
