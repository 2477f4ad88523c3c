package sql

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

// patternOps are the operators that may stand before ANY and ALL beside the comparisons.
var patternOps = []string{"~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*"}

// similar binds SIMILAR TO as a match of the regular expression that its pattern stands for.
func (b *binder) similar(e *pg.A_Expr, negated bool, s *scope) (expr.Expr, error) {
	text, err := b.expr(e.Lexpr, s)
	if err != nil {
		return nil, err
	}
	f := e.Rexpr.GetFuncCall()
	if f == nil {
		return nil, b.unsupported(e.Location, "this form of SIMILAR TO")
	}
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	pattern, err := expr.NewCall("similar_to_escape", args)
	if err != nil {
		return nil, b.blame(err, f.Args, args)
	}
	if !slices.ContainsFunc(args, func(a expr.Expr) bool { _, ok := a.(*expr.Literal); return !ok }) {
		// As a constant it is checked and compiled once.
		v, err := expr.Evaluate(pattern)
		if err != nil {
			return nil, fault.At(err, b.at(locationOf(f.Args[len(f.Args)-1])))
		}
		pattern = &expr.Literal{Value: v}
	}
	nodes, both := []*pg.Node{e.Lexpr, e.Rexpr}, []expr.Expr{text, pattern}
	out, err := expr.NewCall("~", both)
	if err != nil {
		return nil, b.blame(err, nodes, both)
	}
	if negated {
		return expr.NewNot(out)
	}
	return out, nil
}

// quantifiedPattern binds LIKE ANY (ARRAY[…]), NOT LIKE ALL and the same of ILIKE and regular expressions: one match for each pattern of a list that is written out.
func (b *binder) quantifiedPattern(e *pg.A_Expr, name string, s *scope) (expr.Expr, error) {
	if !slices.Contains(patternOps, name) {
		return nil, b.unsupported(e.Location, "%s with ANY or ALL", name)
	}
	all := e.Kind == pg.A_Expr_Kind_AEXPR_OP_ALL
	patterns, list, err := b.patterns(e, s)
	if err != nil {
		return nil, err
	}
	if list != nil {
		return b.listedPatterns(e.Lexpr, list, name, all, e.Location, s)
	}
	arg := b.repeated(e.Lexpr, s)
	if len(patterns) == 0 {
		if _, err := arg(); err != nil {
			return nil, err
		}
		return &expr.Literal{Value: column.BoolValue(all)}, nil
	}
	terms := make([]expr.Expr, len(patterns))
	for i, p := range patterns {
		text, err := arg()
		if err != nil {
			return nil, err
		}
		if terms[i], err = expr.NewCall(name, []expr.Expr{text, p}); err != nil {
			return nil, fault.At(err, b.at(e.Location))
		}
	}
	if all {
		return expr.NewAnd(terms...)
	}
	return expr.NewOr(terms...)
}

// patternLists are the names in functions of the operators that may stand before ANY and ALL.
var patternLists = map[string]string{
	"~~": "like", "!~~": "not_like", "~~*": "ilike", "!~~*": "not_ilike", "~": "match", "!~": "not_match", "~*": "imatch", "!~*": "not_imatch",
}

// listedPatterns binds a match of ANY or ALL patterns of a list.
func (b *binder) listedPatterns(text *pg.Node, list expr.Expr, op string, all bool, location int32, s *scope) (expr.Expr, error) {
	left, err := b.expr(text, s)
	if err != nil {
		return nil, err
	}
	name := "list_any_" + patternLists[op]
	if all {
		name = "list_all_" + patternLists[op]
	}
	out, err := expr.NewCall(name, []expr.Expr{left, list})
	return out, fault.At(err, b.at(location))
}

// patterns are the members of the array on the right of ANY and ALL, an ARRAY[…] or a constant, or otherwise the array itself.
func (b *binder) patterns(e *pg.A_Expr, s *scope) (members []expr.Expr, list expr.Expr, err error) {
	if array := e.Rexpr.GetAArrayExpr(); array != nil && len(array.Elements) > 0 {
		members, err = b.exprs(array.Elements, s)
		return members, nil, err
	}
	right, err := b.expr(e.Rexpr, s)
	if err != nil {
		return nil, nil, err
	}
	if l, ok := right.(*expr.Literal); ok && l.Untyped {
		if right, err = expr.NewCast(right, column.ListType(column.T(column.Text)), false); err != nil {
			return nil, nil, fault.At(err, b.at(locationOf(e.Rexpr)))
		}
	}
	if right.Type().Kind != column.List {
		return nil, nil, fault.New(fault.WrongObjectType, "op ANY/ALL (array) requires array on right side").At(b.at(e.Location))
	}
	if !writtenOut(right) {
		return nil, right, nil
	}
	v, err := expr.Evaluate(right)
	if err != nil {
		return nil, nil, fault.At(err, b.at(locationOf(e.Rexpr)))
	}
	if v.Null {
		return []expr.Expr{untypedNull()}, nil, nil
	}
	out := make([]expr.Expr, len(v.List))
	for i, m := range v.List {
		out[i] = &expr.Literal{Value: m}
	}
	return out, nil, nil
}

// writtenOut reports whether an expression is a constant, cast or not.
func writtenOut(e expr.Expr) bool {
	if c, ok := e.(*expr.Cast); ok {
		return writtenOut(c.Arg)
	}
	_, ok := e.(*expr.Literal)
	return ok
}

// textArray refuses to compare a number with ARRAY['a', 'b'] of bare strings: that is an array of texts, other than a list of IN.
func (b *binder) textArray(e *pg.A_Expr, name string, s *scope) error {
	for _, n := range e.Rexpr.GetAArrayExpr().GetElements() {
		if n.GetAConst().GetSval() == nil {
			return nil
		}
	}
	left, err := b.expr(e.Lexpr, s)
	if err != nil {
		return err
	}
	if !left.Type().Kind.IsNumeric() {
		return b.repeat(left, 1, e.Location) // it is bound again
	}
	return fault.New(fault.UndefinedFunction, "operator does not exist: %s %s text", left.Type(), name).At(b.at(e.Location))
}
