package core

import (
	"fmt"
	"slices"
	"time"
)

const (
	// aloneAfterCrashes is how many executors may be lost under a task before it gets one for itself: then it is known who is to blame.
	aloneAfterCrashes = 2
	// maxCrashes is how many executors may be lost under one task before its job fails.
	maxCrashes = 4
	// firstDelay is how long a task that failed waits when there is no other executor; it doubles from one failure to the next.
	firstDelay = 50 * time.Millisecond
)

func (c *Core) fail(e Failed) {
	j := c.jobs[e.Task.Job]
	if j == nil {
		return
	}
	x, ok := j.runs(e.Task)
	if !ok {
		return
	}
	si, ti := e.Task.Stage, e.Task.Index
	s := &j.stages[si]
	k := &s.tasks[ti]
	if !e.Retryable && !e.OutOfMemory {
		h := s.historyOf(ti)
		if k.flags&twinned != 0 {
			c.keepOne(j, si, ti, e.Task.Attempt)
		}
		c.stopped(j, s, ti)
		k.state = waiting
		c.end(j, End{State: Error, Cause: e.Task, Message: e.Message, History: h})
		return
	}
	if k.flags&twinned != 0 {
		// The other attempt goes on alone. This one counts, but it does not end the job: the other may succeed.
		k.failures = min(k.failures+1, MaxAttempts-1)
		c.remember(s, ti, e.Task.Attempt, x, e.Message)
		c.dropOne(j, si, ti, e.Task.Attempt)
		c.refresh(j)
		return
	}
	c.stopped(j, s, ti)
	c.retry(j, si, ti)
	lost := false
	for _, m := range e.Missing {
		if m.Job != e.Task.Job || !slices.Contains(s.spec.Reads, m.Stage) || !j.holds(m) {
			continue
		}
		lost = true
		c.lose(j, m, e.Message)
		if c.jobs[e.Task.Job] != j {
			return
		}
	}
	if lost {
		c.refresh(j)
		return
	}
	c.blame(j, si, ti, e.Task.Attempt, x, e.Message)
	if c.jobs[e.Task.Job] != j {
		return
	}
	if e.OutOfMemory {
		k.ooms++
	}
	x.demerits++
	c.changed(x)
	c.postpone(j, si, ti)
	c.refresh(j)
}

// postpone has a task that failed wait for a time where there is no other executor for it.
func (c *Core) postpone(j *job, si, ti int) {
	s := &j.stages[si]
	k := &s.tasks[ti]
	for _, m := range j.pool.sets[0].free.list {
		if m.x != k.avoid {
			return
		}
	}
	if n := len(s.again); n == 0 || s.again[n-1] != ti {
		return
	}
	s.again = s.again[:len(s.again)-1]
	s.held++
	c.delayed = append(c.delayed, delay{until: c.now.Add(firstDelay << min(k.failures, 6)), job: j, stage: si, index: ti})
}

// blame counts a failure against a task, and ends its job when there were too many.
func (c *Core) blame(j *job, si, ti, attempt int, x *executor, message string) {
	s := &j.stages[si]
	k := &s.tasks[ti]
	k.avoid = x
	k.failures++
	if k.failures < MaxAttempts && k.attempt < maxAttemptNumber {
		c.remember(s, ti, attempt, x, message)
		return
	}
	c.end(j, End{
		State: Error, Cause: Task{Job: j.spec.ID, Stage: si, Index: ti, Attempt: attempt}, History: s.historyOf(ti),
		Message: fmt.Sprintf("task %d of stage %d failed %d times, last on executor %s: %s", ti, si, k.failures, x.id, message),
	})
}

// maxHistory bounds how many failures of a task are remembered.
const maxHistory = 8

func (c *Core) remember(s *stage, ti, attempt int, x *executor, message string) {
	r := s.rarely(ti)
	if len(r.history) < maxHistory {
		r.history = append(r.history, Failure{Attempt: attempt, Executor: x.id, Message: message})
	}
}

func (s *stage) historyOf(ti int) []Failure {
	if r := s.rare[ti]; r != nil {
		return r.history
	}
	return nil
}

// lose has a task run again whose output is gone.
func (c *Core) lose(j *job, t Task, message string) {
	if !j.holds(t) || !j.needed(t.Stage) {
		return
	}
	s := &j.stages[t.Stage]
	if s.spec.Once {
		c.unrepeatable(j, t)
		return
	}
	x := s.tasks[t.Index].executor
	c.retry(j, t.Stage, t.Index)
	if c.blame(j, t.Stage, t.Index, t.Attempt, x, message); c.jobs[t.Job] != j {
		return
	}
	hit := make([]bool, len(j.stages))
	hit[t.Stage] = true
	c.rollBack(j, hit)
}

