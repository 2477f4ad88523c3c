package parquet

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Prune drops the splits whose row groups' statistics exclude one of the filters.
func (Format) Prune(ctx context.Context, store storage.Store, splits []plan.Split, scan *storage.Scan) ([]plan.Split, error) {
	if len(scan.Filters) == 0 {
		return splits, nil
	}
	var out []plan.Split
	for _, s := range splits {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := footerOf(ctx, store, s.File)
		if err != nil {
			return nil, err
		}
		if f.mayMatch(s, scan) {
			out = append(out, s)
		}
	}
	return out, nil
}

func (f *footer) mayMatch(s plan.Split, scan *storage.Scan) bool {
	for i := max(s.Start, 0); i < min(s.End, int64(len(f.groups))); i++ {
		p := pruner{footer: f, group: &f.groups[i], scan: scan}
		if p.all(scan.Filters) {
			return true
		}
	}
	return false
}

// pruner decides from the statistics of a row group whether a condition can be true for a row of it.
type pruner struct {
	footer *footer
	group  *rowGroup
	scan   *storage.Scan
}

func (p *pruner) all(conjuncts []expr.Expr) bool {
	for _, e := range conjuncts {
		if !p.may(e) {
			return false
		}
	}
	return true
}

// may reports whether e can be true; it errs on the side of true.
func (p *pruner) may(e expr.Expr) bool {
	switch e := e.(type) {
	case *expr.And:
		return p.all(e.Terms)
	case *expr.Or:
		for _, t := range e.Terms {
			if p.may(t) {
				return true
			}
		}
		return false
	case *expr.Literal:
		return !e.Value.Null && e.Value.Bool()
	case *expr.Ref:
		return p.mayCompare(e, expr.Eq, column.BoolValue(true))
	case *expr.Not:
		if ref, ok := e.Arg.(*expr.Ref); ok {
			return p.mayCompare(ref, expr.Eq, column.BoolValue(false))
		}
	case *expr.IsNull:
		if ref, ok := e.Arg.(*expr.Ref); ok {
			return p.mayBeNull(ref, e.Negated)
		}
	case *expr.In:
		if ref, ok := e.Arg.(*expr.Ref); ok && !e.Negated {
			for _, v := range e.List {
				if p.mayCompare(ref, expr.Eq, v) {
					return true
				}
			}
			return false
		}
	case *expr.Comparison:
		if ref, ok := e.Left.(*expr.Ref); ok {
			if lit, ok := e.Right.(*expr.Literal); ok {
				return p.mayCompare(ref, e.Op, lit.Value)
			}
		}
		if ref, ok := e.Right.(*expr.Ref); ok {
			if lit, ok := e.Left.(*expr.Literal); ok {
				return p.mayCompare(ref, e.Op.Swap(), lit.Value)
			}
		}
	}
	return true
}

// column finds the statistics of what ref names.
func (p *pruner) column(ref *expr.Ref) (plan.ColumnStatistics, column.Type, bool) {
	if ref.Index < 0 || ref.Index >= len(p.scan.Columns) {
		return plan.ColumnStatistics{}, column.Type{}, false
	}
	want := p.scan.Schema[p.scan.Columns[ref.Index]]
	l := p.footer.leaf(want.Name)
	if l == nil || l.nested || p.group.chunks[l.index].encrypted {
		return plan.ColumnStatistics{}, column.Type{}, false
	}
	return p.group.statistics(l, want.Type), want.Type, true
}

func (p *pruner) mayBeNull(ref *expr.Ref, negated bool) bool {
	s, _, ok := p.column(ref)
	if !ok || s.Nulls < 0 {
		return true
	}
	if negated {
		return s.Nulls < p.group.rows
	}
	return s.Nulls > 0
}

func (p *pruner) mayCompare(ref *expr.Ref, op expr.CompareOp, v column.Value) bool {
	if op == expr.IsDistinct || op == expr.IsNotDistinct {
		return true
	}
	s, typ, ok := p.column(ref)
	if !ok {
		return true
	}
	if v.Null || s.Nulls >= 0 && s.Nulls >= p.group.rows {
		return false // a comparison with NULL is never true
	}
	if s.Min == nil || s.Max == nil || v.Type.Kind != typ.Kind || v.Type.Scale != typ.Scale {
		return true
	}
	low, high := storage.CompareValues(v, *s.Min), storage.CompareValues(v, *s.Max)
	if typ.Kind.IsFloat() && high >= 0 {
		// NaN, which bounds leave out, is the greatest number.
		switch op {
		case expr.Gt, expr.Ge, expr.Ne:
			return true
		case expr.Eq:
			return high == 0 || v.Float != v.Float
		}
	}
	switch op {
	case expr.Eq:
		return low >= 0 && high <= 0
	case expr.Ne:
		return low != 0 || high != 0
	case expr.Lt:
		return low > 0
	case expr.Le:
		return low >= 0
	case expr.Gt:
		return high < 0
	case expr.Ge:
		return high <= 0
	}
	return true
}
