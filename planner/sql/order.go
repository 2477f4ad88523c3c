package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// isAll reports whether a node is the ALL of GROUP BY ALL or ORDER BY ALL.
func isAll(n *pg.Node) bool { return simpleName(n) == ast.GroupAll }

// orderBy binds ORDER BY and DISTINCT ON: output names and positions first, then expressions over FROM.
func (s *selection) orderBy() error {
	return s.scope.with("ORDER BY", s.aggs, func() error {
		s.scope.windows = s.windows
		for _, n := range s.stmt.SortClause {
			by := n.GetSortBy()
			d, err := s.direction(by)
			if err != nil {
				return err
			}
			if isAll(by.Node) {
				for i := range s.targets {
					s.keys = append(s.keys, sortKey{i, d})
				}
				continue
			}
			output, err := s.output(by.Node, "ORDER BY")
			if err != nil {
				return err
			}
			if output >= len(s.targets) && s.isDistinct() {
				return fault.New(fault.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list").
					At(s.at(locationOf(by.Node)))
			}
			s.keys = append(s.keys, sortKey{output, d})
		}
		return s.distinctOn()
	})
}

// isDistinct reports whether the query is SELECT DISTINCT without ON: PostgreSQL's tree has one empty node then.
func (s *selection) isDistinct() bool {
	return len(s.stmt.DistinctClause) > 0 && s.stmt.DistinctClause[0].GetNode() == nil
}

// distinctOn binds DISTINCT ON, whose expressions must lead ORDER BY.
func (s *selection) distinctOn() error {
	if len(s.stmt.DistinctClause) == 0 || s.isDistinct() {
		return nil
	}
	on := map[int]bool{}
	for _, n := range s.stmt.DistinctClause {
		output, err := s.output(n, "DISTINCT ON")
		if err != nil {
			return err
		}
		if !on[output] {
			on[output] = true
			s.on = append(s.on, output)
		}
	}
	matched := map[int]bool{}
	for _, k := range s.keys {
		if len(matched) == len(on) {
			break
		}
		if !on[k.output] {
			return fault.New(fault.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions").
				At(s.at(locationOf(s.stmt.DistinctClause[0])))
		}
		matched[k.output] = true
	}
	return nil
}

// output is the index of the output that a key means; it adds a hidden one when no target is it.
func (s *selection) output(n *pg.Node, clause string) (int, error) {
	i, err := s.outputColumn(n, len(s.items), func(i int) string { return s.items[i].name }, clause)
	if err != nil || i >= 0 {
		return i, err
	}
	position := s.at(locationOf(n))
	if i == -2 {
		// The name is used more than once; that is fine when all uses are the same expression.
		if i = s.sameTargets(simpleName(n)); i < 0 {
			return 0, fault.New(fault.AmbiguousColumn, "%s %q is ambiguous", clause, simpleName(n)).At(position)
		}
		return i, nil
	}
	e, err := s.expr(n, s.scope)
	if err != nil {
		return 0, err
	}
	if e.Type().Kind == column.Null {
		if e, err = expr.Coerce(e, column.T(column.Text)); err != nil {
			return 0, fault.At(err, position)
		}
	}
	if i := find(s.targets, e); i >= 0 {
		return i, nil
	}
	if i := find(s.hidden, e); i >= 0 {
		return len(s.targets) + i, nil
	}
	if logical.HasSubquery(e) {
		if i := s.sameTree(n); i >= 0 {
			return i, nil
		}
		s.hiddenTrees[len(s.hidden)] = n
	}
	s.hidden = append(s.hidden, e)
	return len(s.targets) + len(s.hidden) - 1, nil
}

// sameTargets is the first target of a name when all targets of that name are equal, otherwise −1.
func (s *selection) sameTargets(name string) int {
	first := -1
	for i, it := range s.items {
		switch {
		case it.name != name:
		case first < 0:
			first = i
		case !same(s.targets[first], s.targets[i]):
			return -1
		}
	}
	return first
}

// sameTree is the output whose expression holds a subquery and is written like n, otherwise −1.
func (s *selection) sameTree(n *pg.Node) int {
	text := writtenAs(n)
	if text == "" {
		return -1
	}
	for i, it := range s.items {
		if it.node != nil && logical.HasSubquery(s.targets[i]) && !logical.IsVolatile(s.targets[i]) && writtenAs(it.node) == text {
			return i
		}
	}
	for i, other := range s.hiddenTrees {
		if !logical.IsVolatile(s.hidden[i]) && writtenAs(other) == text {
			return len(s.targets) + i
		}
	}
	return -1
}

// writtenAs is an expression as text without regard to its places and spaces, empty where there is none.
func writtenAs(n *pg.Node) string {
	one := &pg.SelectStmt{TargetList: []*pg.Node{pg.MakeResTargetNodeWithVal(n, 0)}}
	text, err := pg.Deparse(&pg.ParseResult{Version: treeVersion, Stmts: []*pg.RawStmt{{Stmt: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: one}}}}})
	if err != nil {
		return ""
	}
	return text
}
