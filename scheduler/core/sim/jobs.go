package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/polybolos-db/polybolos/scheduler/core"
)

// submit brings a random job.
func (w *world) submit(n int) {
	spec := core.JobSpec{
		ID: core.JobID(fmt.Sprintf("j%d", n)), Kept: w.chance(0.5), Session: fmt.Sprintf("s%d", w.r.IntN(4)), Priority: w.r.IntN(5) - 2,
		Policy: core.Policy(w.r.IntN(3)), Adaptive: w.chance(0.5),
	}
	if spec.Session < "s2" {
		spec.Limit = 2
	}
	if w.chance(0.3) {
		spec.Group = []string{"a", "b"}[w.r.IntN(2)]
	}
	if w.chance(0.2) {
		spec.Labels = []core.Label{{Name: "disk", Value: "fast"}}
	}
	j := &work{poison: map[[2]int]bool{}, begun: map[int]bool{}}
	for s := range 1 + w.r.IntN(w.config.MaxStages) {
		st := w.stage(s)
		if s > 0 && len(st.Reads) == 0 && w.chance(0.5) {
			st.Reads = append(st.Reads, s-1)
		}
		spec.Stages = append(spec.Stages, st)
		for t := range st.Tasks {
			if w.chance(w.config.Poison) {
				j.poison[[2]int{s, t}] = true
			}
		}
	}
	spec.Stages[len(spec.Stages)-1].Once = w.chance(0.1)
	j.spec, j.stages = spec, slices.Clone(spec.Stages)
	w.jobs[spec.ID] = j
	w.step(core.Submitted{Job: spec})
	if w.chance(0.05) {
		w.after(w.between(0, 5*time.Second), func() { w.step(core.Cancelled{Job: spec.ID}) })
	}
}

func (w *world) stage(s int) core.StageSpec {
	st := core.StageSpec{Tasks: 1 + w.r.IntN(w.config.MaxTasks), Unstable: w.chance(0.3)}
	if w.chance(0.4) {
		st.Tasks = 1 + w.r.IntN(2)
	}
	st.Work = core.Work{Scan: w.r.Int64N(1 << 28), Memory: w.r.Int64N(1 << 29), Device: w.chance(0.2)}
	for d := range s {
		switch {
		case w.chance(0.4):
			st.Reads = append(st.Reads, d)
		case w.chance(0.1):
			st.After = append(st.After, d)
		}
	}
	if w.chance(0.3) {
		for range st.Tasks {
			st.Prefers = append(st.Prefers, []string{"", "m0", "m1", "m2"}[w.r.IntN(4)])
		}
	}
	return st
}

// answer gives a job a new plan: other numbers of tasks, fewer inputs, stages that nobody needs.
func (w *world) answer(j *work, epoch int) {
	if j.ended || !j.asked || epoch != j.epoch {
		return
	}
	stages := slices.Clone(j.stages)
	for i := range stages {
		if j.open[i] && !stages[i].Skip {
			if w.chance(0.5) {
				stages[i].Tasks = 1 + w.r.IntN(w.config.MaxTasks)
			}
			if n := len(stages[i].Reads); n > 0 && w.chance(0.2) {
				stages[i].Reads = slices.Clone(stages[i].Reads[1:])
			}
		}
	}
	read := map[int]bool{}
	for _, s := range stages {
		for _, r := range s.Reads {
			read[r] = true
		}
	}
	for i := range len(stages) - 1 {
		stages[i].Skip = stages[i].Skip || !read[i] && w.chance(0.3)
	}
	for i, s := range stages {
		if s.Skip || j.open[i] {
			j.stages[i] = s
		}
	}
	j.asked = false
	w.report.Replans++
	w.write(j.spec.ID, entry{epoch: epoch, stages: slices.Clone(j.stages)})
	w.step(core.Replanned{Job: j.spec.ID, Epoch: epoch, Stages: stages})
}

// begin has a launched attempt run.
func (w *world) begin(a *attempt) {
	d := w.between(10*time.Millisecond, 500*time.Millisecond)
	if a.on.slow {
		d *= 20
	}
	a.due = w.now.Add(d)
	w.after(d, func() { w.finish(a) })
}

// finish ends an attempt on its executor, when it has all that it reads.
func (w *world) finish(a *attempt) {
	j := w.jobs[a.task.Job]
	if a.aside || a.ran || !a.on.alive || j.ended {
		return
	}
	for _, list := range a.inputs {
		for _, p := range list {
			if p.Executor == "" {
				return // it waits; locate comes back to it
			}
		}
	}
	a.ran = true
	if j.poison[[2]int{a.task.Stage, a.task.Index}] {
		w.crash(a.on)
		return
	}
	var missing []core.Task
	a.reads = map[int][]core.Task{}
	for _, stage := range slices.Sorted(maps.Keys(a.inputs)) {
		for _, p := range a.inputs[stage] {
			from := w.attempts[p.Task]
			if w.fault(w.config.Vanish) {
				from.exists = false
			}
			if !from.exists || !from.on.alive {
				missing = append(missing, p.Task)
			}
			a.reads[stage] = append(a.reads[stage], p.Task)
		}
	}
	e := core.Event(core.Succeeded{Task: a.task, Output: core.Output{Bytes: w.r.Int64N(1 << 24)}})
	switch {
	case len(missing) > 0:
		for _, m := range missing {
			w.attempts[m].gone = true // the core will know
		}
		e = core.Failed{Task: a.task, Message: "missing", Retryable: true, Missing: missing}
	case w.fault(w.config.Fail):
		e = core.Failed{Task: a.task, Message: "disk", Retryable: true}
	case w.fault(w.config.OutOfMemory):
		e = core.Failed{Task: a.task, Message: "memory", OutOfMemory: true}
	case w.fault(w.config.Error):
		e = core.Failed{Task: a.task, Message: "division by zero"}
	default:
		a.exists = true
	}
	d := w.between(0, 5*time.Millisecond)
	if w.chance(w.config.Late) {
		d = w.between(0, time.Second)
	}
	w.after(d, func() { w.tell(a, e) })
	if w.chance(w.config.Twice) {
		w.after(d+w.between(0, 5*time.Second), func() { w.tell(a, e) })
	}
}

// tell brings the end of an attempt to the core, as long as its executor is there to say it.
func (w *world) tell(a *attempt, e core.Event) {
	if a.on.back {
		// It is told once the scheduler knows the executor again.
		w.after(100*time.Millisecond, func() { w.tell(a, e) })
		return
	}
	if !a.on.known {
		return
	}
	if s, ok := e.(core.Succeeded); ok && w.core.Running(a.task) {
		w.write(a.task.Job, entry{finished: &core.Finished{Task: a.task, Executor: a.on.id, Output: s.Output}})
	}
	if a.live {
		a.live = false
		delete(a.on.live, a.task)
		_, ok := e.(core.Succeeded)
		a.told = ok
	}
	w.step(e)
}

// deliver reads a kept result.
func (w *world) deliver(j *work, outputs []core.Producer) {
	if j.ended || !slices.Equal(j.result, outputs) {
		return
	}
	for _, p := range outputs {
		if a := w.attempts[p.Task]; !a.exists || !a.on.alive {
			a.gone = true
			w.step(core.Lost{Task: p.Task, Message: "gone"})
			return
		}
	}
	j.delivered = true
	w.step(core.Delivered{Job: j.spec.ID})
}
