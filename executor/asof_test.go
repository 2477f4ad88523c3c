package executor

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

// An as-of join gives the same bounds wherever the build rows lie.
func TestSpilledAsOfJoinsAgreeWithThoseInMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 44))
	var types []column.Type
	for _, x := range columntest.Types() {
		if x.Kind != column.Null {
			types = append(types, x)
		}
	}
	for round := range 40 {
		a := mem.NewArena(nil)
		bound := types[round%len(types)]
		sides := []column.Type{bigint, bound}
		probe, build := randomNode(r, a, append(sides[:2:2], columntest.NestedTypes()[round%3]), 3, 200), randomNode(r, a, sides, 6, 200)
		n := &plan.AsOfJoin{Probe: probe, Build: build, ProbeKeys: []int{0}, BuildKeys: []int{0}, ProbeBound: 1, BuildBound: 1,
			Op: []expr.CompareOp{expr.Ge, expr.Gt, expr.Le, expr.Lt}[round%4], Outer: round%2 == 0,
			Out: append(probe.Fields()[:3:3], build.Fields()...)}
		if round%3 == 0 {
			n.ProbeKeys, n.BuildKeys = nil, nil
		}
		// Of build rows with equal keys and bounds any may be the partner: their key and bound are compared, not what else they have.
		want, _, err := collect(t, taskOf(n, 2))
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("round %d, %v", round, bound)
		for way, task := range ways(n, 1+round%3) {
			got, _, err := collect(t, task)
			if err != nil {
				t.Fatal(err)
			}
			if n.ProbeKeys == nil {
				// The build key of a partner is any of those with the same bound.
				cut := func(rows [][]column.Value) (out [][]column.Value) {
					for _, x := range rows {
						out = append(out, append(x[:3:3], x[4:]...))
					}
					return out
				}
				sameRows(t, name+", "+way, cut(got), cut(want))
				continue
			}
			sameRows(t, name+", "+way, got, want)
		}
		a.Free()
	}
}

// The right side of an as-of join under limits that it does not fit, or that have it moved to a file when it is sealed.
func TestAnAsOfJoinUnderALimitSpillsItsRightSide(t *testing.T) {
	const rows = 60_000
	fields := []column.Field{{Name: "k", Type: bigint}, {Name: "b", Type: bigint}}
	side := func(id int, by int64) plan.Node {
		return &plan.Project{Info: plan.Info{ID: id}, Input: series(id+1, 1, rows, 1), Out: fields,
			Exprs: []expr.Expr{mustCall(t, "%", ref(0), literal(50)), mustCall(t, "%", mustCall(t, "*", ref(0), literal(by)), literal(1_000_003))}}
	}
	n := &plan.AsOfJoin{Info: plan.Info{ID: 9}, Probe: side(1, 7919), Build: side(5, 104729), ProbeKeys: []int{0}, BuildKeys: []int{0}, ProbeBound: 1, BuildBound: 1, Op: expr.Ge,
		Out: append(fields[:2:2], fields...)}
	want, _, err := collect(t, taskOf(n, 2))
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int64{2 << 20, 4 << 20, 6 << 20} {
		task := taskOf(n, 2)
		task.Budget, task.Measure = mem.NewBudget("query", limit, nil), true
		got, stats, err := collect(t, task)
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, fmt.Sprint(limit), got, want)
		if task.Budget.Peak() > limit || task.Budget.Used() != 0 {
			t.Errorf("limit %d: peak %d, left %d", limit, task.Budget.Peak(), task.Budget.Used())
		}
		t.Log(limit, stats[9].Detail, task.Budget.Peak())
	}
}
