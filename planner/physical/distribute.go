package physical

import (
	"slices"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/plan"
)

// spread says how a node's rows lie over the tasks of its stage.
type spread struct {
	many bool  // over all tasks; otherwise all in one
	keys []int // when many: rows equal in these output columns are in one task; nil: nothing is known
}

var one = spread{}

// gathered makes n's rows end in one task.
func (p *planner) gathered(n plan.Node) plan.Node {
	n, s := p.distribute(n)
	return p.gather(n, s)
}

// spreadShared prepares a shared subplan as a stage of its own: every reader gets all of a small result, and a share of a large one.
func (p *planner) spreadShared(n plan.Node, keys []int) plan.Node {
	n, _ = p.distribute(n)
	if n.Meta().Rows <= float64(p.opts.BroadcastRows) {
		return p.cutAbove(n, plan.Broadcast, nil)
	}
	if keys != nil {
		return p.cutAbove(n, plan.Hash, keys)
	}
	return p.cutAbove(n, plan.RoundRobin, nil)
}

// exchange spreads n's rows another way.
func (p *planner) exchange(n plan.Node, kind plan.ExchangeKind, keys []int) plan.Node {
	if r, ok := n.(*plan.SharedRead); ok && kind == plan.Broadcast && p.shared[r.Shared].Meta().Rows <= float64(p.opts.BroadcastRows) {
		return n // it is sent to every task as it is
	}
	return p.cutAbove(n, kind, keys)
}

// cutAbove marks that n's rows leave its stage. Partitions is set for all kinds: it is also how many tasks n's stage has where it is spread.
func (p *planner) cutAbove(n plan.Node, kind plan.ExchangeKind, keys []int) plan.Node {
	return &plan.Exchange{
		Info: plan.Info{Rows: n.Meta().Rows}, Input: n, Output: plan.Partitioning{Kind: kind, Keys: keys, Partitions: p.opts.Partitions},
	}
}

func (p *planner) gather(n plan.Node, s spread) plan.Node {
	if !s.many {
		return n
	}
	return p.exchange(n, plan.Gather, nil)
}

// byKeys brings rows with equal keys together; no exchange when they are.
func (p *planner) byKeys(n plan.Node, s spread, keys []int) (plan.Node, spread) {
	if s.many && s.keys != nil && slices.Equal(s.keys, keys) {
		return n, s
	}
	return p.exchange(n, plan.Hash, keys), spread{many: true, keys: keys}
}

// distribute puts exchanges into n and says how its rows lie. It changes the nodes, which are this planner's own.
func (p *planner) distribute(n plan.Node) (plan.Node, spread) {
	switch n := n.(type) {
	case *plan.Scan:
		return n, spread{many: true}
	case *plan.SharedRead:
		if p.shared[n.Shared].Meta().Rows <= float64(p.opts.BroadcastRows) {
			return n, one
		}
		return n, spread{many: true, keys: p.spreadBy[n.Shared]}
	case *plan.Filter:
		var s spread
		n.Input, s = p.distribute(n.Input)
		return n, s
	case *plan.Project:
		var s spread
		n.Input, s = p.distribute(n.Input)
		return n, through(s, n.Exprs)
	case *plan.Aggregate:
		return p.distributeAggregate(n)
	case *plan.HashJoin:
		out, s := p.distributeHashJoin(n)
		p.sendOnce(n)
		return out, s
	case *plan.NestedLoopJoin:
		return p.distributeLoopJoin(n)
	case *plan.Sort:
		return p.distributeSort(n)
	case *plan.Limit:
		return p.distributeLimit(n)
	case *plan.Union:
		return p.distributeUnion(n)
	case *plan.SetOp:
		return p.distributeSetOp(n)
	case *plan.DistinctOn:
		return p.distributeDistinctOn(n)
	case *plan.Unnest:
		var s spread
		n.Input, s = p.distribute(n.Input)
		return n, narrowed(s, n.Keep)
	case *plan.AsOfJoin:
		return p.distributeAsOf(n)
	case *plan.Window:
		return p.distributeWindow(n)
	case *plan.Recursion:
		return p.distributeRecursion(n)
	}
	return n, one // Values, Series
}

// through follows the keys of s through a projection.
func through(s spread, exprs []expr.Expr) spread {
	if s.keys == nil {
		return s
	}
	out := make([]int, len(s.keys))
	for i, k := range s.keys {
		out[i] = slices.IndexFunc(exprs, func(e expr.Expr) bool {
			r, ok := e.(*expr.Ref)
			return ok && r.Index == k
		})
		if out[i] < 0 {
			return spread{many: true}
		}
	}
	return spread{many: true, keys: out}
}

// narrowed follows keys through an output list of a join.
func narrowed(s spread, output []int) spread {
	if s.keys == nil || output == nil {
		return s
	}
	out := make([]int, len(s.keys))
	for i, k := range s.keys {
		if out[i] = slices.Index(output, k); out[i] < 0 {
			return spread{many: true}
		}
	}
	return spread{many: true, keys: out}
}

