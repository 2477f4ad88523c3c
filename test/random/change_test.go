package random

import (
	"slices"
	"testing"
)

const changesPerRound = 25

// After each UPDATE, DELETE and INSERT the table has the same rows in every engine, or the statement failed in all of them.
func TestChangesAgree(t *testing.T) {
	e := connect(t)
	e.references = references(t)
	done, failed, rows, differences := 0, 0, 0, 0
	compared := map[string]int{}
	more := func() bool { return done < queries()/8 && differences < *flagFailures }
	for round := uint64(0); more(); round++ {
		seed := *flagSeed + round
		g, list := e.begin(t, seed)
		for n := 0; n < changesPerRound && more(); n++ {
			change, table := g.Change()
			done++
			if *flagVerbose {
				t.Logf("seed %d change %d: %s", seed, n, change.SQL(Here))
			}
			outcomes := ask(t.Context(), list, change)
			for i := range outcomes {
				outcomes[i].result.Rows, outcomes[i].result.Types = nil, "" // engines tell differently how many rows there were
			}
			if outcomes[0].err != nil {
				failed++
			}
			reason := judge(list, outcomes, false)
			// What an engine refuses leaves its table behind: it takes part again in the next round.
			for i := len(list) - 1; i >= 0; i-- {
				if list[i].dialect != Here && (outcomes[i].err == nil) != (outcomes[0].err == nil) {
					list = slices.Delete(slices.Clone(list), i, i+1)
				}
			}
			if reason == "" {
				all := ask(t.Context(), list, node(Query, "SELECT * FROM "+table))
				rows += len(all[0].result.Rows)
				reason = judge(list, all, false)
			}
			for _, p := range list {
				compared[p.name]++
			}
			if reason != "" {
				differences++
				t.Errorf("seed %d change %d: %s\n%s", seed, n, reason, change.SQL(Here))
				break // the tables are no longer the same
			}
		}
	}
	t.Logf("%d changes from seed %d on: %d failed, %d rows compared, %v", done, *flagSeed, failed, rows, compared)
	if failed*5 > done || rows == 0 {
		t.Error("too many changes failed: the generator tests too little")
	}
}
