package sql

import (
	"sort"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

// locationOf is the place of a node in its text, −1 when the tree does not say.
func locationOf(n *pg.Node) int32 {
	switch e := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return e.ColumnRef.Location
	case *pg.Node_AConst:
		return e.AConst.Location
	case *pg.Node_ParamRef:
		return e.ParamRef.Location
	case *pg.Node_FuncCall:
		return e.FuncCall.Location
	case *pg.Node_AExpr:
		return e.AExpr.Location
	case *pg.Node_BoolExpr:
		return e.BoolExpr.Location
	case *pg.Node_SubLink:
		return e.SubLink.Location
	case *pg.Node_CaseExpr:
		return e.CaseExpr.Location
	case *pg.Node_CoalesceExpr:
		return e.CoalesceExpr.Location
	case *pg.Node_MinMaxExpr:
		return e.MinMaxExpr.Location
	case *pg.Node_NullTest:
		return e.NullTest.Location
	case *pg.Node_BooleanTest:
		return e.BooleanTest.Location
	case *pg.Node_SqlvalueFunction:
		return e.SqlvalueFunction.Location
	case *pg.Node_RowExpr:
		return e.RowExpr.Location
	case *pg.Node_AArrayExpr:
		return e.AArrayExpr.Location
	case *pg.Node_AIndirection:
		return locationOf(e.AIndirection.Arg)
	case *pg.Node_CollateClause:
		return e.CollateClause.Location
	case *pg.Node_GroupingSet:
		return e.GroupingSet.Location
	case *pg.Node_MergeSupportFunc:
		return e.MergeSupportFunc.Location
	case *pg.Node_GroupingFunc:
		return e.GroupingFunc.Location
	case *pg.Node_NamedArgExpr:
		return e.NamedArgExpr.Location
	case *pg.Node_ResTarget:
		return e.ResTarget.Location
	case *pg.Node_SetToDefault:
		return e.SetToDefault.Location
	case *pg.Node_WindowDef:
		return e.WindowDef.Location
	case *pg.Node_XmlExpr:
		return e.XmlExpr.Location
	case *pg.Node_TypeCast:
		// DATE '…' has its place at the type, CAST at the word, x::t at the operator.
		if e.TypeCast.Location >= 0 {
			return e.TypeCast.Location
		}
		return e.TypeCast.TypeName.GetLocation()
	case *pg.Node_List:
		if len(e.List.Items) > 0 {
			return locationOf(e.List.Items[0])
		}
	case *pg.Node_RangeVar:
		return e.RangeVar.Location
	case *pg.Node_RangeSubselect:
		return queryLocation(e.RangeSubselect.Subquery.GetSelectStmt())
	case *pg.Node_RangeFunction:
		if len(e.RangeFunction.Functions) > 0 {
			return locationOf(e.RangeFunction.Functions[0])
		}
	case *pg.Node_RangeTableSample:
		return e.RangeTableSample.Location
	case *pg.Node_JoinExpr:
		return locationOf(e.JoinExpr.Rarg)
	}
	return -1
}

// beginningOf is where an expression begins: at its first operand, where it has one before the operator.
func beginningOf(n *pg.Node) int32 {
	first := (*pg.Node)(nil)
	switch e := n.GetNode().(type) {
	case *pg.Node_AExpr:
		first = e.AExpr.Lexpr
	case *pg.Node_NullTest:
		first = e.NullTest.Arg
	case *pg.Node_BooleanTest:
		first = e.BooleanTest.Arg
	case *pg.Node_TypeCast:
		first = e.TypeCast.Arg
	case *pg.Node_CollateClause:
		first = e.CollateClause.Arg
	case *pg.Node_BoolExpr:
		first = e.BoolExpr.Args[0]
	case *pg.Node_SubLink:
		first = e.SubLink.Testexpr
	}
	own := locationOf(n)
	if first == nil {
		return own
	}
	if at := beginningOf(first); at >= 0 && (own < 0 || at < own) {
		return at
	}
	return own
}

// blame gives an error about a constant's text the place of that constant, the first untyped one among the operands.
func (b *binder) blame(err error, nodes []*pg.Node, exprs []expr.Expr) error {
	if err == nil || !strings.HasPrefix(string(fault.CodeOf(err)), "22") {
		return err
	}
	for i, e := range exprs {
		if l, ok := e.(*expr.Literal); ok && l.Untyped && !l.Value.Null && i < len(nodes) {
			return fault.At(err, b.at(locationOf(nodes[i])))
		}
	}
	return err
}

func sortedStrings(list []string) []string {
	sort.Strings(list)
	return list
}
