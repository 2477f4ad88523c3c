package jobs

import (
	"slices"

	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/stage"
	"github.com/polybolos-db/polybolos/scheduler/core"
)

// found is what the tasks of a stage have put out, by task; nil sizes are not known.
type found struct {
	sizes [][]int64
	rows  []int64
}

// note keeps what a finished attempt has put out.
func (j *job) note(r *Report) {
	s := j.plan.Stages[r.Task.Stage]
	f := j.found[r.Task.Stage]
	if f == nil || len(f.sizes) != s.Tasks {
		f = &found{sizes: make([][]int64, s.Tasks), rows: make([]int64, s.Tasks)}
		j.found[r.Task.Stage] = f
	}
	f.sizes[r.Task.Index] = r.Sizes
	f.rows[r.Task.Index] = -1
	if st, ok := r.Stats[s.Root.Meta().ID]; ok {
		f.rows[r.Task.Index] = st.Rows
	}
	j.gather(s, r.Task.Index, r.Filters)
}

// output sums up a complete stage; nil when its tasks have not told their sizes.
func (f *found) output(partitions int) *stage.Output {
	if f == nil {
		return nil
	}
	out := &stage.Output{Bytes: make([]int64, max(1, partitions))}
	for t, sizes := range f.sizes {
		if len(sizes) != len(out.Bytes) {
			return nil
		}
		for p, b := range sizes {
			out.Bytes[p] += b
		}
		if f.rows[t] < 0 || out.Rows < 0 {
			out.Rows = -1
		} else {
			out.Rows += f.rows[t]
		}
	}
	return out
}

// replan answers the core's question for a new plan. A defect of re-planning leaves the plan as it is: it was good enough to begin with.
func (j *job) replan(r core.Replan) core.Replanned {
	j.outputs[r.Stage] = j.found[r.Stage].output(j.plan.Stages[r.Stage].Output.Partitions)
	answer := core.Replanned{Job: j.id, Epoch: r.Epoch, Stages: j.specs}
	if j.outputs[r.Stage] == nil {
		return answer
	}
	facts := stage.Facts{Outputs: j.outputs, Open: r.Open, Skipped: j.skip, New: r.Stage, Reads: make([][]int, len(j.specs))}
	for i, s := range j.specs {
		facts.Reads[i] = s.Reads
	}
	p, skip, changes, err := stage.Replan(j.plan, facts)
	if err != nil {
		j.jobs.log("a plan could not be made anew", j.id, err)
		return answer
	}
	list := slices.Clone(j.specs)
	if p != j.plan {
		if list, err = specs(p, skip); err != nil {
			j.jobs.log("a plan could not be made anew", j.id, err)
			return answer
		}
	}
	j.measured(list)
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range p.Stages {
		if p.Stages[i] != j.plan.Stages[i] {
			j.encoded[i] = nil
		}
	}
	j.changes = append(j.changes, changes...)
	j.plan, j.skip, j.specs, answer.Stages = p, skip, list, list
	return answer
}

// measured puts what is known into specs that were made from estimates: how much a task reads.
func (j *job) measured(list []core.StageSpec) {
	for i := range list {
		s := &list[i]
		known, bytes := len(s.Reads) > 0, int64(0)
		for _, r := range s.Reads {
			if known = known && j.outputs[r] != nil; known {
				bytes += sum(j.outputs[r].Bytes)
			}
		}
		if known {
			s.Work.Input = bytes / int64(s.Tasks)
		}
	}
}

// Replanned is the plan as it is now and what was changed while it ran.
func (j *job) Replanned() (p *plan.Plan, changes []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.changes {
		changes = append(changes, c.String())
	}
	return j.plan, changes
}
