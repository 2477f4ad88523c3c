package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

// expr binds an expression in a scope.
func (b *binder) expr(n *pg.Node, s *scope) (expr.Expr, error) {
	if err := b.enter(locationOf(n)); err != nil {
		return nil, err
	}
	defer b.leave()
	e, err := b.exprNode(n, s)
	if err != nil {
		return nil, fault.At(err, b.at(locationOf(n)))
	}
	if l, ok := e.(*expr.Literal); ok && l.Zone == nil && b.options.Zone != nil {
		c := *l
		c.Zone = b.options.Zone
		return &c, nil
	}
	return expr.At(e, b.at(locationOf(n))), nil
}

func (b *binder) exprNode(n *pg.Node, s *scope) (expr.Expr, error) {
	switch e := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return b.columnRef(e.ColumnRef, s)
	case *pg.Node_AConst:
		return b.constant(e.AConst)
	case *pg.Node_ParamRef:
		return b.parameter(e.ParamRef)
	case *pg.Node_AExpr:
		return b.operator(e.AExpr, s)
	case *pg.Node_BoolExpr:
		return b.boolExpr(e.BoolExpr, s)
	case *pg.Node_FuncCall:
		return b.function(e.FuncCall, s)
	case *pg.Node_TypeCast:
		return b.cast(e.TypeCast, s, false)
	case *pg.Node_CaseExpr:
		return b.caseExpr(e.CaseExpr, s)
	case *pg.Node_CoalesceExpr:
		args, err := b.exprs(e.CoalesceExpr.Args, s)
		if err != nil {
			return nil, err
		}
		out, err := expr.NewCoalesce(args)
		return out, b.blame(err, e.CoalesceExpr.Args, args)
	case *pg.Node_MinMaxExpr:
		args, err := b.exprs(e.MinMaxExpr.Args, s)
		if err != nil {
			return nil, err
		}
		if e.MinMaxExpr.Op == pg.MinMaxOp_IS_LEAST {
			return expr.NewCall("least", args)
		}
		return expr.NewCall("greatest", args)
	case *pg.Node_NullTest:
		return b.nullTest(e.NullTest, s)
	case *pg.Node_BooleanTest:
		return b.booleanTest(e.BooleanTest, s)
	case *pg.Node_SubLink:
		return b.subLink(e.SubLink, s)
	case *pg.Node_SqlvalueFunction:
		return b.valueFunction(e.SqlvalueFunction)
	case *pg.Node_CollateClause:
		return b.collate(e.CollateClause, s)
	case *pg.Node_RowExpr:
		return b.rowValue(e.RowExpr, s)
	case *pg.Node_AArrayExpr:
		return b.array(e.AArrayExpr, s)
	case *pg.Node_AIndirection:
		return b.indirection(e.AIndirection, s)
	case *pg.Node_GroupingFunc:
		return b.grouping(e.GroupingFunc, s)
	case *pg.Node_MergeSupportFunc:
		return b.mergeAction(e.MergeSupportFunc, s)
	case *pg.Node_JsonArrayConstructor:
		return b.jsonArray(e.JsonArrayConstructor, s)
	case *pg.Node_JsonFuncExpr:
		return b.jsonExists(e.JsonFuncExpr, s)
	case *pg.Node_JsonObjectConstructor:
		return b.jsonObject(e.JsonObjectConstructor)
	case *pg.Node_JsonParseExpr:
		return b.jsonParse(e.JsonParseExpr, s)
	case *pg.Node_SetToDefault:
		return nil, fault.New(fault.SyntaxError, "DEFAULT is not allowed in this context").At(b.at(e.SetToDefault.Location))
	}
	return nil, b.unsupported(locationOf(n), "this expression")
}

