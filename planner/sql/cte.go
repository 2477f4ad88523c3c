package sql

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// cteScope is the names that WITH clauses bring, innermost first.
type cteScope struct {
	parent *cteScope
	cte    *cte
}

// cte is one name of a WITH clause. Its plan is shared by all references, unless it reads columns of a query around it: then each
// reference binds the query anew.
type cte struct {
	name       string
	tree       *pg.CommonTableExpr
	outer      *scope
	level      int       // of outer; −1 for none
	around     *cteScope // names that its query sees
	plan       *logical.CTE
	names      []string // output names, aliases applied
	used       bool
	uses       []*cte // those that its own query reads
	inside     int    // how many CTEs were being bound where its WITH clause stands
	correlated bool
	recursive  bool       // it reads itself
	self       *recursive // of the name inside the query of a recursive CTE
}

// with binds a WITH clause and brings its names into reach.
func (b *binder) with(w *pg.WithClause, outer *scope) ([]*cte, error) {
	var own []*cte
	seen := map[string]bool{}
	for _, n := range w.Ctes {
		tree := n.GetCommonTableExpr()
		position := b.at(tree.Location)
		if seen[tree.Ctename] {
			return nil, fault.New(fault.DuplicateAlias, "WITH query name %q specified more than once", tree.Ctename).At(position)
		}
		seen[tree.Ctename] = true
		if tree.SearchClause != nil || tree.CycleClause != nil {
			return nil, b.unsupported(tree.Location, "SEARCH or CYCLE")
		}
		c := &cte{name: tree.Ctename, tree: tree, outer: outer, level: -1, around: b.ctes, inside: len(b.binding)}
		if outer != nil {
			c.level = outer.level
		}
		c.recursive = w.Recursive && readsItself(tree.Ctequery.GetSelectStmt(), c.name)
		node, err := b.cteQuery(c)
		if err != nil {
			return nil, err
		}
		c.plan = &logical.CTE{Name: c.name, Plan: node}
		b.ctes = &cteScope{parent: b.ctes, cte: c}
		own = append(own, c)
	}
	return own, nil
}

// cteQuery binds a CTE's query where its WITH clause stands.
func (b *binder) cteQuery(c *cte) (logical.Node, error) {
	s := c.tree.Ctequery.GetSelectStmt()
	if s == nil {
		return nil, b.unsupported(c.tree.Location, "a statement that changes data in WITH")
	}
	saved := b.ctes
	b.ctes = c.around
	b.binding = append(b.binding, c)
	bind := func() (result, error) { return b.query(s, c.outer, mode{}) }
	if c.recursive {
		bind = func() (result, error) { return b.recursion(c, s) }
	}
	r, err := bind()
	b.binding = b.binding[:len(b.binding)-1]
	b.ctes = saved
	if err != nil {
		return nil, err
	}
	c.names, err = b.cteNames(c, r.columns())
	return r.node, err
}

// cteNames are the names of a CTE's columns.
func (b *binder) cteNames(c *cte, cols []logical.Col) ([]string, error) {
	if len(c.tree.Aliascolnames) > len(cols) {
		return nil, fault.New(fault.InvalidColumnReference, "WITH query %q has %d columns available but %d columns specified", c.name, len(cols),
			len(c.tree.Aliascolnames)).At(b.at(c.tree.Location))
	}
	names := make([]string, len(cols))
	for i, col := range cols {
		names[i] = col.Name
		if i < len(c.tree.Aliascolnames) {
			names[i] = c.tree.Aliascolnames[i].GetString_().GetSval()
		}
	}
	return names, nil
}

// lookupCTE finds a CTE by name.
func (b *binder) lookupCTE(name string) *cte {
	for s := b.ctes; s != nil; s = s.parent {
		if s.cte.name == name {
			return s.cte
		}
	}
	return nil
}

// use notes a reference to a CTE: by the CTE that is being bound beside it, or else by the query itself.
func (b *binder) use(c *cte) {
	if len(b.binding) > c.inside {
		by := b.binding[c.inside]
		by.uses = append(by.uses, c)
		return
	}
	c.used = true
}

// shared are the plans of the CTEs that the query needs, in order: nothing computes the others.
func (b *binder) shared(own []*cte) []*logical.CTE {
	var out []*logical.CTE
	for i := len(own) - 1; i >= 0; i-- {
		c := own[i]
		if !c.used {
			continue
		}
		for _, u := range c.uses {
			b.use(u)
		}
		if !c.correlated {
			out = append(out, c.plan)
		}
	}
	slices.Reverse(out)
	return out
}

// cteReference reads a CTE in FROM.
func (b *binder) cteReference(c *cte, position int) (*fromItem, error) {
	if c.self != nil {
		return b.workingTable(c, position)
	}
	b.use(c)
	if c.correlated {
		if err := b.expand(position); err != nil {
			return nil, err
		}
		node, err := b.cteQuery(c)
		if err != nil {
			return nil, err
		}
		return tableItem(node, "", c.name, renamed(node.Columns(), c.names)), nil
	}
	ref := &logical.CTERef{CTE: c.plan}
	for i, col := range c.plan.Plan.Columns() {
		col.ID, col.Name = b.ids.Next(), c.names[i]
		ref.Cols = append(ref.Cols, col)
	}
	return tableItem(ref, "", c.name, ref.Cols), nil
}

// renamed are columns under other names.
func renamed(cols []logical.Col, names []string) []logical.Col {
	out := make([]logical.Col, len(cols))
	for i, c := range cols {
		c.Name = names[i]
		out[i] = c
	}
	return out
}
