package physical

import (
	"slices"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

// A runtime filter pays when it drops rows: a test costs about a fifth of what it saves to carry a row to its join. Builds beyond maxFilterBuild
// rows make filters that do not fit a cache any more.
const (
	maxFilterBuild = 20_000_000
	filterShare    = 0.8 // of the probe rows that are expected to pass, at most
)

// runtimeFilters gives joins whose unmatched probe rows vanish a filter for each key that is a scan's column in the same stage.
//
//	HashJoin l_partkey = p_partkey            HashJoin … makes filter 1 of p_partkey
//	  Scan lineitem                     →       Scan lineitem, filter 1 on l_partkey
//	  Scan part where p_size = 15               Scan part where p_size = 15
func (p *planner) runtimeFilters(n plan.Node) {
	plan.Walk(n, func(n plan.Node) {
		j, ok := n.(*plan.HashJoin)
		if !ok {
			return
		}
		switch j.Kind {
		case plan.Inner, plan.ProbeSemi, plan.BuildOuter, plan.BuildSemi, plan.BuildAnti:
		default:
			return
		}
		if j.Build.Meta().Rows > maxFilterBuild {
			return
		}
		for k, at := range j.ProbeKeys {
			if !p.rare[j][k] || j.NullSafe != nil && j.NullSafe[k] {
				continue
			}
			scans := trace(j.Probe, at, nil)
			if len(scans) == 0 {
				continue
			}
			p.filters++
			j.Filters = append(j.Filters, plan.RuntimeFilterDef{Filter: p.filters, Key: k})
			for _, s := range scans {
				s.scan.Runtime = append(s.scan.Runtime, plan.RuntimeFilterUse{Filter: p.filters, Column: s.column})
			}
		}
	})
}

type scanColumn struct {
	scan   *plan.Scan
	column int // position in Scan.Columns
}

// trace finds the scans of this stage from which column at of n comes unchanged, where dropping rows early drops just those of n that
// have the value.
func trace(n plan.Node, at int, found []scanColumn) []scanColumn {
	switch n := n.(type) {
	case *plan.Scan:
		if n.Limit >= 0 {
			return found
		}
		if n.Output != nil {
			at = n.Output[at]
		}
		return append(found, scanColumn{n, at})
	case *plan.Filter:
		return trace(n.Input, at, found)
	case *plan.Project:
		if r, ok := n.Exprs[at].(*expr.Ref); ok {
			return trace(n.Input, r.Index, found)
		}
	case *plan.Aggregate:
		if n.Sets == nil && at < len(n.Keys) {
			return trace(n.Input, n.Keys[at], found)
		}
	case *plan.Sort:
		if n.Count < 0 && n.Offset == 0 {
			return trace(n.Input, at, found)
		}
	case *plan.DistinctOn:
		if slices.Contains(n.Keys, at) {
			return trace(n.Input, at, found)
		}
	case *plan.Unnest:
		if at < len(n.Keep) {
			return trace(n.Input, n.Keep[at], found)
		}
	case *plan.Window:
		if slices.Contains(n.Partition, at) {
			return trace(n.Input, at, found)
		}
	case *plan.Union:
		for _, in := range n.In {
			found = trace(in, at, found)
		}
	case *plan.HashJoin:
		return traceJoin(n.Kind, n.Probe, n.Build, n.Output, at, found)
	case *plan.NestedLoopJoin:
		return traceJoin(n.Kind, n.Probe, n.Build, n.Output, at, found)
	}
	return found
}

func traceJoin(kind plan.JoinKind, probe, build plan.Node, output []int, at int, found []scanColumn) []scanColumn {
	if output != nil {
		at = output[at]
	}
	width := len(probe.Fields())
	switch kind {
	case plan.Inner:
		if at >= width {
			return trace(build, at-width, found)
		}
		return trace(probe, at, found)
	case plan.ProbeOuter, plan.ProbeSemi, plan.ProbeAnti, plan.Mark, plan.Single:
		if at < width {
			return trace(probe, at, found)
		}
	case plan.BuildOuter:
		if at >= width {
			return trace(build, at-width, found)
		}
	case plan.BuildSemi, plan.BuildAnti:
		return trace(build, at, found)
	}
	return found
}
