package plan

import (
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/agg"
)

// Check reports the first inconsistency of p: a reference out of range or of another type than its column, join keys of different types, an output list
// that does not fit, a read of a stage that does not come before. It is an error of class XX000, since only a defect of the planner or a damaged
// plan has one. What it passes can be printed and run without reading out of bounds.
func Check(p *Plan) error {
	c := &checker{plan: p, ids: map[int]bool{}}
	for i, s := range p.Stages {
		c.stage = s
		if s.ID != i {
			c.fail(nil, "stage %d has the number %d", i, s.ID)
		}
		if c.whole(s); c.err != nil {
			return c.err
		}
	}
	return c.err
}

type checker struct {
	plan    *Plan
	stage   *Stage
	shared  int // subplans that may be read here
	ids     map[int]bool
	working map[int]*Recursion // those whose Step is looked at
	alone   bool               // the plan has only the one stage: what it reads is not known
	err     error
}

func (c *checker) fail(n Node, format string, args ...any) {
	if c.err != nil {
		return
	}
	where := fmt.Sprintf("stage %d", c.stage.ID)
	if n != nil {
		where += fmt.Sprintf(", %T %d", n, n.Meta().ID)
	}
	c.err = fault.New(fault.Internal, format, args...).In("%s", where)
}

// tree checks inputs first, since a node's columns are only known when its inputs are sound; nothing is looked at after the first failure.
func (c *checker) tree(n Node) {
	if r, ok := n.(*Recursion); ok {
		c.recursion(r)
	} else {
		for _, in := range n.Inputs() {
			c.tree(in)
		}
	}
	if c.err != nil {
		return
	}
	if c.ids[n.Meta().ID] {
		c.fail(n, "number %d is given twice", n.Meta().ID)
	}
	c.ids[n.Meta().ID] = true
	c.node(n)
}

func (c *checker) node(n Node) {
	switch n := n.(type) {
	case *Scan:
		c.scan(n)
	case *Values:
		for _, row := range n.Rows {
			if len(row) != len(n.Out) {
				c.fail(n, "a row of %d values for %d columns", len(row), len(n.Out))
				return
			}
			for i, v := range row {
				if !v.Type.Equal(n.Out[i].Type) {
					c.fail(n, "a value of type %s for column %d, which is %s", v.Type, i, n.Out[i].Type)
				}
			}
		}
	case *Filter:
		c.boolean(n, n.Cond, n.Input.Fields())
	case *Project:
		if len(n.Exprs) != len(n.Out) {
			c.fail(n, "%d expressions for %d columns", len(n.Exprs), len(n.Out))
			return
		}
		for i, e := range n.Exprs {
			c.expr(n, e, n.Input.Fields())
			if !e.Type().Equal(n.Out[i].Type) {
				c.fail(n, "%s is %s, its column %s", e, e.Type(), n.Out[i].Type)
			}
		}
	case *Aggregate:
		c.aggregate(n)
	case *HashJoin:
		c.hashJoin(n)
	case *NestedLoopJoin:
		if n.Kind > BuildAnti {
			c.fail(n, "join kind %d", n.Kind)
			return
		}
		both := append(append([]column.Field{}, n.Probe.Fields()...), n.Build.Fields()...)
		if n.Cond != nil {
			c.boolean(n, n.Cond, both)
		}
		c.output(n, n.Kind, n.Probe, n.Build, n.Output, n.Out)
	case *Sort:
		for _, k := range n.Keys {
			c.columns(n, "sort key", []int{k.Column}, n.Input.Fields())
		}
	case *Unnest:
		c.unnest(n)
	case *AsOfJoin:
		c.asOf(n)
	case *Window:
		c.window(n)
	case *WorkingTable:
		c.workingTable(n)
	case *DistinctOn:
		c.columns(n, "key", n.Keys, n.Input.Fields())
	case *Union:
		for _, in := range n.In {
			c.same(n, in.Fields(), n.Out)
		}
	case *SetOp:
		if n.Kind > Except {
			c.fail(n, "set operation %d", n.Kind)
			return
		}
		c.same(n, n.Left.Fields(), n.Out)
		c.same(n, n.Right.Fields(), n.Out)
	case *SharedRead:
		if n.Shared < 0 || n.Shared >= c.shared {
			c.fail(n, "shared subplan %d is not computed before", n.Shared)
			return
		}
		c.same(n, c.stage.Shared[n.Shared].Fields(), n.Out)
	case *ExchangeRead:
		if n.Kind > Range {
			c.fail(n, "exchange kind %d", n.Kind)
			return
		}
		if n.Stage < 0 || n.Stage >= c.stage.ID {
			c.fail(n, "stage %d is not run before", n.Stage)
			return
		}
		if c.alone {
			return
		}
		from := c.plan.Stages[n.Stage]
		c.same(n, from.Root.Fields(), n.Out)
		if n.Kind != from.Output.Kind {
			c.fail(n, "reads stage %d another way than it writes", n.Stage)
		}
		c.share(n, from)
		if n.Kind == Gather && c.stage.Tasks != 1 {
			c.fail(n, "%d tasks read what is gathered for one", c.stage.Tasks)
		}
	case *Exchange:
		c.fail(n, "an exchange is left")
	}
}

