package sql

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// maxPivotColumns bounds the columns that PIVOT makes.
const maxPivotColumns = 10_000

// treeVersion is the version of PostgreSQL whose trees the parser makes, as their printer wants it.
const treeVersion = 170_007

// pivotCall finds the call that the parser leaves for PIVOT and UNPIVOT.
func pivotCall(j *pg.JoinExpr) (*pg.FuncCall, *pg.RangeFunction) {
	r := j.Rarg.GetRangeFunction()
	if r == nil || len(r.Functions) != 1 || len(r.Functions[0].GetList().GetItems()) == 0 {
		return nil, nil
	}
	f := r.Functions[0].GetList().Items[0].GetFuncCall()
	if name := lastString(f.GetFuncname()); name != ast.PivotFunction && name != ast.UnpivotFunction {
		return nil, nil
	}
	return f, r
}

// pivoted binds PIVOT or UNPIVOT of what stands on the join's left side.
func (b *binder) pivoted(j *pg.JoinExpr, f *pg.FuncCall, outer *scope, before *fromItem) (*fromItem, error) {
	if lastString(f.Funcname) == ast.UnpivotFunction {
		return b.unpivot(j, f, outer, before)
	}
	return b.pivot(j, f, outer, before)
}

// pivotColumn is something that PIVOT makes columns of: an expression and its values.
type pivotColumn struct {
	on     *pg.Node
	given  *pg.SelectStmt // nil: the values that there are
	values []pivotValue
}

type pivotValue struct {
	node *pg.Node
	name string
	null bool
}

// pivot binds
//
//	t PIVOT (sum(x) FOR c IN (1, 2))   →   SELECT k, sum(x) FILTER (WHERE c = 1) AS "1", sum(x) FILTER (WHERE c = 2) AS "2" FROM t GROUP BY k
//
// where k are the columns of t that are not named in it, or those of its GROUP BY.
func (b *binder) pivot(j *pg.JoinExpr, f *pg.FuncCall, outer *scope, before *fromItem) (*fromItem, error) {
	position := b.at(f.Location)
	var columns []*pivotColumn
	var using []*pg.ResTarget
	var group []*pg.Node
	grouped := false
	for _, n := range f.Args {
		part := n.GetFuncCall()
		switch lastString(part.GetFuncname()) {
		case ast.PivotOn:
			if len(part.Args) != 1 {
				return nil, fault.New(fault.SyntaxError, "PIVOT takes an expression at a time").At(b.at(part.Location))
			}
			columns = append(columns, &pivotColumn{on: part.Args[0]})
		case ast.PivotIn:
			if len(columns) == 0 || len(part.Args) != 1 {
				return nil, fault.New(fault.SyntaxError, "a list of values is expected").At(b.at(part.Location))
			}
			columns[len(columns)-1].given = part.Args[0].GetSubLink().GetSubselect().GetSelectStmt()
		case ast.PivotUsing:
			for _, t := range part.Args[0].GetSubLink().GetSubselect().GetSelectStmt().GetTargetList() {
				using = append(using, t.GetResTarget())
			}
		case ast.PivotGroup:
			group, grouped = part.Args, true
		default:
			return nil, fault.New(fault.SyntaxError, "this is no part of PIVOT").At(b.at(locationOf(n)))
		}
	}
	if len(columns) == 0 {
		return nil, fault.New(fault.SyntaxError, "PIVOT needs columns: ON column, or FOR column IN (…)").At(position)
	}
	if len(using) == 0 {
		using = []*pg.ResTarget{{Val: pg.MakeFuncCallNode([]*pg.Node{pg.MakeStrNode("count")}, nil, f.Location), Location: f.Location}}
		using[0].Val.GetFuncCall().AggStar = true
	}
	for _, c := range columns {
		if err := b.pivotValues(c, j.Larg, outer, before); err != nil {
			return nil, err
		}
	}
	item, err := b.fromItem(j.Larg, outer, before)
	if err != nil {
		return nil, err
	}
	if !grouped {
		named := map[string]bool{}
		for _, c := range columns {
			columnNames(c.on, named)
		}
		for _, t := range using {
			columnNames(t.Val, named)
		}
		for _, c := range item.visible {
			if !named[c.Name] {
				group = append(group, pg.MakeColumnRefNode([]*pg.Node{pg.MakeStrNode(c.Name)}, f.Location))
			}
		}
	}
	stmt := &pg.SelectStmt{GroupClause: group}
	for _, g := range group {
		stmt.TargetList = append(stmt.TargetList, pg.MakeResTargetNodeWithVal(g, locationOf(g)))
	}
	if err := b.pivotTargets(stmt, columns, using, position); err != nil {
		return nil, err
	}
	sc := newScope(outer, item.rels, item.visible, "")
	q, err := b.selectOver(item.node, sc, stmt, outer, mode{})
	if err != nil {
		return nil, fault.At(err, position)
	}
	return tableItem(q.node, "", "pivot", q.columns()), nil
}

