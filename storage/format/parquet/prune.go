package parquet

import (
	"context"
	"errors"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Prune drops the splits whose row groups' statistics or Bloom filters exclude one of the filters.
func (Format) Prune(ctx context.Context, store storage.Store, splits []plan.Split, scan *storage.Scan) (out []plan.Split, err error) {
	if len(scan.Filters) == 0 && len(scan.Hints) == 0 {
		return splits, nil
	}
	blooms := &blooms{ctx: ctx, store: store}
	defer func() { err = errors.Join(err, blooms.close()) }()
	for _, s := range splits {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := footerOf(ctx, store, s.File)
		if err != nil {
			return nil, err
		}
		blooms.file = s.File
		keep, err := f.mayMatch(s, scan, blooms)
		if err != nil {
			return nil, err
		}
		if keep {
			out = append(out, s)
		}
	}
	return out, nil
}

func (f *footer) mayMatch(s plan.Split, scan *storage.Scan, blooms *blooms) (bool, error) {
	for i := max(s.Start, 0); i < min(s.End, int64(len(f.groups))); i++ {
		p := pruner{footer: f, group: &f.groups[i], scan: scan, blooms: blooms}
		if may := p.all(scan.Filters) && p.all(scan.Hints); p.err != nil {
			return false, p.err
		} else if may {
			return true, nil
		}
	}
	return false, nil
}

// pruner decides from what metadata says of some rows whether a condition can be true for one of them.
type pruner struct {
	footer *footer
	group  *rowGroup
	scan   *storage.Scan
	zone   *zone   // of the one column that conditions name, for a page; nil: the row group's statistics count
	blooms *blooms // nil: none are asked
	err    error   // reading a Bloom filter failed
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
	case *expr.Call:
		if ref, prefix, ok := prefixOf(e); ok {
			return p.mayBegin(ref, prefix)
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

// leaf finds the column of the file that ref names, and its type in the table; nil when nothing is known of it.
func (p *pruner) leaf(ref *expr.Ref) (*leaf, column.Type) {
	if ref.Index < 0 || ref.Index >= len(p.scan.Columns) {
		return nil, column.Type{}
	}
	want := p.scan.Schema[p.scan.Columns[ref.Index]]
	l := p.footer.leaf(want.Name)
	if l == nil || l.nested || p.group.chunks[l.index].encrypted {
		return nil, column.Type{}
	}
	return l, want.Type
}

// evidence is what is known of the rows' values in a column: bounds that are nil when unknown.
type evidence struct {
	min, max    *column.Value
	nulls, rows int64 // nulls -1: unknown
}

func (p *pruner) evidence(l *leaf, typ column.Type) evidence {
	if z := p.zone; z != nil {
		e := evidence{nulls: z.nulls, rows: z.rows}
		e.min, e.max = z.bounds(l, typ)
		return e
	}
	s := p.group.statistics(l, typ)
	return evidence{s.Min, s.Max, s.Nulls, p.group.rows}
}

func (p *pruner) mayBeNull(ref *expr.Ref, negated bool) bool {
	l, typ := p.leaf(ref)
	if l == nil {
		return true
	}
	s := p.evidence(l, typ)
	if s.nulls < 0 {
		return true
	}
	if negated {
		return s.nulls < s.rows
	}
	return s.nulls > 0
}

// mayBegin reports whether a text can begin with prefix.
func (p *pruner) mayBegin(ref *expr.Ref, prefix string) bool {
	l, typ := p.leaf(ref)
	if l == nil || typ.Kind != column.Text {
		return true
	}
	s := p.evidence(l, typ)
	if s.nulls >= s.rows {
		return false
	}
	if s.min == nil || s.max == nil {
		return true
	}
	low := s.min.Str
	return s.max.Str >= prefix && low[:min(len(low), len(prefix))] <= prefix
}

func (p *pruner) mayCompare(ref *expr.Ref, op expr.CompareOp, v column.Value) bool {
	if op == expr.IsDistinct || op == expr.IsNotDistinct {
		return true
	}
	l, typ := p.leaf(ref)
	if l == nil {
		return true
	}
	s := p.evidence(l, typ)
	if v.Null || s.nulls >= 0 && s.nulls >= s.rows {
		return false // a comparison with NULL is never true
	}
	if v.Type.Kind != typ.Kind || v.Type.Scale != typ.Scale {
		return true
	}
	if s.min != nil && s.max != nil && !mayLie(typ, op, v, s) {
		return false
	}
	if op == expr.Eq && p.blooms != nil && p.zone == nil && p.err == nil {
		var may bool
		may, p.err = p.blooms.mayHold(&p.group.chunks[l.index], l, typ, v)
		return may || p.err != nil
	}
	return true
}

// mayLie reports whether a value within known bounds can compare so with v.
func mayLie(typ column.Type, op expr.CompareOp, v column.Value, s evidence) bool {
	low, high := storage.CompareValues(v, *s.min), storage.CompareValues(v, *s.max)
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

// prefixOf finds what a column must begin with where e is LIKE or starts_with.
func prefixOf(e *expr.Call) (ref *expr.Ref, prefix string, ok bool) {
	if len(e.Args) != 2 {
		return nil, "", false
	}
	ref, isRef := e.Args[0].(*expr.Ref)
	lit, isLit := e.Args[1].(*expr.Literal)
	if !isRef || !isLit || lit.Value.Null {
		return nil, "", false
	}
	switch {
	case e.Fn.Op == kernels.OpLike:
		prefix = likePrefix(lit.Value.Str)
	case e.Fn.Name == "starts_with", e.Fn.Name == "^@":
		prefix = lit.Value.Str
	}
	return ref, prefix, prefix != ""
}

// likePrefix is the text that a LIKE pattern begins with.
func likePrefix(pattern string) string {
	var out []byte
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '%', '_':
			return string(out)
		case '\\':
			if i++; i == len(pattern) {
				return string(out)
			}
		}
		out = append(out, pattern[i])
	}
	return string(out)
}
