package stage_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/optimize/plantest"
)

type values = []column.Value

// runner runs physical plans as package plan defines them: stages one after another, their tasks each on its share, runtime filters as
// exact sets. It is slow and plain, to judge what the planner makes.
type runner struct {
	data    plantest.Data
	plan    *plan.Plan
	out     [][][]values            // rows by stage and partition
	from    [][][]int               // the task that each row comes from
	replan  func(stage int) error   // is called when a stage is complete; nil: not
	across  map[int]map[string]bool // filters that complete stages have made
	skip    []bool                  // stages that the re-plans have left out
	memo    map[string]column.Value
	stage   *plan.Stage
	task    int
	shared  [][]values
	filters map[int]map[string]bool
}

func (x *runner) run(p *plan.Plan) ([]values, error) {
	x.plan, x.memo = p, map[string]column.Value{}
	x.out, x.from = make([][][]values, len(p.Stages)), make([][][]int, len(p.Stages))
	x.skip, x.across = make([]bool, len(p.Stages)), map[int]map[string]bool{}
	for i := range p.Stages {
		s := x.plan.Stages[i]
		if x.skip[i] {
			continue
		}
		x.stage = s
		x.out[i], x.from[i] = make([][]values, max(s.Output.Partitions, 1)), make([][]int, max(s.Output.Partitions, 1))
		for x.task = range s.Tasks {
			x.filters, x.shared = maps.Clone(x.across), nil
			for _, n := range s.Shared {
				rows, err := x.node(n)
				if err != nil {
					return nil, err
				}
				x.shared = append(x.shared, rows)
			}
			rows, err := x.node(s.Root)
			if err != nil {
				return nil, err
			}
			for j, r := range rows {
				to := 0
				switch s.Output.Kind {
				case plan.Hash:
					for _, c := range text(r, s.Output.Keys) {
						to = (to*31 + int(c)) % s.Output.Partitions
					}
				case plan.Range:
					to = rangeOf(r[s.Output.Keys[0]], s.Output.Bounds) % s.Output.Partitions
				case plan.RoundRobin:
					to = j % s.Output.Partitions
				}
				x.out[i][to], x.from[i][to] = append(x.out[i][to], r), append(x.from[i][to], x.task)
			}
		}
		for _, f := range s.Filters {
			x.across[f.Filter] = map[string]bool{}
			for _, rows := range x.out[i] {
				for _, r := range rows {
					if v := r[f.Column]; !v.Null {
						x.across[f.Filter][v.String()] = true
					}
				}
			}
		}
		if x.replan != nil {
			if err := x.replan(i); err != nil {
				return nil, err
			}
		}
	}
	return x.out[len(p.Stages)-1][0], nil
}

