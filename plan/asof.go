package plan

import (
	"strings"

	planv1 "github.com/polybolos-db/polybolos/api/plan/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

// AsOfJoin gives each probe row the one build row with equal keys whose bound is nearest on the side that Op names: the greatest one that the probe
// row's bound is >= or >, or the least one that it is <= or <. Output is probe columns, then build columns, narrowed by Output. A probe row without
// such a build row is left out, with Outer filled up with NULLs.
type AsOfJoin struct {
	Info
	Outer                  bool
	Probe, Build           Node
	ProbeKeys, BuildKeys   []int  // they may be empty
	NullSafe               []bool // per key: NULL equals NULL; nil: none
	Op                     expr.CompareOp
	ProbeBound, BuildBound int
	Output                 []int // nil: all
	Out                    []column.Field
}

// Fields are the columns of Out.
func (n *AsOfJoin) Fields() []column.Field { return n.Out }

// Inputs are the probe side, then the build side.
func (n *AsOfJoin) Inputs() []Node { return []Node{n.Probe, n.Build} }

// kind is the join kind whose columns the node has.
func (n *AsOfJoin) kind() JoinKind {
	if n.Outer {
		return ProbeOuter
	}
	return Inner
}

func asOf(n *AsOfJoin) *planv1.Node_AsOfJoin {
	return &planv1.Node_AsOfJoin{
		Outer: n.Outer, ProbeKeys: ints32(n.ProbeKeys), BuildKeys: ints32(n.BuildKeys), NullSafe: n.NullSafe, Op: uint32(n.Op),
		ProbeBound: int32(n.ProbeBound), BuildBound: int32(n.BuildBound), Output: ints32(n.Output), AllOutput: n.Output == nil,
	}
}

func decodeAsOf(info Info, kids []Node, out []column.Field, in *planv1.Node_AsOfJoin) (Node, error) {
	if in.Op > uint32(expr.IsNotDistinct) {
		return nil, corrupt("comparison operator %d", in.Op)
	}
	return &AsOfJoin{
		Info: info, Outer: in.Outer, Probe: kids[0], Build: kids[1], ProbeKeys: ints(in.ProbeKeys), BuildKeys: ints(in.BuildKeys), NullSafe: in.NullSafe,
		Op: expr.CompareOp(in.Op), ProbeBound: int(in.ProbeBound), BuildBound: int(in.BuildBound), Output: list(in.Output, in.AllOutput), Out: out,
	}, nil
}

func (c *checker) asOf(n *AsOfJoin) {
	probe, build := n.Probe.Fields(), n.Build.Fields()
	c.columns(n, "probe key", n.ProbeKeys, probe)
	c.columns(n, "build key", n.BuildKeys, build)
	c.columns(n, "probe bound", []int{n.ProbeBound}, probe)
	c.columns(n, "build bound", []int{n.BuildBound}, build)
	if len(n.ProbeKeys) != len(n.BuildKeys) || n.NullSafe != nil && len(n.NullSafe) != len(n.ProbeKeys) {
		c.fail(n, "%d probe keys, %d build keys", len(n.ProbeKeys), len(n.BuildKeys))
	}
	switch n.Op {
	case expr.Ge, expr.Gt, expr.Le, expr.Lt:
	default:
		c.fail(n, "comparison operator %d", n.Op)
	}
	if c.err != nil {
		return
	}
	for i, k := range n.ProbeKeys {
		if l, r := probe[k].Type, build[n.BuildKeys[i]].Type; !l.Equal(r) {
			c.fail(n, "key %d is %s on one side, %s on the other", i, l, r)
		}
	}
	if l, r := probe[n.ProbeBound].Type, build[n.BuildBound].Type; !l.Equal(r) || l.Kind.IsNested() {
		c.fail(n, "the bound is %s on one side, %s on the other", l, r)
	}
	c.output(n, n.kind(), n.Probe, n.Build, n.Output, n.Out)
}

// explainAsOf is the node's name and its condition.
func explainAsOf(n *AsOfJoin) (name, condition string) {
	name = "AsOf Join"
	if n.Outer {
		name = "AsOf Left Join"
	}
	p, b := n.Probe.Fields(), n.Build.Fields()
	var terms []string
	for i := range n.ProbeKeys {
		op := " = "
		if n.NullSafe != nil && n.NullSafe[i] {
			op = " is not distinct from "
		}
		terms = append(terms, columnNames(n.ProbeKeys[i:i+1], p)+op+columnNames(n.BuildKeys[i:i+1], b))
	}
	terms = append(terms, columnNames([]int{n.ProbeBound}, p)+" "+n.Op.String()+" "+columnNames([]int{n.BuildBound}, b))
	return name, strings.Join(terms, " and ")
}
