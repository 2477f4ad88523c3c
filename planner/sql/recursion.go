package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// recursive is the name of a recursive CTE inside its own query.
type recursive struct {
	table *logical.WorkTable // nil while the part that must not read it is bound
	cols  []logical.Col
	links int // subqueries in expressions around the CTE
	read  bool
}

// readsItself reports whether a query names a table of that name, wherever in it.
func readsItself(s *pg.SelectStmt, name string) bool {
	var visit func(m protoreflect.Message) bool
	visit = func(m protoreflect.Message) bool {
		if r, ok := m.Interface().(*pg.RangeVar); ok {
			return r.Relname == name && r.Schemaname == ""
		}
		found := false
		m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			switch {
			case f.Message() == nil || f.IsMap():
			case f.IsList():
				for i := range v.List().Len() {
					found = found || visit(v.List().Get(i).Message())
				}
			default:
				found = visit(v.Message())
			}
			return !found
		})
		return found
	}
	return visit(s.ProtoReflect())
}

// recursion binds a CTE that reads itself: what it begins with, UNION, the step.
func (b *binder) recursion(c *cte, s *pg.SelectStmt) (result, error) {
	position := b.at(c.tree.Location)
	if s.Op != pg.SetOperation_SETOP_UNION {
		return result{}, fault.New(fault.InvalidRecursion, "recursive query %q does not have the form non-recursive-term UNION [ALL] recursive-term", c.name).
			At(position)
	}
	switch {
	case len(s.SortClause) > 0:
		return result{}, b.unsupported(locationOf(s.SortClause[0].GetSortBy().GetNode()), "ORDER BY in a recursive query")
	case s.LimitCount != nil || s.LimitOffset != nil:
		return result{}, b.unsupported(c.tree.Location, "LIMIT or OFFSET in a recursive query")
	case len(s.LockingClause) > 0:
		return result{}, b.unsupported(c.tree.Location, "FOR UPDATE in a recursive query")
	}
	ctes := b.ctes
	defer func() { b.ctes = ctes }()
	self := &cte{name: c.name, self: &recursive{links: b.links}}
	b.ctes = &cteScope{parent: b.ctes, cte: self}
	var own []*cte
	if s.WithClause != nil {
		var err error
		if own, err = b.with(s.WithClause, c.outer); err != nil {
			return result{}, err
		}
	}
	seed, err := b.query(s.Larg, c.outer, mode{})
	if err != nil {
		return result{}, err
	}
	types := make([]column.Type, len(seed.columns()))
	for i, col := range seed.columns() {
		types[i] = col.Type
		if col.Type.Kind == column.Decimal {
			// Rounds may need more digits than the first one.
			types[i] = column.DecimalType(column.MaxPrecision, int(col.Type.Scale))
		}
	}
	if seed, err = b.convert(seed, types); err != nil {
		return result{}, fault.At(err, position)
	}
	names, err := b.cteNames(c, seed.columns())
	if err != nil {
		return result{}, err
	}
	node := &logical.Recursion{Table: &logical.WorkTable{Name: c.name}, All: s.All, Seed: seed.node}
	for i, col := range seed.columns() {
		node.Cols = append(node.Cols, logical.Col{ID: b.ids.Next(), Name: names[i], Type: col.Type, Nullable: true})
	}
	self.self.table, self.self.cols = node.Table, node.Cols
	step, err := b.query(s.Rarg, c.outer, mode{keepUntyped: true})
	if err != nil {
		return result{}, err
	}
	if have, want := len(step.columns()), len(types); have != want {
		return result{}, fault.New(fault.SyntaxError, "each UNION query must have the same number of columns: %d and %d", want, have).
			At(b.at(queryLocation(s.Rarg)))
	}
	if err := checkStep(step.node, c.name); err != nil {
		if err.Position > 0 || !strings.HasPrefix(err.Message, "aggregate") {
			return result{}, err.At(position)
		}
		return result{}, err.At(b.at(targetLocation(s.Rarg, 0)))
	}
	for i, col := range step.columns() {
		t, err := expr.CommonType("UNION", []expr.Expr{node.Cols[i].Expr(), step.source(i)})
		if err != nil {
			return result{}, fault.At(err, b.at(targetLocation(s.Rarg, i)))
		}
		if t.Kind != types[i].Kind || t.Scale > types[i].Scale {
			return result{}, fault.New(fault.DatatypeMismatch, "recursive query %q column %d has type %s in non-recursive term but type %s overall", c.name, i+1,
				seed.columns()[i].Type, col.Type).At(b.at(targetLocation(s.Larg, i))).WithHint("Cast the output of the non-recursive term to the correct type.")
		}
	}
	if step, err = b.convert(step, types); err != nil {
		return result{}, fault.At(err, b.at(queryLocation(s.Rarg)))
	}
	node.Step = step.node
	r := result{node: node}
	if shared := b.shared(own); len(shared) > 0 {
		r.node = &logical.With{CTEs: shared, Input: r.node}
	}
	return r, nil
}

// checkStep makes sure that a round can be computed from the rows that the round before found: more rows must never mean that others vanish.
func checkStep(n logical.Node, name string) *fault.Error {
	inside := func(what string) *fault.Error {
		return fault.New(fault.InvalidRecursion, "recursive reference to query %q must not appear within %s", name, what)
	}
	if !logical.ReadsWork(n) {
		return nil
	}
	switch n := n.(type) {
	case *logical.Aggregate:
		return fault.New(fault.InvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term")
	case *logical.Join:
		l, r := logical.ReadsWork(n.Left), logical.ReadsWork(n.Right)
		if n.Kind == logical.Full || r && n.Kind != logical.Inner && n.Kind != logical.Right || l && n.Kind == logical.Right {
			return inside("an outer join")
		}
	case *logical.SetOp:
		if n.Kind == logical.Except && logical.ReadsWork(n.In[1]) {
			return inside("EXCEPT")
		}
	}
	for _, in := range n.Inputs() {
		if err := checkStep(in, name); err != nil {
			return err
		}
	}
	return nil
}

// workingTable reads, inside a recursive CTE, what its last round found.
func (b *binder) workingTable(c *cte, position int) (*fromItem, error) {
	refuse := func(what string) error {
		return fault.New(fault.InvalidRecursion, "recursive reference to query %q must not appear %s", c.name, what).At(position)
	}
	switch {
	case c.self.table == nil:
		return nil, refuse("within its non-recursive term")
	case b.links > c.self.links:
		return nil, refuse("within a subquery")
	case c.self.read:
		return nil, refuse("more than once")
	}
	c.self.read = true
	w := &logical.WorkingTable{Table: c.self.table}
	for _, col := range c.self.cols {
		col.ID = b.ids.Next()
		w.Cols = append(w.Cols, col)
	}
	return tableItem(w, "", c.name, w.Cols), nil
}
