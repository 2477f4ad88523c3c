package physical

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize/estimate"
)

// buildWeight is how much dearer it is to put a row into a hash table than to look one up; the optimizer's cost model uses the same.
const buildWeight = 2.0

// join chooses algorithm, sides and keys.
func (p *planner) join(n *logical.Join, need logical.ColSet) (result, error) {
	if n.Dependent {
		return result{}, fault.New(fault.Internal, "a dependent join is left in the plan")
	}
	conds := expr.Conjuncts(n.Cond)
	left, right := logical.Set(n.Left.Columns()), logical.Set(n.Right.Columns())
	constants := n.Kind == logical.NullAwareAnti || n.Kind == logical.Mark
	var keys []joinKey
	var rest []expr.Expr
	for _, c := range conds {
		if k, ok := keyOf(c, left, right, constants); ok {
			keys = append(keys, k)
		} else {
			rest = append(rest, c)
		}
	}
	if n.Kind == logical.NullAwareAnti && (len(keys) == 0 || len(rest) > 0) {
		return result{}, fault.New(fault.Internal, "null-aware anti join on %s", n.Cond)
	}
	below := need.Union(logical.Used(conds...))
	delete(below, n.Mark.ID)
	// Each side is asked only for what it has.
	l, err := p.build(n.Left, intersect(below, left))
	if err != nil {
		return result{}, err
	}
	r, err := p.build(n.Right, intersect(below, right))
	if err != nil {
		return result{}, err
	}
	kind, buildLeft := p.sides(n, len(keys) > 0)
	j := joining{n: n, buildLeft: buildLeft, kind: kind, need: need, info: p.info(n)}
	j.probe, j.build, j.keys = l, r, keys
	if buildLeft {
		j.probe, j.build = r, l
		j.keys = make([]joinKey, len(keys))
		for i, k := range keys {
			j.keys[i] = joinKey{probe: k.build, build: k.probe, nullSafe: k.nullSafe}
		}
	}
	return p.finishJoin(j, rest)
}

// joinKey is an equality between an expression over each side.
type joinKey struct {
	probe, build expr.Expr // at first of the left and right side
	nullSafe     bool
}

func keyOf(c expr.Expr, left, right logical.ColSet, constants bool) (joinKey, bool) {
	cmp, ok := c.(*expr.Comparison)
	if !ok || cmp.Op != expr.Eq && cmp.Op != expr.IsNotDistinct || !cmp.Left.Type().Equal(cmp.Right.Type()) || logical.IsVolatile(c) {
		return joinKey{}, false
	}
	a, b := logical.Used(cmp.Left), logical.Used(cmp.Right)
	safe := cmp.Op == expr.IsNotDistinct
	switch {
	case left.Covers(a) && right.Covers(b) && (constants || len(a) > 0 && len(b) > 0):
		return joinKey{cmp.Left, cmp.Right, safe}, true
	case right.Covers(a) && left.Covers(b) && (constants || len(a) > 0 && len(b) > 0):
		return joinKey{cmp.Right, cmp.Left, safe}, true
	}
	return joinKey{}, false
}

func intersect(a, b logical.ColSet) logical.ColSet {
	out := logical.ColSet{}
	for id := range a {
		if b.Has(id) {
			out.Add(id)
		}
	}
	return out
}

// sides picks the build side: the one whose hash table is cheaper, where the kind leaves the choice.
func (p *planner) sides(n *logical.Join, keyed bool) (kind plan.JoinKind, buildLeft bool) {
	l, r := p.est.Rows(n.Left), p.est.Rows(n.Right)
	smaller := buildWeight*l+r < buildWeight*r+l
	switch n.Kind {
	case logical.Inner:
		return plan.Inner, smaller
	case logical.Full:
		return plan.FullOuter, smaller
	case logical.Left:
		if smaller && keyed {
			return plan.BuildOuter, true
		}
		return plan.ProbeOuter, false
	case logical.Right:
		if smaller || !keyed {
			return plan.ProbeOuter, true
		}
		return plan.BuildOuter, false
	case logical.Semi:
		if smaller && keyed {
			return plan.BuildSemi, true
		}
		return plan.ProbeSemi, false
	case logical.Anti:
		if smaller && keyed {
			return plan.BuildAnti, true
		}
		return plan.ProbeAnti, false
	case logical.NullAwareAnti:
		return plan.NullAwareAnti, false
	case logical.Mark:
		return plan.Mark, false
	}
	return plan.Single, false
}

