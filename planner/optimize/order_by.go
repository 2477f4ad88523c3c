package optimize

import (
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// dropSorts removes sorts whose order is lost above, as tables have none:
//
//	Aggregate [count(*)]             →     Aggregate [count(*)]
//	  Project [a]                            Project [a]
//	    Sort by a                              Scan t
//	      Scan t
//
// An order below a concatenation, a limit or DISTINCT ON is kept.
func dropSorts(_ *optimizer, n logical.Node) (logical.Node, error) { return unsorted(n, false), nil }

// unsorted is n without needless sorts; lost says that n's own order does not matter.
func unsorted(n logical.Node, lost bool) logical.Node {
	below := false
	switch n := n.(type) {
	case *logical.Sort:
		if lost {
			return unsorted(n.Input, true)
		}
		below = true
	case *logical.Project, *logical.Filter:
		below = lost
	case *logical.Join, *logical.SetOp:
		below = true
	case *logical.Distinct:
		below = n.On == nil
	case *logical.Aggregate:
		below = true
		for _, a := range n.Aggs {
			below = below && !a.Fn.Op.Ordered() && a.Fn.Op != kernels.AggAny
		}
	}
	r, _ := logical.MapInputs(n, func(c logical.Node) (logical.Node, error) { return unsorted(c, below), nil })
	return r
}
