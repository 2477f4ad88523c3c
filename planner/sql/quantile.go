package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

// quantileNames are the aggregates that take a fraction.
var quantileNames = map[string]bool{"percentile_cont": true, "percentile_disc": true, "quantile_cont": true, "quantile_disc": true, "quantile": true}

// fractionList is the list of fractions that a quantile is asked for, nil when it is asked for one.
func fractionList(f *pg.FuncCall, name string) []*pg.Node {
	at := 1
	if f.AggWithinGroup {
		at = 0
	}
	if !quantileNames[name] || len(f.Args) != at+1 {
		return nil
	}
	return f.Args[at].GetAArrayExpr().GetElements()
}

// quantiles binds a quantile of a list of fractions as the list of the quantiles; without values it is NULL.
func (b *binder) quantiles(f *pg.FuncCall, name string, fractions []*pg.Node, s *scope) (expr.Expr, error) {
	var list []expr.Expr
	for _, n := range fractions {
		one := &pg.FuncCall{
			Funcname: f.Funcname, Args: append(f.Args[:len(f.Args)-1:len(f.Args)-1], n), AggOrder: f.AggOrder, AggFilter: f.AggFilter,
			AggWithinGroup: f.AggWithinGroup, AggDistinct: f.AggDistinct, Location: f.Location,
		}
		e, err := b.aggregate(one, name, s)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	all, err := expr.NewCall("list_value", list)
	if err != nil {
		return nil, fault.At(err, b.at(f.Location))
	}
	return expr.NewCase([]expr.When{{Cond: &expr.IsNull{Arg: list[0], Negated: true}, Then: all}}, untypedNull())
}
