package stage_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
	"github.com/polybolos-db/polybolos/planner/physical"
)

const rounds = 8

// TestEquivalence compares the rows that physical plans give, in one task and over exchanges, with what the query means. The tables' sizes
// that the planner believes vary, so that each join has its turn with either side as its build side.
func TestEquivalence(t *testing.T) {
	for _, text := range plantest.Queries {
		t.Run("", func(t *testing.T) {
			for _, c := range []plantest.Catalog{plantest.Small(6, 6, 6), plantest.Small(10, 1000, 100_000), plantest.Small(100_000, 1000, 10)} {
				equivalent(t, c, text, physical.Options{})
				equivalent(t, c, text, physical.Options{Exchange: true, Partitions: 3})
				equivalent(t, c, text, physical.Options{Exchange: true, Partitions: 3, BroadcastRows: -1})
			}
		})
	}
}

// TestRandomQueries does the same for queries that nobody thought of.
func TestRandomQueries(t *testing.T) {
	queries := 200
	if testing.Short() {
		queries = 50
	}
	for i := range queries {
		text := plantest.Query(rand.New(rand.NewPCG(uint64(i), 4)))
		c := []plantest.Catalog{plantest.Small(6, 6, 6), plantest.Small(10, 1000, 100_000), plantest.Small(100_000, 1000, 10)}[i%3]
		opts := []physical.Options{{}, {Exchange: true, Partitions: 3}, {Exchange: true, Partitions: 3, BroadcastRows: -1}}[i/3%3]
		equivalent(t, c, text, opts)
	}
}

func equivalent(t *testing.T, c plantest.Catalog, text string, opts physical.Options) {
	t.Helper()
	b := plantest.Bind(t, c, text)
	p := planned(t, c, text, opts)
	compared := 0
	var last error
	for seed := range rounds {
		data := plantest.Random(rand.New(rand.NewPCG(uint64(seed), 2)), c)
		want, err := (&plantest.Interpreter{Data: data}).Rows(b.Plan, false)
		if last = err; err != nil {
			continue
		}
		// Which rows a LIMIT without a full order takes is open; how many is not.
		rows, err := (&runner{data: data}).run(p)
		var got []string
		for _, r := range rows {
			got = append(got, whole(r))
		}
		slices.Sort(got)
		open := strings.Contains(text, "limit 3 offset 1")
		if err != nil || !open && !slices.Equal(got, want) || len(got) != len(want) {
			t.Fatalf("%s\nseed %d: got %v %v\nwant %v\ndata %v\n%s", text, seed, got, err, want, data, plan.Explain(p, nil))
		}
		compared++
	}
	if compared < rounds/4 && !errors.Is(last, plantest.ErrTwoRows) {
		t.Errorf("%s\nonly %d of %d rounds gave rows to compare: %v", text, compared, rounds, last)
	}
}
