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
	"github.com/polybolos-db/polybolos/planner/stage"
)

// tight limits have a few rows, which count as a byte each, change a plan in every way.
var tight = []stage.Limits{
	{Task: 4, Skew: 1 << 40, Broadcast: 1, Switch: 1},
	{Task: 1, Skew: 2, Broadcast: 1, Switch: 1 << 40},
	{Task: 2, Skew: 3, Broadcast: 1000, Switch: 1 << 40},
}

// readsOf are the stages that each stage reads.
func readsOf(p *plan.Plan) [][]int {
	out := make([][]int, len(p.Stages))
	for i, s := range p.Stages {
		plan.Walk(s.Root, func(n plan.Node) {
			if e, ok := n.(*plan.ExchangeRead); ok && !slices.Contains(out[i], e.Stage) {
				out[i] = append(out[i], e.Stage)
			}
		})
	}
	return out
}

// adapt runs a plan that is made anew after every stage.
func adapt(x *runner, p *plan.Plan, l stage.Limits, seen map[string]int) ([]values, error) {
	outputs := make([]*stage.Output, len(p.Stages))
	x.replan = func(i int) error {
		o := &stage.Output{}
		for _, rows := range x.out[i] {
			o.Rows += int64(len(rows))
			o.Bytes = append(o.Bytes, int64(len(rows)))
		}
		outputs[i] = o
		open := make([]bool, len(p.Stages))
		for k := i + 1; k < len(open); k++ {
			open[k] = true
		}
		next, skip, changes, err := stage.Replan(x.plan, stage.Facts{Outputs: outputs, Open: open, Skipped: x.skip, New: i, Reads: readsOf(x.plan), Limits: l})
		if err != nil {
			return err
		}
		x.plan, x.skip = next, skip
		for _, c := range changes {
			seen[strings.Trim(c.What, "0123456789 ")[:8]]++
		}
		return nil
	}
	return x.run(p)
}

// TestReplannedPlansMeanTheSame compares the rows of plans that change while they run with what the query means.
func TestReplannedPlansMeanTheSame(t *testing.T) {
	seen := map[string]int{}
	queries := slices.Clone(plantest.Queries)
	n := 120
	if testing.Short() {
		n = 40
	}
	for i := range n {
		queries = append(queries, plantest.Query(rand.New(rand.NewPCG(uint64(i), 5))))
	}
	for i, text := range queries {
		c := []plantest.Catalog{plantest.Small(6, 6, 6), plantest.Small(10, 1000, 100_000), plantest.Small(100_000, 1000, 10)}[i%3]
		b := plantest.Bind(t, c, text)
		p := planned(t, c, text, physical.Options{Exchange: true, Partitions: 3, BroadcastRows: -1})
		for seed := range rounds {
			data := plantest.Random(rand.New(rand.NewPCG(uint64(seed), 2)), c)
			want, err := (&plantest.Interpreter{Data: data}).Rows(b.Plan, false)
			if err != nil {
				continue
			}
			x := &runner{data: data}
			rows, err := adapt(x, p, tight[seed%len(tight)], seen)
			var got []string
			for _, r := range rows {
				got = append(got, whole(r))
			}
			slices.Sort(got)
			open := strings.Contains(text, "limit 3 offset 1")
			if err != nil && errors.Is(err, plantest.ErrTwoRows) {
				continue
			}
			if err != nil || !open && !slices.Equal(got, want) || len(got) != len(want) {
				t.Fatalf("%s\nseed %d: got %v %v\nwant %v\ndata %v\n%s\nfrom\n%s", text, seed, got, err, want, data, plan.Explain(x.plan, nil), plan.Explain(p, nil))
			}
		}
	}
	t.Log(seen)
	for _, what := range []string{"has no r", "the side", "reads al", "what rea", "left out", "partitio", "tasks in"} {
		if seen[what] == 0 {
			t.Errorf("no plan was changed so that %s…", what)
		}
	}
}
