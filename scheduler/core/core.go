package core

import (
	"slices"
	"time"
)

// MaxAttempts is how often a task is tried before its job fails: enough for two lost executors and one bad one.
const MaxAttempts = 4

// Core is the state of all jobs and executors. It is used by one goroutine at a time.
type Core struct {
	limits     Limits
	start      time.Time
	now        time.Time
	jobs       map[JobID]*job
	order      []*job // that run, in order of submission
	queue      []*job // that wait for their turn, the next one first
	perUser    map[string]int
	executors  map[ExecutorID]*executor
	list       []*executor // in order of arrival
	pools      []*pool
	reserved   []*reservation
	delayed    []delay
	machines   map[string]*machine // of executors that have a name
	waits      heap[*wait]         // the one that waits no longer first
	opened     []*machine          // that have become free while tasks wait for them
	onHold     []*job              // of which nothing is launched for a time
	begunEarly []earlyTask         // that run on partial inputs
	turn       int
	seq        int
	checked    time.Time // when slow tasks were last looked for
	undone     []Task    // in this step
	out        []Action
}

// New makes a core without jobs and executors.
func New(l Limits) *Core {
	if l.Running <= 0 {
		l.Running = DefaultRunning
	}
	if l.Queued <= 0 {
		l.Queued = DefaultQueued
	}
	c := &Core{limits: l, jobs: map[JobID]*job{}, executors: map[ExecutorID]*executor{}, perUser: map[string]int{}, machines: map[string]*machine{}}
	c.waits = heap[*wait]{less: waitBefore, place: func(w *wait) *int { return &w.place }}
	return c
}

// Step takes an event at a time, which never goes back, and returns what is to be done, in order. The slice is valid until the next call.
func (c *Core) Step(now time.Time, e Event) []Action {
	if c.start.IsZero() {
		c.start = now
	}
	c.now = now
	clear(c.out)
	c.out = c.out[:0]
	switch e := e.(type) {
	case Submitted:
		c.submit(e)
	case Cancelled:
		if j := c.jobs[e.Job]; j != nil {
			c.end(j, End{State: Canceled})
		}
	case Joined:
		c.join(e)
	case Changed:
		c.change(e)
	case Draining:
		if x := c.executors[e.Executor]; x != nil {
			x.draining = true
			c.changed(x)
			if x.machine != nil {
				c.scatter(x.machine)
			}
		}
	case Left:
		c.leave(e)
	case Succeeded:
		c.succeed(e)
	case Failed:
		c.fail(e)
	case Lost:
		if j := c.jobs[e.Task.Job]; j != nil {
			c.lose(j, e.Task, e.Message)
		}
	case Delivered:
		// Whatever was lost meanwhile, nobody needs it any more.
		if j := c.jobs[e.Job]; j != nil && j.spec.Kept {
			c.end(j, End{State: Done})
		}
	case Replanned:
		if j := c.jobs[e.Job]; j != nil {
			c.replanned(j, e)
		}
	case Tick:
	}
	c.wake()
	c.assign()
	c.speculate()
	// What reads comes before what it has read, so that whoever keeps a part of the list has nothing that was made of what is undone.
	slices.SortStableFunc(c.undone, func(a, b Task) int { return b.Stage - a.Stage })
	for _, t := range c.undone {
		c.do(Undone{Task: t})
	}
	c.undone = c.undone[:0]
	return c.out
}

func (c *Core) do(a Action) { c.out = append(c.out, a) }

// clock is the time in milliseconds from the first event.
func (c *Core) clock() int32 { return int32(c.now.Sub(c.start).Milliseconds()) }

// Jobs is the number of jobs that are not over, those in the queue included.
func (c *Core) Jobs() int { return len(c.jobs) }

// Queued is the number of jobs that wait for their turn.
func (c *Core) Queued() int { return len(c.queue) }

// TasksOn is the number of attempts that run on an executor.
func (c *Core) TasksOn(id ExecutorID) int {
	if x := c.executors[id]; x != nil {
		return x.tasks
	}
	return 0
}

// Running reports whether t is an attempt that runs and counts.
func (c *Core) Running(t Task) bool {
	j := c.jobs[t.Job]
	if j == nil {
		return false
	}
	_, ok := j.runs(t)
	return ok
}

