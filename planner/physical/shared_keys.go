package physical

import (
	"slices"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

// leastSharedGroups is how many groups an aggregation must be expected to have for a shared subplan to be spread by its keys: fewer would not keep all tasks of other readers
// equally busy, and cost little to send.
const leastSharedGroups = 1 << 14

// keysOfShared finds shared subplans that an aggregation groups, and the columns by which it does. Their rows are sent to tasks by these columns instead of in turn, which costs
// the same, and the aggregation needs no exchange of its own:
//
//	Aggregate final by k                         Aggregate by k
//	  Exchange hash k                              Shared 0 (hash k)
//	    Aggregate partial by k             →
//	      Shared 0 (round robin)
func (p *planner) keysOfShared(root plan.Node) map[int][]int {
	found := map[int][]int{}
	visit := func(n plan.Node) {
		a, ok := n.(*plan.Aggregate)
		if !ok || a.Sets != nil || len(a.Keys) == 0 || a.Rows < leastSharedGroups {
			return
		}
		shared, keys, ok := sharedColumns(a.Input, slices.Clone(a.Keys))
		if _, other := found[shared]; ok && !other {
			found[shared] = keys
		}
	}
	plan.Walk(root, visit)
	for _, s := range p.shared {
		plan.Walk(s, visit)
	}
	return found
}

// sharedColumns follows columns of n, each to a column of the shared subplan whose rows n's are.
func sharedColumns(n plan.Node, columns []int) (shared int, at []int, ok bool) {
	switch n := n.(type) {
	case *plan.Filter:
		return sharedColumns(n.Input, columns)
	case *plan.Project:
		for i, c := range columns {
			r, ok := n.Exprs[c].(*expr.Ref)
			if !ok {
				return 0, nil, false
			}
			columns[i] = r.Index
		}
		return sharedColumns(n.Input, columns)
	case *plan.SharedRead:
		return n.Shared, columns, true
	}
	return 0, nil, false
}
