package stage

import (
	"fmt"
	"slices"

	"github.com/polybolos-db/polybolos/plan"
)

// Facts are what is known while a plan runs.
type Facts struct {
	Outputs []*Output // by stage; nil: not complete
	Open    []bool    // by stage: neither it nor a reader of it has begun
	Skipped []bool    // by stage: earlier re-plans left it out
	New     int       // the stage that has become complete since the last re-plan
	Reads   [][]int   // by stage: the stages that it reads
	Limits  Limits
}

// Output is what a complete stage has put out.
type Output struct {
	Rows  int64   // -1: unknown
	Bytes []int64 // by partition
}

// total is the bytes of all partitions.
func (o *Output) total() (sum int64) {
	for _, b := range o.Bytes {
		sum += b
	}
	return sum
}

// Limits are sizes that re-planning goes by, in bytes. Zero values are the defaults.
type Limits struct {
	Task      int64 // what a task should read at least: smaller partitions are put together
	Skew      int64 // a partition is divided when it has more than this, and more than skewFactor times the median
	Broadcast int64 // a build side of up to this is sent to all tasks, when that spares the exchange of the other side
	Switch    int64 // sides are switched when the build side has more than this, and more than switchFactor times the probe side
}

// The default limits. A task of a few megabytes takes some tens of milliseconds, ten times what it costs to start one.
const (
	DefaultTask      = 4 << 20
	DefaultSkew      = 64 << 20
	DefaultBroadcast = 16 << 20
	DefaultSwitch    = 1 << 20
)

const (
	skewFactor   = 5
	switchFactor = 2
)

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		of    *int64
		value int64
	}{{&l.Task, DefaultTask}, {&l.Skew, DefaultSkew}, {&l.Broadcast, DefaultBroadcast}, {&l.Switch, DefaultSwitch}} {
		if *d.of == 0 {
			*d.of = d.value
		}
	}
	return l
}

// Change is one thing that a re-plan has changed, for people.
type Change struct {
	Stage int
	What  string
}

// String is the change as EXPLAIN ANALYZE shows it.
func (c Change) String() string { return fmt.Sprintf("stage %d: %s", c.Stage, c.What) }

// Replan makes a plan better by what is known of the stages that are complete: it leaves out what reads nothing, switches the sides of joins, reads a small
// build side in every task instead of exchanging the other side, puts small partitions together and divides large ones. It changes open stages
// only, keeps the number of stages and all nodes' numbers, and leaves p as it is. skip tells of each stage whether nobody needs it. Without
// changes the result is p itself.
func Replan(p *plan.Plan, f Facts) (out *plan.Plan, skip []bool, changes []Change, err error) {
	r := &replanner{
		plan:  &plan.Plan{Settings: p.Settings, Stages: slices.Clone(p.Stages)},
		facts: Facts{Outputs: slices.Clone(f.Outputs), Open: f.Open, Reads: f.Reads, Limits: f.Limits.withDefaults()}, skip: slices.Clone(f.Skipped),
	}
	if r.skip == nil {
		r.skip = make([]bool, len(p.Stages))
	}
	if slices.ContainsFunc(p.Stages, func(s *plan.Stage) bool { return len(s.Shared) > 0 }) {
		return p, r.skip, nil, nil
	}
	r.news = make([]bool, len(p.Stages))
	r.news[f.New] = true
	r.dropEmpty()
	r.switchSides()
	r.broadcast()
	r.share()
	if len(r.changes) == 0 {
		return p, r.skip, nil, nil
	}
	r.dropUnread()
	if err := plan.Check(r.plan); err != nil {
		return nil, nil, nil, err
	}
	return r.plan, r.skip, r.changes, nil
}

type replanner struct {
	plan    *plan.Plan
	facts   Facts
	skip    []bool
	news    []bool // stages of which something is known that was not before
	changes []Change
}

