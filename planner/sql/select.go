package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// selection is a SELECT being bound.
type selection struct {
	*binder
	stmt        *pg.SelectStmt
	scope       *scope
	input       logical.Node
	aggs        *aggregation
	items       []item           // the select list
	targets     []expr.Expr      // by item
	hidden      []expr.Expr      // sort and DISTINCT ON keys that are no targets
	hiddenTrees map[int]*pg.Node // of those with subqueries
	keys        []sortKey
	on          []int // DISTINCT ON: outputs, targets first, then hidden
	windows     *windowing
	unnest      unnesting
	qualify     expr.Expr // nil: none
	start       int       // of the references made above the grouping
	clause      string    // mode.clause
}

// item is an entry of the select list after the stars are expanded: a tree or a column.
type item struct {
	name string
	node *pg.Node
	col  *logical.Col
	at   int // position
}

// sortKey sorts by an output: a target, or from len(targets) on a hidden one.
type sortKey struct {
	output int
	direction
}

// selectStmt binds a SELECT: FROM, WHERE, GROUP BY, the select list, HAVING, ORDER BY, DISTINCT, LIMIT.
func (b *binder) selectStmt(stmt *pg.SelectStmt, outer *scope, m mode) (result, error) {
	node, sc, err := b.from(stmt.FromClause, outer)
	if err != nil {
		return result{}, err
	}
	if m.changing != nil {
		m.extra, m.targets = m.changing.columns(sc)
	}
	return b.selectOver(node, sc, stmt, outer, m)
}

// selectOver binds everything of a SELECT but its FROM clause, which gave node and its names.
func (b *binder) selectOver(node logical.Node, sc *scope, stmt *pg.SelectStmt, outer *scope, m mode) (result, error) {
	var err error
	s := &selection{binder: b, stmt: stmt, scope: sc, input: node, aggs: newAggregation(), hiddenTrees: map[int]*pg.Node{}, clause: m.clause}
	if stmt.WhereClause != nil {
		var cond expr.Expr
		err := sc.with("WHERE", nil, func() (err error) {
			cond, err = b.boolean(stmt.WhereClause, sc, "WHERE")
			return err
		})
		if err != nil {
			return result{}, err
		}
		s.input = &logical.Filter{Input: s.input, Cond: cond}
	}
	var qualify *pg.Node
	if s.windows, qualify, err = b.defineWindows(stmt.WindowClause); err != nil {
		return result{}, err
	}
	if err := s.expand(m); err != nil {
		return result{}, err
	}
	having, err := s.bindParts(qualify)
	if err != nil {
		return result{}, err
	}
	if len(stmt.GroupClause) > 0 || stmt.HavingClause != nil || len(s.aggs.calls) > 0 {
		if having, err = s.group(having); err != nil {
			return result{}, err
		}
	}
	if having != nil {
		s.input = &logical.Filter{Input: s.input, Cond: having}
	}
	s.window()
	if s.qualify != nil {
		s.input = &logical.Filter{Input: s.input, Cond: s.qualify}
	}
	if len(s.unnest.lists) > 0 {
		s.input = &logical.Unnest{Input: s.input, Lists: s.unnest.lists, Cols: s.unnest.cols}
	}
	r, err := s.finish(m)
	if err != nil {
		return result{}, err
	}
	if r.node, err = b.limit(r.node, stmt, outer, sc); err == nil && len(m.targets) > 0 {
		r, err = b.assign(r, m.targets)
	}
	return r, fault.At(err, b.at(queryLocation(stmt)))
}

