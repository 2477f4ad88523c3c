package optimize_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
)

// same checks that optimization leaves the rows of a query as they are, on random tables; some rules may be left out.
func same(t *testing.T, text string, rounds int, disabled ...string) {
	t.Helper()
	sameOver(t, plantest.Small(6, 6, 6), text, rounds, disabled...)
}

// sameOver is same over tables with other statistics, which have rules take other ways.
func sameOver(t *testing.T, c plantest.Catalog, text string, rounds int, disabled ...string) {
	t.Helper()
	b := plantest.Bind(t, c, text)
	before := b.Plan
	var trace strings.Builder
	after, err := optimize.Optimize(context.Background(), before, b.IDs, optimize.Options{Disabled: disabled, Trace: func(rule string, n logical.Node) {
		fmt.Fprintf(&trace, "-- %s\n%s", rule, logical.Format(n))
	}})
	if err != nil {
		t.Errorf("%s\n%s\n%s%s", text, err, logical.Format(before), trace.String())
		return
	}
	ordered := strings.Contains(text, "order by") && !strings.Contains(text, "(select")
	compared := 0
	var last error
	for seed := range rounds {
		x := &plantest.Interpreter{Data: plantest.Random(rand.New(rand.NewPCG(uint64(seed), 1)), c)}
		want, err1 := x.Rows(before, ordered)
		got, err2 := x.Rows(after, ordered)
		if err1 != nil && (err2 != nil || errors.Is(err1, plantest.ErrTwoRows)) {
			last = err1
			continue
		}
		if err2 != nil || !slices.Equal(got, want) {
			t.Errorf("%s\nseed %d: got %v %v\nwant %v\ndata %v\n-- before\n%s%s", text, seed, got, err2, want, x.Data, logical.Format(before), trace.String())
			return
		}
		compared++
	}
	if compared < rounds/4 {
		t.Errorf("%s\nonly %d of %d rounds gave rows to compare: %v", text, compared, rounds, last)
	}
}

const rounds = 60

// TestEquivalence runs every query before and after optimization.
func TestEquivalence(t *testing.T) {
	for _, q := range plantest.Queries {
		t.Run("", func(t *testing.T) { same(t, q, rounds) })
	}
}

// TestAsOfEquivalence does the same for as-of joins.
func TestAsOfEquivalence(t *testing.T) {
	for _, q := range plantest.AsOfQueries {
		t.Run("", func(t *testing.T) { same(t, q, rounds) })
	}
}
