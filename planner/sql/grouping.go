package sql

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// maxSets bounds grouping sets, as PostgreSQL does.
const maxSets = 4096

// crossSets combines every set of a with every set of b.
func crossSets(a, b [][]int, position int) ([][]int, error) {
	if a == nil {
		return b, nil
	}
	if len(a)*len(b) > maxSets {
		return nil, fault.New(fault.StatementTooComplex, "too many grouping sets present (maximum %d)", maxSets).At(position)
	}
	var out [][]int
	for _, x := range a {
		for _, y := range b {
			out = append(out, append(append([]int{}, x...), y...))
		}
	}
	return out, nil
}

// groupingSets are the sets that one item of GROUP BY stands for.
func (s *selection) groupingSets(n *pg.Node) ([][]int, error) {
	g := n.GetGroupingSet()
	if g == nil {
		set, err := s.groupItems([]*pg.Node{n})
		return [][]int{set}, err
	}
	if g.Kind == pg.GroupingSetKind_GROUPING_SET_SETS {
		var out [][]int
		for _, c := range g.Content {
			sets, err := s.groupingSets(c)
			if err != nil {
				return nil, err
			}
			out = append(out, sets...)
		}
		return out, nil
	}
	// ROLLUP and CUBE: a parenthesized list is one element.
	elements := make([][]int, len(g.Content))
	for i, c := range g.Content {
		set, err := s.groupItems([]*pg.Node{c})
		if err != nil {
			return nil, err
		}
		elements[i] = set
	}
	var out [][]int
	switch g.Kind {
	case pg.GroupingSetKind_GROUPING_SET_EMPTY:
		out = [][]int{{}}
	case pg.GroupingSetKind_GROUPING_SET_ROLLUP:
		for k := len(elements); k >= 0; k-- {
			out = append(out, concatInts(elements[:k]))
		}
	case pg.GroupingSetKind_GROUPING_SET_CUBE:
		if len(elements) > 12 {
			return nil, fault.New(fault.StatementTooComplex, "CUBE is limited to 12 elements").At(s.at(g.Location))
		}
		for mask := 1<<len(elements) - 1; mask >= 0; mask-- {
			var set [][]int
			for i, e := range elements {
				if mask&(1<<(len(elements)-1-i)) != 0 {
					set = append(set, e)
				}
			}
			out = append(out, concatInts(set))
		}
	}
	return out, nil
}

func concatInts(lists [][]int) []int {
	out := []int{}
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// grouping binds GROUPING(a, b): a bit for each argument, 1 where the row's grouping set leaves it out.
func (b *binder) grouping(g *pg.GroupingFunc, s *scope) (expr.Expr, error) {
	position := b.at(g.Location)
	if s.aggs == nil {
		return nil, fault.New(fault.GroupingError, "grouping operations are not allowed in %s", s.clauseName()).At(position)
	}
	integer := func(v int64) expr.Expr {
		return &expr.Literal{Value: column.IntValue(column.T(column.Int32), v)}
	}
	sum := integer(0)
	for i, n := range g.Args {
		if i == 31 {
			return nil, fault.New(fault.StatementTooComplex, "GROUPING must have fewer than 32 arguments").At(position)
		}
		e, err := b.expr(n, s)
		if err != nil {
			return nil, err
		}
		group := find(s.aggs.groups, e)
		if group < 0 {
			return nil, fault.New(fault.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level").
				At(b.at(locationOf(n)))
		}
		if s.aggs.sets == nil {
			continue
		}
		bit, err := expr.NewCase([]expr.When{{Cond: &expr.IsNull{Arg: s.aggs.marker(group, b.ids).Expr()}, Then: integer(1 << (len(g.Args) - 1 - i))}}, integer(0))
		if err != nil {
			return nil, err
		}
		if sum, err = expr.NewCall("+", []expr.Expr{sum, bit}); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// marker is the column that tells whether a row's grouping set has the group.
func (a *aggregation) marker(group int, ids *logical.IDs) logical.Col {
	m, ok := a.markers[group]
	if !ok {
		m = logical.Col{ID: ids.Next(), Name: "grouping", Type: column.T(column.Bool), Nullable: true}
		a.markers[group] = m
	}
	return m
}

// mark adds the markers to the node: constants that are grouped by together with what they mark, and so NULL where that is left out.
func (a *aggregation) mark(n *logical.Aggregate) {
	if len(a.markers) == 0 {
		return
	}
	n.Groups, n.GroupCols = append([]expr.Expr{}, n.Groups...), append([]logical.Col{}, n.GroupCols...)
	place := map[int]int{}
	for g := range a.groups {
		if m, ok := a.markers[g]; ok {
			place[g] = len(n.Groups)
			n.Groups, n.GroupCols = append(n.Groups, logical.Bool(true)), append(n.GroupCols, m)
		}
	}
	n.Sets = make([][]int, len(a.sets))
	for i, set := range a.sets {
		n.Sets[i] = append([]int{}, set...)
		for _, g := range set {
			if p, ok := place[g]; ok {
				n.Sets[i] = append(n.Sets[i], p)
			}
		}
	}
}

// tellApart adds constants to group by, so that no two grouping sets of the node are equal: a set given twice gives its rows twice.
func (a *aggregation) tellApart(n *logical.Aggregate, ids *logical.IDs) error {
	copies, number, most := map[string]int{}, make([]int, len(n.Sets)), 0
	for i, set := range n.Sets {
		if len(set) == 0 {
			continue // logical.ApartTotals keeps these apart
		}
		key := fmt.Sprint(slices.Compact(slices.Sorted(slices.Values(set))))
		number[i] = copies[key]
		copies[key]++
		most = max(most, number[i])
	}
	if most == 0 {
		return nil
	}
	n.Groups, n.GroupCols = slices.Clone(n.Groups), slices.Clone(n.GroupCols)
	sets := make([][]int, len(n.Sets))
	for i, set := range n.Sets {
		sets[i] = slices.Clone(set)
	}
	for bit := 1; bit <= most; bit <<= 1 {
		for i := range sets {
			if number[i]&bit != 0 {
				sets[i] = append(sets[i], len(n.Groups))
			}
		}
		n.Groups = append(n.Groups, logical.Bool(true))
		n.GroupCols = append(n.GroupCols, logical.Col{ID: ids.Next(), Name: "copy", Type: column.T(column.Bool), Nullable: true})
	}
	n.Sets = sets
	return nil
}

// emptySets is the number of empty grouping sets.
func emptySets(n *logical.Aggregate) int {
	empty := 0
	for _, s := range n.Sets {
		if len(s) == 0 {
			empty++
		}
	}
	return empty
}
