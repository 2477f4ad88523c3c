package stage

import "github.com/polybolos-db/polybolos/plan"

// broadcast has a join read all of a small build side in every task, so that its probe side need not be exchanged: the stage that would have exchanged it
// becomes a part of the join's.
//
//	Stage 3  Hash Join                    Stage 3  Hash Join
//	           Read Stage 2 (by key)                 Scan lineitem
//	           Read Stage 1 (by key)  →              Read Stage 1 (all partitions)
//	Stage 2  Scan lineitem                Stage 1  Scan part where …
//	Stage 1  Scan part where …
func (r *replanner) broadcast() {
	for i := range r.plan.Stages {
		if r.concerned(i) {
			r.broadcastInto(i)
		}
	}
}

func (r *replanner) broadcastInto(i int) {
	s := r.plan.Stages[i]
	var small []*plan.ExchangeRead
	leaf := probePath(s.Root, func(j *plan.HashJoin) bool {
		e := single(j.Build)
		switch {
		case e == nil:
			return false
		case !partitioned(e):
			return true
		}
		o := r.facts.Outputs[e.Stage]
		if o == nil || o.total() > r.facts.Limits.Broadcast {
			return false
		}
		small = append(small, e)
		return true
	})
	if leaf == nil || len(small) == 0 || !partitioned(leaf) || !r.open(leaf.Stage) || s.Shares != nil {
		return
	}
	from := r.plan.Stages[leaf.Stage]
	sent := int64(0)
	for _, e := range small {
		sent += r.facts.Outputs[e.Stage].total()
	}
	if sent*int64(from.Tasks) > 2*int64(from.Root.Meta().Rows)*rowBytes || r.readers(leaf.Stage) != 1 {
		return
	}
	for _, e := range small {
		if e.Stage == leaf.Stage {
			return
		}
	}
	root := rewrite(s.Root, func(n plan.Node) plan.Node {
		e, ok := n.(*plan.ExchangeRead)
		switch {
		case !ok:
			return n
		case e.ID == leaf.ID:
			return from.Root
		}
		for _, x := range small {
			if x.ID == e.ID {
				c := *e
				c.All = r.plan.Stages[e.Stage].Output.Partitions
				return &c
			}
		}
		return n
	})
	out := r.set(i, root)
	out.Tasks, out.Shares = from.Tasks, from.Shares
	// What it was is now elsewhere; the number of the read that went is free.
	gone := r.set(leaf.Stage, &plan.Values{Info: plan.Info{ID: leaf.ID}, Out: from.Root.Fields()})
	gone.Tasks, gone.Shares, gone.Filters = 1, nil, nil
	r.skip[leaf.Stage] = true
	r.changed(i, "reads all of the build side in every task, and stage %d is a part of it", leaf.Stage)
}

// rowBytes is about how much a row of an exchange takes.
const rowBytes = 32

// single is the exchange that a build side reads, when it is that alone, at most narrowed.
func single(n plan.Node) *plan.ExchangeRead {
	switch n := n.(type) {
	case *plan.Filter:
		return single(n.Input)
	case *plan.Project:
		return single(n.Input)
	case *plan.ExchangeRead:
		return n
	}
	return nil
}

// readers is how often a stage is read.
func (r *replanner) readers(stage int) (n int) {
	for i, s := range r.plan.Stages {
		if r.skip[i] {
			continue
		}
		for _, e := range reads(s) {
			if e.Stage == stage {
				n++
			}
		}
	}
	return n
}
