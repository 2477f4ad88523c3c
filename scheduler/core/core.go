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
	id    ExecutorID
	slots int
	tasks map[Task]bool // running
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
			x.slots = e.Slots
		} else {
			c.executors[e.Executor] = &executor{id: e.Executor, slots: e.Slots, tasks: map[Task]bool{}}
		}
	case Left:
		out = c.leave(e.Executor)
	case Succeeded:
		out = c.succeed(e.Task)
	case Failed:
		out = c.fail(e)
	}
	return append(out, c.assign()...)
}

// Jobs is the number of jobs that are not over.
func (c *Core) Jobs() int { return len(c.jobs) }

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
	if t.Stage == len(j.stages)-1 && s.done == len(s.tasks) {
		return c.end(t.Job, End{Job: t.Job, State: Done})
	}
	return nil
}

func (c *Core) fail(e Failed) []Action {
	k := c.current(e.Task)
	if k == nil {
		return nil
	}
	delete(c.executors[k.executor].tasks, e.Task)
	if !e.Retryable || e.Task.Attempt+1 >= MaxAttempts {
		msg := e.Message
		if e.Retryable {
			msg = fmt.Sprintf("task %d of stage %d failed %d times, last: %s", e.Task.Index, e.Task.Stage, MaxAttempts, e.Message)
		}
		return c.end(e.Task.Job, End{Job: e.Task.Job, State: Error, Cause: e.Task, Message: msg})
	}
	k.avoid = k.executor
	k.state = waiting
	k.attempt++
	return nil
}

// leave forgets an executor: what ran on it, and what lay on it and is still to be read, has to run again.
func (c *Core) leave(id ExecutorID) []Action {
	if c.executors[id] == nil {
		return nil
	}
	delete(c.executors, id)
	var out []Action
	for _, jid := range slices.Clone(c.order) {
		j := c.jobs[jid]
		for si := range j.stages {
			needed := j.read(si)
			for ti := range j.stages[si].tasks {
				k := &j.stages[si].tasks[ti]
				if k.executor != id || k.state == waiting || k.state == finished && !needed {
					continue
				}
				if k.state == finished {
					j.stages[si].done--
				}
				k.state = waiting
				k.attempt++
			}
		}
		// Attempts that read lost output would fail: they run again once their input is whole.
		for si := range j.stages {
			if j.ready(si) {
				continue
			}
			for ti := range j.stages[si].tasks {
				k := &j.stages[si].tasks[ti]
				if k.state != running {
					continue
				}
				t := Task{Job: jid, Stage: si, Index: ti, Attempt: k.attempt}
				out = append(out, Abort{Task: t, Executor: k.executor})
				delete(c.executors[k.executor].tasks, t)
				k.state = waiting
				k.attempt++
			}
		}
	}
	return out
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
		if len(x.tasks) < x.slots {
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
func (j *job) producers(i int) map[int][]Task {
	out := map[int][]Task{}
	for _, r := range j.stages[i].spec.Reads {
		for ti, k := range j.stages[r].tasks {
			out[r] = append(out[r], Task{Job: j.spec.ID, Stage: r, Index: ti, Attempt: k.attempt})
		}
	}
	return out
}
