package session

import (
	"context"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// maxInferred bounds the parameters whose types are looked for: each takes a few binds.
const maxInferred = 100

// ParameterTypes finds the types that a statement gives to its n parameters; Null where that depends on their values. A parameter that is bound
// to NULL becomes a NULL of some type in the plan. Which of the plan's typed NULLs is whose shows when the parameter is bound to a value
// of one of these types instead: its NULLs go, and the others stay.
func (s *Session) ParameterTypes(ctx context.Context, st Statement, n int) ([]column.Type, error) {
	types := make([]column.Type, n)
	values := make([]column.Value, n)
	for i := range values {
		types[i] = column.T(column.Null)
		values[i] = column.NullValue(types[i])
	}
	if n == 0 || n > maxInferred {
		return types, nil
	}
	all, ok, err := s.nullTypes(ctx, st.parsed, values)
	if err != nil || !ok {
		return types, err
	}
	candidates := make([]column.Type, 0, len(all))
	for _, c := range all {
		candidates = append(candidates, c.t)
	}
	for i := range values {
		if types[i], err = s.typeOf(ctx, st.parsed, values, i, all, candidates); err != nil {
			return nil, err
		}
		values[i] = column.NullValue(column.T(column.Null))
	}
	return types, nil
}

// fallbacks are the types that are tried for a parameter whose NULL leaves no trace in the plan, such as that of LIMIT.
var fallbacks = []column.Type{column.T(column.Text), column.T(column.Int64)}

func (s *Session) typeOf(ctx context.Context, st *parse.Statement, values []column.Value, i int, all []typeCount, candidates []column.Type) (column.Type, error) {
	for _, t := range candidates {
		values[i] = zero(t)
		now, _, err := s.nullTypes(ctx, st, values)
		if ctx.Err() != nil {
			return t, context.Cause(ctx)
		}
		if err == nil && fewer(now, all, t) {
			return t, nil
		}
	}
	for _, t := range fallbacks {
		values[i] = zero(t)
		if _, _, err := s.nullTypes(ctx, st, values); err == nil {
			return t, nil
		}
	}
	return column.T(column.Null), nil
}

// zero is a value of a type that any context takes.
func zero(t column.Type) column.Value { return column.Value{Type: t} }

// typeCount is how many NULLs of a type a plan has.
type typeCount struct {
	t column.Type
	n int
}

func count(list []typeCount, t column.Type) int {
	for _, c := range list {
		if c.t.Equal(t) {
			return c.n
		}
	}
	return 0
}

// fewer reports whether now has fewer NULLs of type t than before, and as many of the others.
func fewer(now, before []typeCount, t column.Type) bool {
	for _, b := range before {
		n := count(now, b.t)
		if b.t.Equal(t) && n >= b.n || !b.t.Equal(t) && n != b.n {
			return false
		}
	}
	return true
}

// nullTypes counts the typed NULLs of a statement's logical plan; false for a statement that has no plan.
func (s *Session) nullTypes(ctx context.Context, st *parse.Statement, values []column.Value) ([]typeCount, bool, error) {
	o := s.options(sql.Options{Parameters: values})
	queries, from, err := s.queriesOf(ctx, st, &o)
	if err != nil || len(queries) == 0 {
		return nil, false, err
	}
	var out []typeCount
	for _, q := range queries {
		with := o
		if q.targets == nil {
			with = withoutTargets(o)
		} else {
			with.Targets = q.targets
		}
		tables := from
		if q.from != nil {
			tables = q.from
		}
		bound, err := sql.Bind(ctx, q.query, tables, with)
		if err != nil {
			return nil, false, err
		}
		out = addNulls(out, bound.Plan)
	}
	return out, true, nil
}

// addNulls counts the typed NULLs of a plan.
func addNulls(out []typeCount, plan logical.Node) []typeCount {
	seen := map[*logical.CTE]bool{}
	var visit func(n logical.Node)
	visit = func(n logical.Node) {
		if ref, ok := n.(*logical.CTERef); ok && !seen[ref.CTE] {
			seen[ref.CTE] = true
			visit(ref.CTE.Plan)
		}
		for _, e := range logical.Exprs(n) {
			expr.Walk(e, func(e expr.Expr) bool {
				switch e := e.(type) {
				case *expr.Literal:
					if e.Value.Null && e.Value.Type.Kind != column.Null {
						out = addType(out, e.Value.Type)
					}
				case *logical.Subquery:
					visit(e.Plan)
				}
				return true
			})
		}
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	visit(plan)
	return out
}

// assigned is a query of a statement; targets are the types that its result is assigned to, nil when it is assigned to nothing.
type assigned struct {
	query   *parse.Query
	targets []column.Type
	from    catalog.Resolver // nil: that of all
}

// queriesOf are the queries that a statement runs, and what they read tables from; none for a statement that has no plan.
func (s *Session) queriesOf(ctx context.Context, st *parse.Statement, o *sql.Options) ([]assigned, catalog.Resolver, error) {
	var q *parse.Query
	switch body := st.Body.(type) {
	case *parse.Query:
		q = body
	case *parse.CreateTableAs:
		q = body.Query
	case *parse.Copy:
		q = body.Query
	case *parse.Insert:
		q = body.Query
		if err := s.insertOptions(ctx, body, o); err != nil || q == nil {
			return nil, nil, err
		}
		return []assigned{{query: q, targets: o.Targets}}, resolver{s}, nil
	case *parse.Change:
		return s.queriesOfChange(ctx, body, *o)
	case *parse.Merge:
		return s.queriesOfMerge(ctx, body, *o)
	}
	if q == nil {
		return nil, nil, nil
	}
	return []assigned{{query: q}}, resolver{s}, nil
}

// emptied finds the table of a statement that changes rows, and gives a resolver that knows it, without its rows, as sourceName.
func (s *Session) emptied(ctx context.Context, name parse.Name, verb string) (st catalog.Stored, types []column.Type, from catalog.Resolver, err error) {
	at, t, v, err := s.find(ctx, name)
	if err != nil {
		return st, nil, nil, err
	}
	if st, err = s.own(at, t, v, verb); err != nil {
		return st, nil, nil, fault.At(err, name.Position)
	}
	none, err := partsTable(ctx, st, nil)
	if err != nil {
		return st, nil, nil, err
	}
	for _, c := range st.Columns {
		types = append(types, c.Type)
	}
	return st, types, withSource{resolver{s}, none}, nil
}

func (s *Session) queriesOfChange(ctx context.Context, c *parse.Change, o sql.Options) ([]assigned, catalog.Resolver, error) {
	st, types, from, err := s.emptied(ctx, c.Table, c.Verb)
	if err != nil {
		return nil, nil, err
	}
	var out []assigned
	if c.Verb == "DELETE" {
		out = append(out, assigned{query: c.Count(sourceName)})
	} else {
		columns, defaults, err := columnsAndDefaults(st)
		if err != nil {
			return nil, nil, err
		}
		if err := setsExist(c.Sets, st, c.Table); err != nil {
			return nil, nil, err
		}
		rows, err := c.Rows(sourceName, columns, defaults)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, assigned{query: rows, targets: types})
	}
	if c.Returning != nil && !c.Returning.Others {
		out = append(out, assigned{query: c.Returning.Query(sourceName)})
	} else if c.Returning != nil {
		q, err := s.queryReadingOthers(ctx, c, st, o)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, q)
	}
	return out, from, nil
}

