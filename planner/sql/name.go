package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// unnamed is what PostgreSQL calls a column that nothing names.
const unnamed = "?column?"

// targetName is the name of an output column, as PostgreSQL derives it.
func targetName(t *pg.ResTarget) string {
	if t.Name != "" {
		return t.Name
	}
	if name, _ := figureName(t.Val); name != "" {
		return name
	}
	return unnamed
}

// figureName derives a name from an expression; strong tells that a cast or CASE around does not replace it.
func figureName(n *pg.Node) (name string, strong bool) {
	switch e := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		if s := lastString(e.ColumnRef.Fields); s != "" {
			return s, true
		}
	case *pg.Node_AIndirection:
		for i := len(e.AIndirection.Indirection) - 1; i >= 0; i-- {
			if s := e.AIndirection.Indirection[i].GetString_().GetSval(); s != "" {
				return s, true
			}
		}
		return figureName(e.AIndirection.Arg)
	case *pg.Node_FuncCall:
		name := lastString(e.FuncCall.Funcname)
		return strings.TrimPrefix(name, "$"), true
	case *pg.Node_AExpr:
		if e.AExpr.Kind == pg.A_Expr_Kind_AEXPR_NULLIF {
			return "nullif", true
		}
	case *pg.Node_TypeCast:
		if name, strong := figureName(e.TypeCast.Arg); strong {
			return name, true
		}
		return lastString(e.TypeCast.TypeName.GetNames()), false
	case *pg.Node_CollateClause:
		return figureName(e.CollateClause.Arg)
	case *pg.Node_CaseExpr:
		if name, strong := figureName(e.CaseExpr.Defresult); strong {
			return name, true
		}
		return "case", false
	case *pg.Node_CoalesceExpr:
		return "coalesce", true
	case *pg.Node_MinMaxExpr:
		if e.MinMaxExpr.Op == pg.MinMaxOp_IS_LEAST {
			return "least", true
		}
		return "greatest", true
	case *pg.Node_SubLink:
		switch e.SubLink.SubLinkType {
		case pg.SubLinkType_EXISTS_SUBLINK:
			return "exists", true
		case pg.SubLinkType_ARRAY_SUBLINK:
			return "array", true
		case pg.SubLinkType_EXPR_SUBLINK:
			s := e.SubLink.Subselect.GetSelectStmt()
			for s.GetLarg() != nil {
				s = s.Larg
			}
			if len(s.GetTargetList()) > 0 {
				if name := targetName(s.TargetList[0].GetResTarget()); name != unnamed {
					return name, true
				}
			}
		}
	case *pg.Node_SqlvalueFunction:
		return valueFunctionName(e.SqlvalueFunction), true
	case *pg.Node_AArrayExpr:
		return "array", true
	case *pg.Node_RowExpr:
		return "row", true
	case *pg.Node_MergeSupportFunc:
		return "merge_action", true
	case *pg.Node_GroupingFunc:
		return "grouping", true
	}
	return "", false
}

func valueFunctionName(f *pg.SQLValueFunction) string {
	name := strings.ToLower(strings.TrimPrefix(f.Op.String(), "SVFOP_"))
	return strings.TrimSuffix(name, "_n")
}
