package sql

import (
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// longList are the constants of a list of IN that the parser's tree does not hold; nil for other lists.
func (b *binder) longList(list []*pg.Node) []ast.Constant {
	if len(list) != 1 {
		return nil
	}
	f := list[0].GetFuncCall()
	if f == nil || lastString(f.Funcname) != ast.ListFunction || len(f.Args) != 1 {
		return nil
	}
	if k, ok := smallInteger(f.Args[0]); ok && k >= 0 && k < len(b.pos.Lists) {
		return b.pos.Lists[k]
	}
	return nil
}

// inValues binds the members of a list of IN.
func (b *binder) inValues(list []*pg.Node, long []ast.Constant, s *scope) ([]expr.Expr, error) {
	if long == nil {
		return b.exprs(list, s)
	}
	position := b.at(locationOf(list[0]))
	out := make([]expr.Expr, len(long))
	for i, c := range long {
		if c.Quoted {
			out[i] = untypedText(c.Text)
			continue
		}
		var err error
		if out[i], err = number(c.Text, position); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// constantNodes are constants as nodes of a tree.
func constantNodes(list []ast.Constant, location int32) []*pg.Node {
	out := make([]*pg.Node, len(list))
	for i, c := range list {
		v := &pg.A_Const{Val: &pg.A_Const_Fval{Fval: &pg.Float{Fval: c.Text}}, Location: location}
		if n, err := strconv.ParseInt(c.Text, 10, 32); c.Quoted {
			v.Val = &pg.A_Const_Sval{Sval: &pg.String{Sval: c.Text}}
		} else if err == nil {
			v.Val = &pg.A_Const_Ival{Ival: &pg.Integer{Ival: int32(n)}}
		}
		out[i] = &pg.Node{Node: &pg.Node_AConst{AConst: v}}
	}
	return out
}
