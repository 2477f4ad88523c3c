package jobs

import (
	"math"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/scheduler/core"
)

// specs are a plan's stages as the core sees them; skip tells which of them nobody needs.
func specs(p *plan.Plan, skip []bool) ([]core.StageSpec, error) {
	out := make([]core.StageSpec, len(p.Stages))
	scanned := make([]int64, len(p.Stages)) // by the stage and all that it reads
	made := map[int]int{}                   // where filters are made
	for i, s := range p.Stages {
		st := core.StageSpec{Tasks: s.Tasks, Once: writes(s), Unstable: unstable(s), Skip: skip != nil && skip[i], Work: work(s), Prefers: s.Owners()}
		st.Work.Device = p.Settings.Device != "cpu" && forDevice(s)
		scanned[i] = st.Work.Scan * int64(s.Tasks)
		if !st.Skip {
			for _, r := range stagesRead(s) {
				if r < 0 || r >= i {
					return nil, fault.New(fault.Internal, "stage %d reads stage %d, which does not come before it", s.ID, r)
				}
				st.Reads = append(st.Reads, r)
				scanned[i] += scanned[r]
			}
		}
		for _, f := range s.Filters {
			made[f.Filter] = i
		}
		out[i] = st
	}
	if n := len(p.Stages); n == 0 || p.Stages[n-1].Output.Partitions > 1 {
		return nil, fault.New(fault.Internal, "a task of a plan's last stage puts out more than one part of the result")
	}
	follow(p, out, scanned, made)
	return out, nil
}

// What a stage may have to scan, compared with another, so that the other waits for what it finds. While it does, its slots are used: all that waiting costs
// is the end of the first stage, when not all slots are busy. A filter spares what an exchange of rows costs, which is many times what it costs to scan them;
// that a build side proves small is rare.
//
// Where the first stage has as many tasks as the other, the executors that would take these are busy with it, and waiting costs least: the other would only use the time between the
// end of the first stage's first task and that of its last.
const (
	filterPatience = 4.0
	equalPatience  = 64.0
	buildPatience  = 0.5
)

// follow has stages wait for others whose rows make their work less: those that make a filter for their scans, and the build side of a join that
// could be sent to all their tasks when it proves small.
func follow(p *plan.Plan, out []core.StageSpec, scanned []int64, made map[int]int) {
	after := func(i, first int, patience float64) {
		if first < i && !out[first].Skip && float64(scanned[first]) <= patience*float64(scanned[i]) && !slices.Contains(out[i].Reads, first) && !slices.Contains(out[i].After, first) {
			out[i].After = append(out[i].After, first)
		}
	}
	for i, s := range p.Stages {
		plan.Walk(s.Root, func(n plan.Node) {
			switch n := n.(type) {
			case *plan.Scan:
				for _, use := range n.Runtime {
					first, ok := made[use.Filter]
					switch {
					case !ok || first == i:
					case p.Stages[first].Tasks >= s.Tasks:
						after(i, first, equalPatience)
					default:
						after(i, first, filterPatience)
					}
				}
			case *plan.HashJoin:
				probe, ok := n.Probe.(*plan.ExchangeRead)
				build, both := n.Build.(*plan.ExchangeRead)
				if ok && both && probe.Kind == plan.Hash && build.Kind == plan.Hash && !out[i].Skip {
					after(probe.Stage, build.Stage, buildPatience)
				}
			}
		})
	}
}

// forDevice reports whether a stage has what executors give to their devices: an aggregate of what it scans. Whether they do so they decide by what it costs.
func forDevice(s *plan.Stage) bool {
	found := false
	walk(s, func(n plan.Node) {
		a, ok := n.(*plan.Aggregate)
		if !ok {
			return
		}
		plan.Walk(a.Input, func(n plan.Node) {
			_, scans := n.(*plan.Scan)
			found = found || scans
		})
	})
	return found
}

// stagesRead are the stages that a stage's exchange reads name, each once.
func stagesRead(s *plan.Stage) []int {
	seen := map[int]bool{}
	var out []int
	walk(s, func(n plan.Node) {
		if r, ok := n.(*plan.ExchangeRead); ok && !seen[r.Stage] {
			seen[r.Stage] = true
			out = append(out, r.Stage)
		}
	})
	return out
}

