package stage

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

// dropEmpty replaces reads of stages that put out no row by no rows, and what follows from that:
//
//	Hash Join Inner             Values (no rows)
//	  Read Stage 1         →
//	  Read Stage 2 (0 rows)
func (r *replanner) dropEmpty() {
	for i, s := range r.plan.Stages {
		if !r.concerned(i) || !slices.ContainsFunc(r.facts.Reads[i], r.empty) {
			continue
		}
		found := false
		root := rewrite(s.Root, func(n plan.Node) plan.Node {
			if e, ok := n.(*plan.ExchangeRead); ok {
				if r.empty(e.Stage) {
					found = true
					return none(n)
				}
			}
			return withoutEmpty(n)
		})
		if !found {
			continue
		}
		s := r.set(i, root)
		if !spread(s) {
			s.Tasks, s.Shares = 1, nil
		}
		if !isNone(root) {
			r.changed(i, "what reads nothing is left out")
			continue
		}
		r.changed(i, "has no rows")
		if i < len(r.plan.Stages)-1 {
			// Its readers are open, too, and need not wait for it.
			r.facts.Outputs[i] = &Output{Bytes: make([]int64, max(1, s.Output.Partitions))}
			r.skip[i], r.news[i] = true, true
		}
	}
}

// empty reports whether a stage is known to have put out no row.
func (r *replanner) empty(stage int) bool {
	o := r.facts.Outputs[stage]
	return o != nil && o.Rows == 0
}

// spread reports whether the rows of a stage are spread over its tasks.
func spread(s *plan.Stage) bool {
	found := false
	plan.Walk(s.Root, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.Scan:
			found = true
		case *plan.ExchangeRead:
			found = found || partitioned(n)
		}
	})
	return found
}

// none is no rows of n's columns.
func none(n plan.Node) plan.Node {
	return &plan.Values{Info: plan.Info{ID: n.Meta().ID}, Out: n.Fields()}
}

func isNone(n plan.Node) bool {
	v, ok := n.(*plan.Values)
	return ok && len(v.Rows) == 0
}

// withoutEmpty is n, whose inputs may have no rows, or what is left of it.
func withoutEmpty(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Filter, *plan.Project, *plan.Sort, *plan.Limit, *plan.DistinctOn, *plan.Unnest, *plan.Window:
		if isNone(n.Inputs()[0]) {
			return none(n)
		}
	case *plan.Aggregate:
		if isNone(n.Input) && (len(n.Keys) > 0 && n.Sets == nil || n.Mode == plan.AggPartial) {
			return none(n)
		}
	case *plan.HashJoin:
		return joinWithoutEmpty(n, n.Kind, n.Probe, n.Build, n.Output)
	case *plan.NestedLoopJoin:
		return joinWithoutEmpty(n, n.Kind, n.Probe, n.Build, n.Output)
	case *plan.Union:
		var in []plan.Node
		for _, x := range n.In {
			if !isNone(x) {
				in = append(in, x)
			}
		}
		switch {
		case len(in) == 0:
			return none(n)
		case len(in) < len(n.In):
			n.In = in
		}
	case *plan.SetOp:
		if isNone(n.Left) || n.Kind == plan.Intersect && isNone(n.Right) {
			return none(n)
		}
	}
	return n
}

func joinWithoutEmpty(n plan.Node, kind plan.JoinKind, probe, build plan.Node, output []int) plan.Node {
	p, b := isNone(probe), isNone(build)
	switch kind {
	case plan.Inner, plan.ProbeSemi, plan.BuildSemi:
		if p || b {
			return none(n)
		}
	case plan.ProbeAnti, plan.NullAwareAnti:
		if p {
			return none(n)
		}
		if b {
			return passed(n, probe, output)
		}
	case plan.BuildAnti:
		if b {
			return none(n)
		}
		if p {
			return passed(n, build, output)
		}
	case plan.ProbeOuter, plan.Single, plan.Mark:
		if p {
			return none(n)
		}
	case plan.BuildOuter:
		if b {
			return none(n)
		}
	case plan.FullOuter:
		if p && b {
			return none(n)
		}
	}
	return n
}

// passed is the columns of in that n passes on, all of them when output is nil.
func passed(n, in plan.Node, output []int) plan.Node {
	fields := in.Fields()
	if output == nil {
		for i := range fields {
			output = append(output, i)
		}
	}
	out := &plan.Project{Info: plan.Info{ID: n.Meta().ID, Rows: in.Meta().Rows}, Input: in, Exprs: []expr.Expr{}, Out: []column.Field{}}
	for k, i := range output {
		out.Exprs = append(out.Exprs, &expr.Ref{Index: i, Name: fields[i].Name, Typ: fields[i].Type})
		out.Out = append(out.Out, n.Fields()[k])
	}
	return out
}
