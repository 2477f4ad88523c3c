package sql

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// aggregation collects a query's aggregates and groups.
type aggregation struct {
	calls   []*expr.AggCall
	cols    []logical.Col
	groups  []expr.Expr
	outputs []logical.Col       // of groups
	targets map[int]int         // select list item → group that it is by position or name
	sets    [][]int             // nil: plain GROUP BY
	all     bool                // GROUP BY ALL
	markers map[int]logical.Col // group → a column that is NULL exactly where a grouping set leaves the group out
}

func newAggregation() *aggregation {
	return &aggregation{targets: map[int]int{}, markers: map[int]logical.Col{}}
}

// aggregate binds an aggregate call. It belongs to the innermost query whose columns it reads, and becomes a column of that.
func (b *binder) aggregate(f *pg.FuncCall, name string, s *scope) (expr.Expr, error) {
	position := b.at(f.Location)
	start := len(b.refs)
	if s.inAgg {
		return nil, fault.New(fault.GroupingError, "aggregate function calls cannot be nested").At(position)
	}
	s.inAgg = true
	call, err := b.aggregateCall(f, name, s)
	s.inAgg = false
	if err != nil {
		return nil, err
	}
	// Columns of queries inside the arguments do not count.
	owner := (*scope)(nil)
	for _, r := range b.refs[start:] {
		if r.owner.level <= s.level && (owner == nil || r.owner.level > owner.level) {
			owner = r.owner
		}
	}
	if owner == nil {
		owner = s
	}
	if owner.aggs == nil {
		return nil, fault.New(fault.GroupingError, "aggregate functions are not allowed in %s", owner.clauseName()).At(position)
	}
	for i := range b.refs[start:] {
		r := &b.refs[start+i]
		if r.owner != owner {
			continue
		}
		if slices.ContainsFunc(owner.aggs.cols, func(c logical.Col) bool { return c.ID == r.column.ID }) {
			return nil, fault.New(fault.GroupingError, "aggregate function calls cannot be nested").At(r.position)
		}
		r.aggregated = true
	}
	col := owner.aggs.add(call, b.ids)
	e := col.Expr()
	if owner != s {
		b.refs = append(b.refs, ref{column: e, owner: owner, from: s, position: position, aggregated: true})
		for _, c := range b.binding {
			if owner.level <= c.level {
				c.correlated = true
			}
		}
	}
	return e, nil
}

func (s *scope) clauseName() string {
	if s.clause == "" {
		return "this clause"
	}
	return s.clause
}

