package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// limit adds LIMIT and OFFSET. Where they are no constants, or ties come too, the rows are numbered and filtered.
// from has the columns of FROM, which may not stand there; nil: there are none.
func (b *binder) limit(n logical.Node, s *pg.SelectStmt, outer, from *scope) (logical.Node, error) {
	ties := s.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES
	count, err := b.rowCount(s.LimitCount, outer, from, "LIMIT", fault.InvalidLimit)
	if err != nil {
		return nil, err
	}
	offset, err := b.rowCount(s.LimitOffset, outer, from, "OFFSET", fault.InvalidOffset)
	if err != nil {
		return nil, err
	}
	if count == nil && offset == nil {
		return n, nil
	}
	most, known := constantCount(count, -1)
	skipped, also := constantCount(offset, 0)
	if known && also && !(ties && count != nil) {
		return &logical.Limit{Input: n, Count: most, Offset: skipped}, nil
	}
	return b.numbered(n, count, offset, ties)
}

// rowCount binds an argument of LIMIT or OFFSET: nil for none and for NULL, which says nothing.
func (b *binder) rowCount(n *pg.Node, outer, from *scope, clause string, code fault.Code) (expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	position := b.at(locationOf(n))
	e, err := b.expr(n, newScope(outer, nil, nil, clause))
	if err != nil {
		if from == nil || fault.CodeOf(err) != fault.UndefinedColumn {
			return nil, err
		}
		if _, other := b.expr(n, from); other == nil {
			return nil, fault.New(fault.InvalidColumnReference, "argument of %s must not contain variables", clause).At(position)
		}
		return nil, err
	}
	if e, err = expr.Coerce(e, column.T(column.Int64)); err != nil {
		return nil, fault.At(err, position)
	}
	if len(logical.Used(e)) > 0 || logical.HasSubquery(e) || logical.IsVolatile(e) {
		name := "$limit"
		if clause == "OFFSET" {
			name = "$offset"
		}
		return expr.NewCall(name, []expr.Expr{e})
	}
	v, err := expr.Evaluate(e)
	switch {
	case err != nil:
		return nil, fault.At(err, position)
	case v.Null:
		return nil, nil
	case v.Int64() < 0:
		return nil, fault.New(code, "%s must not be negative", clause).At(position)
	}
	return &expr.Literal{Value: v}, nil
}

// constantCount is the value of a constant; absent for none.
func constantCount(e expr.Expr, absent int64) (int64, bool) {
	if e == nil {
		return absent, true
	}
	if l, ok := e.(*expr.Literal); ok {
		return l.Value.Int64(), true
	}
	return 0, false
}

// numbered passes the rows whose number says so, in their order:
//
//	Limit x offset y            Sort by n
//	  Sort by a            →      Filter n > y and n <= x + y
//	                                Window order a [n: row_number()]
func (b *binder) numbered(n logical.Node, count, offset expr.Expr, ties bool) (logical.Node, error) {
	cols := n.Columns()
	in, order := n, []expr.SortKey(nil)
	var above *logical.Project
	if p, ok := in.(*logical.Project); ok {
		if _, sorted := p.Input.(*logical.Sort); sorted {
			above, in = p, p.Input
		}
	}
	if s, ok := in.(*logical.Sort); ok {
		in, order = s.Input, s.Keys
	}
	w := logical.RowNumber(in, order, b.ids)
	number := w.Cols[0].Expr()
	zero := &expr.Literal{Value: column.IntValue(column.T(column.Int64), 0)}
	var terms []expr.Expr
	var skipped expr.Expr = zero
	if offset != nil {
		skipped = &expr.Coalesce{Args: []expr.Expr{offset, zero}}
		terms = append(terms, logical.Compare(expr.Gt, number, skipped))
	}
	if count != nil {
		last, err := expr.NewCall("+", []expr.Expr{count, skipped})
		if err != nil {
			return nil, err
		}
		place := number
		if ties {
			rank := *w.Calls[0]
			rank.Op = kernels.WindowRank
			c := w.Cols[0]
			c.ID, c.Name = b.ids.Next(), "rank"
			w.Calls, w.Cols = append(w.Calls, &rank), append(w.Cols, c)
			place = c.Expr()
		}
		within := logical.Compare(expr.Le, place, last)
		if _, known := count.(*expr.Literal); !known {
			// A NULL means all rows.
			within = &expr.Coalesce{Args: []expr.Expr{within, logical.Bool(true)}}
		}
		terms = append(terms, within)
	}
	r := logical.Where(w, terms...)
	if order != nil {
		r = &logical.Sort{Input: r, Keys: []expr.SortKey{{Expr: number}}}
	}
	if above != nil {
		return &logical.Project{Input: r, Cols: above.Cols, Exprs: above.Exprs}, nil
	}
	return logical.Keep(r, cols), nil
}
