package stage_test

import (
	"testing"

	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
	"github.com/polybolos-db/polybolos/planner/physical"
)

// TestSharedByKeys: a shared subplan is spread by the keys of an aggregation that reads it, which then needs no exchange of its own.
func TestSharedByKeys(t *testing.T) {
	for _, test := range []struct {
		query string
		kind  plan.ExchangeKind // of the shared subplan
	}{
		{`with x as materialized (select c, d, u.k from u join v on d = e) select * from (select c, sum(d) as s from x group by c) y where s > (select sum(k) from x)`, plan.Hash},
		{`with x as materialized (select c, d, u.k from u join v on d = e) select * from (select d, c, max(k) as s from x where k > 1 group by d, c) y where s > (select sum(k) from x)`, plan.Hash},
		{`with x as materialized (select c, d, u.k from u join v on d = e) select * from (select c + 1 as e, sum(d) as s from x group by c + 1) y where s > (select sum(k) from x)`, plan.RoundRobin},
		{`with x as materialized (select c, d, u.k from u join v on d = e) select * from x where k > (select sum(k) from x)`, plan.RoundRobin},
	} {
		c := plantest.Small(10, 1_000_000, 500_000)
		opts := physical.Options{Exchange: true, Partitions: 3}
		p := planned(t, c, test.query, opts)
		readers := map[int]int{}
		for _, s := range p.Stages {
			plan.Walk(s.Root, func(n plan.Node) {
				if e, ok := n.(*plan.ExchangeRead); ok {
					readers[e.Stage]++
				}
			})
		}
		found := false
		for _, s := range p.Stages {
			if readers[s.ID] == 2 {
				found = true
				if s.Output.Kind != test.kind {
					t.Errorf("%s: the shared stage %d has kind %v, want %v\n%s", test.query, s.ID, s.Output.Kind, test.kind, plan.Explain(p, nil))
				}
			}
		}
		if !found {
			t.Errorf("%s: no stage is shared\n%s", test.query, plan.Explain(p, nil))
		}
		equivalent(t, c, test.query, opts)
	}
}
