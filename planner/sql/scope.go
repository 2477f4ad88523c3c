package sql

import (
	"strings"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// scope is the names in reach of an expression: those of one query's FROM, then those of the queries around it.
type scope struct {
	parent   *scope
	level    int
	rels     []*relation
	visible  []logical.Col                        // what * stands for and what unqualified names find; a USING column once
	clause   string                               // where the expression stands, for messages
	aggs     *aggregation                         // where aggregates go; nil where they may not stand
	windows  *windowing                           // where window functions go; nil where they may not stand
	unnest   *unnesting                           // where unnest goes; nil where it may not stand
	inWindow bool                                 // inside a window function's arguments or its window
	inAgg    bool                                 // inside an aggregate's arguments
	outputs  func(name string) (expr.Expr, error) // output columns by name, where they are in reach after all else; nil result: unknown
}

// relation is a table of FROM under its alias.
type relation struct {
	schema, alias string
	cols          []logical.Col
}

// ref is one use of a column.
type ref struct {
	column     *expr.Column
	owner      *scope // the scope that has the column
	from       *scope // the scope of the expression
	position   int
	aggregated bool // inside an aggregate of owner
}

// newScope is a scope inside parent, which is nil for the outermost query.
func newScope(parent *scope, rels []*relation, visible []logical.Col, clause string) *scope {
	s := &scope{parent: parent, rels: rels, visible: visible, clause: clause}
	if parent != nil {
		s.level = parent.level + 1
	}
	return s
}

// with runs f while the scope stands for another clause; aggs is nil where aggregates may not stand. Window functions may not, unless f says so.
func (s *scope) with(clause string, aggs *aggregation, f func() error) error {
	oldClause, oldAggs, oldWindows := s.clause, s.aggs, s.windows
	s.clause, s.aggs, s.windows = clause, aggs, nil
	err := f()
	s.clause, s.aggs, s.windows = oldClause, oldAggs, oldWindows
	return err
}

// owns reports whether id is a column of the scope's FROM.
func (s *scope) owns(id expr.ColumnID) bool {
	for _, r := range s.rels {
		for _, c := range r.cols {
			if c.ID == id {
				return true
			}
		}
	}
	for _, c := range s.visible {
		if c.ID == id {
			return true
		}
	}
	return false
}

// reference makes an expression of a column and notes its use.
func (b *binder) reference(c logical.Col, owner, from *scope, position int) expr.Expr {
	e := c.Expr()
	b.refs = append(b.refs, ref{column: e, owner: owner, from: from, position: position})
	for _, c := range b.binding {
		if owner.level <= c.level {
			c.correlated = true
		}
	}
	return e
}

// column resolves a name of one to three parts.
func (b *binder) column(parts []string, s *scope, position int) (expr.Expr, error) {
	name := parts[len(parts)-1]
	if len(parts) == 1 {
		for o := s; o != nil; o = o.parent {
			found := -1
			for i, c := range o.visible {
				if c.Name != name {
					continue
				}
				if found >= 0 {
					return nil, fault.New(fault.AmbiguousColumn, "column reference %q is ambiguous", name).At(position)
				}
				found = i
			}
			if found >= 0 {
				return b.reference(o.visible[found], o, s, position), nil
			}
		}
		if s.outputs != nil {
			if e, err := s.outputs(name); e != nil || err != nil {
				return e, err
			}
		}
		if e, err := b.wholeRow(name, s, position); e != nil || err != nil {
			return e, err
		}
		return nil, b.undefinedColumn(parts, s, position)
	}
	schema, alias := "", parts[len(parts)-2]
	if len(parts) > 2 {
		schema = parts[len(parts)-3]
	}
	rel, owner, err := s.relation(schema, alias, position)
	if err != nil {
		return nil, err
	}
	if rel == nil {
		return nil, undefinedRelation(alias, s).At(position)
	}
	found := -1
	for i, c := range rel.cols {
		if c.Name == name {
			if found >= 0 {
				return nil, fault.New(fault.AmbiguousColumn, "column reference %q is ambiguous", strings.Join(parts, ".")).At(position)
			}
			found = i
		}
	}
	if found < 0 {
		e := fault.New(fault.UndefinedColumn, "column %s.%s does not exist", alias, name).At(position)
		names := make([]string, len(rel.cols))
		for i, c := range rel.cols {
			names[i] = c.Name
		}
		return nil, withSuggestion(e, name, names)
	}
	return b.reference(rel.cols[found], owner, s, position), nil
}

// relation finds a table by its alias, innermost scope first.
func (s *scope) relation(schema, alias string, position int) (*relation, *scope, error) {
	for o := s; o != nil; o = o.parent {
		var found *relation
		for _, r := range o.rels {
			if r.alias != alias || schema != "" && r.schema != schema {
				continue
			}
			if found != nil {
				return nil, nil, fault.New(fault.Code("42P09"), "table reference %q is ambiguous", alias).At(position)
			}
			found = r
		}
		if found != nil {
			return found, o, nil
		}
	}
	return nil, nil, nil
}

func undefinedRelation(alias string, s *scope) *fault.Error {
	e := fault.New(fault.UndefinedTable, "missing FROM-clause entry for table %q", alias)
	var names []string
	for o := s; o != nil; o = o.parent {
		for _, r := range o.rels {
			names = append(names, r.alias)
		}
	}
	return withSuggestion(e, alias, names)
}

func (b *binder) undefinedColumn(parts []string, s *scope, position int) error {
	name := parts[len(parts)-1]
	e := fault.New(fault.UndefinedColumn, "column %q does not exist", name).At(position)
	var names []string
	for o := s; o != nil; o = o.parent {
		for _, r := range o.rels {
			if r.alias == name {
				return e.WithHint("%q is a table; name one of its columns, or %s.*.", name, name)
			}
		}
		for _, c := range o.visible {
			names = append(names, c.Name)
		}
	}
	return withSuggestion(e, name, names)
}

// withSuggestion adds a hint when one of the names is near.
func withSuggestion(e *fault.Error, name string, names []string) *fault.Error {
	if near := nearest(name, names); near != "" {
		return e.WithHint("Did you mean %q?", near)
	}
	return e
}

// nearest is the name at the least edit distance, or "" when none is near enough to be a slip.
func nearest(name string, names []string) string {
	best, bound := "", max(1, len(name)/3)+1
	for _, n := range names {
		if strings.EqualFold(n, name) && n != name {
			return n
		}
		if d := distance(name, n, bound); d < bound {
			best, bound = n, d
		}
	}
	return best
}

// distance is the edit distance of two names in bytes, or bound when it is not less.
func distance(a, b string, bound int) int {
	if len(a)-len(b) >= bound || len(b)-len(a) >= bound {
		return bound
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, row[j], row[j-1])
			}
			diagonal, row[j] = row[j], cost
		}
	}
	return min(row[len(b)], bound)
}
