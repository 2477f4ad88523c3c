package optimize

import (
	"maps"
	"slices"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// domain computes a correlated plan for all values of the outer columns at once. For each outer column that the plan reads, the result
// has a column that represents it (its rep), and the rows for one value are those where the rep has it:
//
//	Aggregate [sum(b)]               →     Aggregate by [d] [sum(b)]
//	  Filter u.x < outer.a                   Filter u.x < d
//	    Scan u                                 Inner Join
//	                                             Scan u
//	                                             Distinct [d: a]
//	                                               (the outer plan)
//
// Where a condition says outer.a = u.x, u.x itself represents outer.a, and the set of outer values need not be computed: values that the outer
// plan does not have drop out in the join with it.
type domain struct {
	u     *unnester
	left  logical.Node // the outer plan; its columns are the outer columns
	outer logical.ColSet
}

// rep gives each outer column the column that represents it.
type rep map[expr.ColumnID]logical.Col

func (u *unnester) domain(left logical.Node) *domain {
	return &domain{u: u, left: left, outer: logical.Set(left.Columns())}
}

func (d *domain) used(es ...expr.Expr) logical.ColSet { return d.only(logical.Used(es...)) }

func (d *domain) only(s logical.ColSet) logical.ColSet {
	out := logical.ColSet{}
	for id := range s {
		if d.outer.Has(id) {
			out.Add(id)
		}
	}
	return out
}

func (r rep) substitution() logical.Substitution {
	s := logical.Substitution{}
	for id, c := range r {
		s[id] = c.Expr()
	}
	return s
}

// ids are r's outer columns in order.
func (r rep) ids() []expr.ColumnID { return slices.Sorted(maps.Keys(r)) }

// cols are r's columns, each once, that are not in have.
func (r rep) cols(have []logical.Col) []logical.Col {
	seen := logical.Set(have)
	var out []logical.Col
	for _, id := range r.ids() {
		if c := r[id]; !seen.Has(c.ID) {
			seen.Add(c.ID)
			out = append(out, c)
		}
	}
	return out
}

// match are the conditions under which r represents the values in cols.
func (d *domain) match(r rep, cols []logical.Col, nullSafe bool) []expr.Expr {
	var out []expr.Expr
	for _, id := range r.ids() {
		c, _ := logical.Find(cols, id)
		out = append(out, sameValue(c, r[id], nullSafe))
	}
	return out
}

func sameValue(a, b logical.Col, nullSafe bool) expr.Expr {
	op := expr.Eq
	if nullSafe || a.Nullable && b.Nullable {
		op = expr.IsNotDistinct
	}
	return logical.Compare(op, a.Expr(), b.Expr())
}

// values is the set of the outer plan's values of the columns in ids.
func (d *domain) values(ids logical.ColSet) (logical.Node, rep) {
	r := rep{}
	var cols []logical.Col
	var exprs []expr.Expr
	source, s := d.source()
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		c, _ := logical.Find(d.left.Columns(), id)
		c.ID = d.u.o.ids.Next()
		cols, exprs = append(cols, c), append(exprs, s[id])
		r[id] = c
	}
	return &logical.Distinct{Input: &logical.Project{Input: source, Cols: cols, Exprs: exprs}}, r
}

// source is the outer plan a second time: computed again when that is cheap or cannot be avoided, otherwise shared as a CTE.
func (d *domain) source() (logical.Node, logical.Substitution) {
	if r, ok := d.left.(*logical.CTERef); ok {
		cols := d.u.fresh(r.Cols)
		return &logical.CTERef{CTE: r.CTE, Cols: cols}, renaming(r.Cols, cols)
	}
	if len(logical.Free(d.left)) > 0 || repeatable(d.left) || logical.ReadsWork(d.left) {
		return logical.Copy(d.left, d.u.o.ids)
	}
	old := d.left.Columns()
	p, _ := logical.Copy(d.left, d.u.o.ids)
	cte := &logical.CTE{Name: "outer rows", Plan: p}
	d.u.o.made = append(d.u.o.made, cte)
	d.left = &logical.CTERef{CTE: cte, Cols: old}
	cols := d.u.fresh(old)
	return &logical.CTERef{CTE: cte, Cols: cols}, renaming(old, cols)
}

func renaming(from, to []logical.Col) logical.Substitution {
	s := logical.Substitution{}
	for i, c := range from {
		s[c.ID] = to[i].Expr()
	}
	return s
}

// repeatable reports whether n is a scan with filters and projections that give the same rows each time.
func repeatable(n logical.Node) bool {
	for _, e := range logical.Exprs(n) {
		if logical.IsVolatile(e) {
			return false
		}
	}
	switch n := n.(type) {
	case *logical.Scan, *logical.Values, *logical.Series:
		return true
	case *logical.Filter:
		return repeatable(n.Input)
	case *logical.Project:
		return repeatable(n.Input)
	}
	return false
}

// with makes sure that r represents all of want, crossing n with the missing values.
func (d *domain) with(n logical.Node, r rep, want logical.ColSet) (logical.Node, rep) {
	missing := logical.ColSet{}
	for id := range want {
		if _, ok := r[id]; !ok {
			missing.Add(id)
		}
	}
	if len(missing) == 0 {
		return n, r
	}
	v, more := d.values(missing)
	all := maps.Clone(r)
	if all == nil {
		all = rep{}
	}
	maps.Copy(all, more)
	return &logical.Join{Kind: logical.Inner, Left: n, Right: v}, all
}

