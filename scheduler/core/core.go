package core

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// MaxAttempts is how often a task is tried before its job fails: enough for two lost executors and one bad one.
const MaxAttempts = 4

// Core is the state of all jobs and executors. It is used by one goroutine at a time.
type Core struct {
	jobs      map[JobID]*job
	order     []JobID // in order of submission
	executors map[ExecutorID]*executor
	turn      int // whose turn it is in order
}

type executor struct {
	id       ExecutorID
	slots    int
	tasks    map[Task]bool // running
	draining bool
}

type job struct {
	spec      JobSpec
	stages    []stage
	submitted time.Time
}

type stage struct {
	spec  StageSpec
	tasks []task
	done  int
}

// task is one task over all its attempts; at most one attempt runs at a time.
type task struct {
	state    taskState
	attempt  int        // the current or next attempt
	failures int        // attempts that failed, and outputs that were lost while their executor was there
	executor ExecutorID // where it runs or ran
	avoid    ExecutorID // where it failed last
}

type taskState uint8

const (
	waiting taskState = iota
	running
	finished
)

// New makes a core without jobs and executors.
func New() *Core {
	return &Core{jobs: map[JobID]*job{}, executors: map[ExecutorID]*executor{}}
}

// Step takes an event at a time, which never goes back, and returns what is to be done, in order.
func (c *Core) Step(now time.Time, e Event) []Action {
	var out []Action
	switch e := e.(type) {
	case Submitted:
		out = c.submit(now, e.Job)
	case Cancelled:
		if c.jobs[e.Job] != nil {
			out = c.end(e.Job, End{Job: e.Job, State: Canceled})
		}
	case Joined:
		if x := c.executors[e.Executor]; x != nil {
			x.slots, x.draining = e.Slots, false
		} else {
			c.executors[e.Executor] = &executor{id: e.Executor, slots: e.Slots, tasks: map[Task]bool{}}
		}
	case Draining:
		if x := c.executors[e.Executor]; x != nil {
			x.draining = true
		}
	case Left:
		out = c.leave(e.Executor)
	case Succeeded:
		out = c.succeed(e.Task)
	case Failed:
		out = c.fail(e)
	case Lost:
		out = c.lose(e.Task, e.Message)
	case Delivered:
		// Whatever was lost meanwhile, nobody needs it any more.
		if j := c.jobs[e.Job]; j != nil && j.spec.Kept {
			out = c.end(e.Job, End{Job: e.Job, State: Done})
		}
	}
	return append(out, c.assign()...)
}

// Jobs is the number of jobs that are not over.
func (c *Core) Jobs() int { return len(c.jobs) }

// Running reports whether t is an attempt that runs and counts.
func (c *Core) Running(t Task) bool { return c.current(t) != nil }

func (c *Core) submit(now time.Time, spec JobSpec) []Action {
	if c.jobs[spec.ID] != nil {
		return nil
	}
	j := &job{spec: spec, submitted: now, stages: make([]stage, len(spec.Stages))}
	for i, s := range spec.Stages {
		for _, r := range s.Reads {
			if r < 0 || r >= i {
				return []Action{End{Job: spec.ID, State: Error, Message: fmt.Sprintf("stage %d reads stage %d, which does not come before it", i, r)}}
			}
		}
		if s.Tasks < 1 {
			return []Action{End{Job: spec.ID, State: Error, Message: fmt.Sprintf("stage %d has %d tasks", i, s.Tasks)}}
		}
		j.stages[i] = stage{spec: s, tasks: make([]task, s.Tasks)}
	}
	if len(spec.Stages) == 0 {
		return []Action{End{Job: spec.ID, State: Done}}
	}
	c.jobs[spec.ID] = j
	c.order = append(c.order, spec.ID)
	return nil
}

// current returns the task whose running attempt t is, or nil when t is not the attempt that counts.
func (c *Core) current(t Task) *task {
	j := c.jobs[t.Job]
	if j == nil || t.Stage < 0 || t.Stage >= len(j.stages) || t.Index < 0 || t.Index >= len(j.stages[t.Stage].tasks) {
		return nil
	}
	k := &j.stages[t.Stage].tasks[t.Index]
	if k.state != running || k.attempt != t.Attempt {
		return nil
	}
	return k
}

func (c *Core) succeed(t Task) []Action {
	k := c.current(t)
	if k == nil {
		return nil
	}
	delete(c.executors[k.executor].tasks, t)
	k.state = finished
	j := c.jobs[t.Job]
	s := &j.stages[t.Stage]
	s.done++
	if t.Stage < len(j.stages)-1 || !j.complete() {
		return nil
	}
	if j.spec.Kept {
		return []Action{Result{Job: t.Job, Outputs: j.outputs(t.Stage)}}
	}
	return c.end(t.Job, End{Job: t.Job, State: Done})
}

