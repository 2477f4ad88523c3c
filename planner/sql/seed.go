package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// setSeed binds setseed(x), which takes effect when its statement begins. Its value is empty, as PostgreSQL shows what has type void.
func (b *binder) setSeed(f *pg.FuncCall, s *scope) (expr.Expr, error) {
	e, err := b.expr(f.Args[0], s)
	if err != nil {
		return nil, err
	}
	if e, err = expr.Coerce(e, column.T(column.Float64)); err != nil {
		return nil, fault.At(err, b.at(locationOf(f.Args[0])))
	}
	if len(logical.Used(e)) > 0 || logical.HasSubquery(e) || logical.IsVolatile(e) {
		return nil, b.unsupported(f.Location, "setseed of what is not constant")
	}
	v, err := expr.Evaluate(e)
	if err != nil {
		return nil, fault.At(err, b.at(locationOf(f.Args[0])))
	}
	if v.Null {
		return &expr.Literal{Value: column.NullValue(column.T(column.Text))}, nil
	}
	if !(v.Float >= -1 && v.Float <= 1) {
		return nil, fault.New(fault.InvalidParameterValue, "setseed parameter %s is out of allowed range [-1,1]", v).At(b.at(f.Location))
	}
	if b.options.Assign != nil {
		if err := b.options.Assign("seed", v.String()); err != nil {
			return nil, fault.At(err, b.at(f.Location))
		}
	}
	return &expr.Literal{Value: column.TextValue("")}, nil
}

// Seeded is a plan whose random numbers follow from seeds: each call of random() takes the next one from draw, and of each row its number among the rows
// that the call reads, in the order of all their columns. So they do not depend on how many workers read the rows and in which order. It is n itself where
// nothing is random.
func Seeded(n logical.Node, ids *logical.IDs, draw func() float64) (logical.Node, error) {
	s := &seeding{ids: ids, draw: draw}
	return s.node(n)
}

type seeding struct {
	ids       *logical.IDs
	draw      func() float64
	recursive bool // inside the step of a recursion
}

func (s *seeding) node(n logical.Node) (logical.Node, error) {
	if w, ok := n.(*logical.With); ok {
		for _, t := range w.CTEs {
			p, err := s.node(t.Plan)
			if err != nil {
				return nil, err
			}
			t.Plan = p
		}
	}
	outer := s.recursive
	if _, ok := n.(*logical.Recursion); ok {
		s.recursive = true
	}
	n, err := logical.MapInputs(n, s.node)
	s.recursive = outer
	if err != nil {
		return nil, err
	}
	if n, err = s.subqueries(n); err != nil || !randomHere(n) {
		return n, err
	}
	if join, ok := n.(*logical.Join); ok && join.Dependent || s.recursive || len(logical.Free(n)) > 0 {
		return nil, s.refused("in a recursion or a correlated query")
	}
	var row expr.Expr = &expr.Literal{Value: column.IntValue(column.T(column.Int64), 0)}
	switch in := n.Inputs(); {
	case len(in) == 0, len(in) == 1 && len(in[0].Columns()) == 0:
		return s.replaced(n, row)
	case len(in) > 1:
		return nil, s.refused("in the condition of a join")
	default:
		numbered := s.numbered(in[0])
		out, err := s.replaced(n.WithInputs([]logical.Node{numbered}), numbered.Cols[0].Expr())
		if err != nil {
			return nil, err
		}
		return logical.Keep(out, n.Columns()), nil
	}
}

func (s *seeding) refused(where string) error {
	return fault.New(fault.FeatureNotSupported, "random() %s is not supported while a seed is set", where).
		WithHint("RESET seed; ends the effect of setseed.")
}

// numbered is in with its rows numbered in the order of their columns. Columns that have no order do not decide.
func (s *seeding) numbered(in logical.Node) *logical.Window {
	var order []expr.SortKey
	for _, c := range in.Columns() {
		if !c.Type.Kind.IsNested() {
			order = append(order, expr.SortKey{Expr: c.Expr()})
		}
	}
	return logical.RowNumber(in, order, s.ids)
}

// subqueries goes into the plans of the subqueries in n's expressions.
func (s *seeding) subqueries(n logical.Node) (logical.Node, error) {
	var failed error
	out := logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			q, ok := e.(*logical.Subquery)
			if !ok || failed != nil {
				return e
			}
			p, err := s.node(q.Plan)
			if err != nil {
				failed = err
				return e
			}
			c := *q
			c.Plan = p
			return &c
		})
	})
	return out, failed
}

// randomHere reports whether an expression of n itself calls random().
func randomHere(n logical.Node) bool {
	for _, e := range logical.Exprs(n) {
		found := false
		expr.Walk(e, func(e expr.Expr) bool {
			found = found || isRandom(e)
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

func isRandom(e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	return ok && c.Fn.Name == "random"
}

// replaced is n with its calls of random() as numbers that follow from a row's number.
func (s *seeding) replaced(n logical.Node, row expr.Expr) (logical.Node, error) {
	var failed error
	out := logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if !isRandom(e) || failed != nil {
				return e
			}
			drawn, err := expr.NewCall("$sample", []expr.Expr{row, &expr.Literal{Value: column.FloatValue(s.draw())}})
			if err != nil {
				failed = err
				return e
			}
			return drawn
		})
	})
	return out, failed
}