// runs finds the attempt t where it runs: as the task's first choice or as its twin.
func (j *job) runs(t Task) (x *executor, ok bool) {
	k := j.find(t)
	if k == nil || k.state != running {
		return nil, false
	}
	if int(k.attempt) == t.Attempt {
		return k.executor, true
	}
	if k.flags&twinned != 0 {
		if w := j.stages[t.Stage].rare[t.Index].twin; w.attempt == t.Attempt {
			return w.executor, true
		}
	}
	return nil, false
}

func (c *Core) succeed(e Succeeded) {
	t := e.Task
	j := c.jobs[t.Job]
	if j == nil {
		return
	}
	x, ok := j.runs(t)
	if !ok {
		return
	}
	s := &j.stages[t.Stage]
	k := &s.tasks[t.Index]
	if k.flags&twinned != 0 {
		c.keepOne(j, t.Stage, t.Index, t.Attempt)
	}
	s.durations.add(c.clock() - k.begun)
	x.demerits = 0
	c.stopped(j, s, t.Index)
	c.finish(j, t.Stage, k, e.Output)
	c.locate(j, t.Stage, t.Index)
	if !s.complete() {
		c.refresh(j)
		return
	}
	j.completed(t.Stage)
	if t.Stage == j.last() {
		if j.spec.Kept {
			c.do(Result{Job: t.Job, Outputs: j.outputs(t.Stage)})
			c.refresh(j)
			return
		}
		c.end(j, End{State: Done})
		return
	}
	c.replan(j, t.Stage)
	c.refresh(j)
}

// finish notes that a task's output is complete; the attempt no longer holds its slot.
func (c *Core) finish(j *job, si int, k *task, o Output) {
	k.state = finished
	k.output = uint32(min(max(o.Bytes, 0)>>10, 1<<32-1))
	if k.flags &^= durable; o.Durable {
		k.flags |= durable
	}
	j.stages[si].done++
}

// stopped gives back the slot of a running task, which the caller then gives another state.
func (c *Core) stopped(j *job, s *stage, ti int) {
	k := &s.tasks[ti]
	s.running--
	c.release(j, s, ti, k.executor)
	if k.flags&early != 0 {
		k.flags &^= early
		c.forgetEarly(k)
	}
}

// retry has a task that does not run any more wait again.
func (c *Core) retry(j *job, si, ti int) {
	s := &j.stages[si]
	k := &s.tasks[ti]
	if k.state == finished {
		c.undone = append(c.undone, j.task(si, ti))
		complete := s.complete()
		s.done--
		if complete {
			j.uncompleted(si)
		} else {
			j.spoil(si)
		}
	}
	k.state = waiting
	s.newAttempt(ti)
	s.again = append(s.again, ti)
}

// spoil has the inputs of the readers of stage si made anew.
func (j *job) spoil(si int) {
	for _, r := range j.stages[si].readBy {
		j.stages[r].inputs = nil
	}
}

// end forgets a job and aborts what still runs of it.
func (c *Core) end(j *job, last End) {
	last.Job = j.spec.ID
	for si := range j.stages {
		s := &j.stages[si]
		if s.running == 0 {
			continue
		}
		for ti := range s.tasks {
			if s.tasks[ti].state == running {
				c.abort(j, si, ti)
			}
		}
	}
	delete(c.jobs, j.spec.ID)
	if j.queued {
		c.queue = slices.DeleteFunc(c.queue, func(o *job) bool { return o == j })
	} else {
		c.order = slices.DeleteFunc(c.order, func(o *job) bool { return o == j })
		c.unshare(j)
		c.perUser[j.session()]--
		if c.perUser[j.session()] == 0 {
			delete(c.perUser, j.session())
		}
	}
	c.do(last)
	c.admit()
}

// abort ends what runs of a task; the caller gives it another state.
func (c *Core) abort(j *job, si, ti int) {
	s := &j.stages[si]
	k := &s.tasks[ti]
	if k.flags&twinned != 0 {
		c.endTwin(j, si, ti)
	}
	if !k.executor.gone {
		c.do(Abort{Task: j.task(si, ti), Executor: k.executor.id})
	}
	c.stopped(j, s, ti)
}