// push is n for all outer values, with reps for all outer columns that n reads and for those in want. It has n's columns, and may have more.
func (d *domain) push(n logical.Node, want logical.ColSet) (logical.Node, rep, error) {
	reads := d.only(logical.Free(n))
	if len(reads) == 0 {
		r, reps := d.with(n, nil, want)
		return r, reps, nil
	}
	r, reps, err := d.pushNode(n, want)
	if err != nil {
		return nil, nil, err
	}
	r, reps = d.with(r, reps, want.Union(reads))
	return r, reps, nil
}

func (d *domain) pushNode(n logical.Node, want logical.ColSet) (logical.Node, rep, error) {
	switch n := n.(type) {
	case *logical.Filter:
		in, r, err := d.push(n.Input, nil)
		if err != nil {
			return nil, nil, err
		}
		return d.filter(in, r, expr.Conjuncts(n.Cond))
	case *logical.Project:
		in, r, err := d.push(n.Input, d.used(n.Exprs...).Union(want))
		if err != nil {
			return nil, nil, err
		}
		more := r.cols(n.Cols)
		return &logical.Project{
			Input: in, Cols: append(slices.Clone(n.Cols), more...),
			Exprs: append(r.substitution().ApplyAll(n.Exprs), logical.References(more)...),
		}, r, nil
	case *logical.Join:
		return d.join(n)
	case *logical.Aggregate:
		return d.aggregate(n)
	case *logical.Distinct:
		in, r, err := d.push(n.Input, d.used(n.On...).Union(want))
		if err != nil {
			return nil, nil, err
		}
		if n.On == nil {
			cols := n.Input.Columns()
			return &logical.Distinct{Input: logical.Keep(in, append(slices.Clone(cols), r.cols(cols)...))}, r, nil
		}
		return &logical.Distinct{Input: in, On: append(r.substitution().ApplyAll(n.On), logical.References(r.cols(nil))...)}, r, nil
	case *logical.Sort:
		var keys logical.ColSet
		for _, k := range n.Keys {
			keys = keys.Union(d.used(k.Expr))
		}
		in, r, err := d.push(n.Input, keys.Union(want))
		if err != nil {
			return nil, nil, err
		}
		s := &logical.Sort{Input: in, Keys: n.Keys}
		return logical.MapExprs(s, r.substitution().Apply), r, nil
	case *logical.Limit:
		return d.limit(n)
	case *logical.Unnest:
		in, r, err := d.push(n.Input, d.used(n.Lists...).Union(want))
		if err != nil {
			return nil, nil, err
		}
		c := *n
		c.Input, c.Lists = in, r.substitution().ApplyAll(n.Lists)
		return &c, r, nil
	case *logical.AsOf:
		return d.asOf(n)
	case *logical.Window:
		return d.window(n, want)
	case *logical.SetOp:
		return d.setOp(n)
	case *logical.Values:
		return d.rows(n)
	case *logical.Series:
		return nil, nil, fault.New(fault.FeatureNotSupported, "generate_series with bounds from an outer query is not supported")
	}
	return nil, nil, fault.New(fault.FeatureNotSupported, "a correlated subquery with %T is not supported", n)
}

// filter applies terms that read outer columns to in, taking reps from equalities where it can.
func (d *domain) filter(in logical.Node, r rep, terms []expr.Expr) (logical.Node, rep, error) {
	all := maps.Clone(r)
	if all == nil {
		all = rep{}
	}
	var rest []expr.Expr
	for _, t := range terms {
		id, e, ok := d.represents(t)
		if _, known := all[id]; !ok || known {
			rest = append(rest, t)
			continue
		}
		cols := in.Columns()
		var c logical.Col
		found := false
		if col, ok := e.(*expr.Column); ok {
			c, found = logical.Find(cols, col.ID) // not when it comes from further out
		}
		if !found {
			c = logical.Col{ID: d.u.o.ids.Next(), Name: "key", Type: e.Type(), Nullable: !logical.NotNull(e, cols)}
			in = &logical.Project{Input: in, Cols: append(slices.Clone(cols), c), Exprs: append(logical.References(cols), e)}
		}
		if t.(*expr.Comparison).Op == expr.Eq && c.Nullable {
			rest = append(rest, &expr.IsNull{Arg: c.Expr(), Negated: true})
			c.Nullable = false
		}
		all[id] = c
	}
	in, all = d.with(in, all, d.used(rest...))
	return logical.Where(in, all.substitution().ApplyAll(rest)...), all, nil
}

// represents recognizes outer column = expression without outer columns.
func (d *domain) represents(t expr.Expr) (expr.ColumnID, expr.Expr, bool) {
	c, ok := t.(*expr.Comparison)
	if !ok || c.Op != expr.Eq && c.Op != expr.IsNotDistinct || logical.IsVolatile(t) {
		return 0, nil, false
	}
	for _, s := range [][2]expr.Expr{{c.Left, c.Right}, {c.Right, c.Left}} {
		col, ok := s[0].(*expr.Column)
		if !ok || !d.outer.Has(col.ID) || !col.Typ.Equal(s[1].Type()) {
			continue
		}
		if len(d.used(s[1])) == 0 && len(logical.Used(s[1])) > 0 {
			return col.ID, s[1], true
		}
	}
	return 0, nil, false
}