func (c *Core) fail(e Failed) []Action {
	k := c.current(e.Task)
	if k == nil {
		return nil
	}
	delete(c.executors[k.executor].tasks, e.Task)
	if !e.Retryable {
		return c.end(e.Task.Job, End{Job: e.Task.Job, State: Error, Cause: e.Task, Message: e.Message})
	}
	j := c.jobs[e.Task.Job]
	k.state = waiting
	k.attempt++
	lost := false
	var out []Action
	for _, m := range e.Missing {
		if m.Job != e.Task.Job || !slices.Contains(j.stages[e.Task.Stage].spec.Reads, m.Stage) {
			continue
		}
		if j.holds(m) {
			lost = true
			out = append(out, c.lose(m, e.Message)...)
			if c.jobs[e.Task.Job] == nil {
				return out
			}
		}
	}
	if lost {
		return out
	}
	return append(out, c.blame(e.Task, k, e.Message)...)
}

// blame counts a failure against a task, and ends its job when there were too many.
func (c *Core) blame(t Task, k *task, message string) []Action {
	k.avoid = k.executor
	k.failures++
	if k.failures < MaxAttempts {
		return nil
	}
	message = fmt.Sprintf("task %d of stage %d failed %d times, last: %s", t.Index, t.Stage, MaxAttempts, message)
	return c.end(t.Job, End{Job: t.Job, State: Error, Cause: t, Message: message})
}

// holds reports whether t is the attempt whose output counts.
func (j *job) holds(t Task) bool {
	if t.Stage < 0 || t.Stage >= len(j.stages) || t.Index < 0 || t.Index >= len(j.stages[t.Stage].tasks) {
		return false
	}
	k := &j.stages[t.Stage].tasks[t.Index]
	return k.state == finished && k.attempt == t.Attempt
}

// lose has a task run again whose output is gone.
func (c *Core) lose(t Task, message string) []Action {
	j := c.jobs[t.Job]
	if j == nil || !j.holds(t) || !j.read(t.Stage) {
		return nil
	}
	s := &j.stages[t.Stage]
	if s.spec.Once {
		return c.unrepeatable(t)
	}
	k := &s.tasks[t.Index]
	k.state = waiting
	k.attempt++
	s.done--
	if out := c.blame(t, k, message); len(out) > 0 {
		return out
	}
	return c.rollBack(t.Job)
}

// unrepeatable ends a job that cannot go on without repeating what must not be repeated.
func (c *Core) unrepeatable(t Task) []Action {
	return c.end(t.Job, End{Job: t.Job, State: Error, Cause: t, Message: fmt.Sprintf(
		"the loss of an executor interrupted task %d of stage %d, which writes: it is not known whether its rows were written", t.Index, t.Stage)})
}

// leave forgets an executor: what ran on it, and what lay on it and is still to be read, has to run again.
func (c *Core) leave(id ExecutorID) []Action {
	if c.executors[id] == nil {
		return nil
	}
	delete(c.executors, id)
	var out []Action
	for _, jid := range slices.Clone(c.order) {
		if t, ok := c.jobs[jid].takeFrom(id); !ok {
			out = append(out, c.unrepeatable(t)...)
			continue
		}
		out = append(out, c.rollBack(jid)...)
	}
	return out
}

// takeFrom has everything run again that ran on an executor, or lies there and is still to be read. It reports false with the task that cannot.
func (j *job) takeFrom(id ExecutorID) (Task, bool) {
	// A lost output makes its stage incomplete, and so the outputs that this stage reads are needed again: from the last stage to the first.
	for si := len(j.stages) - 1; si >= 0; si-- {
		needed := j.read(si)
		for ti := range j.stages[si].tasks {
			k := &j.stages[si].tasks[ti]
			if k.executor != id || k.state == waiting || k.state == finished && !needed {
				continue
			}
			if j.stages[si].spec.Once {
				return Task{Job: j.spec.ID, Stage: si, Index: ti, Attempt: k.attempt}, false
			}
			if k.state == finished {
				j.stages[si].done--
			}
			k.state = waiting
			k.attempt++
		}
	}
	return Task{}, true
}

// rollBack aborts attempts whose input is no longer whole, since they would fail: they run again once it is. What an incomplete stage reads may lie on an
// executor that left when nobody needed it: that runs again, too.
func (c *Core) rollBack(id JobID) []Action {
	var out []Action
	j := c.jobs[id]
	for si := len(j.stages) - 1; si >= 0; si-- {
		if !j.read(si) {
			continue
		}
		for ti := range j.stages[si].tasks {
			k := &j.stages[si].tasks[ti]
			if k.state == finished && c.executors[k.executor] == nil {
				k.state = waiting
				k.attempt++
				j.stages[si].done--
			}
		}
	}
	for si := range j.stages {
		if j.ready(si) {
			continue
		}
		for ti := range j.stages[si].tasks {
			k := &j.stages[si].tasks[ti]
			if k.state != running {
				continue
			}
			t := Task{Job: id, Stage: si, Index: ti, Attempt: k.attempt}
			if j.stages[si].spec.Once {
				// It may be writing its last row while the message is on its way.
				return append(out, c.unrepeatable(t)...)
			}
			out = append(out, Abort{Task: t, Executor: k.executor})
			delete(c.executors[k.executor].tasks, t)
			k.state = waiting
			k.attempt++
		}
	}
	return out
}

