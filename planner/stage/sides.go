package stage

import (
	"slices"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

// switched is each join kind seen from the other side.
var switched = map[plan.JoinKind]plan.JoinKind{
	plan.Inner: plan.Inner, plan.FullOuter: plan.FullOuter, plan.ProbeOuter: plan.BuildOuter, plan.BuildOuter: plan.ProbeOuter,
	plan.ProbeSemi: plan.BuildSemi, plan.BuildSemi: plan.ProbeSemi, plan.ProbeAnti: plan.BuildAnti, plan.BuildAnti: plan.ProbeAnti,
}

// switchSides makes the smaller input of a join its build side, where both are exchanged by key:
//
//	Hash Join                          Hash Join
//	  Read Stage 1 (10 MB, probe)  →     Read Stage 2 (900 MB, probe)
//	  Read Stage 2 (900 MB, build)       Read Stage 1 (10 MB, build)
func (r *replanner) switchSides() {
	for i, s := range r.plan.Stages {
		if !r.ready(i) {
			continue
		}
		found := false
		root := rewrite(s.Root, func(n plan.Node) plan.Node {
			j, ok := n.(*plan.HashJoin)
			if !ok {
				return n
			}
			kind, ok := switched[j.Kind]
			probe, build := r.size(j.Probe), r.size(j.Build)
			if !ok || probe < 0 || build < r.facts.Limits.Switch || build < switchFactor*probe {
				return n
			}
			found = true
			return switchJoin(j, kind)
		})
		if found {
			r.set(i, root)
			r.changed(i, "the sides of a join are switched")
		}
	}
}

// size is how many bytes come from an input that is an exchange by key, and at most narrowed; -1 when that is not known.
func (r *replanner) size(n plan.Node) int64 {
	switch n := n.(type) {
	case *plan.Filter:
		return r.size(n.Input)
	case *plan.Project:
		return r.size(n.Input)
	case *plan.ExchangeRead:
		if o := r.facts.Outputs[n.Stage]; o != nil && n.Kind == plan.Hash && n.All == 0 {
			return o.total()
		}
	}
	return -1
}

// switchJoin is j with its sides switched; the columns that it passes on stay where they are.
func switchJoin(j *plan.HashJoin, kind plan.JoinKind) plan.Node {
	c := *j
	c.Kind = kind
	c.Probe, c.Build, c.ProbeKeys, c.BuildKeys = j.Build, j.Probe, j.BuildKeys, j.ProbeKeys
	c.Filters = nil // of the old build side
	probe, build := len(j.Probe.Fields()), len(j.Build.Fields())
	other := func(i int) int {
		if i < probe {
			return i + build
		}
		return i - probe
	}
	if j.Residual != nil {
		c.Residual = expr.Rewrite(j.Residual, func(e expr.Expr) expr.Expr {
			if ref, ok := e.(*expr.Ref); ok {
				return &expr.Ref{Index: other(ref.Index), Name: ref.Name, Typ: ref.Typ}
			}
			return e
		})
	}
	switch j.Kind {
	case plan.ProbeSemi, plan.ProbeAnti, plan.BuildSemi, plan.BuildAnti:
		return &c // one side's columns, counted as before
	}
	c.Output = slices.Clone(j.Output)
	if j.Output == nil {
		for i := range probe + build {
			c.Output = append(c.Output, i)
		}
	}
	for k, i := range c.Output {
		c.Output[k] = other(i)
	}
	return &c
}
