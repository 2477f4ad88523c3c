package optimize_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
)

// No rule relies on another one that can be left out.
func TestEquivalenceWithRulesDisabled(t *testing.T) {
	const rounds = 8
	rules := optimize.Rules()
	if len(rules) < 5 {
		t.Fatalf("only %v can be left out", rules)
	}
	sets := [][]string{rules}
	for _, r := range rules {
		sets = append(sets, []string{r})
	}
	for i, q := range plantest.Queries {
		same(t, q, rounds, sets[0]...)
		same(t, q, rounds, sets[1+i%len(rules)]...)
	}
}

// A disabled rule does not run, and the ones that a plan needs run in any case.
func TestDisabledRulesDoNotRun(t *testing.T) {
	b := plantest.Bind(t, plantest.Small(6, 6, 6), "select a from t where exists (select * from u where c = a)")
	var ran []string
	_, err := optimize.Optimize(context.Background(), b.Plan, b.IDs, optimize.Options{
		Disabled: append(optimize.Rules(), "unnest_subqueries"),
		Trace:    func(rule string, _ logical.Node) { ran = append(ran, rule) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(ran, "unnest subqueries") {
		t.Errorf("ran %v: subqueries are not unnested", ran)
	}
	for _, r := range ran {
		if slices.Contains(optimize.Rules(), strings.ReplaceAll(r, " ", "_")) {
			t.Errorf("%s ran", r)
		}
	}
}
