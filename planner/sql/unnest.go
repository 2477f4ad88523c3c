package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// unnestName is the function that gives a row for each element of a list.
const unnestName = "unnest"

// unnesting collects the calls of unnest in a select list: they advance together, and rows beyond a shorter list have NULL.
type unnesting struct {
	lists []expr.Expr
	cols  []logical.Col
}

// lists binds the arguments of unnest as lists.
func (b *binder) lists(f *pg.FuncCall, s *scope) ([]expr.Expr, error) {
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, fault.New(fault.UndefinedFunction, "function unnest() does not exist").At(b.at(f.Location))
	}
	for i, e := range args {
		if l, ok := e.(*expr.Literal); ok && l.Value.Null && e.Type().Kind == column.Null {
			args[i] = &expr.Literal{Value: column.NullValue(column.ListType(column.T(column.Text)))}
			continue
		}
		if k := e.Type().Kind; k != column.List {
			return nil, fault.New(fault.UndefinedFunction, "function unnest(%s) does not exist", e.Type()).At(b.at(locationOf(f.Args[i]))).
				WithHint("unnest takes lists.")
		}
	}
	return args, nil
}

// unnestItem binds unnest in the select list of s: a column of the Unnest that finish puts below the projection.
func (b *binder) unnestItem(f *pg.FuncCall, s *scope) (expr.Expr, error) {
	if s.unnest == nil || s.inAgg {
		return nil, fault.New(fault.FeatureNotSupported, "unnest is not allowed in %s", s.clauseName()).At(b.at(f.Location)).
			WithHint("It stands in the select list or in FROM.")
	}
	u := s.unnest
	s.unnest = nil // not one inside of the other
	lists, err := b.lists(f, s)
	s.unnest = u
	if err != nil {
		return nil, err
	}
	if len(lists) != 1 {
		return nil, fault.New(fault.FeatureNotSupported, "unnest of several lists belongs into FROM").At(b.at(f.Location))
	}
	for i, l := range u.lists {
		if same(l, lists[0]) {
			return u.cols[i].Expr(), nil
		}
	}
	c := logical.Col{ID: b.ids.Next(), Name: unnestName, Type: lists[0].Type().Elem(), Nullable: true}
	u.lists, u.cols = append(u.lists, lists[0]), append(u.cols, c)
	return c.Expr(), nil
}

// unnestTable binds unnest(list, …) in FROM.
func (b *binder) unnestTable(f *pg.FuncCall, s *scope, alias string, ordinality bool) (*fromItem, error) {
	lists, err := b.lists(f, s)
	if err != nil {
		return nil, err
	}
	name := unnestName
	if alias != "" && len(lists) == 1 {
		name = alias
	}
	node := &logical.Unnest{Input: &logical.Values{Rows: [][]expr.Expr{{}}}, Lists: lists}
	for _, l := range lists {
		node.Cols = append(node.Cols, logical.Col{ID: b.ids.Next(), Name: name, Type: l.Type().Elem(), Nullable: true})
	}
	if ordinality {
		node.Ordinality = &logical.Col{ID: b.ids.Next(), Name: "ordinality", Type: column.T(column.Int64)}
	}
	if alias == "" {
		alias = unnestName
	}
	return tableItem(node, "", alias, node.Columns()), nil
}

// lateralUnnest puts an unnest that reads what stands before it in FROM over that; nil when right is no such.
func lateralUnnest(left, right logical.Node) logical.Node {
	u, ok := right.(*logical.Unnest)
	if !ok {
		return nil
	}
	if v, ok := u.Input.(*logical.Values); !ok || len(v.Cols) > 0 {
		return nil
	}
	for _, l := range u.Lists {
		if logical.HasSubquery(l) {
			return nil
		}
	}
	c := *u
	c.Input = left
	return &c
}

// joinUnnest is a CROSS JOIN or a join ON true with an unnest as one Unnest; nil when j is something else.
func (b *binder) joinUnnest(j *pg.JoinExpr, node *logical.Join) logical.Node {
	if c := j.Quals.GetAConst(); j.Quals != nil && (c.GetBoolval() == nil || !c.GetBoolval().GetBoolval()) {
		return nil
	}
	if node.Kind != logical.Inner && node.Kind != logical.Left {
		return nil
	}
	u, ok := lateralUnnest(node.Left, node.Right).(*logical.Unnest)
	if !ok || u.Ordinality != nil && node.Kind == logical.Left {
		return nil
	}
	u.Outer = node.Kind == logical.Left
	return u
}