func (c *checker) scan(n *Scan) {
	for _, i := range n.Columns {
		if i < 0 || i >= len(n.Schema) {
			c.fail(n, "column %d of a table of %d", i, len(n.Schema))
			return
		}
	}
	all := (&Scan{Schema: n.Schema, Columns: n.Columns}).Fields()
	c.columns(n, "output", n.Output, all)
	for _, f := range n.Filters {
		c.boolean(n, f, all)
	}
	for _, r := range n.Runtime {
		c.columns(n, "runtime filter", []int{r.Column}, all)
	}
	if n.Range != nil {
		c.keyRange(n, all)
	}
}

// keyRange checks that ranges and their splits are there.
func (c *checker) keyRange(n *Scan, all []column.Field) {
	r := n.Range
	if c.columns(n, "range", []int{r.Column}, all); c.err != nil {
		return
	}
	if len(r.Parts) != len(r.Bounds)+1 {
		c.fail(n, "%d ranges with %d bounds", len(r.Parts), len(r.Bounds))
	}
	for _, b := range r.Bounds {
		if !b.Type.Equal(all[r.Column].Type) || b.Null {
			c.fail(n, "a bound of type %s for a column that is %s", b.Type, all[r.Column].Type)
		}
	}
	before := SplitRange{}
	for _, p := range r.Parts {
		if p.From < before.From || p.To < before.To || p.From > p.To || p.To > len(n.Splits) {
			c.fail(n, "splits %d to %d of %d after %d to %d", p.From, p.To, len(n.Splits), before.From, before.To)
		}
		before = p
	}
}

func (c *checker) aggregate(n *Aggregate) {
	in := n.Input.Fields()
	c.columns(n, "key", n.Keys, in)
	if n.Mode > AggFinal {
		c.fail(n, "aggregation mode %d", n.Mode)
	}
	if c.err != nil {
		return
	}
	var want []column.Type
	for _, k := range n.Keys {
		want = append(want, in[k].Type)
	}
	if n.Sets != nil {
		want = append(want, column.T(column.Int64))
		for _, s := range n.Sets {
			for _, k := range s {
				if k < 0 || k >= len(n.Keys) {
					c.fail(n, "grouping set with key %d of %d", k, len(n.Keys))
				}
			}
		}
	}
	states := len(n.Keys)
	for _, a := range n.Aggs {
		switch n.Mode {
		case AggFinal:
			for _, t := range agg.PartialTypes(a) {
				if states >= len(in) || !in[states].Type.Equal(t) {
					c.fail(n, "state column %d of aggregate %d is missing or of another type", states, a.Op)
					return
				}
				states++
			}
			want = append(want, a.Result)
		case AggPartial:
			want = append(want, agg.PartialTypes(a)...)
			c.arguments(n, a, in)
		default:
			want = append(want, a.Result)
			c.arguments(n, a, in)
		}
	}
	if len(want) != len(n.Out) {
		c.fail(n, "%d columns, declared %d", len(want), len(n.Out))
		return
	}
	for i, t := range want {
		if !t.Equal(n.Out[i].Type) {
			c.fail(n, "column %d is %s, declared %s", i, t, n.Out[i].Type)
		}
	}
}