func (b *binder) exprs(list []*pg.Node, s *scope) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(list))
	for i, n := range list {
		e, err := b.expr(n, s)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

// boolean binds a condition.
func (b *binder) boolean(n *pg.Node, s *scope, clause string) (expr.Expr, error) {
	e, err := b.expr(n, s)
	if err != nil {
		return nil, err
	}
	if l, ok := e.(*expr.Literal); ok && l.Untyped {
		e, err = expr.Coerce(e, column.T(column.Bool))
		return e, fault.At(err, b.at(locationOf(n)))
	}
	if e.Type().Kind != column.Bool {
		return nil, fault.New(fault.DatatypeMismatch, "argument of %s must be type boolean, not type %s", clause, e.Type()).At(b.at(locationOf(n)))
	}
	return e, nil
}

func (b *binder) columnRef(c *pg.ColumnRef, s *scope) (expr.Expr, error) {
	position := b.at(c.Location)
	parts := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		if f.GetAStar() != nil {
			return nil, fault.New(fault.SyntaxError, "* is not allowed here").At(position)
		}
		parts[i] = f.GetString_().GetSval()
	}
	if len(parts) > 1 {
		if e, err := b.fieldOfColumn(parts, s, position); e != nil || err != nil {
			return e, fault.At(err, position)
		}
	}
	if len(parts) > 3 {
		return nil, fault.New(fault.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(parts, ".")).At(position)
	}
	return b.column(parts, s, position)
}

func (b *binder) boolExpr(e *pg.BoolExpr, s *scope) (expr.Expr, error) {
	if e.Boolop == pg.BoolExprType_NOT_EXPR {
		return b.not(e.Args[0], s)
	}
	word := "AND"
	if e.Boolop == pg.BoolExprType_OR_EXPR {
		word = "OR"
	}
	terms := make([]expr.Expr, len(e.Args))
	for i, n := range e.Args {
		t, err := b.boolean(n, s, word)
		if err != nil {
			return nil, err
		}
		terms[i] = t
	}
	if word == "OR" {
		return expr.NewOr(terms...)
	}
	return expr.NewAnd(terms...)
}

// cast binds CAST, :: and typed constants.
func (b *binder) cast(c *pg.TypeCast, s *scope, try bool) (expr.Expr, error) {
	if e, err := b.castRelation(c, s); e != nil || err != nil {
		return e, err
	}
	t, err := b.typeName(c.TypeName)
	if err != nil {
		return nil, err
	}
	if t.fields != 0 && c.Arg.GetAConst().GetSval() != nil {
		return expr.NewCast(untypedText(intervalText(c.Arg.GetAConst().GetSval().GetSval(), t.fields)), t.Type, try)
	}
	if e := b.namedTime(c.Arg.GetAConst().GetSval().GetSval(), t.Type); e != nil {
		return e, nil
	}
	if a := c.Arg.GetAArrayExpr(); a != nil && t.Kind == column.List {
		return b.castArray(a, t.Type, s, try)
	}
	arg, err := b.expr(c.Arg, s)
	if err != nil {
		return nil, err
	}
	if name := lastString(c.TypeName.Names); (name == "json" || name == "jsonb") && !t.array && arg.Type().Kind != column.Null && !try {
		if arg, err = expr.NewCast(arg, t.Type, false); err != nil {
			return nil, fault.At(err, b.at(c.Location))
		}
		e, err := expr.NewCall("$json", []expr.Expr{arg})
		return e, err
	}
	if t.unconstrained && !t.array {
		return b.castToNumeric(arg, t.Type, try)
	}
	e, err := expr.NewCast(arg, t.Type, try)
	err = b.blame(err, []*pg.Node{c.Arg}, []expr.Expr{arg})
	if err != nil || t.length == 0 || t.array {
		return e, err
	}
	// varchar(n) cuts.
	return expr.NewCall("left", []expr.Expr{e, &expr.Literal{Value: column.IntValue(column.T(column.Int32), int64(t.length))}})
}

// castToNumeric casts to NUMERIC without precision: exact numbers keep their digits.
func (b *binder) castToNumeric(arg expr.Expr, to column.Type, try bool) (expr.Expr, error) {
	kind := arg.Type().Kind
	if l, ok := arg.(*expr.Literal); ok && l.Untyped && !l.Value.Null {
		if n, err := number(l.Value.Str, 0); err == nil {
			arg, kind = n, n.Type().Kind
		}
	}
	switch kind {
	case column.Decimal:
		return arg, nil
	case column.Int8, column.Uint8:
		to = column.DecimalType(3, 0)
	case column.Int16, column.Uint16:
		to = column.DecimalType(5, 0)
	case column.Int32, column.Uint32:
		to = column.DecimalType(10, 0)
	case column.Int64:
		to = column.DecimalType(19, 0)
	case column.Uint64:
		to = column.DecimalType(20, 0)
	}
	return expr.NewCast(arg, to, try)
}

