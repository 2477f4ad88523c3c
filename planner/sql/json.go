package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

// jsonArray binds json_array(a, b), which the grammar knows as a form of its own.
func (b *binder) jsonArray(c *pg.JsonArrayConstructor, s *scope) (expr.Expr, error) {
	if c.Output != nil {
		return nil, b.unsupported(c.Location, "RETURNING")
	}
	var nodes []*pg.Node
	for _, n := range c.Exprs {
		v := n.GetJsonValueExpr()
		if v == nil {
			return nil, b.unsupported(c.Location, "this form of json_array")
		}
		nodes = append(nodes, v.RawExpr)
	}
	args, err := b.exprs(nodes, s)
	if err != nil {
		return nil, err
	}
	e, err := expr.NewCall("json_array", args)
	return e, fault.At(err, b.at(c.Location))
}

// jsonExists binds json_exists(json, path).
func (b *binder) jsonExists(c *pg.JsonFuncExpr, s *scope) (expr.Expr, error) {
	if c.Op != pg.JsonExprOp_JSON_EXISTS_OP || len(c.Passing) > 0 || c.OnError != nil || c.OnEmpty != nil {
		return nil, b.unsupported(c.Location, "this JSON function")
	}
	args, err := b.exprs([]*pg.Node{c.ContextItem.RawExpr, c.Pathspec}, s)
	if err != nil {
		return nil, err
	}
	e, err := expr.NewCall("json_exists", args)
	return e, fault.At(err, b.at(c.Location))
}

// jsonParse binds json(text).
func (b *binder) jsonParse(c *pg.JsonParseExpr, s *scope) (expr.Expr, error) {
	if c.Output != nil || c.UniqueKeys {
		return nil, b.unsupported(c.Location, "this form of json")
	}
	args, err := b.exprs([]*pg.Node{c.Expr.RawExpr}, s)
	if err != nil {
		return nil, err
	}
	e, err := expr.NewCall("json", args)
	return e, fault.At(err, b.at(c.Location))
}

// jsonObject binds json_object(); with arguments it is a call as others are.
func (b *binder) jsonObject(c *pg.JsonObjectConstructor) (expr.Expr, error) {
	if len(c.Exprs) > 0 || c.Output != nil {
		return nil, b.unsupported(c.Location, "this form of json_object")
	}
	return expr.NewCall("json_object", nil)
}