func (c *checker) arguments(n Node, a kernels.Aggregate, in []column.Field) {
	c.columns(n, "argument", a.Args, in)
	if len(a.Args) != len(a.ArgTypes) {
		c.fail(n, "%d argument types for %d arguments", len(a.ArgTypes), len(a.Args))
	}
	if c.err != nil {
		return
	}
	for i, at := range a.Args {
		if !in[at].Type.Equal(a.ArgTypes[i]) {
			c.fail(n, "argument column %d is %s, declared %s", at, in[at].Type, a.ArgTypes[i])
		}
	}
	if a.Filter >= 0 && (a.Filter >= len(in) || in[a.Filter].Type.Kind != column.Bool) {
		c.fail(n, "filter column %d is no boolean", a.Filter)
	}
}

func (c *checker) hashJoin(n *HashJoin) {
	if n.Kind > BuildAnti {
		c.fail(n, "join kind %d", n.Kind)
		return
	}
	probe, build := n.Probe.Fields(), n.Build.Fields()
	c.columns(n, "probe key", n.ProbeKeys, probe)
	c.columns(n, "build key", n.BuildKeys, build)
	if len(n.ProbeKeys) != len(n.BuildKeys) || len(n.ProbeKeys) == 0 || n.NullSafe != nil && len(n.NullSafe) != len(n.ProbeKeys) {
		c.fail(n, "%d probe keys, %d build keys", len(n.ProbeKeys), len(n.BuildKeys))
	}
	if c.err != nil {
		return
	}
	for i := range n.ProbeKeys {
		if l, r := probe[n.ProbeKeys[i]].Type, build[n.BuildKeys[i]].Type; !l.Equal(r) {
			c.fail(n, "key %d is %s on one side, %s on the other", i, l, r)
		}
	}
	if n.Residual != nil {
		c.boolean(n, n.Residual, append(append([]column.Field{}, probe...), build...))
	}
	for _, f := range n.Filters {
		if f.Key < 0 || f.Key >= len(n.BuildKeys) {
			c.fail(n, "runtime filter of key %d", f.Key)
		}
	}
	c.output(n, n.Kind, n.Probe, n.Build, n.Output, n.Out)
}

// output compares a join's declared columns with those of its kind.
func (c *checker) output(n Node, kind JoinKind, probe, build Node, output []int, out []column.Field) {
	var all []column.Field
	switch kind {
	case ProbeSemi, ProbeAnti, NullAwareAnti:
		all = probe.Fields()
	case BuildSemi, BuildAnti:
		all = build.Fields()
	case Mark:
		all = append(append(all, probe.Fields()...), column.Field{Type: column.T(column.Bool)})
	default:
		all = append(append(all, probe.Fields()...), build.Fields()...)
	}
	if output != nil {
		c.columns(n, "output", output, all)
		if c.err != nil {
			return
		}
		narrow := make([]column.Field, len(output))
		for i, o := range output {
			narrow[i] = all[o]
		}
		all = narrow
	}
	c.same(n, all, out)
}

func (c *checker) columns(n Node, what string, at []int, in []column.Field) {
	for _, i := range at {
		if i < 0 || i >= len(in) {
			c.fail(n, "%s column %d of %d", what, i, len(in))
		}
	}
}

func (c *checker) same(n Node, have, want []column.Field) {
	if len(have) != len(want) {
		c.fail(n, "%d columns, declared %d", len(have), len(want))
		return
	}
	for i := range have {
		if !have[i].Type.Equal(want[i].Type) {
			c.fail(n, "column %d (%s) is %s, declared %s", i, want[i].Name, have[i].Type, want[i].Type)
		}
		if want[i].NotNull && !have[i].NotNull {
			c.fail(n, "column %d (%s) may be NULL, declared not to be", i, want[i].Name)
		}
	}
}

func (c *checker) boolean(n Node, e expr.Expr, in []column.Field) {
	c.expr(n, e, in)
	if e.Type().Kind != column.Bool {
		c.fail(n, "condition %s is %s", e, e.Type())
	}
}

func (c *checker) expr(n Node, e expr.Expr, in []column.Field) {
	expr.Walk(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Ref:
			switch {
			case e.Index < 0 || e.Index >= len(in):
				c.fail(n, "%s refers to column %d of %d", e, e.Index, len(in))
			case !in[e.Index].Type.Equal(e.Typ):
				c.fail(n, "%s is %s, its column %s", e, e.Typ, in[e.Index].Type)
			}
		case *expr.Column:
			c.fail(n, "%s is a logical column", e)
		case *expr.Comparison:
			if !e.Left.Type().Equal(e.Right.Type()) {
				c.fail(n, "%s compares %s with %s", e, e.Left.Type(), e.Right.Type())
			}
		}
		return true
	})
}
