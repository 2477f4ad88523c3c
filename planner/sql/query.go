package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// mode says what is around a query.
type mode struct {
	keepUntyped bool          // a set operation decides on untyped literals
	exists      bool          // only the number of rows matters
	targets     []column.Type // the types that the result is assigned to
	clause      string        // what the select list stands for, empty: a select list
	changing    *changing     // a query for changed rows takes the columns of other tables along
	extra       []logical.Col // columns that follow the select list
}

// result is a bound query: its plan, and its output columns that are literals without a type yet.
type result struct {
	node     logical.Node
	literals []*expr.Literal // by column, nil where typed; nil altogether when all are typed
}

func (r result) columns() []logical.Col { return r.node.Columns() }

// source is the expression that column i is converted from.
func (r result) source(i int) expr.Expr {
	if r.literals != nil && r.literals[i] != nil {
		return r.literals[i]
	}
	return r.columns()[i].Expr()
}

// query binds SELECT, VALUES or a set operation with everything around it.
func (b *binder) query(s *pg.SelectStmt, outer *scope, m mode) (result, error) {
	if err := b.enter(queryLocation(s)); err != nil {
		return result{}, err
	}
	defer b.leave()
	if err := b.ctx.Err(); err != nil {
		return result{}, err
	}
	if len(s.LockingClause) > 0 {
		return result{}, b.unsupported(queryLocation(s), "FOR UPDATE")
	}
	ctes := b.ctes
	defer func() { b.ctes = ctes }()
	var own []*cte
	if s.WithClause != nil {
		var err error
		if own, err = b.with(s.WithClause, outer); err != nil {
			return result{}, err
		}
	}
	r, err := b.body(s, outer, m)
	if err != nil {
		return result{}, err
	}
	if shared := b.shared(own); len(shared) > 0 {
		r.node = &logical.With{CTEs: shared, Input: r.node}
	}
	return r, nil
}

func (b *binder) body(s *pg.SelectStmt, outer *scope, m mode) (result, error) {
	var r result
	var err error
	switch {
	case s.Op != pg.SetOperation_SETOP_NONE && s.Op != pg.SetOperation_SET_OPERATION_UNDEFINED:
		r, err = b.setOperation(s, outer, m)
	case len(s.ValuesLists) > 0:
		r, err = b.values(s, outer, m)
	default:
		return b.selectStmt(s, outer, m)
	}
	if err != nil {
		return result{}, err
	}
	if r.node, err = b.sortOutput(r.node, s.SortClause, outer); err != nil {
		return result{}, err
	}
	r.node, err = b.limit(r.node, s, outer, nil)
	return r, err
}

// sortOutput orders a set operation or VALUES, whose ORDER BY sees the result's columns alone.
func (b *binder) sortOutput(n logical.Node, clause []*pg.Node, outer *scope) (logical.Node, error) {
	if len(clause) == 0 {
		return n, nil
	}
	cols := n.Columns()
	var keys []expr.SortKey
	for _, item := range clause {
		by := item.GetSortBy()
		direction, err := b.direction(by)
		if err != nil {
			return nil, err
		}
		if isAll(by.Node) {
			for _, c := range cols {
				keys = append(keys, direction.key(c.Expr()))
			}
			continue
		}
		i, err := b.outputColumn(by.Node, len(cols), func(i int) string { return cols[i].Name }, "ORDER BY")
		if err != nil {
			return nil, err
		}
		if i < 0 {
			if name := simpleName(by.Node); name != "" {
				return nil, b.undefinedColumn([]string{name}, newScope(nil, nil, cols, ""), b.at(locationOf(by.Node)))
			}
			return nil, fault.New(fault.FeatureNotSupported, "ORDER BY of a set operation or VALUES takes names and positions of result columns only").
				At(b.at(locationOf(by.Node))).WithHint("Put the query in a FROM clause and order around it.")
		}
		keys = append(keys, direction.key(cols[i].Expr()))
	}
	return &logical.Sort{Input: n, Keys: keys}, nil
}

// outputColumn resolves a position or the name of an output column; −1 when the node is neither.
func (b *binder) outputColumn(n *pg.Node, count int, name func(int) string, clause string) (int, error) {
	position := b.at(locationOf(n))
	if c := n.GetAConst(); c != nil {
		i, ok := c.Val.(*pg.A_Const_Ival)
		if !ok {
			return -1, fault.New(fault.SyntaxError, "non-integer constant in %s", clause).At(position)
		}
		if v := int(i.Ival.GetIval()); v >= 1 && v <= count {
			return v - 1, nil
		}
		return -1, fault.New(fault.InvalidColumnReference, "%s position %d is not in select list", clause, i.Ival.GetIval()).At(position).
			WithHint("The select list has %d columns.", count)
	}
	want := simpleName(n)
	if want == "" {
		return -1, nil
	}
	found := -1
	for i := range count {
		if name(i) == want {
			if found >= 0 {
				return -2, nil
			}
			found = i
		}
	}
	return found, nil
}

// simpleName is the name of an unqualified column reference, otherwise "".
func simpleName(n *pg.Node) string {
	if c := n.GetColumnRef(); c != nil && len(c.Fields) == 1 {
		return c.Fields[0].GetString_().GetSval()
	}
	return ""
}

// direction is how a key sorts: PostgreSQL's NULLs are greater than everything.
type direction struct{ descending, nullsFirst bool }

func (d direction) key(e expr.Expr) expr.SortKey {
	return expr.SortKey{Expr: e, Descending: d.descending, NullsFirst: d.nullsFirst}
}

func (b *binder) direction(by *pg.SortBy) (direction, error) {
	var d direction
	switch by.SortbyDir {
	case pg.SortByDir_SORTBY_DESC:
		d.descending = true
	case pg.SortByDir_SORTBY_USING:
		return d, b.unsupported(by.Location, "ORDER BY … USING")
	}
	d.nullsFirst = d.descending
	switch by.SortbyNulls {
	case pg.SortByNulls_SORTBY_NULLS_FIRST:
		d.nullsFirst = true
	case pg.SortByNulls_SORTBY_NULLS_LAST:
		d.nullsFirst = false
	}
	return d, nil
}

// queryLocation is some location in a query, for errors that concern all of it.
func queryLocation(s *pg.SelectStmt) int32 {
	for s.GetLarg() != nil {
		s = s.Larg
	}
	if len(s.GetTargetList()) > 0 {
		return s.TargetList[0].GetResTarget().GetLocation()
	}
	return -1
}
