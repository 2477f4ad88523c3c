package physical

import (
	"slices"

	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// asOf computes keys and bounds as columns of the sides. The left side probes.
func (p *planner) asOf(n *logical.AsOf, need logical.ColSet) (result, error) {
	below := need.Union(logical.Used(logical.Exprs(n)...))
	l, err := p.build(n.Left, intersect(below, logical.Set(n.Left.Columns())))
	if err != nil {
		return result{}, err
	}
	r, err := p.build(n.Right, intersect(below, logical.Set(n.Right.Columns())))
	if err != nil {
		return result{}, err
	}
	l, lk, err := p.columnsOf(l, append(slices.Clone(n.LeftKeys), n.LeftBound))
	if err != nil {
		return result{}, err
	}
	r, rk, err := p.columnsOf(r, append(slices.Clone(n.RightKeys), n.RightBound))
	if err != nil {
		return result{}, err
	}
	keys := len(n.LeftKeys)
	out := &plan.AsOfJoin{
		Info: p.info(n), Outer: n.Outer, Probe: l.node, Build: r.node, ProbeKeys: lk[:keys], BuildKeys: rk[:keys], NullSafe: n.NullSafe, Op: n.Op,
		ProbeBound: lk[keys], BuildBound: rk[keys],
	}
	j := joining{kind: plan.Inner, probe: l, build: r}
	if n.Outer {
		j.kind = plan.ProbeOuter
	}
	pf, bf := l.node.Fields(), r.node.Fields()
	pos := layout{}
	for id, at := range l.pos {
		pos[id] = at
	}
	for id, at := range r.pos {
		pos[id] = at + len(pf)
	}
	shape, at := j.shape(pf, bf, pos)
	var final layout
	out.Output, out.Out, final = narrow(shape, at, need)
	return result{out, final}, nil
}

// distributeAsOf brings rows with equal keys together; without keys, or when the build side is small, every task gets all of it.
func (p *planner) distributeAsOf(n *plan.AsOfJoin) (plan.Node, spread) {
	var ps, bs spread
	n.Probe, ps = p.distribute(n.Probe)
	n.Build, bs = p.distribute(n.Build)
	switch {
	case !ps.many:
		n.Build = p.gather(n.Build, bs)
		return n, one
	case p.broadcasts(n.Probe, n.Build):
		n.Build = p.exchange(n.Build, plan.Broadcast, nil)
	case len(n.ProbeKeys) == 0:
		n.Probe, n.Build = p.gather(n.Probe, ps), p.gather(n.Build, bs)
		return n, one
	default:
		n.Probe, ps = p.byKeys(n.Probe, ps, n.ProbeKeys)
		n.Build, _ = p.byKeys(n.Build, bs, n.BuildKeys)
	}
	return n, narrowed(ps, n.Output)
}
