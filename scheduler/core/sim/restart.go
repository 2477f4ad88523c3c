package sim

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/scheduler/core"
)

// entry is what was written down of a job: one of its fields.
type entry struct {
	finished *core.Finished
	undone   *core.Task
	epoch    int
	stages   []core.StageSpec // of the epoch
}

func (w *world) write(id core.JobID, e entry) { w.jobs[id].journal = append(w.jobs[id].journal, e) }

// The times of a restart: executors come back within the first, and those that do not are given up after the second.
const (
	comeBack = time.Second
	giveUp   = 2 * time.Second
)

// attemptsOfRun is how far apart the numbers of attempts are that two runs of the scheduler give.
const attemptsOfRun = 1000

// restart ends the scheduler; another one begins with what is written down, but for the last moments, and what executors tell it.
func (w *world) restart() {
	if w.report.Restarts >= 60 {
		return // the numbers of attempts would end
	}
	w.report.Restarts++
	w.core = core.New(core.Limits{Running: 16})
	clear(w.running)
	w.settled = w.now.Add(giveUp)
	for _, id := range w.names {
		m := w.executors[id]
		if !m.known {
			continue
		}
		m.known, m.back = false, true
		w.after(w.between(0, comeBack), func() { w.comeBack(m) })
	}
	elsewhere := map[core.ExecutorID]bool{}
	for _, id := range slices.SortedFunc(maps.Keys(w.jobs), func(a, b core.JobID) int {
		return cmp.Or(len(a)-len(b), strings.Compare(string(a), string(b)))
	}) {
		if j := w.jobs[id]; !j.ended {
			w.resume(j, elsewhere)
		}
	}
	w.after(giveUp, func() {
		for _, id := range slices.Sorted(maps.Keys(elsewhere)) {
			if m := w.executors[id]; !m.known && !m.back {
				w.step(core.Left{Executor: id})
			}
		}
	})
}

// resume brings a job to the new scheduler, as it is written down; jobs that write are not resumed.
func (w *world) resume(j *work, elsewhere map[core.ExecutorID]bool) {
	if slices.ContainsFunc(j.spec.Stages, func(s core.StageSpec) bool { return s.Once }) {
		j.ended = true
		w.report.Failed++
		return
	}
	j.journal = j.journal[:len(j.journal)-min(len(j.journal)-j.stored, w.r.IntN(4))]
	j.stored = len(j.journal)
	j.epoch, j.stages = 0, slices.Clone(j.spec.Stages)
	finished := map[[2]int]core.Finished{}
	for _, e := range j.journal {
		switch {
		case e.finished != nil:
			finished[[2]int{e.finished.Task.Stage, e.finished.Task.Index}] = *e.finished
		case e.undone != nil:
			delete(finished, [2]int{e.undone.Stage, e.undone.Index})
		default:
			j.epoch, j.stages = e.epoch, slices.Clone(e.stages)
		}
	}
	j.asked, j.started, j.begun, j.result = false, false, map[int]bool{}, nil
	for t, a := range w.attempts {
		if t.Job == j.spec.ID {
			f, ok := finished[[2]int{t.Stage, t.Index}]
			a.told = a.told && (a.live || ok && f.Task == t)
		}
	}
	s := core.Submitted{Job: j.spec, Epoch: j.epoch, FirstAttempt: w.report.Restarts * attemptsOfRun, Hold: comeBack / 2}
	s.Job.Stages = slices.Clone(j.stages)
	for _, at := range slices.SortedFunc(maps.Keys(finished), func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) }) {
		s.Finished = append(s.Finished, finished[at])
		j.begun[at[0]] = true
		elsewhere[finished[at].Executor] = true
	}
	w.step(s)
}

// comeBack has an executor register with the new scheduler, with what it runs or has not told.
func (w *world) comeBack(m *machine) {
	m.known, m.back = true, false
	if !m.alive {
		w.go1(m, true)
		return
	}
	e := core.Joined{Executor: m.id, Capabilities: m.caps}
	var brought []*attempt
	for _, t := range slices.SortedFunc(maps.Keys(m.live), compareTasks) {
		a := m.live[t]
		j := w.jobs[t.Job]
		reads, partial := map[int][]int{}, false
		for r, list := range a.inputs {
			for _, p := range list {
				partial = partial || p.Executor == ""
				reads[r] = append(reads[r], p.Task.Attempt)
			}
		}
		// Another plan has another hash; nobody would tell where the missing inputs are; nothing of a job that is over is adopted.
		if partial || !j.ended && (t.Stage >= len(j.stages) || !sameStage(a.spec, j.stages[t.Stage])) {
			a.live, a.aside = false, true
			delete(m.live, t)
			continue
		}
		e.Running = append(e.Running, core.Running{Task: t, Reads: reads})
		brought = append(brought, a)
		if !j.ended {
			j.begun[t.Stage] = true
		}
	}
	draining := m.draining
	m.draining = false // it says so right after
	w.step(e)
	m.draining = draining
	for _, a := range brought {
		if a.live {
			w.report.Adopted++
		}
	}
	if m.draining {
		w.step(core.Draining{Executor: m.id})
	}
}

func sameStage(a, b core.StageSpec) bool {
	return a.Tasks == b.Tasks && slices.Equal(a.Reads, b.Reads) && a.Skip == b.Skip
}
