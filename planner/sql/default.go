package sql

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// Default binds a column's default, an expression as SQL text that reads no column, and assigns it to the column's type. An empty text is NULL.
func Default(ctx context.Context, text string, t column.Type, o Options) (expr.Expr, error) {
	if text == "" {
		return &expr.Literal{Value: column.NullValue(t)}, nil
	}
	list, err := parse.Script("SELECT " + text)
	if err != nil {
		return nil, err
	}
	q, ok := list[0].Body.(*parse.Query)
	if !ok || len(list) != 1 || len(q.Tree.Stmt.GetTargetList()) != 1 || len(q.Tree.Stmt.GetFromClause()) > 0 {
		return nil, fault.New(fault.InvalidTableDefinition, "the default %s is not an expression", text)
	}
	b := newBinder(ctx, nil, o)
	b.pos = q.Tree.Positions
	e, err := b.expr(q.Tree.Stmt.TargetList[0].GetResTarget().GetVal(), &scope{clause: "DEFAULT"})
	if err == nil && logical.HasSubquery(e) {
		err = fault.New(fault.FeatureNotSupported, "a subquery in a default is not supported")
	}
	if err == nil {
		e, err = expr.Coerce(e, t)
	}
	if err == nil {
		e, err = expr.InZone(e, o.Zone)
	}
	if f, ok := fault.As(err); ok {
		f.Position = 0 // it counts in the default's text
		return nil, f
	}
	return e, err
}