// queryReadingOthers is the RETURNING of a statement that reads other tables, over no rows.
func (s *Session) queryReadingOthers(ctx context.Context, b parse.Body, st catalog.Stored, o sql.Options) (assigned, error) {
	q, r, from, err := s.changedQuery(ctx, b, st, o)
	if err != nil {
		return assigned{}, err
	}
	t, err := s.newChangedRows(st, o).empty(ctx, q, from)
	return assigned{query: r.Changed(sourceName), from: withSource{resolver{s}, t}}, err
}

func (s *Session) queriesOfMerge(ctx context.Context, m *parse.Merge, o sql.Options) ([]assigned, catalog.Resolver, error) {
	st, types, from, err := s.emptied(ctx, m.Table, "MERGE")
	if err != nil {
		return nil, nil, err
	}
	st.Parts = nil
	run, err := s.newMerging(ctx, m, st, o)
	if err != nil {
		return nil, nil, err
	}
	out := []assigned{{query: m.Pairs(sourceName)}, {query: m.Alone(sourceName)}}
	for _, of := range []struct {
		match  parse.Match
		action string
		query  func(string, []string, []*parse.Query) (*parse.Query, error)
	}{
		{parse.Matched, "UPDATE", m.Updated}, {parse.NotMatchedBySource, "UPDATE", m.UpdatedAlone}, {parse.NotMatchedByTarget, "INSERT", m.Inserted},
	} {
		if !m.Has(of.match, of.action) {
			continue
		}
		q, err := of.query(sourceName, run.columns, run.defaults)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, assigned{query: q, targets: types})
	}
	if m.Returning != nil {
		q, err := s.queryReadingOthers(ctx, m, st, o)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, q)
	}
	return out, from, nil
}

// insertOptions says what an INSERT's columns are assigned to.
func (s *Session) insertOptions(ctx context.Context, i *parse.Insert, o *sql.Options) error {
	at, t, v, err := s.find(ctx, i.Table)
	if err != nil {
		return err
	}
	st, err := s.own(at, t, v, "INSERT")
	if err != nil {
		return fault.At(err, i.Table.Position)
	}
	targets, err := insertTargets(i, st)
	if err != nil {
		return err
	}
	o.Fewer = true
	for _, k := range targets {
		c := st.Columns[k]
		d, err := sql.Default(ctx, c.Default, c.Type, sql.Options{Now: o.Now, Zone: o.Zone})
		if err != nil {
			return err
		}
		o.Targets, o.Defaults = append(o.Targets, c.Type), append(o.Defaults, d)
	}
	return nil
}

func addType(list []typeCount, t column.Type) []typeCount {
	for i := range list {
		if list[i].t.Equal(t) {
			list[i].n++
			return list
		}
	}
	return append(list, typeCount{t, 1})
}

// Assign converts a value to a type as an assignment does: a text is read as that type.
func Assign(v column.Value, t column.Type) (column.Value, error) { return convert(v, t) }