func (b *binder) aggregateCall(f *pg.FuncCall, name string, s *scope) (*expr.AggCall, error) {
	position := b.at(f.Location)
	if f.AggWithinGroup {
		return b.orderedSet(f, name, s)
	}
	var args []expr.Expr
	for _, n := range f.Args {
		e, err := b.expr(n, s)
		if err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	if len(args) == 0 && !f.AggStar && name == "count" {
		return nil, fault.New(fault.WrongObjectType, "count(*) must be used to call a parameterless aggregate function").At(position)
	}
	call, err := expr.NewAggregate(name, args, f.AggDistinct)
	if err != nil {
		return nil, fault.At(err, position)
	}
	if f.AggFilter != nil {
		if call.Filter, err = b.boolean(f.AggFilter, s, "FILTER"); err != nil {
			return nil, err
		}
	}
	for _, n := range f.AggOrder {
		by := n.GetSortBy()
		d, err := b.direction(by)
		if err != nil {
			return nil, err
		}
		e, err := b.expr(by.Node, s)
		if err != nil {
			return nil, err
		}
		if call.Distinct && find(args, e) < 0 {
			return nil, fault.New(fault.InvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list").
				At(b.at(locationOf(by.Node)))
		}
		call.OrderBy = append(call.OrderBy, d.key(e))
	}
	if call.Distinct && call.Fn.Op == kernels.AggList && len(call.OrderBy) == 0 {
		// What PostgreSQL does, by the way it finds duplicates.
		call.OrderBy = []expr.SortKey{{Expr: call.Args[0]}}
	}
	return call, nil
}

// orderedSets are the aggregates WITHIN GROUP (ORDER BY x) and what they are called with x as their first argument.
var orderedSets = map[string]string{
	"percentile_cont": "quantile_cont", "percentile_disc": "quantile_disc", "quantile_cont": "quantile_cont", "quantile_disc": "quantile_disc", "mode": "mode",
}

// orderedSet binds percentile_cont(f) WITHIN GROUP (ORDER BY x) and its like.
func (b *binder) orderedSet(f *pg.FuncCall, name string, s *scope) (*expr.AggCall, error) {
	plain, ok := orderedSets[name]
	if !ok {
		return nil, b.unsupported(f.Location, "%s WITHIN GROUP", name)
	}
	if len(f.AggOrder) != 1 {
		return nil, fault.New(fault.SyntaxError, "%s WITHIN GROUP takes one sort expression", name).At(b.at(f.Location))
	}
	by := f.AggOrder[0].GetSortBy()
	d, err := b.direction(by)
	if err != nil {
		return nil, err
	}
	arg, err := b.expr(by.GetNode(), s)
	if err != nil {
		return nil, err
	}
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	call, err := expr.NewAggregate(plain, append([]expr.Expr{arg}, args...), f.AggDistinct)
	if err != nil {
		return nil, fault.At(err, b.at(f.Location))
	}
	key := d.key(arg)
	switch {
	case plain == "mode":
		call.OrderBy = []expr.SortKey{key}
	case key.Descending:
		call = call.DescendingQuantile()
	}
	if f.AggFilter != nil {
		call.Filter, err = b.boolean(f.AggFilter, s, "FILTER")
	}
	return call, err
}

// add notes an aggregate, once however often it stands in the query.
func (a *aggregation) add(call *expr.AggCall, ids *logical.IDs) logical.Col {
	for i, c := range a.calls {
		if sameCall(c, call) {
			return a.cols[i]
		}
	}
	col := logical.Col{ID: ids.Next(), Name: call.Fn.Name, Type: call.Typ, Nullable: call.Fn.Name != "count"}
	a.calls, a.cols = append(a.calls, call), append(a.cols, col)
	return col
}

// groupBy binds GROUP BY before the select list, but for ALL.
func (s *selection) groupBy() error {
	return s.scope.with("GROUP BY", nil, func() error {
		var sets [][]int // of the items so far; nil: plain
		plain := true
		for _, n := range s.stmt.GroupClause {
			if isAll(n) {
				s.aggs.all = true
				continue
			}
			if n.GetGroupingSet() != nil {
				plain = false
			}
			next, err := s.groupingSets(n)
			if err != nil {
				return err
			}
			if sets, err = crossSets(sets, next, s.at(locationOf(n))); err != nil {
				return err
			}
		}
		if !plain {
			s.aggs.sets = sets
		}
		return nil
	})
}

// groupItems binds expressions to group by; a row stands for its members.
func (s *selection) groupItems(list []*pg.Node) ([]int, error) {
	var out []int
	for _, n := range list {
		if row := n.GetRowExpr(); row != nil {
			members, err := s.groupItems(row.Args)
			if err != nil {
				return nil, err
			}
			out = append(out, members...)
			continue
		}
		g, err := s.groupItem(n)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

// groupItem binds one expression: a position, a column of FROM, an output name or an expression, in this order.
func (s *selection) groupItem(n *pg.Node) (int, error) {
	target := -1
	if n.GetAConst() != nil {
		i, err := s.outputColumn(n, len(s.items), func(i int) string { return s.items[i].name }, "GROUP BY")
		if err != nil {
			return 0, err
		}
		target = i
	} else if name := simpleName(n); name != "" && !s.scope.has(name) {
		i, err := s.outputColumn(n, len(s.items), func(i int) string { return s.items[i].name }, "GROUP BY")
		if err != nil {
			return 0, err
		}
		if i == -2 {
			return 0, fault.New(fault.AmbiguousColumn, "GROUP BY %q is ambiguous", name).At(s.at(locationOf(n)))
		}
		target = i
	}
	if target >= 0 {
		if g, ok := s.aggs.targets[target]; ok {
			return g, nil
		}
		e, err := s.bindItem(target)
		if err != nil {
			return 0, err
		}
		g, err := s.addGroup(e, s.at(locationOf(n)))
		s.aggs.targets[target] = g
		return g, err
	}
	e, err := s.expr(n, s.scope)
	if err != nil {
		return 0, err
	}
	return s.addGroup(e, s.at(locationOf(n)))
}

// has reports whether the scope itself has a column of that name.
func (s *scope) has(name string) bool {
	for _, c := range s.visible {
		if c.Name == name {
			return true
		}
	}
	return false
}

func (s *selection) addGroup(e expr.Expr, position int) (int, error) {
	if l, ok := e.(*expr.Literal); ok && l.Untyped {
		var err error
		if e, err = expr.Coerce(e, column.T(column.Text)); err != nil {
			return 0, fault.At(err, position)
		}
	}
	if g := find(s.aggs.groups, e); g >= 0 {
		return g, nil
	}
	s.aggs.groups = append(s.aggs.groups, e)
	return len(s.aggs.groups) - 1, nil
}

// groupByAll groups by every target without an aggregate or window function. first tells whose references are whose: those of groups stand below the grouping.
func (s *selection) groupByAll(first []int) {
	if !s.aggs.all {
		return
	}
	aggregated := map[expr.ColumnID]bool{}
	for _, c := range append(s.aggs.cols[:len(s.aggs.cols):len(s.aggs.cols)], s.windows.cols...) {
		aggregated[c.ID] = true
	}
	for i, t := range s.targets {
		has := false
		expr.Columns(t, func(c *expr.Column) { has = has || aggregated[c.ID] })
		if _, literal := t.(*expr.Literal); has || literal {
			continue
		}
		// A target's error is reported where it stands, so that this cannot fail.
		g, err := s.addGroup(t, s.items[i].at)
		if err == nil {
			s.aggs.targets[i] = g
			for j := first[i]; j < first[i+1]; j++ {
				s.refs[j].aggregated = true
			}
		}
	}
}

// group puts the Aggregate into the plan and rewrites what stands above to its columns.
func (s *selection) group(having expr.Expr) (expr.Expr, error) {
	a := s.aggs
	inputs := s.input.Columns()
	used := map[expr.ColumnID]bool{}
	for _, g := range a.groups {
		col := logical.Col{Name: g.String(), Type: g.Type(), Nullable: !logical.NotNull(g, inputs) || a.sets != nil}
		if c, ok := g.(*expr.Column); ok {
			col.Name = c.Name
			if a.sets == nil && !used[c.ID] && hasColumn(inputs, c.ID) {
				col.ID = c.ID
				used[c.ID] = true
			}
		}
		if col.ID == 0 {
			col.ID = s.ids.Next()
		}
		a.outputs = append(a.outputs, col)
	}
	for i, g := range a.targets {
		if a.outputs[g].Name == a.groups[g].String() {
			a.outputs[g].Name = s.items[i].name
		}
	}
	node := &logical.Aggregate{Input: s.input, GroupCols: a.outputs, Groups: a.groups, AggCols: a.cols, Aggs: a.calls, Sets: a.sets}
	a.mark(node)
	if err := a.tellApart(node, s.ids); err != nil {
		return nil, err
	}
	s.input = node
	if n := emptySets(node); n > 1 || n == 1 && len(node.Groups) == 0 {
		s.input = logical.ApartTotals(node, s.ids)
	}
	if err := s.checkInner(used); err != nil {
		return nil, err
	}
	positions := map[*expr.Column]int{}
	for _, r := range s.refs[s.start:] {
		positions[r.column] = r.position
	}
	var err error
	for i := range s.targets {
		if g, ok := a.targets[i]; ok {
			s.targets[i] = a.outputs[g].Expr()
			continue
		}
		if s.targets[i], err = s.overGroups(s.targets[i], positions, s.items[i].at); err != nil {
			return nil, err
		}
	}
	for i, l := range s.unnest.lists {
		if s.unnest.lists[i], err = s.overGroups(l, positions, 0); err != nil {
			return nil, err
		}
	}
	for i := range s.hidden {
		if s.hidden[i], err = s.overGroups(s.hidden[i], positions, 0); err != nil {
			return nil, err
		}
	}
	rewrite := func(e expr.Expr) (expr.Expr, error) { return s.overGroups(e, positions, 0) }
	if err = s.overWindows(rewrite); err != nil {
		return nil, err
	}
	if s.qualify != nil {
		if s.qualify, err = rewrite(s.qualify); err != nil {
			return nil, err
		}
	}
	if having != nil {
		having, err = rewrite(having)
	}
	return having, err
}

// checkInner makes sure that subqueries above the Aggregate read only grouped columns of this query.
func (s *selection) checkInner(grouped map[expr.ColumnID]bool) error {
	for _, r := range s.refs[s.start:] {
		if r.owner != s.scope || r.from == s.scope || r.aggregated || grouped[r.column.ID] || !s.scope.owns(r.column.ID) {
			continue
		}
		if s.aggs.sets != nil && find(s.aggs.groups, r.column) >= 0 {
			return fault.New(fault.FeatureNotSupported, "a subquery that reads a column of GROUPING SETS, ROLLUP or CUBE is not supported").At(r.position)
		}
		return fault.New(fault.GroupingError, "subquery uses ungrouped column %s from outer query", s.qualified(r.column.ID, r.column.Name)).At(r.position)
	}
	return nil
}

// overGroups rewrites an expression to the Aggregate's outputs.
func (s *selection) overGroups(e expr.Expr, positions map[*expr.Column]int, position int) (expr.Expr, error) {
	if g := find(s.aggs.groups, e); g >= 0 {
		return s.aggs.outputs[g].Expr(), nil
	}
	if c, ok := e.(*expr.Column); ok {
		if !s.scope.owns(c.ID) || hasColumn(s.aggs.cols, c.ID) {
			return e, nil
		}
		if at := positions[c]; at > 0 {
			position = at
		}
		return nil, fault.New(fault.GroupingError, "column %s must appear in the GROUP BY clause or be used in an aggregate function",
			s.qualified(c.ID, c.Name)).At(position)
	}
	children := e.Children()
	var changed []expr.Expr
	for i, c := range children {
		n, err := s.overGroups(c, positions, position)
		if err != nil {
			return nil, err
		}
		if n != c && changed == nil {
			changed = append(make([]expr.Expr, 0, len(children)), children...)
		}
		if changed != nil {
			changed[i] = n
		}
	}
	if changed != nil {
		e = e.WithChildren(changed)
	}
	return e, nil
}

// qualified is a column's name with its table, quoted for a message.
func (s *selection) qualified(id expr.ColumnID, name string) string {
	for _, r := range s.scope.rels {
		for _, c := range r.cols {
			if c.ID == id && r.alias != "" {
				return `"` + strings.Join([]string{r.alias, c.Name}, ".") + `"`
			}
		}
	}
	return `"` + name + `"`
}