// pivotTargets adds the aggregates for every combination of values.
func (b *binder) pivotTargets(stmt *pg.SelectStmt, columns []*pivotColumn, using []*pg.ResTarget, position int) error {
	total := len(using)
	for _, c := range columns {
		if total *= len(c.values); total > maxPivotColumns {
			return fault.New(fault.Code("54011"), "PIVOT would make more than %d columns", maxPivotColumns).At(position)
		}
	}
	at := make([]int, len(columns))
	for range total / len(using) {
		var names []string
		var conds []*pg.Node
		for i, c := range columns {
			v := c.values[at[i]]
			names = append(names, v.name)
			kind, op := pg.A_Expr_Kind_AEXPR_OP, "="
			if v.null {
				kind = pg.A_Expr_Kind_AEXPR_NOT_DISTINCT
			}
			conds = append(conds, pg.MakeAExprNode(kind, []*pg.Node{pg.MakeStrNode(op)}, c.on, v.node, locationOf(c.on)))
		}
		for _, u := range using {
			name := strings.Join(names, "_")
			if u.Name != "" {
				name += "_" + u.Name
			} else if len(using) > 1 {
				name += "_" + written(u.Val)
			}
			t := proto.Clone(u).(*pg.ResTarget)
			t.Name = name
			if !filterAggregates(t.Val, conds) {
				return fault.New(fault.GroupingError, "PIVOT takes aggregate functions, and %s is none", written(u.Val)).At(b.at(locationOf(u.Val)))
			}
			stmt.TargetList = append(stmt.TargetList, &pg.Node{Node: &pg.Node_ResTarget{ResTarget: t}})
		}
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < len(columns[i].values) {
				break
			}
			at[i] = 0
		}
	}
	return nil
}

// filterAggregates lets the aggregates of a tree see only the rows for which all conds hold; it reports whether there is one.
func filterAggregates(n *pg.Node, conds []*pg.Node) bool {
	found := false
	eachMessage(n.ProtoReflect(), func(m protoreflect.Message) bool {
		f, ok := m.Interface().(*pg.FuncCall)
		if !ok || !f.AggWithinGroup && !expr.IsAggregate(lastString(f.Funcname)) {
			return true
		}
		found = true
		all := slices.Clone(conds)
		if f.AggFilter != nil {
			all = append(all, f.AggFilter)
		}
		f.AggFilter = all[0]
		if len(all) > 1 {
			f.AggFilter = pg.MakeBoolExprNode(pg.BoolExprType_AND_EXPR, all, f.Location)
		}
		return false
	})
	return found
}

// columnNames adds the names of the columns in a tree.
func columnNames(n *pg.Node, names map[string]bool) {
	eachMessage(n.ProtoReflect(), func(m protoreflect.Message) bool {
		if c, ok := m.Interface().(*pg.ColumnRef); ok {
			names[lastString(c.Fields)] = true
		}
		return true
	})
}

// eachMessage calls f for m and the messages in it, as long as f says to go on inside.
func eachMessage(m protoreflect.Message, f func(protoreflect.Message) bool) {
	if !m.IsValid() || !f(m) {
		return
	}
	m.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case d.Kind() != protoreflect.MessageKind:
		case d.IsList():
			for i := range v.List().Len() {
				eachMessage(v.List().Get(i).Message(), f)
			}
		default:
			eachMessage(v.Message(), f)
		}
		return true
	})
}

// written is an expression as SQL writes it.
func written(n *pg.Node) string {
	t := &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: n}}}
	s := &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{
		TargetList: []*pg.Node{t}, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}}}
	text, err := pg.Deparse(&pg.ParseResult{Version: treeVersion, Stmts: []*pg.RawStmt{{Stmt: s}}})
	if err != nil {
		name, _ := figureName(n)
		return name
	}
	return strings.TrimPrefix(text, "SELECT ")
}

