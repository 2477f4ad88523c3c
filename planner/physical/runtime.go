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
			if scans := trace(j.Probe, at, nil); len(scans) > 0 {
				j.Filters = append(j.Filters, plan.RuntimeFilterDef{Filter: p.newFilter(scans), Key: k})
			}
			if e, column := source(j.Build, j.BuildKeys[k]); e != nil {
				if scans := traceBeyond(j.Probe, at, nil); len(scans) > 0 {
					p.stageFilter(e, column, scans)
				}
			}
		}
	})
}

// source is the exchange from whose column the values of column at of a build side come; nil when they come from several, or from none.
func source(n plan.Node, at int) (*plan.Exchange, int) {
	if e, ok := n.(*plan.Exchange); ok {
		return e, at
	}
	if list := steps(n, at); len(list) == 1 {
		return source(list[0].node, list[0].column)
	}
	return nil, 0
}

// stageFilter has scans use the filter of an exchange's column, which is made once however many joins want it.
func (p *planner) stageFilter(e *plan.Exchange, column int, scans []scanColumn) {
	for _, f := range e.Filters {
		if f.Column != column {
			continue
		}
		for _, s := range scans {
			if use := (plan.RuntimeFilterUse{Filter: f.Filter, Column: s.column}); !slices.Contains(s.scan.Runtime, use) {
				s.scan.Runtime = append(s.scan.Runtime, use)
			}
		}
		return
	}
	e.Filters = append(e.Filters, plan.StageFilter{Filter: p.newFilter(scans), Column: column, Keys: int64(e.Input.Meta().Rows)})
}

// newFilter numbers a filter and has scans use it.
func (p *planner) newFilter(scans []scanColumn) int {
	p.filters++
	for _, s := range scans {
		s.scan.Runtime = append(s.scan.Runtime, plan.RuntimeFilterUse{Filter: p.filters, Column: s.column})
	}
	return p.filters
}

// traceBeyond is trace for the scans of other stages, which start after the build side's stage is complete:
//
//	HashJoin l_partkey = p_partkey            HashJoin …
//	  Exchange hash l_partkey                   Exchange hash l_partkey
//	    Scan lineitem                    →        Scan lineitem, filter 1 on l_partkey
//	  Exchange hash p_partkey                   Exchange hash p_partkey, makes filter 1 of p_partkey
//	    Scan part where p_size = 15               Scan part where p_size = 15
func traceBeyond(n plan.Node, at int, found []scanColumn) []scanColumn {
	plan.Walk(n, func(below plan.Node) {
		e, ok := below.(*plan.Exchange)
		if !ok {
			return
		}
		// The column must come unchanged from the exchange to the join, and from the scan to the exchange.
		column, ok := position(n, at, e)
		if !ok {
			return
		}
		found = trace(e.Input, column, found)
	})
	return found
}

// position is the column of the exchange e, which is below n in its stage or in another, that column at of n is; false when it is none, or when rows
// that are missing in e change others of n.
func position(n plan.Node, at int, e *plan.Exchange) (int, bool) {
	if n == plan.Node(e) {
		return at, true
	}
	if x, ok := n.(*plan.Exchange); ok {
		return position(x.Input, at, e)
	}
	for _, s := range steps(n, at) {
		if column, ok := position(s.node, s.column, e); ok {
			return column, true
		}
	}
	return 0, false
}

type scanColumn struct {
	scan   *plan.Scan
	column int // position in Scan.Columns
}

// trace finds the scans of this stage from which column at of n comes unchanged, where dropping rows early drops just those of n that
// have the value.
func trace(n plan.Node, at int, found []scanColumn) []scanColumn {
	if n, ok := n.(*plan.Scan); ok {
		if n.Limit >= 0 {
			return found
		}
		if n.Output != nil {
			at = n.Output[at]
		}
		return append(found, scanColumn{n, at})
	}
	for _, s := range steps(n, at) {
		found = trace(s.node, s.column, found)
	}
	return found
}

// step is a column of an input.
type step struct {
	node   plan.Node
	column int
}

// steps are the columns of n's inputs from which column at of n comes unchanged, where dropping rows of the input drops just those of n that have the value.
func steps(n plan.Node, at int) []step {
	switch n := n.(type) {
	case *plan.Filter:
		return []step{{n.Input, at}}
	case *plan.Project:
		if r, ok := n.Exprs[at].(*expr.Ref); ok {
			return []step{{n.Input, r.Index}}
		}
	case *plan.Aggregate:
		if n.Sets == nil && at < len(n.Keys) {
			return []step{{n.Input, n.Keys[at]}}
		}
	case *plan.Sort:
		if n.Count < 0 && n.Offset == 0 {
			return []step{{n.Input, at}}
		}
	case *plan.DistinctOn:
		if slices.Contains(n.Keys, at) {
			return []step{{n.Input, at}}
		}
	case *plan.Unnest:
		if at < len(n.Keep) {
			return []step{{n.Input, n.Keep[at]}}
		}
	case *plan.Window:
		if slices.Contains(n.Partition, at) {
			return []step{{n.Input, at}}
		}
	case *plan.Union:
		var out []step
		for _, in := range n.In {
			out = append(out, step{in, at})
		}
		return out
	case *plan.HashJoin:
		return joinSteps(n.Kind, n.Probe, n.Build, n.Output, at)
	case *plan.NestedLoopJoin:
		return joinSteps(n.Kind, n.Probe, n.Build, n.Output, at)
	}
	return nil
}

func joinSteps(kind plan.JoinKind, probe, build plan.Node, output []int, at int) []step {
	if output != nil {
		at = output[at]
	}
	width := len(probe.Fields())
	switch kind {
	case plan.Inner:
		if at >= width {
			return []step{{build, at - width}}
		}
		return []step{{probe, at}}
	case plan.ProbeOuter, plan.ProbeSemi, plan.ProbeAnti, plan.Mark, plan.Single:
		if at < width {
			return []step{{probe, at}}
		}
	case plan.BuildOuter:
		if at >= width {
			return []step{{build, at - width}}
		}
	case plan.BuildSemi, plan.BuildAnti:
		return []step{{build, at}}
	}
	return nil
}
