package optimize

import (
	"slices"

	"github.com/polybolos-db/polybolos/planner/logical"
)

// pushLimits moves limits below projections, so that they meet the sort that they belong to, and lets scans and the inputs of unions stop early:
//
//	Limit 10                         →     Project [x: f(a)]
//	  Project [x: f(a)]                      Limit 10
//	    Sort by a                              Sort by a
func pushLimits(o *optimizer, n logical.Node) (logical.Node, error) {
	if l, ok := n.(*logical.Limit); ok {
		n = pushLimit(l)
	}
	return logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return pushLimits(o, c) })
}

func pushLimit(l *logical.Limit) logical.Node {
	enough := int64(-1)
	if l.Count >= 0 && l.Count+l.Offset >= l.Count {
		enough = l.Count + l.Offset
	}
	switch in := l.Input.(type) {
	case *logical.Project:
		if !slices.ContainsFunc(in.Exprs, logical.IsVolatile) {
			return &logical.Project{Input: &logical.Limit{Input: in.Input, Count: l.Count, Offset: l.Offset}, Cols: in.Cols, Exprs: in.Exprs}
		}
	case *logical.Limit:
		if in.Count < 0 && in.Offset == 0 {
			return &logical.Limit{Input: in.Input, Count: l.Count, Offset: l.Offset}
		}
		if l.Offset == 0 && l.Count >= 0 && (in.Count < 0 || l.Count < in.Count) {
			return &logical.Limit{Input: in.Input, Count: l.Count, Offset: in.Offset}
		}
	case *logical.Scan:
		if enough >= 0 && (in.Limit < 0 || in.Limit > enough) {
			c := *in
			c.Limit = enough
			return &logical.Limit{Input: &c, Count: l.Count, Offset: l.Offset}
		}
	case *logical.SetOp:
		if enough >= 0 && in.Kind == logical.Union && in.All && !slices.ContainsFunc(in.In, limited) {
			c := *in
			c.In = make([]logical.Node, len(in.In))
			for i, b := range in.In {
				c.In[i] = &logical.Limit{Input: b, Count: enough}
			}
			return &logical.Limit{Input: &c, Count: l.Count, Offset: l.Offset}
		}
	case *logical.Join:
		// Every left row comes out at least once.
		if enough >= 0 && (in.Kind == logical.Left || in.Kind == logical.Mark || in.Kind == logical.Single) && !limited(in.Left) {
			c := *in
			c.Left = &logical.Limit{Input: in.Left, Count: enough}
			return &logical.Limit{Input: &c, Count: l.Count, Offset: l.Offset}
		}
	}
	return l
}

func limited(n logical.Node) bool { _, ok := n.(*logical.Limit); return ok }