// pivotValues finds the values of a pivot column: those listed, those that a query gives, or those that there are.
func (b *binder) pivotValues(c *pivotColumn, source *pg.Node, outer *scope, before *fromItem) error {
	if g := c.given; g != nil && len(g.FromClause) == 0 && len(g.ValuesLists) == 0 && len(g.TargetList) > 0 && g.WithClause == nil {
		for _, n := range g.TargetList {
			t := n.GetResTarget()
			v := pivotValue{node: t.Val, name: t.Name, null: t.Val.GetAConst().GetIsnull()}
			if v.name == "" {
				var err error
				if v.name, err = b.pivotName(t.Val); err != nil {
					return err
				}
			}
			c.values = append(c.values, v)
		}
		return nil
	}
	position := b.at(locationOf(c.on))
	if b.options.Values == nil {
		return fault.New(fault.FeatureNotSupported, "PIVOT without a list of values is not supported here").At(position).
			WithHint("Name the values: PIVOT … ON column IN ('a', 'b').")
	}
	plan, err := b.pivotQuery(c, source, outer, before)
	if err != nil {
		return err
	}
	if len(logical.Free(plan)) > 0 {
		return fault.New(fault.FeatureNotSupported, "PIVOT of what depends on an outer query needs a list of values").At(position).
			WithHint("Name the values: PIVOT … ON column IN ('a', 'b').")
	}
	found, err := b.options.Values(b.ctx, &Bound{Plan: standalone(plan), IDs: b.ids})
	if err != nil {
		return fault.At(err, position)
	}
	parameters := slices.Clone(b.options.Parameters)
	for _, v := range found {
		parameters = append(parameters, v)
		c.values = append(c.values, pivotValue{node: pg.MakeParamRefNode(int32(len(parameters)), locationOf(c.on)), name: valueName(v), null: v.Null})
	}
	b.options.Parameters = parameters
	return nil
}

// pivotName is the text of a listed value, or of the members of a row with lines between.
func (b *binder) pivotName(n *pg.Node) (string, error) {
	members := []*pg.Node{n}
	if row := n.GetRowExpr(); row != nil {
		members = row.Args
	}
	names := make([]string, len(members))
	for i, m := range members {
		if m.GetAConst().GetIsnull() {
			names[i] = "NULL"
			continue
		}
		v, err := b.constantValue(m, newScope(nil, nil, nil, "PIVOT"))
		if err != nil {
			return "", err
		}
		names[i] = v.String()
	}
	return strings.Join(names, "_"), nil
}

// valueName is the text of a value, or of the members of a row with lines between.
func valueName(v column.Value) string {
	if v.Null || v.Type.Kind != column.Struct {
		return v.String()
	}
	names := make([]string, len(v.List))
	for i, m := range v.List {
		names[i] = m.String()
	}
	return strings.Join(names, "_")
}

// pivotQuery is the query for a pivot column's values.
func (b *binder) pivotQuery(c *pivotColumn, source *pg.Node, outer *scope, before *fromItem) (logical.Node, error) {
	if c.given != nil {
		q, err := b.query(c.given, outer, mode{})
		if err == nil && len(q.columns()) != 1 {
			err = fault.New(fault.SyntaxError, "the query for the values of PIVOT must return one column").At(b.at(locationOf(c.on)))
		}
		return q.node, err
	}
	item, err := b.fromItem(source, outer, before)
	if err != nil {
		return nil, err
	}
	sc := newScope(outer, item.rels, item.visible, "PIVOT")
	e, err := b.expr(c.on, sc)
	if err != nil {
		return nil, err
	}
	p := b.project(item.node, []expr.Expr{e}, []string{"value"})
	col := p.Columns()[0].Expr()
	n := logical.Where(&logical.Distinct{Input: p}, &expr.IsNull{Arg: col, Negated: true})
	sorted := &logical.Sort{Input: n, Keys: []expr.SortKey{{Expr: col}}}
	return &logical.Limit{Input: sorted, Count: maxPivotColumns + 1}, nil
}

// standalone is a plan with the shared CTEs that it reads and that are computed outside of it.
func standalone(n logical.Node) logical.Node {
	var list []*logical.CTE
	seen := map[*logical.CTE]bool{}
	var visit func(n logical.Node)
	visit = func(n logical.Node) {
		if w, ok := n.(*logical.With); ok {
			for _, c := range w.CTEs {
				seen[c] = true
				visit(c.Plan)
			}
		}
		if r, ok := n.(*logical.CTERef); ok && !seen[r.CTE] {
			seen[r.CTE] = true
			visit(r.CTE.Plan)
			list = append(list, r.CTE)
		}
		for _, e := range logical.Exprs(n) {
			expr.Walk(e, func(e expr.Expr) bool {
				if q, ok := e.(*logical.Subquery); ok {
					visit(q.Plan)
				}
				return true
			})
		}
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	visit(n)
	if len(list) == 0 {
		return n
	}
	return &logical.With{CTEs: list, Input: n}
}