// distributeAggregate aggregates in two steps where the functions allow it:
//
//	Aggregate by k: sum(x)        Aggregate final by k
//	  Scan                   →      Exchange hash k
//	                                  Aggregate partial by k: sum(x)
//	                                    Scan
func (p *planner) distributeAggregate(n *plan.Aggregate) (plan.Node, spread) {
	// Ordered aggregates sit on a sort, which has to come after the exchange.
	if sorted, ok := n.Input.(*plan.Sort); ok && sorted.Count < 0 {
		in, s := p.distribute(sorted.Input)
		if !s.many {
			sorted.Input = in
			return n, one
		}
		if len(n.Keys) == 0 || n.Sets != nil {
			sorted.Input = p.gather(in, s)
			return n, one
		}
		if p.together(in, n.Keys, in.Meta().Rows) {
			sorted.Input = in
			return n, spread{many: true}
		}
		sorted.Input, _ = p.byKeys(in, s, n.Keys)
		return n, spread{many: true, keys: outputKeys(n)}
	}
	in, s := p.distribute(n.Input)
	n.Input = in
	if !s.many {
		return n, one
	}
	if n.Sets == nil && s.keys != nil && len(n.Keys) > 0 && subset(s.keys, n.Keys) {
		out := make([]int, len(s.keys))
		for i, k := range s.keys {
			out[i] = slices.Index(n.Keys, k)
		}
		return n, spread{many: true, keys: out}
	}
	partial := true
	for _, a := range n.Aggs {
		partial = partial && agg.HasPartial(a)
	}
	sent := in.Meta().Rows
	if partial {
		sent = n.Rows
	}
	if n.Sets == nil && p.together(in, n.Keys, sent) {
		return n, spread{many: true}
	}
	// An empty grouping set gives a row even without input, which only a single task may add.
	total := slices.ContainsFunc(n.Sets, func(set []int) bool { return len(set) == 0 })
	if !partial || total {
		if len(n.Keys) == 0 || n.Sets != nil {
			n.Input = p.gather(in, s)
			return n, one
		}
		n.Input, _ = p.byKeys(in, s, n.Keys)
		return n, spread{many: true, keys: outputKeys(n)}
	}
	keys := len(n.Keys)
	if n.Sets != nil {
		keys++ // the grouping id keeps the sets apart
	}
	first := &plan.Aggregate{Info: plan.Info{Rows: n.Rows}, Input: in, Mode: plan.AggPartial, Keys: n.Keys, Aggs: n.Aggs, Sets: n.Sets}
	first.Out = append(first.Out, n.Out[:keys]...)
	for i, a := range n.Aggs {
		for _, t := range agg.PartialTypes(a) {
			f := n.Out[keys+i]
			f.Type, f.NotNull = t, false
			first.Out = append(first.Out, f)
		}
	}
	all := positions(keys)
	last := &plan.Aggregate{Info: n.Info, Mode: plan.AggFinal, Keys: all, Aggs: n.Aggs, Out: n.Out}
	if keys == 0 {
		last.Input = p.gather(first, spread{many: true})
		return last, one
	}
	last.Input = p.exchange(first, plan.Hash, all)
	return last, spread{many: true, keys: all}
}

