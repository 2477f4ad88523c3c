package stage_test

import (
	"slices"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
	"github.com/polybolos-db/polybolos/planner/physical"
)

// TestAsOfEquivalence compares the rows of as-of joins as TestEquivalence does.
func TestAsOfEquivalence(t *testing.T) {
	for _, text := range plantest.AsOfQueries {
		t.Run("", func(t *testing.T) {
			for _, c := range []plantest.Catalog{plantest.Small(6, 6, 6), plantest.Small(10, 1000, 100_000), plantest.Small(100_000, 1000, 10)} {
				equivalent(t, c, text, physical.Options{})
				equivalent(t, c, text, physical.Options{Exchange: true, Partitions: 3})
				equivalent(t, c, text, physical.Options{Exchange: true, Partitions: 3, BroadcastRows: -1})
			}
		})
	}
}

// asOf joins as package plan defines it.
func (x *runner) asOf(n *plan.AsOfJoin) (out []values, err error) {
	build, err := x.node(n.Build)
	if err != nil {
		return nil, err
	}
	probe, err := x.node(n.Probe)
	if err != nil {
		return nil, err
	}
	for _, p := range probe {
		var nearest values
		for _, b := range build {
			if meets(n, p, b) && (nearest == nil || (b[n.BuildBound].Int.Cmp(nearest[n.BuildBound].Int) > 0) == (n.Op == expr.Ge || n.Op == expr.Gt)) {
				nearest = b
			}
		}
		if nearest == nil && n.Outer {
			for _, f := range n.Build.Fields() {
				nearest = append(nearest, column.NullValue(f.Type))
			}
		}
		if nearest == nil {
			continue
		}
		r := append(slices.Clone(p), nearest...)
		if n.Output != nil {
			r = pick(r, n.Output)
		}
		out = append(out, r)
	}
	return out, nil
}

// meets reports whether b has p's keys and a bound on the side that n asks for.
func meets(n *plan.AsOfJoin, p, b values) bool {
	for i, k := range n.ProbeKeys {
		v, w := p[k], b[n.BuildKeys[i]]
		if v.Null || w.Null {
			if v.Null != w.Null || n.NullSafe == nil || !n.NullSafe[i] {
				return false
			}
			continue
		}
		if v.String() != w.String() {
			return false
		}
	}
	v, w := p[n.ProbeBound], b[n.BuildBound]
	if v.Null || w.Null {
		return false
	}
	c := v.Int.Cmp(w.Int)
	switch n.Op {
	case expr.Ge:
		return c >= 0
	case expr.Gt:
		return c > 0
	case expr.Le:
		return c <= 0
	}
	return c < 0
}
