package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

const (
	invalidSample = fault.Code("2202H") // the percentage
	invalidRepeat = fault.Code("2202G") // the seed
)

// sample binds TABLESAMPLE: each row comes with the given probability, whatever the method. REPEATABLE makes the choice follow from the row's place
// among all rows in the order of their columns.
func (b *binder) sample(s *pg.RangeTableSample, outer *scope, left *fromItem) (*fromItem, error) {
	item, err := b.fromItem(s.Relation, outer, left)
	if err != nil {
		return nil, err
	}
	method := lastString(s.Method)
	if method != "bernoulli" && method != "system" {
		return nil, fault.New(fault.UndefinedObject, "tablesample method %s does not exist", method).At(b.at(s.Location))
	}
	if len(s.Args) != 1 {
		return nil, fault.New(invalidSample, "tablesample method %s requires 1 argument, not %d", method, len(s.Args)).At(b.at(s.Location))
	}
	percent, err := b.sampleArgument(s.Args[0], invalidSample, "TABLESAMPLE parameter")
	if err != nil {
		return nil, err
	}
	if !(percent >= 0 && percent <= 100) {
		return nil, fault.New(invalidSample, "sample percentage must be between 0 and 100").At(b.at(locationOf(s.Args[0])))
	}
	share := &expr.Literal{Value: column.FloatValue(percent / 100)}
	if s.Repeatable == nil {
		random, err := expr.NewCall("random", nil)
		if err != nil {
			return nil, err
		}
		item.node = logical.Where(item.node, logical.Compare(expr.Lt, random, share))
		return item, nil
	}
	seed, err := b.sampleArgument(s.Repeatable, invalidRepeat, "TABLESAMPLE REPEATABLE parameter")
	if err != nil {
		return nil, err
	}
	cols := item.node.Columns()
	var order []expr.SortKey
	for _, c := range cols {
		if c.Type.Kind.IsNested() {
			return nil, b.unsupported(s.Location, "TABLESAMPLE … REPEATABLE of a table with a column of type %s", c.Type)
		}
		order = append(order, expr.SortKey{Expr: c.Expr()})
	}
	w := logical.RowNumber(item.node, order, b.ids)
	draw, err := expr.NewCall("$sample", []expr.Expr{w.Cols[0].Expr(), &expr.Literal{Value: column.FloatValue(seed)}})
	if err != nil {
		return nil, err
	}
	item.node = logical.Keep(logical.Where(w, logical.Compare(expr.Lt, draw, share)), cols)
	return item, nil
}

// sampleArgument computes a number without columns.
func (b *binder) sampleArgument(n *pg.Node, code fault.Code, what string) (float64, error) {
	position := b.at(locationOf(n))
	e, err := b.expr(n, &scope{clause: "TABLESAMPLE"})
	if err != nil {
		return 0, err
	}
	if logical.HasSubquery(e) {
		return 0, b.unsupported(locationOf(n), "a subquery in TABLESAMPLE")
	}
	if e, err = expr.Coerce(e, column.T(column.Float64)); err != nil {
		return 0, fault.At(err, position)
	}
	v, err := expr.Evaluate(e)
	if err == nil && v.Null {
		err = fault.New(code, "%s cannot be null", what)
	}
	return v.Float, fault.At(err, position)
}
