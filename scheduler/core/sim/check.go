package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/polybolos-db/polybolos/scheduler/core"
)

// step gives the core an event and checks what it says.
func (w *world) step(e core.Event) {
	if w.err != nil {
		return
	}
	w.report.Events++
	for _, a := range slices.Clone(w.core.Step(w.now, e)) {
		switch a := a.(type) {
		case core.Launch:
			w.launched(a)
		case core.Located:
			w.located(a)
		case core.Abort:
			w.aborted(a)
		case core.Undone:
			w.write(a.Task.Job, entry{undone: &a.Task})
		case core.Replan:
			j := w.jobs[a.Job]
			j.asked, j.epoch, j.open = true, a.Epoch, a.Open
			w.after(w.between(0, 20*time.Millisecond), func() { w.answer(j, a.Epoch) })
		case core.Result:
			j := w.jobs[a.Job]
			j.result = a.Outputs
			w.traced(j, a.Outputs)
			w.after(w.between(0, 100*time.Millisecond), func() { w.deliver(j, a.Outputs) })
		case core.End:
			w.ended(a)
		}
		if w.err != nil {
			return
		}
	}
}

func (w *world) launched(l core.Launch) {
	w.report.Launches++
	t := l.Task
	j := w.jobs[t.Job]
	m := w.executors[l.Executor]
	spec := j.stages[t.Stage]
	switch {
	case j.ended:
		w.broken("launch of %v after the end of its job", t)
	case !m.known || m.draining:
		w.broken("launch of %v on %s, which is away or drains", t, m.id)
	case j.spec.Group != "" && j.spec.Group != m.caps.Group:
		w.broken("launch of %v in group %s instead of %s", t, m.caps.Group, j.spec.Group)
	case len(j.spec.Labels) > 0 && !slices.Contains(m.caps.Labels, j.spec.Labels[0]):
		w.broken("launch of %v without its label", t)
	case t.Index >= spec.Tasks || spec.Skip:
		w.broken("launch of %v, which the plan does not have", t)
	case w.attempts[t] != nil:
		w.broken("attempt %v is launched twice", t)
	case j.asked && !j.begun[t.Stage] && (j.open[t.Stage] || len(spec.Prefers) == 0): // a stage whose tasks wait for executors has begun
		w.broken("launch of %v while a new plan is asked for", t)
	}
	if w.err != nil {
		return
	}
	if !j.started {
		j.started = true
		w.running[j.spec.Session]++
		if l := j.spec.Limit; l > 0 && w.running[j.spec.Session] > l {
			w.broken("session %s runs %d jobs, a job of it allows %d", j.spec.Session, w.running[j.spec.Session], l)
		}
	}
	j.begun[t.Stage] = true
	a := &attempt{task: t, on: m, live: true, spec: spec, inputs: map[int][]core.Producer{}}
	w.siblings(j, a)
	partial := false
	for _, r := range spec.Reads {
		got := l.Producers[r]
		if j.stages[r].Skip {
			if len(got) != 0 {
				w.broken("launch of %v reads stage %d, which is skipped", t, r)
			}
			continue
		}
		if len(got) != j.stages[r].Tasks {
			w.broken("launch of %v names %d of %d outputs of stage %d", t, len(got), j.stages[r].Tasks, r)
			return
		}
		for i, p := range got {
			if p.Executor == "" {
				partial = true
			} else if w.input(a, p); p.Task.Index != i || p.Task.Stage != r {
				w.broken("launch of %v reads %v as output %d of stage %d", t, p.Task, i, r)
			}
		}
		a.inputs[r] = slices.Clone(got)
	}
	if partial != l.Partial {
		w.broken("launch of %v: partial is %v", t, l.Partial)
	}
	if partial && j.spec.Policy == core.StageByStage {
		w.broken("launch of %v before its inputs are complete", t)
	}
	w.attempts[t] = a
	if m.live[t] = a; len(m.live) > m.caps.Slots {
		w.broken("executor %s runs %d attempts in %d slots", m.id, len(m.live), m.caps.Slots)
	}
	if m.alive {
		w.after(w.between(0, 5*time.Millisecond), func() { w.begin(a) })
	}
}

// input checks that an attempt is given an output that the core must take for there.
func (w *world) input(reader *attempt, p core.Producer) {
	switch a := w.attempts[p.Task]; {
	case a == nil || a.on.id != p.Executor || !a.told:
		w.broken("%v reads %v, which never succeeded on %s", reader.task, p.Task, p.Executor)
	case !a.on.known && w.now.After(w.settled):
		w.broken("%v reads %v on %s, which has left", reader.task, p.Task, p.Executor)
	}
}

