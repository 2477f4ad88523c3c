package physical

import (
	"fmt"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// aggregate computes keys, arguments and filters as columns, then groups.
func (p *planner) aggregate(n *logical.Aggregate) (result, error) {
	need := logical.Used(n.Groups...)
	wanted := append([]expr.Expr{}, n.Groups...)
	var order []expr.SortKey
	for _, a := range n.Aggs {
		for _, e := range a.Args {
			need.AddUsed(e)
		}
		wanted = append(wanted, a.Args...)
		if a.Filter != nil {
			need.AddUsed(a.Filter)
			wanted = append(wanted, a.Filter)
		}
		for _, k := range a.OrderBy {
			if a.Fn.Op.Ordered() {
				need.AddUsed(k.Expr)
			}
		}
		// Only some depend on the order, so only their order is looked at; the input is sorted once.
		if a.Fn.Op.Ordered() && len(a.OrderBy) > 0 {
			if order != nil && !slices.EqualFunc(order, a.OrderBy, sameKey) {
				return result{}, fault.New(fault.FeatureNotSupported, "aggregates with different ORDER BY in one query are not supported").
					WithHint("Compute them in subqueries that are joined.")
			}
			order = a.OrderBy
		}
	}
	in, err := p.build(n.Input, need)
	if err != nil {
		return result{}, err
	}
	if len(order) > 0 {
		if in, err = p.sortOn(in, order, -1, 0, p.est.Rows(n.Input)); err != nil {
			return result{}, err
		}
	}
	in, at, err := p.argumentColumns(in, wanted)
	if err != nil {
		return result{}, err
	}
	out := &plan.Aggregate{Info: p.info(n), Input: in.node, Sets: n.Sets}
	fields := in.node.Fields()
	pos := layout{}
	keyAt := map[int]int{}
	for i, c := range n.GroupCols {
		// A key given twice is one key; grouping sets number keys, so they keep all.
		if old, ok := keyAt[at[i]]; ok && n.Sets == nil {
			pos[c.ID] = old
			continue
		}
		keyAt[at[i]] = len(out.Keys)
		pos[c.ID] = len(out.Keys)
		out.Keys = append(out.Keys, at[i])
		f := fields[at[i]]
		f.Name = c.Name
		f.NotNull = f.NotNull && n.Sets == nil
		out.Out = append(out.Out, f)
	}
	if n.Sets != nil {
		out.Out = append(out.Out, column.Field{Name: "grouping_id", Type: column.T(column.Int64), NotNull: true})
	}
	at = at[len(n.Groups):]
	base := len(out.Out)
	seen := map[string]int{}
	for i, a := range n.Aggs {
		k := kernels.Aggregate{Op: a.Fn.Op, Result: a.Typ, Distinct: a.Distinct, Filter: -1}
		for range a.Args {
			k.Args = append(k.Args, at[0])
			k.ArgTypes = append(k.ArgTypes, fields[at[0]].Type)
			at = at[1:]
		}
		if a.Filter != nil {
			k.Filter = at[0]
			at = at[1:]
		}
		if k.Op == kernels.AggCount && !k.Distinct && len(k.Args) == 1 && fields[k.Args[0]].NotNull {
			k.Op, k.Args, k.ArgTypes = kernels.AggCountStar, nil, nil
		}
		if k.Op == kernels.AggMin || k.Op == kernels.AggMax {
			k.Distinct = false
		}
		key := fmt.Sprintf("%d %v %t %d", k.Op, k.Args, k.Distinct, k.Filter)
		if old, ok := seen[key]; ok {
			pos[n.AggCols[i].ID] = old
			continue
		}
		seen[key] = base + len(out.Aggs)
		pos[n.AggCols[i].ID] = base + len(out.Aggs)
		out.Aggs = append(out.Aggs, k)
		out.Out = append(out.Out, column.Field{Name: n.AggCols[i].Name, Type: a.Typ, NotNull: k.Op == kernels.AggCount || k.Op == kernels.AggCountStar})
	}
	return result{out, pos}, nil
}

func sameKey(a, b expr.SortKey) bool {
	return a.Descending == b.Descending && a.NullsFirst == b.NullsFirst && logical.Key(a.Expr) == logical.Key(b.Expr)
}

// argumentColumns is columnsOf that keeps of the input only what is wanted, when something has to be computed at all: an aggregation
// passes nothing else on.
func (p *planner) argumentColumns(in result, es []expr.Expr) (result, []int, error) {
	fields := in.node.Fields()
	at := make([]int, len(es))
	out := &plan.Project{Info: plan.Info{Rows: in.node.Meta().Rows}, Input: in.node}
	seen := map[string]int{}
	plain := true
	direct := make([]int, len(es))
	for i, e := range es {
		low, err := lowerOver(e, in.pos, fields)
		if err != nil {
			return result{}, nil, err
		}
		f := column.Field{Name: name(e), Type: low.Type()}
		key := logical.Key(e)
		if r, ok := low.(*expr.Ref); ok {
			f, key, direct[i] = fields[r.Index], fmt.Sprintf("#%d", r.Index), r.Index
		} else {
			plain = false
		}
		if old, ok := seen[key]; ok && !logical.IsVolatile(e) {
			at[i] = old
			continue
		}
		seen[key] = len(out.Exprs)
		at[i] = len(out.Exprs)
		out.Exprs, out.Out = append(out.Exprs, low), append(out.Out, f)
	}
	if plain {
		return in, direct, nil
	}
	return result{out, nil}, at, nil
}

// distinct groups by all columns, or for DISTINCT ON keeps the first rows.
func (p *planner) distinct(n *logical.Distinct, need logical.ColSet) (result, error) {
	if n.On == nil {
		cols := n.Columns()
		in, err := p.build(n.Input, logical.Set(cols))
		if err != nil {
			return result{}, err
		}
		out, pos := p.distinctRows(in, cols, p.info(n))
		return result{out, pos}, nil
	}
	in, err := p.build(n.Input, need.Union(logical.Used(n.On...)))
	if err != nil {
		return result{}, err
	}
	in, keys, err := p.columnsOf(in, n.On)
	if err != nil {
		return result{}, err
	}
	return result{&plan.DistinctOn{Info: p.info(n), Input: in.node, Keys: keys}, in.pos}, nil
}

func (p *planner) distinctRows(in result, cols []logical.Col, info plan.Info) (plan.Node, layout) {
	fields := in.node.Fields()
	out := &plan.Aggregate{Info: info, Input: in.node}
	pos, at := layout{}, map[int]int{}
	for _, c := range cols {
		from := in.pos[c.ID]
		if _, ok := at[from]; !ok {
			at[from] = len(out.Keys)
			out.Keys = append(out.Keys, from)
			out.Out = append(out.Out, fields[from])
		}
		pos[c.ID] = at[from]
	}
	if len(out.Keys) == 0 {
		// SELECT DISTINCT of no columns: one row if there is one.
		return &plan.Limit{Info: info, Input: in.node, Count: 1}, pos
	}
	return out, pos
}