// joining is a join of which all but the columns is decided.
type joining struct {
	n            *logical.Join
	buildLeft    bool
	kind         plan.JoinKind
	probe, build result
	keys         []joinKey
	need         logical.ColSet
	info         plan.Info
}

func (p *planner) finishJoin(j joining, rest []expr.Expr) (result, error) {
	probeKeys, buildKeys := make([]expr.Expr, len(j.keys)), make([]expr.Expr, len(j.keys))
	var nullSafe []bool
	for i, k := range j.keys {
		probeKeys[i], buildKeys[i] = k.probe, k.build
		if k.nullSafe {
			nullSafe = make([]bool, len(j.keys))
		}
	}
	for i, k := range j.keys {
		if k.nullSafe {
			nullSafe[i] = true
		}
	}
	var err error
	var pk, bk []int
	if j.probe, pk, err = p.columnsOf(j.probe, probeKeys); err != nil {
		return result{}, err
	}
	if j.build, bk, err = p.columnsOf(j.build, buildKeys); err != nil {
		return result{}, err
	}
	pf, bf := j.probe.node.Fields(), j.build.node.Fields()
	both := append(slices.Clone(pf), bf...)
	pos := layout{}
	for id, at := range j.probe.pos {
		pos[id] = at
	}
	for id, at := range j.build.pos {
		pos[id] = at + len(pf)
	}
	var residual expr.Expr
	if len(rest) > 0 {
		if residual, err = lowerOver(expr.Conjunction(rest), pos, both); err != nil {
			return result{}, err
		}
	}
	shape, outPos := j.shape(pf, bf, pos)
	output, out, final := narrow(shape, outPos, j.need)
	if len(j.keys) == 0 {
		return result{&plan.NestedLoopJoin{
			Info: j.info, Kind: j.kind, Probe: j.probe.node, Build: j.build.node, Cond: residual, Output: output, Out: out,
		}, final}, nil
	}
	h := &plan.HashJoin{
		Info: j.info, Kind: j.kind, Probe: j.probe.node, Build: j.build.node, ProbeKeys: pk, BuildKeys: bk, NullSafe: nullSafe,
		Residual: residual, Output: output, Out: out,
	}
	p.rare[h], p.asked[h] = j.rare(p), j.asked(p)
	return result{h, final}, nil
}

// rare tells of each key whether few probe rows have a value that the build side has, so that a runtime filter on it pays.
func (j *joining) rare(p *planner) []bool {
	probe, build := p.est.Of(j.n.Left), p.est.Of(j.n.Right)
	if j.buildLeft {
		probe, build = build, probe
	}
	out := make([]bool, len(j.keys))
	for i, k := range j.keys {
		out[i] = estimate.Share(k.probe, k.build, probe, build) < filterShare
	}
	return out
}

// shape is the kind's output before it is narrowed.
func (j *joining) shape(probe, build []column.Field, both layout) ([]column.Field, layout) {
	nullable := func(fs []column.Field) []column.Field {
		out := slices.Clone(fs)
		for i := range out {
			out[i].NotNull = false
		}
		return out
	}
	switch j.kind {
	case plan.ProbeSemi, plan.ProbeAnti, plan.NullAwareAnti:
		return probe, j.probe.pos
	case plan.BuildSemi, plan.BuildAnti:
		return build, j.build.pos
	case plan.Mark:
		pos := layout{j.n.Mark.ID: len(probe)}
		for id, at := range j.probe.pos {
			pos[id] = at
		}
		return append(slices.Clone(probe), column.Field{Name: j.n.Mark.Name, Type: column.T(column.Bool)}), pos
	case plan.ProbeOuter, plan.Single:
		return append(slices.Clone(probe), nullable(build)...), both
	case plan.BuildOuter:
		return append(nullable(probe), build...), both
	case plan.FullOuter:
		return append(nullable(probe), nullable(build)...), both
	}
	return append(slices.Clone(probe), build...), both
}

// narrow keeps what is needed of a shape, in the shape's order.
func narrow(shape []column.Field, pos layout, need logical.ColSet) (output []int, out []column.Field, final layout) {
	keep := map[int]bool{}
	for id, at := range pos {
		if need.Has(id) {
			keep[at] = true
		}
	}
	at := map[int]int{}
	output = []int{}
	for i, f := range shape {
		if keep[i] {
			at[i] = len(output)
			output = append(output, i)
			out = append(out, f)
		}
	}
	final = layout{}
	for id, i := range pos {
		if need.Has(id) {
			final[id] = at[i]
		}
	}
	if len(output) == len(shape) {
		output = nil
	}
	return output, out, final
}