func positions(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func outputKeys(n *plan.Aggregate) []int { return positions(len(n.Keys)) }

func subset(a, b []int) bool {
	for _, x := range a {
		if !slices.Contains(b, x) {
			return false
		}
	}
	return true
}

// distributeHashJoin sends a small build side to all tasks, where no kind has to know which build rows no task matched, and otherwise both
// sides by key. NOT IN and IN as a value have to know of NULLs on the whole build side: they always get all of it.
func (p *planner) distributeHashJoin(n *plan.HashJoin) (plan.Node, spread) {
	var ps, bs spread
	n.Probe, ps = p.distribute(n.Probe)
	n.Build, bs = p.distribute(n.Build)
	if !ps.many && !bs.many {
		return n, one
	}
	whole := n.Kind == plan.NullAwareAnti || n.Kind == plan.Mark
	if ps.many && bs.many && !whole && p.colocate(n) {
		return n, spread{many: true}
	}
	if !ps.many && (whole || n.Build.Meta().Rows <= float64(p.opts.BroadcastRows)) {
		n.Build = p.gather(n.Build, bs)
		return n, one
	}
	if !whole && p.sendToRanges(n, ps, bs) {
		return n, spread{many: true}
	}
	aligned := ps.many && bs.many && ps.keys != nil && slices.Equal(ps.keys, n.ProbeKeys) && slices.Equal(bs.keys, n.BuildKeys)
	if whole || probeKind(n.Kind) && !aligned && ps.many && p.broadcasts(n.Probe, n.Build) {
		n.Build = p.exchange(n.Build, plan.Broadcast, nil)
		return n, narrowed(ps, n.Output)
	}
	n.Probe, ps = p.byKeys(n.Probe, ps, n.ProbeKeys)
	n.Build, bs = p.byKeys(n.Build, bs, n.BuildKeys)
	switch n.Kind {
	case plan.BuildOuter, plan.Inner:
		if n.Kind == plan.BuildOuter {
			width := len(n.Probe.Fields())
			s := spread{many: true, keys: slices.Clone(bs.keys)}
			for i := range s.keys {
				s.keys[i] += width
			}
			return n, narrowed(s, n.Output)
		}
		return n, narrowed(ps, n.Output)
	case plan.BuildSemi, plan.BuildAnti:
		return n, narrowed(bs, n.Output)
	case plan.FullOuter:
		return n, spread{many: true}
	}
	return n, narrowed(ps, n.Output)
}

// broadcasts reports whether sending all of build to every task moves fewer rows than exchanging both sides.
func (p *planner) broadcasts(probe, build plan.Node) bool {
	if p.opts.BroadcastRows < 0 {
		return false
	}
	b := build.Meta().Rows
	return b <= float64(p.opts.BroadcastRows) || b*float64(p.opts.Partitions) < (probe.Meta().Rows+b)/2
}

// probeKind reports whether each probe row's result follows from it and the whole build side.
func probeKind(k plan.JoinKind) bool {
	switch k {
	case plan.BuildOuter, plan.BuildSemi, plan.BuildAnti, plan.FullOuter:
		return false
	}
	return true
}

func (p *planner) distributeLoopJoin(n *plan.NestedLoopJoin) (plan.Node, spread) {
	var ps, bs spread
	n.Probe, ps = p.distribute(n.Probe)
	n.Build, bs = p.distribute(n.Build)
	if ps.many && probeKind(n.Kind) {
		n.Build = p.exchange(n.Build, plan.Broadcast, nil)
		return n, narrowed(ps, n.Output)
	}
	n.Probe, n.Build = p.gather(n.Probe, ps), p.gather(n.Build, bs)
	return n, one
}

// distributeSort keeps the first rows of every task before it gathers them.
func (p *planner) distributeSort(n *plan.Sort) (plan.Node, spread) {
	in, s := p.distribute(n.Input)
	n.Input = in
	if !s.many {
		return n, one
	}
	if n.Count >= 0 {
		local := &plan.Sort{Info: n.Info, Input: in, Keys: n.Keys, Count: n.Count + n.Offset}
		n.Input = p.gather(local, s)
		return n, one
	}
	n.Input = p.gather(in, s)
	return n, one
}

func (p *planner) distributeLimit(n *plan.Limit) (plan.Node, spread) {
	in, s := p.distribute(n.Input)
	n.Input = in
	if !s.many {
		return n, one
	}
	if n.Count >= 0 {
		in = &plan.Limit{Info: n.Info, Input: in, Count: n.Count + n.Offset}
	}
	n.Input = p.gather(in, s)
	return n, one
}

// distributeUnion spreads all inputs when one is: what lies in one task would otherwise be there for every task.
func (p *planner) distributeUnion(n *plan.Union) (plan.Node, spread) {
	spreads := make([]spread, len(n.In))
	many := false
	for i, in := range n.In {
		n.In[i], spreads[i] = p.distribute(in)
		many = many || spreads[i].many
	}
	if !many {
		return n, one
	}
	for i, s := range spreads {
		if !s.many {
			n.In[i] = p.exchange(n.In[i], plan.RoundRobin, nil)
		}
	}
	return n, spread{many: true}
}

func (p *planner) distributeSetOp(n *plan.SetOp) (plan.Node, spread) {
	var ls, rs spread
	n.Left, ls = p.distribute(n.Left)
	n.Right, rs = p.distribute(n.Right)
	if !ls.many && !rs.many {
		return n, one
	}
	keys := positions(len(n.Out))
	if len(keys) == 0 {
		n.Left, n.Right = p.gather(n.Left, ls), p.gather(n.Right, rs)
		return n, one
	}
	n.Left, _ = p.byKeys(n.Left, ls, keys)
	n.Right, _ = p.byKeys(n.Right, rs, keys)
	return n, spread{many: true, keys: keys}
}

// distributeDistinctOn brings the rows of a key together and sorts them there, since an exchange keeps no order.
func (p *planner) distributeDistinctOn(n *plan.DistinctOn) (plan.Node, spread) {
	if len(n.Keys) == 0 {
		in, s := p.distribute(n.Input)
		n.Input = p.gather(in, s)
		return n, one
	}
	if sorted, ok := n.Input.(*plan.Sort); ok && sorted.Count < 0 && sorted.Offset == 0 {
		in, s := p.distribute(sorted.Input)
		if !s.many {
			sorted.Input = in
			return n, one
		}
		if p.together(in, n.Keys, in.Meta().Rows) {
			sorted.Input = in
			return n, spread{many: true}
		}
		sorted.Input, s = p.byKeys(in, s, n.Keys)
		return n, s
	}
	in, s := p.distribute(n.Input)
	n.Input = in
	if s.many && !p.together(in, n.Keys, in.Meta().Rows) {
		n.Input, s = p.byKeys(in, s, n.Keys)
	}
	return n, s
}
