package physical

import (
	"slices"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/optimize/estimate"
)

// sentOnce is how many rows of each value a task is to have so that it looks for those that repeat before it sends them: to find a row in a table of all values costs about a
// third of sending, reading and joining it.
const sentOnce = 3

// sendOnce has semi and anti joins send each row once, as far as a task has it several times, of the side that is only asked whether it has a row:
//
//	HashJoin anti o_custkey = c_custkey         HashJoin anti o_custkey = c_custkey
//	  Exchange hash o_custkey                     Exchange hash o_custkey
//	    Scan orders                        →        Aggregate partial by o_custkey
//	  Exchange hash c_custkey                         Scan orders
//	    Scan customer                             Exchange hash c_custkey
//	                                                Scan customer
func (p *planner) sendOnce(n *plan.HashJoin) {
	side, keys := n.Build, n.BuildKeys
	switch n.Kind {
	case plan.ProbeSemi, plan.ProbeAnti:
	case plan.BuildSemi, plan.BuildAnti:
		side, keys = n.Probe, n.ProbeKeys
	default:
		return
	}
	e, ok := side.(*plan.Exchange)
	if !ok {
		return
	}
	fields := e.Input.Fields()
	for i := range fields {
		if !slices.Contains(keys, i) {
			return // it is needed for what else is asked of a pair
		}
	}
	values, tasks := p.asked[n], float64(p.opts.Partitions)
	if e.Input.Meta().Rows < sentOnce*values*tasks {
		return
	}
	e.Input = &plan.Aggregate{Info: plan.Info{Rows: values}, Input: e.Input, Mode: plan.AggPartial, Keys: positions(len(fields)), Out: fields}
	e.Rows = min(e.Rows, values*tasks)
}

// asked is how many values of the keys the side of a semi or anti join has that is only asked for them: the right one.
func (j *joining) asked(p *planner) float64 {
	switch j.kind {
	case plan.ProbeSemi, plan.ProbeAnti, plan.BuildSemi, plan.BuildAnti:
	default:
		return 0
	}
	keys := make([]expr.Expr, len(j.keys))
	for i, k := range j.keys {
		if keys[i] = k.build; j.buildLeft {
			keys[i] = k.probe
		}
	}
	return estimate.Groups(keys, p.est.Of(j.n.Right))
}