// complete reports whether the last stage is.
func (j *job) complete() bool {
	s := &j.stages[len(j.stages)-1]
	return s.done == len(s.tasks)
}

// read reports whether a stage that is not complete reads stage i, or i is the result.
func (j *job) read(i int) bool {
	if i == len(j.stages)-1 {
		return true
	}
	for k := i + 1; k < len(j.stages); k++ {
		if j.stages[k].done < len(j.stages[k].tasks) && slices.Contains(j.stages[k].spec.Reads, i) {
			return true
		}
	}
	return false
}

// ready reports whether everything that stage i reads is complete.
func (j *job) ready(i int) bool {
	for _, r := range j.stages[i].spec.Reads {
		if j.stages[r].done < len(j.stages[r].tasks) {
			return false
		}
	}
	return true
}

// end forgets a job and aborts what still runs of it.
func (c *Core) end(id JobID, last End) []Action {
	var out []Action
	j := c.jobs[id]
	for si := range j.stages {
		for ti := range j.stages[si].tasks {
			k := &j.stages[si].tasks[ti]
			if k.state != running {
				continue
			}
			t := Task{Job: id, Stage: si, Index: ti, Attempt: k.attempt}
			if x := c.executors[k.executor]; x != nil && x.tasks[t] {
				delete(x.tasks, t)
				out = append(out, Abort{Task: t, Executor: k.executor})
			}
		}
	}
	delete(c.jobs, id)
	c.order = slices.DeleteFunc(c.order, func(o JobID) bool { return o == id })
	return append(out, last)
}

// assign gives runnable tasks to free slots, one task a job a round.
func (c *Core) assign() []Action {
	var out []Action
	free := c.free()
	for len(free) > 0 && len(c.order) > 0 {
		idle := 0
		for range len(c.order) {
			if len(free) == 0 {
				break
			}
			id := c.order[c.turn%len(c.order)]
			c.turn++
			j := c.jobs[id]
			si, ti, ok := j.next()
			if !ok {
				idle++
				continue
			}
			k := &j.stages[si].tasks[ti]
			x := pick(free, k.avoid)
			t := Task{Job: id, Stage: si, Index: ti, Attempt: k.attempt}
			k.state, k.executor = running, x.id
			x.tasks[t] = true
			out = append(out, Launch{Task: t, Executor: x.id, Producers: j.producers(si)})
			free = slices.DeleteFunc(free, func(f *executor) bool { return len(f.tasks) >= f.slots })
		}
		if idle == len(c.order) {
			break
		}
	}
	return out
}

// free is the executors with a free slot, the emptiest first.
func (c *Core) free() []*executor {
	var out []*executor
	for _, x := range c.executors {
		if !x.draining && len(x.tasks) < x.slots {
			out = append(out, x)
		}
	}
	sort.Slice(out, func(a, b int) bool { return out[a].id < out[b].id })
	return out
}

// pick takes the executor with the most free slots, one that is not avoided where possible.
func pick(free []*executor, avoid ExecutorID) *executor {
	var best *executor
	for _, x := range free {
		switch {
		case best == nil,
			best.id == avoid && x.id != avoid,
			(best.id == avoid) == (x.id == avoid) && x.slots-len(x.tasks) > best.slots-len(best.tasks):
			best = x
		}
	}
	return best
}

// next is the first waiting task of a stage that may run.
func (j *job) next() (stageIndex, taskIndex int, ok bool) {
	for si := range j.stages {
		if !j.ready(si) || j.stages[si].done == len(j.stages[si].tasks) {
			continue
		}
		for ti := range j.stages[si].tasks {
			if j.stages[si].tasks[ti].state == waiting {
				return si, ti, true
			}
		}
	}
	return 0, 0, false
}

// producers names the attempts whose output stage i reads.
func (j *job) producers(i int) map[int][]Producer {
	out := map[int][]Producer{}
	for _, r := range j.stages[i].spec.Reads {
		out[r] = j.outputs(r)
	}
	return out
}

// outputs are those of all tasks of stage i.
func (j *job) outputs(i int) []Producer {
	out := make([]Producer, len(j.stages[i].tasks))
	for ti, k := range j.stages[i].tasks {
		out[ti] = Producer{Task: Task{Job: j.spec.ID, Stage: i, Index: ti, Attempt: k.attempt}, Executor: k.executor}
	}
	return out
}
