package stage_test

import (
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
	"github.com/polybolos-db/polybolos/planner/physical"
)

// TestCheck breaks a good plan in many ways, one at a time.
func TestCheck(t *testing.T) {
	const query = `select a, count(*) from t join u on a = c and b < d where b > 1 group by a having count(*) > 1 order by a limit 3`
	for _, c := range []struct {
		name, message string
		opts          physical.Options
		spoil         func(n plan.Node) bool
	}{
		{name: "reference out of range", message: "refers to column", spoil: func(n plan.Node) bool {
			f, ok := n.(*plan.Filter)
			if ok {
				f.Cond = &expr.IsNull{Arg: &expr.Ref{Index: 9, Name: "x", Typ: column.T(column.Int32)}}
			}
			return ok
		}},
		{name: "reference of another type", message: "its column", spoil: func(n plan.Node) bool {
			f, ok := n.(*plan.Filter)
			if ok {
				f.Cond = &expr.IsNull{Arg: &expr.Ref{Index: 0, Name: "x", Typ: column.T(column.Text)}}
			}
			return ok
		}},
		{name: "condition is no boolean", message: "condition", spoil: func(n plan.Node) bool {
			f, ok := n.(*plan.Filter)
			if ok {
				f.Cond = &expr.Literal{Value: column.IntValue(column.T(column.Int32), 1)}
			}
			return ok
		}},
		{name: "join key out of range", message: "probe key", spoil: func(n plan.Node) bool {
			j, ok := n.(*plan.HashJoin)
			if ok {
				j.ProbeKeys[0] = 7
			}
			return ok
		}},
		{name: "join output", message: "output column", spoil: func(n plan.Node) bool {
			j, ok := n.(*plan.HashJoin)
			if ok {
				j.Output = []int{11}
			}
			return ok
		}},
		{name: "scan column", message: "of a table", spoil: func(n plan.Node) bool {
			s, ok := n.(*plan.Scan)
			if ok {
				s.Columns[0] = -1
			}
			return ok
		}},
		{name: "aggregate argument", message: "argument", spoil: func(n plan.Node) bool {
			a, ok := n.(*plan.Aggregate)
			if ok {
				a.Aggs[0] = kernels.Aggregate{Op: kernels.AggCount, Args: []int{5}, ArgTypes: []column.Type{column.T(column.Int32)}, Result: column.T(column.Int64), Filter: -1}
			}
			return ok
		}},
		{name: "sort key", message: "sort key", spoil: func(n plan.Node) bool {
			s, ok := n.(*plan.Sort)
			if ok {
				s.Keys[0].Column = 4
			}
			return ok
		}},
		{name: "number twice", message: "given twice", spoil: func(n plan.Node) bool {
			s, ok := n.(*plan.Sort)
			if ok {
				s.Input.Meta().ID = s.ID
			}
			return ok
		}},
		{name: "read of a later stage", message: "is not run before", opts: physical.Options{Exchange: true}, spoil: func(n plan.Node) bool {
			r, ok := n.(*plan.ExchangeRead)
			if ok {
				r.Stage = 9
			}
			return ok
		}},
		{name: "read in another way", message: "another way", opts: physical.Options{Exchange: true}, spoil: func(n plan.Node) bool {
			r, ok := n.(*plan.ExchangeRead)
			if ok {
				r.Kind = plan.RoundRobin
			}
			return ok
		}},
		{name: "exchange is left", message: "exchange is left", spoil: func(n plan.Node) bool {
			f, ok := n.(*plan.Filter)
			if ok {
				f.Input = &plan.Exchange{Info: plan.Info{ID: 99}, Input: f.Input}
			}
			return ok
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planned(t, plantest.Small(1000, 1000, 10), query, c.opts)
			done := false
			for _, s := range p.Stages {
				plan.Walk(s.Root, func(n plan.Node) { done = done || c.spoil(n) })
			}
			if !done {
				t.Fatalf("nothing to break in\n%s", plan.Explain(p, nil))
			}
			if err := plan.Check(p); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %v, want %q", err, c.message)
			}
		})
	}
}

// kinds lists the joins of a plan, parents first.
func kinds(p *plan.Plan) []plan.JoinKind {
	var out []plan.JoinKind
	for i := len(p.Stages) - 1; i >= 0; i-- {
		plan.Walk(p.Stages[i].Root, func(n plan.Node) {
			if j, ok := n.(*plan.HashJoin); ok {
				out = append(out, j.Kind)
			}
		})
	}
	return out
}

// TestBuildSides: the smaller side is the build side, whatever the kind of join.
func TestBuildSides(t *testing.T) {
	for _, c := range []struct {
		query        string
		small, large plan.JoinKind // t is the small table, u the large one; and the other way round
	}{
		{`select * from t left join u on a = c`, plan.BuildOuter, plan.ProbeOuter},
		{`select * from t right join u on a = c`, plan.ProbeOuter, plan.BuildOuter},
		{`select * from t full join u on a = c`, plan.FullOuter, plan.FullOuter},
		{`select * from t where exists (select * from u where a = c)`, plan.BuildSemi, plan.ProbeSemi},
		{`select * from t where not exists (select * from u where a = c)`, plan.BuildAnti, plan.ProbeAnti},
		{`select * from t where a not in (select c from u)`, plan.NullAwareAnti, plan.NullAwareAnti},
		{`select a in (select c from u) from t`, plan.Mark, plan.Mark},
		{`select *, (select d from u where a = c) from t`, plan.Single, plan.Single},
	} {
		for i, want := range []plan.JoinKind{c.small, c.large} {
			sizes := []int64{10, 1_000_000}
			p := planned(t, plantest.Small(sizes[i], sizes[1-i], 1), c.query, physical.Options{})
			if got := kinds(p); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %v, want %v\n%s", c.query, got, want, plan.Explain(p, nil))
			}
		}
	}
}

// TestRoundTrip: plans survive their encoding.
func TestRoundTrip(t *testing.T) {
	for _, query := range plantest.Queries {
		for _, opts := range []physical.Options{{}, {Exchange: true, Partitions: 3}} {
			p := planned(t, plantest.Small(10, 1000, 100_000), query, opts)
			encoded, err := plan.Marshal(p)
			if err != nil {
				t.Fatalf("%s\n%s", query, err)
			}
			back, err := plan.Unmarshal(encoded)
			if err != nil {
				t.Fatalf("%s\n%s", query, err)
			}
			if err := plan.Check(back); err != nil {
				t.Errorf("%s\n%s", query, err)
			}
			if got, want := plan.Explain(back, nil), plan.Explain(p, nil); got != want {
				t.Errorf("%s\ngot\n%s\nwant\n%s", query, got, want)
			}
		}
	}
}
