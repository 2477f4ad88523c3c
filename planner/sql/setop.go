package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// setOperation binds UNION, INTERSECT and EXCEPT. A chain of the same UNION becomes one node.
func (b *binder) setOperation(s *pg.SelectStmt, outer *scope, m mode) (result, error) {
	legs := []*pg.SelectStmt{s.Rarg}
	left := s.Larg
	for s.Op == pg.SetOperation_SETOP_UNION && left.Op == s.Op && left.All == s.All && isBare(left) {
		legs = append(legs, left.Rarg)
		left = left.Larg
	}
	legs = append(legs, left)
	results := make([]result, len(legs))
	for i := range legs {
		leg := legs[len(legs)-1-i]
		r, err := b.query(leg, outer, mode{keepUntyped: true})
		if err != nil {
			return result{}, err
		}
		if have, want := len(r.columns()), len(results[0].columnsOr(r)); have != want {
			return result{}, fault.New(fault.SyntaxError, "each %s query must have the same number of columns: %d and %d", setName(s.Op), want, have).
				At(b.at(queryLocation(leg)))
		}
		results[i] = r
	}
	op := &logical.SetOp{All: s.All}
	switch s.Op {
	case pg.SetOperation_SETOP_INTERSECT:
		op.Kind = logical.Intersect
	case pg.SetOperation_SETOP_EXCEPT:
		op.Kind = logical.Except
	}
	types, err := b.unify(results, setName(s.Op), func(leg, i int) int {
		return b.at(targetLocation(legs[len(legs)-1-leg], i))
	})
	if err != nil {
		return result{}, err
	}
	for i, r := range results {
		if results[i], err = b.convert(r, types); err != nil {
			return result{}, fault.At(err, b.at(queryLocation(legs[len(legs)-1-i])))
		}
		op.In = append(op.In, results[i].node)
	}
	for i, c := range results[0].columns() {
		out := logical.Col{ID: b.ids.Next(), Name: c.Name, Type: types[i], Nullable: c.Nullable}
		if op.Kind == logical.Union {
			for _, r := range results[1:] {
				out.Nullable = out.Nullable || r.columns()[i].Nullable
			}
		}
		op.Cols = append(op.Cols, out)
	}
	r := result{node: op}
	if len(m.targets) > 0 {
		r, err = b.assign(r, m.targets)
		return r, fault.At(err, b.at(queryLocation(s)))
	}
	return r, nil
}

// columnsOr are the columns of r, or of first when r is not bound yet.
func (r result) columnsOr(first result) []logical.Col {
	if r.node == nil {
		return first.columns()
	}
	return r.columns()
}

// isBare reports whether a set operation has nothing of its own around it.
func isBare(s *pg.SelectStmt) bool {
	return len(s.SortClause) == 0 && s.LimitCount == nil && s.LimitOffset == nil && s.WithClause == nil && len(s.LockingClause) == 0
}

func setName(op pg.SetOperation) string {
	switch op {
	case pg.SetOperation_SETOP_INTERSECT:
		return "INTERSECT"
	case pg.SetOperation_SETOP_EXCEPT:
		return "EXCEPT"
	}
	return "UNION"
}

// unify finds the common types of results, column by column; place is where a leg computes a column.
func (b *binder) unify(results []result, context string, place func(leg, i int) int) ([]column.Type, error) {
	types := make([]column.Type, len(results[0].columns()))
	for i := range types {
		sources := make([]expr.Expr, len(results))
		for j, r := range results {
			sources[j] = r.source(i)
		}
		t, err := expr.CommonType(context, sources)
		if err != nil {
			// The leg that does not go with those before it is to blame.
			for j := 1; j < len(sources); j++ {
				if _, e := expr.CommonType(context, sources[:j+1]); e != nil {
					return nil, fault.At(e, place(j, i))
				}
			}
			return nil, err
		}
		types[i] = known(t)
	}
	return types, nil
}

// targetLocation is where a query computes its i-th column, or the query's own place.
func targetLocation(s *pg.SelectStmt, i int) int32 {
	for s.GetLarg() != nil {
		s = s.Larg
	}
	if i < len(s.GetTargetList()) {
		return s.TargetList[i].GetResTarget().GetLocation()
	}
	if len(s.GetValuesLists()) > 0 {
		return locationOf(s.ValuesLists[0])
	}
	return queryLocation(s)
}

// known is t, or text when nothing chose a type.
func known(t column.Type) column.Type {
	if t.Kind == column.Null {
		return column.T(column.Text)
	}
	return t
}

// convert gives a result's columns the given types.
func (b *binder) convert(r result, types []column.Type) (result, error) {
	cols := r.columns()
	exprs := make([]expr.Expr, len(cols))
	changed := false
	for i := range cols {
		e := r.source(i)
		_, literal := e.(*expr.Literal)
		if literal || !e.Type().Equal(types[i]) {
			changed = true
			var err error
			if e, err = expr.Coerce(e, types[i]); err != nil {
				return result{}, err
			}
		}
		exprs[i] = e
	}
	if !changed {
		return result{node: r.node}, nil
	}
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Name
	}
	return result{node: b.project(r.node, exprs, names)}, nil
}

// assign converts a result to the columns that it is inserted into.
func (b *binder) assign(r result, types []column.Type) (result, error) {
	if have := len(r.columns()); have > len(types) {
		return result{}, fault.New(fault.SyntaxError, "INSERT has more expressions than target columns: %d and %d", have, len(types))
	} else if have < len(types) && !b.options.Fewer {
		return result{}, fault.New(fault.SyntaxError, "INSERT has more target columns than expressions: %d and %d", len(types), have)
	}
	return b.convert(r, types[:len(r.columns())])
}
