package stage

import (
	"slices"

	"github.com/polybolos-db/polybolos/plan"
)

// share gives the tasks of stages whose inputs are complete their shares: neighbouring partitions go to one task until it has enough to do, and a
// partition that is far larger than others is divided among several tasks, where each probe row's result is its own.
//
//	partitions of 1, 1, 2, 900, 1 MB   →   tasks that read 0–2 | a third of 3 | a third of 3 | a third of 3 | 4
func (r *replanner) share() {
	for i, s := range r.plan.Stages {
		if s.Shares != nil || !r.ready(i) {
			continue
		}
		sizes := r.sizes(s)
		if sizes == nil {
			continue
		}
		leaf := probePath(s.Root, func(*plan.HashJoin) bool { return true })
		divided := int64(0)
		if leaf != nil && partitioned(leaf) {
			divided = int64(r.plan.Stages[leaf.Stage].Tasks)
		}
		shares := r.shares(sizes, int(divided))
		parts := slices.ContainsFunc(shares, func(h plan.Share) bool { return h.Parts > 1 })
		if len(shares) == s.Tasks && !parts {
			continue
		}
		root := s.Root
		if parts {
			root = rewrite(root, func(n plan.Node) plan.Node {
				if e, ok := n.(*plan.ExchangeRead); ok && e.ID == leaf.ID {
					c := *e
					c.Divided = true
					return &c
				}
				return n
			})
			r.changed(i, "partitions that are larger than others are divided")
		}
		if len(shares) < s.Tasks {
			r.changed(i, "%d tasks instead of %d: small partitions are read together", len(shares), s.Tasks)
		}
		out := r.set(i, root)
		out.Tasks, out.Shares = len(shares), shares
	}
}

// sizes are the bytes of each partition over all inputs; nil when the stage reads none by partition, or they are not complete, or the stage reads tables,
// which are divided by the number of its tasks.
func (r *replanner) sizes(s *plan.Stage) []int64 {
	var sizes []int64
	scans := false
	plan.Walk(s.Root, func(n plan.Node) {
		_, ok := n.(*plan.Scan)
		scans = scans || ok
	})
	if scans {
		return nil
	}
	for _, e := range reads(s) {
		if !partitioned(e) {
			continue
		}
		o := r.facts.Outputs[e.Stage]
		if o == nil || sizes != nil && len(o.Bytes) != len(sizes) {
			return nil
		}
		if sizes == nil {
			sizes = make([]int64, len(o.Bytes))
		}
		for p, b := range o.Bytes {
			sizes[p] += b
		}
	}
	return sizes
}

// shares spreads partitions over tasks; a partition may be divided into as many parts as the given number.
func (r *replanner) shares(sizes []int64, divided int) []plan.Share {
	sorted := slices.Clone(sizes)
	slices.Sort(sorted)
	median := sorted[len(sorted)/2]
	large := max(r.facts.Limits.Skew, skewFactor*median)
	var out []plan.Share
	begun, sum := -1, int64(0)
	flush := func(to int) {
		if begun >= 0 {
			out = append(out, plan.Share{From: begun, To: to})
		}
		begun, sum = -1, 0
	}
	for p, size := range sizes {
		if size > large && divided > 1 {
			flush(p)
			parts := min(divided, int((size+large/2-1)/max(1, large/2)))
			for k := range parts {
				out = append(out, plan.Share{From: p, To: p + 1, Part: k, Parts: parts})
			}
			continue
		}
		if sum > 0 && sum+size > r.facts.Limits.Task {
			flush(p)
		}
		if begun < 0 {
			begun = p
		}
		sum += size
	}
	flush(len(sizes))
	return out
}
