package session

import (
	"context"

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
		if err := s.insertOptions(ctx, body, &o); err != nil {
			return nil, false, err
		}
	}
	if q == nil {
		return nil, false, nil
	}
	bound, err := sql.Bind(ctx, q, resolver{s}, o)
	if err != nil {
		return nil, false, err
	}
	var out []typeCount
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
	visit(bound.Plan)
	return out, true, nil
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
