package sql

import (
	"fmt"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// values binds VALUES; its columns are column1, column2, ….
func (b *binder) values(s *pg.SelectStmt, outer *scope, m mode) (result, error) {
	sc := newScope(outer, nil, nil, "VALUES")
	rows := make([][]expr.Expr, len(s.ValuesLists))
	for i, list := range s.ValuesLists {
		items := list.GetList().GetItems()
		if i > 0 && len(items) != len(rows[0]) {
			return result{}, fault.New(fault.SyntaxError, "VALUES lists must all be the same length: %d and %d", len(rows[0]), len(items)).
				At(b.at(locationOf(items[0])))
		}
		rows[i] = make([]expr.Expr, len(items))
		for j, n := range items {
			if n.GetSetToDefault() != nil && len(m.targets) > 0 && j < len(b.options.Defaults) {
				rows[i][j] = b.options.Defaults[j]
				continue
			}
			e, err := b.expr(n, sc)
			if err != nil {
				return result{}, err
			}
			rows[i][j] = e
		}
	}
	v := &logical.Values{Rows: rows}
	if n := len(m.targets); n > 0 && n < len(rows[0]) {
		return result{}, fault.New(fault.SyntaxError, "INSERT has more expressions than target columns: %d and %d", len(rows[0]), n).
			At(b.at(locationOf(s.ValuesLists[0].GetList().GetItems()[n])))
	} else if n > len(rows[0]) && !b.options.Fewer {
		return result{}, fault.New(fault.SyntaxError, "INSERT has more target columns than expressions: %d and %d", n, len(rows[0]))
	}
	column := make([]expr.Expr, len(rows))
	for j := range rows[0] {
		for i := range rows {
			column[i] = rows[i][j]
		}
		t, err := b.valuesType(column, m, j)
		if err != nil {
			return result{}, fault.At(err, b.at(locationOf(s.ValuesLists[0].GetList().GetItems()[j])))
		}
		nullable := false
		for i := range rows {
			if rows[i][j], err = expr.Coerce(rows[i][j], t); err != nil {
				return result{}, fault.At(err, b.at(locationOf(s.ValuesLists[i].GetList().GetItems()[j])))
			}
			nullable = nullable || !logical.NotNull(rows[i][j], nil)
		}
		v.Cols = append(v.Cols, logical.Col{ID: b.ids.Next(), Name: fmt.Sprintf("column%d", j+1), Type: t, Nullable: nullable})
	}
	return result{node: v}, nil
}

func (b *binder) valuesType(exprs []expr.Expr, m mode, j int) (column.Type, error) {
	if len(m.targets) > 0 {
		return m.targets[j], nil
	}
	t, err := expr.CommonType("VALUES", exprs)
	return known(t), err
}
