package stage

import (
	"slices"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// Cut makes a plan of root and of the shared subplans that SharedRead nodes number. It takes the nodes over and changes them.
func Cut(root plan.Node, shared []plan.Node, settings plan.Settings) (*plan.Plan, error) {
	c := &cutter{plan: &plan.Plan{Settings: settings}, shared: shared, stages: make([]*plan.Stage, len(shared))}
	if !slices.ContainsFunc(shared, exchanged) && !contains(root) {
		c.plan.Stages = []*plan.Stage{{Root: root, Shared: shared, Output: plan.Partitioning{Kind: plan.Gather, Partitions: 1}, Tasks: 1}}
	} else {
		top, err := c.cut(root)
		if err != nil {
			return nil, err
		}
		c.add(top, plan.Partitioning{Kind: plan.Gather, Partitions: 1}, 1)
	}
	number(c.plan)
	return c.plan, plan.Check(c.plan)
}

func exchanged(n plan.Node) bool { _, ok := n.(*plan.Exchange); return ok }

func contains(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) { found = found || exchanged(n) })
	return found
}

type cutter struct {
	plan   *plan.Plan
	shared []plan.Node
	stages []*plan.Stage // of shared subplans, nil until they are met
}

// add appends a stage; spread is how many tasks it has when its rows are spread over tasks.
func (c *cutter) add(root plan.Node, output plan.Partitioning, spread int) *plan.Stage {
	s := &plan.Stage{ID: len(c.plan.Stages), Root: root, Output: output, Tasks: 1}
	scans, reads := false, 0
	plan.Walk(root, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.Scan:
			scans = true
		case *plan.ExchangeRead:
			if n.Kind.Partitioned() {
				reads = c.plan.Stages[n.Stage].Output.Partitions
			}
		}
	})
	switch {
	case reads > 0:
		s.Tasks = reads
	case scans && spread > 1:
		s.Tasks = max(spread, plan.Hosts(root)) // files that lie on executors are read there
	}
	c.plan.Stages = append(c.plan.Stages, s)
	return s
}

// cut replaces the exchanges in n by reads of stages that it adds.
func (c *cutter) cut(n plan.Node) (plan.Node, error) {
	switch n := n.(type) {
	case *plan.Exchange:
		s, err := c.stage(n)
		if err != nil {
			return nil, err
		}
		return read(n, s), nil
	case *plan.SharedRead:
		s := c.stages[n.Shared]
		if s == nil {
			e, ok := c.shared[n.Shared].(*plan.Exchange)
			if !ok {
				return nil, fault.New(fault.Internal, "shared subplan %d of a plan with exchanges is none", n.Shared)
			}
			var err error
			if s, err = c.stage(e); err != nil {
				return nil, err
			}
			c.stages[n.Shared] = s
		}
		r := read(n, s)
		r.Out = n.Out
		return r, nil
	}
	return n, replaceInputs(n, c.cut)
}

func (c *cutter) stage(e *plan.Exchange) (*plan.Stage, error) {
	root, err := c.cut(e.Input)
	if err != nil {
		return nil, err
	}
	output := e.Output
	if output.Kind == plan.Gather || output.Kind == plan.Broadcast {
		output.Partitions = 1
	}
	s := c.add(root, output, max(e.Output.Partitions, 1))
	s.Filters = e.Filters
	return s, nil
}

func read(n plan.Node, s *plan.Stage) *plan.ExchangeRead {
	return &plan.ExchangeRead{Info: plan.Info{Rows: n.Meta().Rows}, Stage: s.ID, Kind: s.Output.Kind, Out: s.Root.Fields()}
}

// replaceInputs sets each input of n to f of it.
func replaceInputs(n plan.Node, f func(plan.Node) (plan.Node, error)) error {
	var err error
	set := func(to *plan.Node) {
		if err == nil {
			*to, err = f(*to)
		}
	}
	switch n := n.(type) {
	case *plan.Filter:
		set(&n.Input)
	case *plan.Project:
		set(&n.Input)
	case *plan.Aggregate:
		set(&n.Input)
	case *plan.Sort:
		set(&n.Input)
	case *plan.Limit:
		set(&n.Input)
	case *plan.DistinctOn:
		set(&n.Input)
	case *plan.Exchange:
		set(&n.Input)
	case *plan.Unnest:
		set(&n.Input)
	case *plan.Window:
		set(&n.Input)
	case *plan.Recursion:
		set(&n.Seed)
		set(&n.Step)
	case *plan.Write:
		set(&n.Input)
	case *plan.HashJoin:
		// The stage of a build side comes first: what it finds can spare the probe side's work.
		set(&n.Build)
		set(&n.Probe)
	case *plan.AsOfJoin:
		set(&n.Probe)
		set(&n.Build)
	case *plan.NestedLoopJoin:
		set(&n.Probe)
		set(&n.Build)
	case *plan.SetOp:
		set(&n.Left)
		set(&n.Right)
	case *plan.Union:
		for i := range n.In {
			set(&n.In[i])
		}
	}
	return err
}

// number gives every node of the plan its ID, from 1 on in the order of stages, parents first.
func number(p *plan.Plan) {
	next := 0
	one := func(n plan.Node) {
		next++
		n.Meta().ID = next
	}
	for _, s := range p.Stages {
		for _, n := range s.Shared {
			plan.Walk(n, one)
		}
		plan.Walk(s.Root, one)
	}
}