// unrepeatable ends a job that cannot go on without repeating what must not be repeated.
func (c *Core) unrepeatable(j *job, t Task) {
	c.end(j, End{State: Error, Reason: Unrepeatable, Cause: t, Message: fmt.Sprintf(
		"the loss of an executor interrupted task %d of stage %d, which writes: it is not known whether its rows were written", t.Index, t.Stage)})
}

// leave forgets an executor: what ran on it, and what lay on it and is still to be read, has to run again.
func (c *Core) leave(e Left) {
	x := c.executors[e.Executor]
	if x == nil {
		return
	}
	delete(c.executors, e.Executor)
	x.gone = true
	c.changed(x)
	c.unnamed(x)
	c.list = slices.DeleteFunc(c.list, func(o *executor) bool { return o == x })
	for _, j := range slices.Clone(c.order) {
		if c.jobs[j.spec.ID] == j {
			c.takeFrom(j, x, e.Crashed)
		}
	}
}

// takeFrom has everything of a job run again that ran on an executor that is gone, or lay there and is still to be read.
func (c *Core) takeFrom(j *job, x *executor, crashed bool) {
	hit := make([]bool, len(j.stages))
	touched := false
	// A lost output makes its stage incomplete, and so the outputs that this stage reads are needed again: from the last stage to the first.
	for si := j.last(); si >= 0; si-- {
		s := &j.stages[si]
		if s.spec.Skip {
			continue
		}
		needed := j.needed(si)
		for ti := range s.tasks {
			k := &s.tasks[ti]
			if k.flags&twinned != 0 && c.loseTwin(j, si, ti, x) {
				touched = true
				continue
			}
			if k.executor != x || k.state == waiting || k.state == finished && (!needed || k.flags&durable != 0) {
				continue
			}
			if s.spec.Once {
				c.unrepeatable(j, j.task(si, ti))
				return
			}
			touched = true
			attempt := int(k.attempt)
			if k.state == running {
				c.stopped(j, s, ti)
				if crashed {
					k.crashes++
					c.remember(s, ti, attempt, x, "the executor was lost")
				}
			} else {
				hit[si] = true
			}
			c.retry(j, si, ti)
			if k.crashes >= maxCrashes || k.attempt == maxAttemptNumber {
				c.end(j, End{
					State: Error, Reason: Poison, Cause: Task{Job: j.spec.ID, Stage: si, Index: ti, Attempt: attempt}, History: s.historyOf(ti),
					Message: fmt.Sprintf("%d executors were lost while they ran task %d of stage %d, the last of them %s", k.crashes, ti, si, x.id),
				})
				return
			}
		}
	}
	if touched {
		c.rollBack(j, hit)
	}
}

// rollBack aborts attempts that read outputs of the stages that were hit, since they would fail: they run again once their input is whole. What an
// incomplete stage reads may lie on an executor that left when nobody needed it: that runs again, too. Where another attempt may put out other rows,
// everything is repeated that follows from the first, however far.
func (c *Core) rollBack(j *job, hit []bool) {
	tainted := make([]bool, len(j.stages))
	for again := true; again; {
		again = false
		for si := j.last(); si >= 0; si-- {
			s := &j.stages[si]
			if s.spec.Skip || !j.needed(si) || s.done == 0 {
				continue
			}
			for ti := range s.tasks {
				if k := &s.tasks[ti]; k.state == finished && k.executor.gone && k.flags&durable == 0 {
					if s.spec.Once {
						c.unrepeatable(j, j.task(si, ti))
						return
					}
					c.retry(j, si, ti)
					hit[si] = true
				}
			}
		}
		for si := range j.stages {
			s := &j.stages[si]
			broken := false
			for _, r := range s.spec.Reads {
				broken = broken || hit[r] || tainted[r]
				tainted[si] = tainted[si] || tainted[r] || hit[r] && j.stages[r].spec.Unstable
			}
			if !broken || s.spec.Skip {
				continue
			}
			for ti := range s.tasks {
				k := &s.tasks[ti]
				if k.state == waiting || k.state == finished && !tainted[si] {
					continue
				}
				if s.spec.Once {
					// It may be writing its last row while the message is on its way.
					c.unrepeatable(j, j.task(si, ti))
					return
				}
				if k.state == running {
					c.abort(j, si, ti)
				} else {
					again = true // what it reads may have to be made again
				}
				c.retry(j, si, ti)
			}
		}
	}
	c.refresh(j)
}