// read is the rows of an exchange that the task reads.
func (x *runner) read(n *plan.ExchangeRead) (rows []values) {
	share := plan.Share{From: x.task, To: x.task + 1}
	switch {
	case !n.Kind.Partitioned():
		share = plan.Share{To: 1}
	case n.All > 0:
		share = plan.Share{To: n.All}
	case x.stage.Shares != nil:
		share = x.stage.Shares[x.task]
	}
	for p := share.From; p < share.To; p++ {
		for k, r := range x.out[n.Stage][p] {
			if !n.Divided || share.Parts <= 1 || x.from[n.Stage][p][k]%share.Parts == share.Part {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

func text(r values, at []int) string {
	var b strings.Builder
	for _, i := range at {
		b.WriteString(r[i].String() + "|")
	}
	return b.String()
}

func whole(r values) string {
	at := make([]int, len(r))
	for i := range at {
		at[i] = i
	}
	return text(r, at)
}

func (x *runner) eval(e expr.Expr, r values) (column.Value, error) {
	c := expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if ref, ok := e.(*expr.Ref); ok {
			v := r[ref.Index]
			v.Type = ref.Typ
			return &expr.Literal{Value: v}
		}
		return e
	})
	key := c.Type().String() + c.String()
	if v, ok := x.memo[key]; ok {
		return v, nil
	}
	v, err := expr.Evaluate(c)
	x.memo[key] = v
	return v, err
}

func (x *runner) holds(e expr.Expr, r values) (is, unknown bool, err error) {
	if e == nil {
		return true, false, nil
	}
	v, err := x.eval(e, r)
	return err == nil && !v.Null && v.Bool(), v.Null, err
}

func (x *runner) keep(rows []values, conds ...expr.Expr) ([]values, error) {
	var out []values
	for _, r := range rows {
		all := true
		for _, c := range conds {
			is, _, err := x.holds(c, r)
			if err != nil {
				return nil, err
			}
			all = all && is
		}
		if all {
			out = append(out, r)
		}
	}
	return out, nil
}

func pick(r values, at []int) values {
	out := make(values, len(at))
	for i, c := range at {
		out[i] = r[c]
	}
	return out
}

func slice(rows []values, offset, count int64) []values {
	rows = rows[min(offset, int64(len(rows))):]
	if count >= 0 {
		rows = rows[:min(count, int64(len(rows)))]
	}
	return rows
}

func (x *runner) node(n plan.Node) ([]values, error) {
	switch n := n.(type) {
	case *plan.Scan:
		return x.scan(n)
	case *plan.Values:
		return n.Rows, nil
	case *plan.SharedRead:
		return x.shared[n.Shared], nil
	case *plan.ExchangeRead:
		return x.read(n), nil
	case *plan.HashJoin:
		return x.join(n.Kind, n.Probe, n.Build, n.Output, n.Filters, n.BuildKeys, func(p, b values) (bool, bool, error) {
			sure := true
			for i := range n.ProbeKeys {
				v, w := p[n.ProbeKeys[i]], b[n.BuildKeys[i]]
				switch {
				case n.NullSafe != nil && n.NullSafe[i] && v.Null && w.Null:
				case v.Null || w.Null:
					if n.NullSafe != nil && n.NullSafe[i] {
						return false, false, nil
					}
					sure = false
				case v.String() != w.String():
					return false, false, nil
				}
			}
			is, unknown, err := x.holds(n.Residual, append(slices.Clone(p), b...))
			return is && sure, unknown || is && !sure, err
		})
	case *plan.NestedLoopJoin:
		return x.join(n.Kind, n.Probe, n.Build, n.Output, nil, nil, func(p, b values) (bool, bool, error) {
			return x.holds(n.Cond, append(slices.Clone(p), b...))
		})
	}
	if a, ok := n.(*plan.AsOfJoin); ok {
		return x.asOf(a)
	}
	var in [][]values
	for _, c := range n.Inputs() {
		rows, err := x.node(c)
		if err != nil {
			return nil, err
		}
		in = append(in, rows)
	}
	var out []values
	switch n := n.(type) {
	case *plan.Filter:
		return x.keep(in[0], n.Cond)
	case *plan.Project:
		for _, r := range in[0] {
			s := make(values, len(n.Exprs))
			for i, e := range n.Exprs {
				var err error
				if s[i], err = x.eval(e, r); err != nil {
					return nil, err
				}
			}
			out = append(out, s)
		}
		return out, nil
	case *plan.Aggregate:
		return aggregate(n, in[0])
	case *plan.Sort:
		rows := slices.Clone(in[0])
		slices.SortStableFunc(rows, func(a, b values) int { return order(n.Keys, a, b) })
		return slice(rows, n.Offset, n.Count), nil
	case *plan.Limit:
		return slice(in[0], n.Offset, n.Count), nil
	case *plan.Union:
		return slices.Concat(in...), nil
	case *plan.SetOp:
		return setOp(n, in[0], in[1]), nil
	case *plan.DistinctOn:
		seen := map[string]bool{}
		for _, r := range in[0] {
			if k := text(r, n.Keys); !seen[k] {
				seen[k] = true
				out = append(out, r)
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("no meaning for %T", n)
}

func (x *runner) scan(n *plan.Scan) ([]values, error) {
	var rows []values
	for i, r := range x.data[n.Table] {
		at, err := x.place(n, r, i)
		if err != nil {
			return nil, err
		}
		if at%x.stage.Tasks == x.task {
			rows = append(rows, pick(r, n.Columns))
		}
	}
	rows, err := x.keep(rows, n.Filters...)
	if err != nil {
		return nil, err
	}
	var out []values
	for _, r := range rows {
		passes := true
		for _, f := range n.Runtime {
			set, ok := x.filters[f.Filter]
			if !ok && x.replan == nil {
				return nil, fmt.Errorf("runtime filter %d is used before it is made", f.Filter)
			}
			passes = passes && (!ok || set[r[f.Column].String()])
		}
		if !passes {
			continue
		}
		if n.Output != nil {
			r = pick(r, n.Output)
		}
		out = append(out, r)
	}
	return slice(out, 0, n.Limit), nil
}

func order(keys []kernels.SortKey, a, b values) int {
	for _, k := range keys {
		v, w := a[k.Column], b[k.Column]
		switch {
		case v.Null && w.Null:
			continue
		case v.Null == k.NullsFirst && v.Null, w.Null && !k.NullsFirst:
			return -1
		case v.Null || w.Null:
			return 1
		}
		if c := v.Int.Cmp(w.Int); c != 0 {
			if k.Descending {
				return -c
			}
			return c
		}
	}
	return 0
}

func setOp(n *plan.SetOp, left, right []values) []values {
	counts := map[string]int{}
	for _, r := range right {
		counts[whole(r)]++
	}
	seen := map[string]bool{}
	var out []values
	for _, r := range left {
		k := whole(r)
		found := counts[k] > 0
		if n.All && found {
			counts[k]--
		}
		if found == (n.Kind == plan.Intersect) && (n.All || !seen[k]) {
			out = append(out, r)
		}
		seen[k] = true
	}
	return out
}

func (x *runner) join(kind plan.JoinKind, probe, build plan.Node, output []int, filters []plan.RuntimeFilterDef, keys []int,
	match func(p, b values) (is, unknown bool, err error),
) ([]values, error) {
	right, err := x.node(build)
	if err != nil {
		return nil, err
	}
	for _, f := range filters {
		set := map[string]bool{}
		for _, r := range right {
			if v := r[keys[f.Key]]; !v.Null {
				set[v.String()] = true
			}
		}
		x.filters[f.Filter] = set
	}
	left, err := x.node(probe)
	if err != nil {
		return nil, err
	}
	nulls := func(n plan.Node) values {
		var out values
		for _, f := range n.Fields() {
			out = append(out, column.NullValue(f.Type))
		}
		return out
	}
	var out []values
	add := func(parts ...values) {
		r := slices.Concat(parts...)
		if output != nil {
			r = pick(r, output)
		}
		out = append(out, r)
	}
	met := make([]bool, len(right))
	for _, p := range left {
		found, unknown := 0, false
		for i, b := range right {
			is, null, err := match(p, b)
			if err != nil {
				return nil, err
			}
			unknown = unknown || null
			if !is {
				continue
			}
			met[i] = true
			found++
			switch kind {
			case plan.Inner, plan.ProbeOuter, plan.BuildOuter, plan.FullOuter, plan.Single:
				add(p, b)
			}
		}
		switch {
		case kind == plan.Single && found > 1:
			return nil, plantest.ErrTwoRows
		case kind == plan.ProbeSemi && found > 0, kind == plan.ProbeAnti && found == 0, kind == plan.NullAwareAnti && found == 0 && !unknown:
			add(p)
		case kind == plan.Mark:
			m := column.BoolValue(found > 0)
			if found == 0 && unknown {
				m = column.NullValue(m.Type)
			}
			add(p, values{m})
		case found == 0 && (kind == plan.ProbeOuter || kind == plan.FullOuter || kind == plan.Single):
			add(p, nulls(build))
		}
	}
	for i, b := range right {
		switch {
		case kind == plan.BuildSemi && met[i], kind == plan.BuildAnti && !met[i]:
			add(b)
		case !met[i] && (kind == plan.BuildOuter || kind == plan.FullOuter):
			add(nulls(probe), b)
		}
	}
	return out, nil
}

func aggregate(n *plan.Aggregate, rows []values) ([]values, error) {
	sets := n.Sets
	if sets == nil {
		all := make([]int, len(n.Keys))
		for i := range all {
			all[i] = i
		}
		sets = [][]int{all}
	}
	var out []values
	for _, set := range sets {
		groups := map[string][]values{}
		var keys []string
		if len(set) == 0 && n.Mode != plan.AggPartial {
			keys, groups[""] = []string{""}, nil
		}
		for _, r := range rows {
			at := make([]int, len(set))
			for i, k := range set {
				at[i] = n.Keys[k]
			}
			k := text(r, at)
			if _, ok := groups[k]; !ok {
				keys = append(keys, k)
			}
			groups[k] = append(groups[k], r)
		}
		for _, k := range keys {
			var r values
			id := int64(0)
			for i, key := range n.Keys {
				id *= 2
				if slices.Contains(set, i) {
					r = append(r, groups[k][0][key])
				} else {
					id++
					r = append(r, column.NullValue(n.Out[i].Type))
				}
			}
			if n.Sets != nil {
				r = append(r, column.IntValue(column.T(column.Int64), id))
			}
			state := len(n.Keys)
			for _, a := range n.Aggs {
				v, err := fold(n.Mode, a, state, groups[k])
				if err != nil {
					return nil, err
				}
				state += len(agg.PartialTypes(a))
				r = append(r, v)
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// fold computes counts, and sums and extremes of integers, whose states are single columns.
func fold(mode plan.AggMode, a kernels.Aggregate, state int, rows []values) (column.Value, error) {
	types := agg.PartialTypes(a)
	result := a.Result
	if mode == plan.AggPartial {
		result = types[0]
	}
	total := column.NullValue(result)
	if mode == plan.AggFinal && len(types) != 1 {
		return total, fmt.Errorf("no meaning for the final step of %d", a.Op)
	}
	count := int64(0)
	seen := map[string]bool{}
	for _, r := range rows {
		if mode != plan.AggFinal && a.Filter >= 0 && (r[a.Filter].Null || !r[a.Filter].Bool()) {
			continue
		}
		var v column.Value
		switch {
		case mode == plan.AggFinal:
			v = r[state]
			count += v.Int64()
		case len(a.Args) == 0:
			count++
			continue
		default:
			v = r[a.Args[0]]
		}
		if v.Null || a.Distinct && seen[v.String()] {
			continue
		}
		seen[v.String()] = true
		if mode != plan.AggFinal {
			count++
		}
		switch {
		case total.Null:
			total = column.Value{Type: result, Int: v.Int}
		case a.Op == kernels.AggSum:
			total.Int = total.Int.Add(v.Int)
		case a.Op == kernels.AggMin && v.Int.Less(total.Int), a.Op == kernels.AggMax && total.Int.Less(v.Int):
			total.Int = v.Int
		}
	}
	switch a.Op {
	case kernels.AggCount, kernels.AggCountStar:
		return column.IntValue(result, count), nil
	case kernels.AggSum, kernels.AggMin, kernels.AggMax:
		return total, nil
	}
	return total, fmt.Errorf("no meaning for aggregate %d", a.Op)
}