func (r *replanner) changed(stage int, format string, args ...any) {
	r.changes = append(r.changes, Change{Stage: stage, What: fmt.Sprintf(format, args...)})
}

// open reports whether a stage may be changed.
func (r *replanner) open(i int) bool { return r.facts.Open[i] && !r.skip[i] }

// concerned reports whether a stage may be changed and reads one of which something new is known.
func (r *replanner) concerned(i int) bool {
	if !r.open(i) {
		return false
	}
	return slices.ContainsFunc(r.facts.Reads[i], func(s int) bool { return r.news[s] })
}

// ready reports whether a stage is concerned, and all that it reads is complete: before that it cannot start, and more may become known.
func (r *replanner) ready(i int) bool {
	return r.concerned(i) && !slices.ContainsFunc(r.facts.Reads[i], func(s int) bool { return r.facts.Outputs[s] == nil && !r.skip[s] })
}

// set gives stage i another tree.
func (r *replanner) set(i int, root plan.Node) *plan.Stage {
	s := *r.plan.Stages[i]
	s.Root = root
	r.plan.Stages[i] = &s
	return &s
}

// rewrite replaces nodes of a tree, inputs before what reads them. The tree given stays as it is.
func rewrite(n plan.Node, f func(plan.Node) plan.Node) plan.Node {
	// f has no error, so there is none.
	c, _ := plan.MapInputs(n, func(in plan.Node) (plan.Node, error) { return rewrite(in, f), nil })
	return f(c)
}

// reads are a stage's reads of exchanges.
func reads(s *plan.Stage) (out []*plan.ExchangeRead) {
	plan.Walk(s.Root, func(n plan.Node) {
		if e, ok := n.(*plan.ExchangeRead); ok {
			out = append(out, e)
		}
	})
	return out
}

// partitioned reports whether a task reads a part of what e reads.
func partitioned(e *plan.ExchangeRead) bool {
	return e.Kind.Partitioned() && e.All == 0
}

// dropUnread leaves out stages that no stage reads any more.
func (r *replanner) dropUnread() {
	needed := make([]bool, len(r.plan.Stages))
	needed[len(needed)-1] = true
	for i := len(needed) - 1; i >= 0; i-- {
		if r.skip[i] {
			continue
		}
		if !needed[i] && r.facts.Outputs[i] == nil {
			r.skip[i] = true
			r.changed(i, "left out: nothing reads it")
			continue
		}
		for _, e := range reads(r.plan.Stages[i]) {
			needed[e.Stage] = true
		}
	}
}

// probeKind reports whether each probe row's result follows from it and the whole build side.
func probeKind(k plan.JoinKind) bool {
	switch k {
	case plan.BuildOuter, plan.BuildSemi, plan.BuildAnti, plan.FullOuter:
		return false
	}
	return true
}

// probePath walks from a stage's root to the exchange that its rows come from, over operators that treat every row by itself, or as a first step that a later
// stage completes. Joins are reported to join, which says whether they may be on the way. Nil: there is no such way.
func probePath(n plan.Node, join func(*plan.HashJoin) bool) *plan.ExchangeRead {
	switch n := n.(type) {
	case *plan.ExchangeRead:
		return n
	case *plan.Filter:
		return probePath(n.Input, join)
	case *plan.Project:
		return probePath(n.Input, join)
	case *plan.Unnest:
		return probePath(n.Input, join)
	case *plan.Sort:
		if n.Count >= 0 && n.Offset == 0 {
			return probePath(n.Input, join)
		}
	case *plan.Limit:
		if n.Count >= 0 && n.Offset == 0 {
			return probePath(n.Input, join)
		}
	case *plan.Aggregate:
		if n.Mode == plan.AggPartial {
			return probePath(n.Input, join)
		}
	case *plan.HashJoin:
		if probeKind(n.Kind) && join(n) {
			return probePath(n.Probe, join)
		}
	}
	return nil
}
