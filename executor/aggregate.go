package executor

import (
	"fmt"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/plan"
)

const (
	// mergedGroups is up to how many groups, over all workers, one goroutine merges: about a millisecond.
	mergedGroups = 16 << 10
	// partitionGroups is about how many groups a partition has, so that its table stays in a second-level cache.
	partitionGroups = 16 << 10
	maxPartitions   = 256
)

func init() {
	register(func(b *Builder, n *plan.Aggregate) (*Stream, error) {
		if s, ok, err := buildOnDevice(b, n); ok || err != nil {
			return s, err
		}
		s, err := b.Build(n.Input)
		if err != nil {
			return nil, err
		}
		if err := checkSets(n); err != nil {
			return nil, err
		}
		repeats(n, s)
		if n.Mode == plan.AggPartial {
			return s.Then(&partialAggregate{n: n}), nil
		}
		if c, err := newClustered(b, n, s); c != nil || err != nil {
			if err != nil {
				return nil, err
			}
			return s.Then(c), nil
		}
		br := newAggregation(b.Task, n)
		b.Break(s, br)
		return &Stream{Source: aggregated{br}}, nil
	})
}

func checkSets(n *plan.Aggregate) error {
	for _, set := range n.Sets {
		for _, k := range set {
			if k < 0 || k >= len(n.Keys) {
				return fmt.Errorf("executor: grouping set has key %d of %d", k, len(n.Keys))
			}
		}
	}
	return nil
}

// grouper brings batches into an aggregator as the plan node says: by its keys, by each of its grouping sets, or as partial states.
type grouper struct {
	n     *plan.Aggregate
	agg   *agg.Aggregator
	keys  []int            // of one grouping set, or of all rows
	extra []*column.Vector // grouping sets: a NULL for each key, then the grouping ids
	batch column.Batch
	set   int // the first of the grouping sets that have not taken the batch at hand
}

// keyTypes are the types of the columns that identify a group: the keys and, with grouping sets, the grouping id.
func keyTypes(n *plan.Aggregate) []column.Type {
	in := n.Input.Fields()
	var types []column.Type
	for _, k := range n.Keys {
		types = append(types, in[k].Type)
	}
	if hasGroupingID(n) {
		types = append(types, column.T(column.Int64))
	}
	return types
}

// hasGroupingID reports whether a grouping id follows the keys. A final aggregation may list it among its keys or leave it to the sets.
func hasGroupingID(n *plan.Aggregate) bool {
	if n.Mode == plan.AggFinal {
		return len(n.Out)-len(n.Aggs) > len(n.Keys)
	}
	return n.Sets != nil
}

func newGrouper(n *plan.Aggregate, budget *mem.Budget, a *mem.Arena) (*grouper, error) {
	g := &grouper{n: n}
	types := keyTypes(n)
	var err error
	if g.agg, err = agg.New(budget, types, n.Aggs); err != nil {
		return nil, err
	}
	g.keys = slices.Clone(n.Keys)
	if n.Mode == plan.AggFinal {
		if hasGroupingID(n) {
			g.keys = append(g.keys, len(n.Keys))
		}
		return g, nil
	}
	if n.Sets == nil {
		return g, nil
	}
	for _, t := range types[:len(n.Keys)] {
		g.extra = append(g.extra, column.NewNull(t, 0))
	}
	for _, set := range n.Sets {
		id, err := column.NewConstant(a, column.IntValue(column.T(column.Int64), groupingID(set, len(n.Keys))), 0)
		if err != nil {
			g.agg.Free()
			return nil, err
		}
		g.extra = append(g.extra, id)
	}
	return g, nil
}

// groupingID has bit k, counted from the highest of keys bits, for each key k that is not in the set.
func groupingID(set []int, keys int) int64 {
	var id int64
	for k := range keys {
		id <<= 1
		if !slices.Contains(set, k) {
			id |= 1
		}
	}
	return id
}

// push takes b. After a refusal of memory it may be repeated.
func (g *grouper) push(b *column.Batch) error {
	if g.n.Mode == plan.AggFinal {
		return g.agg.Absorb(b, g.keys, len(g.keys))
	}
	if g.n.Sets == nil {
		return g.agg.Update(b, g.keys)
	}
	g.widen(b)
	for ; g.set < len(g.n.Sets); g.set++ {
		if err := g.agg.Update(&g.batch, g.setKeys(len(b.Cols), g.set)); err != nil {
			return err
		}
	}
	g.set = 0
	return nil
}

// restart empties the aggregator.
func (g *grouper) restart(budget *mem.Budget) (err error) {
	g.agg.Free()
	g.agg, err = agg.New(budget, keyTypes(g.n), g.n.Aggs)
	return err
}

// widen makes the batch of b's columns and the constants that grouping sets need.
func (g *grouper) widen(b *column.Batch) {
	g.batch = column.Batch{Cols: append(append(g.batch.Cols[:0], b.Cols...), g.extra...), Len: b.Len, Sel: b.Sel}
	for _, v := range g.extra {
		v.Len = b.Len
	}
}

// setKeys are the key columns of grouping set i in a widened batch of cols columns of its own.
func (g *grouper) setKeys(cols, i int) []int {
	keys := len(g.n.Keys)
	g.keys = g.keys[:0]
	for k, c := range g.n.Keys {
		if !slices.Contains(g.n.Sets[i], k) {
			c = cols + k
		}
		g.keys = append(g.keys, c)
	}
	return append(g.keys, cols+keys+i)
}

// complete makes the groups exist that an aggregation has without any row: that of an empty grouping set.
func (g *grouper) complete() error {
	if g.n.Mode == plan.AggFinal {
		return nil
	}
	for i, set := range g.n.Sets {
		if len(set) > 0 {
			continue
		}
		in := column.Batch{Len: 1, Cols: make([]*column.Vector, len(g.n.Input.Fields()))}
		g.widen(&in)
		if err := g.agg.Touch(&g.batch, g.setKeys(len(in.Cols), i)); err != nil {
			return err
		}
	}
	return nil
}