// walk visits all nodes of a stage.
func walk(s *plan.Stage, visit func(plan.Node)) {
	plan.Walk(s.Root, visit)
	for _, n := range s.Shared {
		plan.Walk(n, visit)
	}
}

// writes reports whether a stage changes something outside.
func writes(s *plan.Stage) bool {
	found := false
	plan.Walk(s.Root, func(n plan.Node) {
		_, ok := n.(*plan.Write)
		found = found || ok
	})
	return found
}

// unstable reports whether another attempt of a stage's task may put out other rows, or the same ones spread another way: rows are dealt in the order in which workers
// come, and which of equal rows come first is open.
func unstable(s *plan.Stage) bool {
	found := s.Output.Kind == plan.RoundRobin && s.Output.Partitions > 1
	walk(s, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.Limit, *plan.DistinctOn, *plan.Window:
			found = true
		case *plan.Sort:
			found = found || n.Count >= 0
		case *plan.Scan:
			found = found || n.Limit >= 0
			for _, e := range n.Filters {
				found = found || logical.IsVolatile(e)
			}
		case *plan.Filter:
			found = found || logical.IsVolatile(n.Cond)
		case *plan.Project:
			for _, e := range n.Exprs {
				found = found || logical.IsVolatile(e)
			}
		case *plan.Aggregate:
			for _, a := range n.Aggs {
				found = found || a.Op.Ordered()
			}
		}
	})
	return found
}

// What the planner's estimates stand for, in bytes: a row of an exchange, a row in a hash table.
const (
	rowBytes  = 32
	hashBytes = 64
)

// mostMemory bounds what a task is believed to hold: estimates may be far too high, and a task that seems to fit nowhere waits for an idle executor.
const mostMemory = 4 << 30

// work is what one task of a stage has to do, by the planner's estimates.
func work(s *plan.Stage) core.Work {
	tasks := float64(max(1, s.Tasks))
	var scan, input, rows, memory float64
	walk(s, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.Scan:
			for _, p := range n.Splits {
				scan += float64(p.Bytes)
			}
		case *plan.ExchangeRead:
			share := tasks
			if n.Kind == plan.Broadcast || n.All > 0 {
				share = 1
			}
			input += estimate(n.Rows) * rowBytes * tasks / share
		case *plan.HashJoin:
			rows += estimate(n.Build.Meta().Rows) + estimate(n.Probe.Meta().Rows)
			build := estimate(n.Build.Meta().Rows) * hashBytes
			if e, ok := n.Build.(*plan.ExchangeRead); ok && (e.Kind == plan.Broadcast || e.All > 0) {
				build *= tasks
			}
			memory += build
		case *plan.Aggregate:
			rows += estimate(n.Input.Meta().Rows)
			memory += estimate(n.Rows) * hashBytes
		case *plan.Sort:
			rows += estimate(n.Input.Meta().Rows)
			if n.Count < 0 {
				memory += estimate(n.Rows) * hashBytes
			}
		}
	})
	return core.Work{
		Scan: int64(scan / tasks), Input: int64(input / tasks), Rows: int64(rows / tasks), Memory: int64(min(memory/tasks, mostMemory)),
	}
}

// estimate is a planner's number of rows within bounds.
func estimate(rows float64) float64 {
	if math.IsNaN(rows) || rows < 0 {
		return 0
	}
	return min(rows, 1e12)
}

// wishes puts what a session wishes into a job's spec.
func wishes(spec *core.JobSpec, s plan.Scheduling) {
	spec.Session, spec.Limit, spec.Priority, spec.Group = s.Session, s.Jobs, s.Priority, s.Group
	spec.Adaptive, spec.Patient = s.Adaptive, !s.Speculate
	switch s.Policy {
	case "early":
		spec.Policy = core.EarlyStart
	case "all":
		spec.Policy = core.AllAtOnce
	}
	for pair := range strings.SplitSeq(s.Labels, ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			spec.Labels = append(spec.Labels, core.Label{Name: name, Value: value})
		}
	}
}
