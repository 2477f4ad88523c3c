package random

import (
	"strconv"
	"testing"

	"github.com/polybolos-db/polybolos/test/slt"
)

// A predicate is true, false or NULL for each row, and a row passes WHERE exactly when the predicate, computed for it, is true. That needs no
// other engine to check.
func TestPredicatesPartitionRows(t *testing.T) {
	list := peers(t, "")
	queries, rows, failures := 0, 0, 0
	for round := uint64(0); queries < *flagQueries/4 && failures < *flagFailures; round++ {
		seed := *flagSeed + round
		g := New(seed)
		if err := create(t.Context(), list, g.Tables()); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for n := 0; n < queriesPerRound && queries < *flagQueries/4 && failures < *flagFailures; n++ {
			p := g.Partition()
			queries++
			for _, peer := range list {
				run := func(q *Node) slt.Result {
					o := peer.run(t.Context(), q.SQL(Postgres))
					if o.err != nil && o.code != "0A000" {
						t.Errorf("seed %d query %d, %s: %v\n%s", seed, n, peer.name, o.err, q.SQL(Postgres))
						failures++
					}
					return o.result
				}
				all, parts, counted := run(p.All), run(p.True), run(p.Counted)
				held := len(parts.Rows)
				rows += len(all.Rows)
				for _, q := range []*Node{p.False, p.Null} {
					parts.Rows = append(parts.Rows, run(q).Rows...)
				}
				if d := Difference(false, all, parts); d != "" {
					t.Errorf("seed %d query %d, %s: all rows against those where the predicate is true, false, NULL: %s\n%s\n%s",
						seed, n, peer.name, d, p.All.SQL(Postgres), p.True.SQL(Postgres))
					failures++
				}
				if len(counted.Rows) != 1 {
					continue // the statement failed, which is reported
				}
				want := slt.Result{Types: "I", Rows: [][]slt.Value{{{Text: strconv.Itoa(held)}}}}
				if d := Difference(false, counted, want); d != "" {
					t.Errorf("seed %d query %d, %s: rows where the predicate is true, counted one by one, against WHERE: %s\n%s\n%s",
						seed, n, peer.name, d, p.Counted.SQL(Postgres), p.True.SQL(Postgres))
					failures++
				}
			}
		}
	}
	t.Logf("%d queries, %d rows, %d failures", queries, rows, failures)
	if rows == 0 {
		t.Error("no query had a row: nothing was compared")
	}
}