// siblings checks a launch against the other attempts of its task.
func (w *world) siblings(j *work, a *attempt) {
	live := 0
	for _, m := range w.executors {
		for t := range m.live {
			if !m.back && t.Job == a.task.Job && t.Stage == a.task.Stage && t.Index == a.task.Index {
				live++
			}
		}
	}
	if live > 0 {
		a.twin = true
		w.report.Speculated++
	}
	if live > 1 {
		w.broken("%d attempts of %v run", live+1, a.task)
	}
	if j.stages[a.task.Stage].Once {
		for t, o := range w.attempts {
			if t.Job == a.task.Job && t.Stage == a.task.Stage && t.Index == a.task.Index && (o.aside || o.told) {
				w.broken("%v writes and was begun before, as %v", a.task, t)
			}
		}
	}
}

func (w *world) located(l core.Located) {
	w.report.Located++
	m := w.executors[l.Executor]
	p := l.Output
	for _, t := range slices.SortedFunc(maps.Keys(m.live), func(a, b core.Task) int {
		return compareTasks(a, b)
	}) {
		a := m.live[t]
		if list := a.inputs[p.Task.Stage]; t.Job == p.Task.Job && list != nil && p.Task.Index < len(list) && list[p.Task.Index].Executor == "" {
			w.input(a, p)
			list[p.Task.Index] = p
			if !a.due.IsZero() && !a.due.After(w.now) {
				w.after(w.between(0, 5*time.Millisecond), func() { w.finish(a) })
			}
		}
	}
}

func compareTasks(a, b core.Task) int {
	for _, d := range []int{a.Stage - b.Stage, a.Index - b.Index, a.Attempt - b.Attempt} {
		if d != 0 {
			return d
		}
	}
	if a.Job < b.Job {
		return -1
	} else if a.Job > b.Job {
		return 1
	}
	return 0
}

func (w *world) aborted(b core.Abort) {
	a := w.attempts[b.Task]
	if a == nil || a.on.id != b.Executor {
		w.broken("abort of %v on %s, where it never was", b.Task, b.Executor)
		return
	}
	if !a.live {
		w.broken("abort of %v, which does not run", b.Task)
	}
	a.live, a.aside = false, true
	delete(a.on.live, b.Task)
	if len(a.inputs) > 0 {
		w.report.Preempted++
	}
}

func (w *world) ended(e core.End) {
	j := w.jobs[e.Job]
	if j.ended {
		w.broken("job %s ended twice", e.Job)
	}
	j.ended = true
	if j.started {
		w.running[j.spec.Session]--
	}
	for _, m := range w.executors {
		for t := range m.live {
			if !m.back && t.Job == e.Job {
				w.broken("%v runs after the end of its job", t)
			}
		}
	}
	switch e.State {
	case core.Done:
		w.report.Done++
		if j.spec.Kept && !j.delivered {
			w.broken("job %s is done, but not delivered", e.Job)
		}
	case core.Canceled:
		w.report.Canceled++
	case core.Error:
		w.report.Failed++
		switch e.Reason {
		case core.Poison:
			w.report.Poisoned++
		case core.Rejected:
			w.report.Rejected++
		case core.Invalid:
			w.broken("job %s is said to be invalid: %s", e.Job, e.Message)
		}
	}
}

// traced checks that all that went into a result fits together: of a stage whose attempts differ, only one attempt of each task.
func (w *world) traced(j *work, outputs []core.Producer) {
	used := map[[2]int]int{}
	seen := map[core.Task]bool{}
	var visit func(t core.Task)
	visit = func(t core.Task) {
		if seen[t] {
			return
		}
		seen[t] = true
		if j.stages[t.Stage].Unstable {
			at := [2]int{t.Stage, t.Index}
			if old, ok := used[at]; ok && old != t.Attempt {
				w.broken("the result of %s is made of attempts %d and %d of task %d of stage %d, which differ", j.spec.ID, old, t.Attempt, t.Index, t.Stage)
			}
			used[at] = t.Attempt
		}
		for _, list := range w.attempts[t].reads {
			for _, r := range list {
				visit(r)
			}
		}
	}
	for _, p := range outputs {
		visit(p.Task)
	}
}
