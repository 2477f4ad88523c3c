package core

import (
	"fmt"
	"slices"
)

// session names whose job it is.
func (j *job) session() string {
	if j.spec.Session == "" {
		return "job " + string(j.spec.ID)
	}
	return j.spec.Session
}

func (c *Core) submit(e Submitted) {
	spec := e.Job
	if c.jobs[spec.ID] != nil {
		return
	}
	j, err := newJob(spec)
	switch {
	case err != nil:
		c.do(End{Job: spec.ID, State: Error, Reason: Invalid, Message: err.Error()})
		return
	case len(spec.Stages) == 0:
		c.do(End{Job: spec.ID, State: Done})
		return
	case len(c.queue) >= c.limits.Queued && len(e.Finished) == 0:
		c.do(End{Job: spec.ID, State: Error, Reason: Rejected, Message: fmt.Sprintf("%d jobs wait already, which is all that the queue takes", len(c.queue))})
		return
	}
	c.seq++
	j.seq, j.epoch, j.queued = c.seq, e.Epoch, true
	for si := range j.stages {
		s := &j.stages[si]
		s.firstAttempt = min(max(0, e.FirstAttempt), maxAttemptNumber-1)
		for ti := range s.tasks {
			s.tasks[ti].attempt = uint16(s.firstAttempt)
		}
	}
	for _, f := range e.Finished {
		c.restore(j, f)
	}
	if e.Hold > 0 {
		j.held, j.until = true, c.now.Add(e.Hold)
		c.onHold = append(c.onHold, j)
	}
	c.jobs[spec.ID] = j
	at, _ := slices.BinarySearchFunc(c.queue, j, func(a, b *job) int {
		if a.spec.Priority != b.spec.Priority {
			return b.spec.Priority - a.spec.Priority
		}
		return a.seq - b.seq
	})
	c.queue = slices.Insert(c.queue, at, j)
	c.admit()
}

// restore notes what was finished before the job came here.
func (c *Core) restore(j *job, f Finished) {
	k := j.find(f.Task)
	if k == nil || k.state != waiting || f.Task.Attempt < 0 || f.Task.Attempt >= maxAttemptNumber {
		return
	}
	k.executor = c.known(f.Executor)
	k.attempt = uint16(f.Task.Attempt)
	s := &j.stages[f.Task.Stage]
	s.started = true
	c.finish(j, f.Task.Stage, k, f.Output)
}

// afterRestore brings the counts in order when tasks were restored.
func (c *Core) afterRestore(j *job) {
	for si := range j.stages {
		s := &j.stages[si]
		if !s.started {
			continue
		}
		s.next = len(s.tasks)
		s.again = s.again[:0]
		for ti := len(s.tasks) - 1; ti >= 0; ti-- {
			if s.tasks[ti].state == waiting {
				s.again = append(s.again, ti)
			}
		}
	}
	j.link()
	// While the job waited, executors may have gone on which something of it lay.
	if c.rollBack(j, make([]bool, len(j.stages))); c.jobs[j.spec.ID] != j {
		return
	}
	if last := j.last(); j.stages[last].complete() {
		if !j.spec.Kept {
			c.end(j, End{State: Done})
			return
		}
		c.do(Result{Job: j.spec.ID, Outputs: j.outputs(last)})
	}
}

// admit starts jobs of the queue as long as there is room. A job whose session has as many as it may waits, and lets others pass.
func (c *Core) admit() {
	for at := 0; at < len(c.queue) && len(c.order) < c.limits.Running; {
		j := c.queue[at]
		if j.spec.Limit > 0 && c.perUser[j.session()] >= j.spec.Limit {
			at++
			continue
		}
		c.queue = slices.Delete(c.queue, at, at+1)
		j.queued = false
		c.perUser[j.session()]++
		c.order = append(c.order, j)
		c.enter(j)
		if j.spec.Policy == AllAtOnce {
			j.gang = j.pool.freeSlots() >= j.tasks()
		}
		c.afterRestore(j)
		if c.jobs[j.spec.ID] != nil {
			c.refresh(j)
		}
	}
}

// tasks is how many the job has.
func (j *job) tasks() (n int) {
	for i := range j.stages {
		n += len(j.stages[i].tasks)
	}
	return n
}
