package stage_test

import (
	"testing"

	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
	"github.com/polybolos-db/polybolos/planner/physical"
)

// TestSentOnce: the side of a semi or anti join that is only asked whether it has a row is sent without rows that repeat, where many are expected to and nothing else is asked.
func TestSentOnce(t *testing.T) {
	c := plantest.Small(20_000, 1_000_000, 10)
	for _, test := range []struct {
		query      string
		partitions int
		want       int // partial aggregations
	}{
		{`select * from t where exists (select * from u where a = c)`, 2, 1},
		{`select * from t where not exists (select * from u where a = c)`, 2, 1},
		{`select * from u where c in (select a from t)`, 2, 1},
		{`select * from u where not exists (select * from t where a = c)`, 2, 1},
		{`select * from t where exists (select * from u where a = c and b = d)`, 2, 0}, // two keys have too many values
		{`select * from t where exists (select * from u where a = c and b < d)`, 2, 0}, // it is not only asked for keys
		{`select * from t where k in (select k from v)`, 2, 0},                         // it is small
		{`select * from t where exists (select * from u where a = c)`, 16, 0},          // a task has few rows of each value
		{`select t.a, u.d from t join u on a = c`, 2, 0},
	} {
		opts := physical.Options{Exchange: true, Partitions: test.partitions, BroadcastRows: -1}
		p := planned(t, c, test.query, opts)
		got := 0
		for _, s := range p.Stages {
			plan.Walk(s.Root, func(n plan.Node) {
				if a, ok := n.(*plan.Aggregate); ok && a.Mode == plan.AggPartial {
					got++
				}
			})
		}
		if got != test.want {
			t.Errorf("%s in %d tasks: %d partial aggregations, want %d\n%s", test.query, test.partitions, got, test.want, plan.Explain(p, nil))
		}
		equivalent(t, c, test.query, opts)
	}
}