// caseExpr binds both forms of CASE.
func (b *binder) caseExpr(c *pg.CaseExpr, s *scope) (expr.Expr, error) {
	var err error
	operand := b.repeated(c.Arg, s)
	whens := make([]expr.When, len(c.Args))
	var nodes []*pg.Node
	var results []expr.Expr
	for i, n := range c.Args {
		w := n.GetCaseWhen()
		if c.Arg == nil {
			whens[i].Cond, err = b.boolean(w.Expr, s, "CASE/WHEN")
		} else {
			whens[i].Cond, err = b.compareWith(expr.Eq, operand, c.Arg, w.Expr, s)
		}
		if err != nil {
			return nil, fault.At(err, b.at(locationOf(w.Expr)))
		}
		if whens[i].Then, err = b.expr(w.Result, s); err != nil {
			return nil, err
		}
		nodes, results = append(nodes, w.Result), append(results, whens[i].Then)
	}
	var otherwise expr.Expr
	if c.Defresult != nil {
		if otherwise, err = b.expr(c.Defresult, s); err != nil {
			return nil, err
		}
		nodes, results = append(nodes, c.Defresult), append(results, otherwise)
	}
	out, err := expr.NewCase(whens, otherwise)
	return out, b.blame(err, nodes, results)
}

func (b *binder) nullTest(t *pg.NullTest, s *scope) (expr.Expr, error) {
	negated := t.Nulltesttype == pg.NullTestType_IS_NOT_NULL
	if row := t.Arg.GetRowExpr(); row != nil {
		// A row is (not) null when all its members are.
		terms := make([]expr.Expr, len(row.Args))
		for i, n := range row.Args {
			e, err := b.expr(n, s)
			if err != nil {
				return nil, err
			}
			terms[i] = &expr.IsNull{Arg: e, Negated: negated}
		}
		if len(terms) == 0 {
			return nil, b.unsupported(row.Location, "an empty row")
		}
		return expr.NewAnd(terms...)
	}
	e, err := b.expr(t.Arg, s)
	if err != nil {
		return nil, err
	}
	if l, ok := e.(*expr.Literal); ok && l.Untyped {
		if e, err = expr.Coerce(e, column.T(column.Text)); err != nil {
			return nil, err
		}
	}
	return &expr.IsNull{Arg: e, Negated: negated}, nil
}

// booleanTest binds IS [NOT] TRUE, FALSE, UNKNOWN.
func (b *binder) booleanTest(t *pg.BooleanTest, s *scope) (expr.Expr, error) {
	e, err := b.boolean(t.Arg, s, "IS")
	if err != nil {
		return nil, err
	}
	orElse := func(v bool) (expr.Expr, error) {
		return expr.NewCoalesce([]expr.Expr{e, &expr.Literal{Value: column.BoolValue(v)}})
	}
	switch t.Booltesttype {
	case pg.BoolTestType_IS_TRUE:
		return orElse(false)
	case pg.BoolTestType_IS_NOT_FALSE:
		return orElse(true)
	case pg.BoolTestType_IS_UNKNOWN:
		return &expr.IsNull{Arg: e}, nil
	case pg.BoolTestType_IS_NOT_UNKNOWN:
		return &expr.IsNull{Arg: e, Negated: true}, nil
	}
	v, err := orElse(t.Booltesttype == pg.BoolTestType_IS_FALSE)
	if err != nil {
		return nil, err
	}
	return expr.NewNot(v)
}

// collate accepts the one collation that the engine has: by code point.
func (b *binder) collate(c *pg.CollateClause, s *scope) (expr.Expr, error) {
	switch name := lastString(c.Collname); name {
	case "C", "POSIX", "ucs_basic", "default":
		return b.expr(c.Arg, s)
	default:
		return nil, b.unsupported(c.Location, "collation %q", name).WithHint(`Text is ordered by code point; COLLATE "C" says so.`)
	}
}
