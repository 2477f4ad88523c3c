package sql

import (
	"math"
	"reflect"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

// same reports whether two expressions always have the same value because they are written the same. Subqueries and volatile functions
// are the same as nothing else. It compares from the top, so that different expressions are told apart at once however deep they are.
func same(a, b expr.Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	switch x := a.(type) {
	case *expr.Column:
		y, ok := b.(*expr.Column)
		return ok && x.ID == y.ID
	case *expr.Literal:
		y, ok := b.(*expr.Literal)
		return ok && x.Untyped == y.Untyped && sameValue(x.Value, y.Value)
	case *expr.Call:
		y, ok := b.(*expr.Call)
		if !ok || x.Fn.Name != y.Fn.Name || !x.Typ.Equal(y.Typ) || x.Fn.Volatility == expr.Volatile {
			return false
		}
	case *expr.Cast:
		y, ok := b.(*expr.Cast)
		if !ok || x.Try != y.Try || !x.To.Equal(y.To) {
			return false
		}
	case *expr.Comparison:
		y, ok := b.(*expr.Comparison)
		if !ok || x.Op != y.Op {
			return false
		}
	case *expr.IsNull:
		y, ok := b.(*expr.IsNull)
		if !ok || x.Negated != y.Negated {
			return false
		}
	case *expr.In:
		y, ok := b.(*expr.In)
		if !ok || x.Negated != y.Negated || len(x.List) != len(y.List) {
			return false
		}
		for i := range x.List {
			if !sameValue(x.List[i], y.List[i]) {
				return false
			}
		}
	case *expr.Case, *expr.And, *expr.Or, *expr.Not, *expr.Coalesce:
		if reflect.TypeOf(a) != reflect.TypeOf(b) {
			return false
		}
	default:
		return false
	}
	p, q := a.Children(), b.Children()
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if !same(p[i], q[i]) {
			return false
		}
	}
	return true
}

func sameValue(a, b column.Value) bool {
	return a.Type.Equal(b.Type) && a.Null == b.Null && a.Int == b.Int && math.Float64bits(a.Float) == math.Float64bits(b.Float) && a.Str == b.Str && a.Interval == b.Interval &&
		reflect.DeepEqual(a.List, b.List)
}

// sameCall is same for aggregates.
func sameCall(a, b *expr.AggCall) bool {
	if a.Fn.Name != b.Fn.Name || a.Distinct != b.Distinct || len(a.Args) != len(b.Args) || len(a.OrderBy) != len(b.OrderBy) || !same(a.Filter, b.Filter) {
		return false
	}
	for i := range a.Args {
		if !same(a.Args[i], b.Args[i]) {
			return false
		}
	}
	for i, k := range a.OrderBy {
		if l := b.OrderBy[i]; k.Descending != l.Descending || k.NullsFirst != l.NullsFirst || !same(k.Expr, l.Expr) {
			return false
		}
	}
	return true
}

// find is the index of the expression in a list that is the same as e, or −1.
func find(list []expr.Expr, e expr.Expr) int {
	for i, g := range list {
		if same(g, e) {
			return i
		}
	}
	return -1
}
