package sql

import (
	"math"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// array binds ARRAY[a, b, …].
func (b *binder) array(a *pg.A_ArrayExpr, s *scope) (expr.Expr, error) {
	if len(a.Elements) == 0 {
		return expr.EmptyList(), nil
	}
	args, err := b.exprs(a.Elements, s)
	if err != nil {
		return nil, err
	}
	e, err := expr.NewCall("list_value", args)
	return e, b.blame(err, a.Elements, args)
}

// castArray binds ARRAY[…]::t[], whose elements take the element type one by one, so that untyped ones are read as it.
func (b *binder) castArray(a *pg.A_ArrayExpr, to column.Type, s *scope, try bool) (expr.Expr, error) {
	if len(a.Elements) == 0 {
		return &expr.Literal{Value: column.Value{Type: to}}, nil
	}
	args := make([]expr.Expr, len(a.Elements))
	for i, n := range a.Elements {
		var e expr.Expr
		var err error
		if inner := n.GetAArrayExpr(); inner != nil && to.Elem().Kind == column.List {
			e, err = b.castArray(inner, to.Elem(), s, try)
		} else if e, err = b.expr(n, s); err == nil {
			e, err = expr.NewCast(e, to.Elem(), try)
		}
		if err != nil {
			return nil, fault.At(err, b.at(locationOf(n)))
		}
		args[i] = e
	}
	return expr.NewCall("list_value", args)
}

// rowValue binds ROW(a, b) and (a, b) as a struct.
func (b *binder) rowValue(r *pg.RowExpr, s *scope) (expr.Expr, error) {
	var args []expr.Expr
	for _, n := range r.Args {
		if members, err := b.rowStar(n, s); members != nil || err != nil {
			if err != nil {
				return nil, err
			}
			args = append(args, members...)
			continue
		}
		e, err := b.expr(n, s)
		if err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	e, err := expr.NewCall("row", args)
	return e, fault.At(err, b.at(r.Location))
}

// structPack binds struct_pack(name := value, …).
func (b *binder) structPack(f *pg.FuncCall, s *scope) (expr.Expr, error) {
	args, list, called := []expr.Expr(nil), f.Args, lastString(f.Funcname)
	if called == "struct_insert" && len(list) > 0 {
		e, err := b.expr(list[0], s)
		if err != nil {
			return nil, err
		}
		args, list = append(args, e), list[1:]
	}
	for _, n := range list {
		name, value := n.GetNamedArgExpr().GetName(), n.GetNamedArgExpr().GetArg()
		if value == nil {
			if name, value = simpleName(n), n; name == "" {
				return nil, fault.New(fault.SyntaxError, "%s takes named arguments: %s(name := value)", called, called).At(b.at(locationOf(n)))
			}
		}
		e, err := b.expr(value, s)
		if err != nil {
			return nil, err
		}
		args = append(args, &expr.Literal{Value: column.TextValue(name)}, e)
	}
	e, err := expr.NewCall(called, args)
	return e, fault.At(err, b.at(f.Location))
}

// indirection binds subscripts, slices and fields: a[1], a[1:2], m['k'], (s).f.
func (b *binder) indirection(n *pg.A_Indirection, s *scope) (expr.Expr, error) {
	e, err := b.expr(n.Arg, s)
	if err != nil {
		return nil, err
	}
	for _, step := range n.Indirection {
		switch {
		case step.GetString_() != nil:
			e, err = field(e, step.GetString_().GetSval())
		case step.GetAIndices() != nil:
			e, err = b.subscript(e, step.GetAIndices(), s)
		default:
			return nil, b.unsupported(locationOf(n.Arg), ".* of a row")
		}
		if err != nil {
			return nil, fault.At(err, b.at(locationOf(n.Arg)))
		}
	}
	return e, nil
}

// field is a struct's field by name.
func field(e expr.Expr, name string) (expr.Expr, error) {
	if e.Type().Kind != column.Struct {
		return nil, fault.New(fault.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, e.Type())
	}
	return expr.NewCall("struct_extract", []expr.Expr{e, &expr.Literal{Value: column.TextValue(name)}})
}

func (b *binder) subscript(e expr.Expr, i *pg.A_Indices, s *scope) (expr.Expr, error) {
	bound := func(n *pg.Node, missing int64) (expr.Expr, error) {
		if n == nil {
			return &expr.Literal{Value: column.IntValue(column.T(column.Int64), missing)}, nil
		}
		return b.expr(n, s)
	}
	upper, err := bound(i.Uidx, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	switch k := e.Type().Kind; {
	case k == column.Map && !i.IsSlice:
		return expr.NewCall("map_extract_value", []expr.Expr{e, upper})
	case k == column.Struct && !i.IsSlice:
		return expr.NewCall("struct_extract", []expr.Expr{e, upper})
	case k != column.List:
		return nil, fault.New(fault.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", e.Type())
	case !i.IsSlice:
		return expr.NewCall("array_subscript", []expr.Expr{e, upper})
	}
	lower, err := bound(i.Lidx, 1)
	if err != nil {
		return nil, err
	}
	return expr.NewCall("array_section", []expr.Expr{e, lower, upper})
}

// fieldOfColumn is s.f where no table is named s but a column is; nil when there is no such column.
func (b *binder) fieldOfColumn(parts []string, s *scope, position int) (expr.Expr, error) {
	if rel, _, err := s.relation("", parts[0], position); rel != nil || err != nil {
		// t.s.f
		if len(parts) < 3 || err != nil {
			return nil, err
		}
		e, err := b.column(parts[:2], s, position)
		if err != nil || e.Type().Kind != column.Struct {
			return nil, err
		}
		return fields(e, parts[2:])
	}
	known := false
	for o := s; o != nil && !known; o = o.parent {
		known = o.has(parts[0])
	}
	if !known {
		return nil, nil
	}
	e, err := b.column(parts[:1], s, position)
	if err != nil || e.Type().Kind != column.Struct {
		return nil, err
	}
	return fields(e, parts[1:])
}

func fields(e expr.Expr, names []string) (expr.Expr, error) {
	for _, name := range names {
		var err error
		if e, err = field(e, name); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// quantifiedArray binds x op ANY (array) and ALL of an array value: equality by searching, other operators where the list is constant.
func (b *binder) quantifiedArray(e *pg.A_Expr, op expr.CompareOp, all bool, s *scope) (expr.Expr, error) {
	left, err := b.expr(e.Lexpr, s)
	if err != nil {
		return nil, err
	}
	right, err := b.expr(e.Rexpr, s)
	if err != nil {
		return nil, err
	}
	if l, ok := right.(*expr.Literal); ok && l.Untyped {
		t := left.Type()
		if l, ok := left.(*expr.Literal); ok && l.Untyped {
			t = column.T(column.Text)
		}
		if right, err = expr.NewCast(right, column.ListType(t), false); err != nil {
			return nil, fault.At(err, b.at(locationOf(e.Rexpr)))
		}
	}
	if right.Type().Kind != column.List {
		return nil, fault.New(fault.WrongObjectType, "op ANY/ALL (array) requires array on right side").At(b.at(e.Location))
	}
	name := map[expr.CompareOp]string{
		expr.Eq: "list_any_eq", expr.Ne: "list_any_ne", expr.Lt: "list_any_lt", expr.Le: "list_any_le", expr.Gt: "list_any_gt", expr.Ge: "list_any_ge",
	}[op]
	if all {
		name = strings.Replace(name, "_any_", "_all_", 1)
	}
	out, err := expr.NewCall(name, []expr.Expr{left, right})
	return out, fault.At(err, b.at(e.Location))
}

// arraySubquery binds ARRAY(SELECT …): the list of the one column's values, in the query's order.
func (b *binder) arraySubquery(l *pg.SubLink, s *scope) (expr.Expr, error) {
	q, err := b.query(l.Subselect.GetSelectStmt(), s, mode{})
	if err != nil {
		return nil, err
	}
	cols := q.columns()
	if len(cols) > 1 && l.SubLinkType != pg.SubLinkType_ARRAY_SUBLINK {
		return nil, fault.New(fault.SyntaxError, "subquery has too many columns: %d for 1", len(cols)).At(b.at(l.Location))
	}
	if len(cols) != 1 {
		return nil, fault.New(fault.SyntaxError, "subquery must return only one column").At(b.at(l.Location))
	}
	call, err := expr.NewAggregate("array_agg", []expr.Expr{cols[0].Expr()}, false)
	if err != nil {
		return nil, fault.At(err, b.at(l.Location))
	}
	if sort, ok := q.node.(*logical.Sort); ok {
		call.OrderBy = sort.Keys
	}
	col := logical.Col{ID: b.ids.Next(), Name: "array", Type: call.Typ, Nullable: true}
	plan := &logical.Aggregate{Input: q.node, AggCols: []logical.Col{col}, Aggs: []*expr.AggCall{call}}
	sub := &logical.Subquery{Kind: logical.ScalarSubquery, Plan: plan, Typ: call.Typ, Pos: b.at(l.Location)}
	// No rows make an empty list.
	return expr.NewCoalesce([]expr.Expr{sub, &expr.Literal{Value: column.Value{Type: call.Typ}}})
}

// rowStar is the columns of t.* among a row's members; nil for anything else.
func (b *binder) rowStar(n *pg.Node, s *scope) ([]expr.Expr, error) {
	list := n.GetColumnRef().GetFields()
	if len(list) < 2 || list[len(list)-1].GetAStar() == nil {
		return nil, nil
	}
	position := b.at(locationOf(n))
	alias := lastString(list[:len(list)-1])
	rel, owner, err := s.relation("", alias, position)
	if err != nil {
		return nil, err
	}
	if rel == nil {
		return nil, undefinedRelation(alias, s).At(position)
	}
	out := make([]expr.Expr, len(rel.cols))
	for i, c := range rel.cols {
		out[i] = b.reference(c, owner, s, position)
	}
	return out, nil
}

// wholeRow is the struct of a table's columns, where a name is no column but a table; nil when it is neither.
func (b *binder) wholeRow(name string, s *scope, position int) (expr.Expr, error) {
	rel, owner, err := s.relation("", name, position)
	if rel == nil || err != nil || len(rel.cols) == 0 {
		return nil, err
	}
	var args []expr.Expr
	for _, c := range rel.cols {
		args = append(args, &expr.Literal{Value: column.TextValue(c.Name)}, b.reference(c, owner, s, position))
	}
	e, err := expr.NewCall("struct_pack", args)
	return e, fault.At(err, position)
}

// mapLiteral binds MAP {key: value, …}, whose keys and values come in turn.
func (b *binder) mapLiteral(f *pg.FuncCall, s *scope) (expr.Expr, error) {
	position := b.at(f.Location)
	if len(f.Args)%2 != 0 {
		return nil, fault.New(fault.SyntaxError, "a map is written MAP {key: value}").At(position)
	}
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	sides := [2]expr.Expr{}
	for side := range sides {
		var list []expr.Expr
		for i := side; i < len(args); i += 2 {
			list = append(list, args[i])
		}
		if len(list) == 0 {
			sides[side] = &expr.Literal{Value: column.Value{Type: column.ListType(column.T(column.Text))}}
			continue
		}
		if sides[side], err = expr.NewCall("list_value", list); err != nil {
			return nil, fault.At(err, position)
		}
	}
	e, err := expr.NewCall("map", sides[:])
	return e, fault.At(err, position)
}

// indirect is the tree of arg with steps behind it.
func indirect(arg *pg.Node, steps []*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_AIndirection{AIndirection: &pg.A_Indirection{Arg: arg, Indirection: steps}}}
}