// bindParts binds everything that may hold aggregates or window functions.
func (s *selection) bindParts(qualify *pg.Node) (having expr.Expr, err error) {
	if err := s.groupBy(); err != nil {
		return nil, err
	}
	s.start = len(s.refs)
	s.targets = make([]expr.Expr, len(s.items))
	first := make([]int, len(s.items)+1) // references of item i are from first[i] on
	clause, aggs, windows := "SELECT", s.aggs, s.windows
	if s.clause != "" {
		clause, aggs, windows = s.clause, nil, nil
	}
	err = s.scope.with(clause, aggs, func() error {
		s.scope.windows, s.scope.unnest = windows, &s.unnest
		defer func() { s.scope.unnest = nil }()
		for i := range s.items {
			first[i] = len(s.refs)
			if g, ok := s.aggs.targets[i]; ok {
				s.targets[i] = s.aggs.groups[g]
			} else if s.targets[i], err = s.bindItem(i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	first[len(s.items)] = len(s.refs)
	s.groupByAll(first)
	if s.stmt.HavingClause != nil {
		s.scope.outputs = s.targetNamed
		err = s.scope.with("HAVING", s.aggs, func() (err error) {
			having, err = s.boolean(s.stmt.HavingClause, s.scope, "HAVING")
			return err
		})
		s.scope.outputs = nil
		if err != nil {
			return nil, err
		}
	}
	if qualify != nil {
		s.scope.outputs = s.targetNamed
		err = s.scope.with("QUALIFY", s.aggs, func() (err error) {
			s.scope.windows = s.windows
			s.qualify, err = s.boolean(qualify, s.scope, "QUALIFY")
			return err
		})
		s.scope.outputs = nil
		if err != nil {
			return nil, err
		}
	}
	return having, s.orderBy()
}

// targetNamed binds the select list's item of that name again, nil when there is none or more than one.
func (s *selection) targetNamed(name string) (expr.Expr, error) {
	found := -1
	for i, it := range s.items {
		if it.name == name && found >= 0 {
			return nil, nil
		} else if it.name == name {
			found = i
		}
	}
	if found < 0 || s.items[found].node == nil {
		return nil, nil
	}
	// The item itself sees no outputs.
	s.scope.outputs = nil
	defer func() { s.scope.outputs = s.targetNamed }()
	return s.bindItem(found)
}

// bindItem binds an entry of the select list; each call makes new expressions.
func (s *selection) bindItem(i int) (expr.Expr, error) {
	it := s.items[i]
	if it.col != nil {
		return s.reference(*it.col, s.scope, s.scope, it.at), nil
	}
	return s.expr(it.node, s.scope)
}

// expand makes the select list's items, expanding stars.
func (s *selection) expand(m mode) error {
	list := s.stmt.TargetList
	for i := 0; i < len(list); i++ {
		t := list[i].GetResTarget()
		fields := t.GetVal().GetColumnRef().GetFields()
		if members, err := s.structStar(t); members != nil || err != nil {
			if err != nil {
				return err
			}
			s.items = append(s.items, members...)
			continue
		}
		if len(fields) == 0 || fields[len(fields)-1].GetAStar() == nil {
			location := t.Location
			if location < 0 { // an assignment's value
				location = beginningOf(t.Val)
			}
			s.items = append(s.items, item{name: targetName(t), node: t.Val, at: s.at(location)})
			continue
		}
		expanded, err := s.star(t, fields[:len(fields)-1])
		if err != nil {
			return err
		}
		for i+1 < len(list) {
			f := list[i+1].GetResTarget().GetVal().GetFuncCall()
			if name := lastString(f.GetFuncname()); name == ast.ExcludeFunction {
				expanded, err = s.exclude(expanded, f)
			} else if name == ast.ReplaceFunction {
				err = s.replace(expanded, f)
			} else if name == ast.RenameFunction {
				err = s.rename(expanded, f)
			} else {
				break
			}
			if err != nil {
				return err
			}
			i++
		}
		s.items = append(s.items, expanded...)
	}
	for i := range m.extra {
		s.items = append(s.items, item{name: m.extra[i].Name, col: &m.extra[i]})
	}
	if len(s.items) == 0 && m.exists {
		s.items = []item{{name: unnamed, node: pg.MakeAConstIntNode(1, -1)}}
	}
	if len(s.items) == 0 {
		return fault.New(fault.SyntaxError, "SELECT needs at least one column").At(s.at(queryLocation(s.stmt)))
	}
	return nil
}

// finish projects the targets, removes duplicates, sorts and drops what only sorting needed.
func (s *selection) finish(m mode) (result, error) {
	r := result{}
	names := make([]string, len(s.items))
	simple := len(s.keys) == 0 && len(s.stmt.DistinctClause) == 0 && s.stmt.LimitCount == nil && s.stmt.LimitOffset == nil
	direct := simple && len(m.targets) == len(s.targets)
	for i, e := range s.targets {
		names[i] = s.items[i].name
		to := known(e.Type())
		literal, _ := e.(*expr.Literal)
		untyped := literal != nil && literal.Untyped
		if direct {
			to = m.targets[i]
		} else if untyped && m.keepUntyped && simple {
			if r.literals == nil {
				r.literals = make([]*expr.Literal, len(s.targets))
			}
			r.literals[i] = literal
		}
		if to.Kind == column.List && to.Elem().Kind == column.Null {
			if r.literals == nil || r.literals[i] == nil {
				return result{}, fault.New(fault.IndeterminateDatatype, "cannot determine type of empty array").At(s.items[i].at).
					WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
			}
			e, to = untypedNull(), column.T(column.Text) // the set operation takes the literal instead
			s.targets[i] = e
		}
		if untyped || !e.Type().Equal(to) {
			var err error
			if s.targets[i], err = expr.Coerce(e, to); err != nil {
				return result{}, fault.At(err, s.items[i].at)
			}
		}
	}
	outputs := append(s.targets[:len(s.targets):len(s.targets)], s.hidden...)
	for range s.hidden {
		names = append(names, "")
	}
	node := s.project(s.input, outputs, names)
	cols := node.Columns()
	distinct := s.stmt.DistinctClause
	if len(distinct) > 0 && len(s.on) == 0 {
		node = &logical.Distinct{Input: node}
	}
	keys := make([]expr.SortKey, len(s.keys))
	for i, k := range s.keys {
		keys[i] = k.key(cols[k.output].Expr())
	}
	if len(keys) > 0 {
		node = &logical.Sort{Input: node, Keys: keys}
	}
	if len(s.on) > 0 {
		on := make([]expr.Expr, len(s.on))
		for i, output := range s.on {
			on[i] = cols[output].Expr()
		}
		node = &logical.Distinct{Input: node, On: on}
		if len(keys) > 0 {
			// The first sort chose the rows; what is distinct keeps no order.
			node = &logical.Sort{Input: node, Keys: keys}
		}
	}
	if len(s.hidden) > 0 {
		visible := cols[:len(s.targets)]
		exprs := make([]expr.Expr, len(visible))
		for i, c := range visible {
			exprs[i] = c.Expr()
		}
		node = &logical.Project{Input: node, Cols: visible, Exprs: exprs}
	}
	r.node = node
	return r, nil
}

// project computes expressions. A plain column keeps its ID the first time.
func (b *binder) project(input logical.Node, exprs []expr.Expr, names []string) logical.Node {
	inputs := input.Columns()
	cols := make([]logical.Col, len(exprs))
	used := map[expr.ColumnID]bool{}
	for i, e := range exprs {
		c := logical.Col{Name: names[i], Type: e.Type(), Nullable: !logical.NotNull(e, inputs)}
		if ref, ok := e.(*expr.Column); ok && !used[ref.ID] && hasColumn(inputs, ref.ID) {
			c.ID = ref.ID
			used[ref.ID] = true
		} else {
			c.ID = b.ids.Next()
		}
		if c.Name == "" {
			c.Name = nameOf(e)
		}
		cols[i] = c
	}
	return &logical.Project{Input: input, Cols: cols, Exprs: exprs}
}

// nameOf names a column that no output is: by its own name or by its expression.
func nameOf(e expr.Expr) string {
	if c, ok := e.(*expr.Column); ok {
		return c.Name
	}
	return e.String()
}

func hasColumn(cols []logical.Col, id expr.ColumnID) bool {
	for _, c := range cols {
		if c.ID == id {
			return true
		}
	}
	return false
}
