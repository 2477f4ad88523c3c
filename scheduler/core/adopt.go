package core

import "slices"

// unhold lets jobs go on whose time of waiting for executors is over.
func (c *Core) unhold() {
	c.onHold = slices.DeleteFunc(c.onHold, func(j *job) bool {
		if c.jobs[j.spec.ID] != j {
			return true
		}
		if j.until.After(c.now) {
			return false
		}
		j.held = false
		if !j.queued {
			c.refresh(j)
		}
		return true
	})
}

// adopt has an attempt count that an executor runs and another scheduler has launched, or aborts it.
func (c *Core) adopt(x *executor, e Running) {
	j := c.jobs[e.Task.Job]
	if j != nil {
		if on, ok := j.runs(e.Task); ok && on == x {
			return
		}
	}
	if j == nil || !c.fitsIn(j, x, e) {
		c.do(Abort{Task: e.Task, Executor: x.id})
		return
	}
	si, ti := e.Task.Stage, e.Task.Index
	s := &j.stages[si]
	k := &s.tasks[ti]
	j.producers(si)
	if next := int(k.attempt); next > s.firstAttempt {
		// One of ours has failed meanwhile: its number is not given again.
		r := s.rarely(ti)
		r.issued = max(r.issued, next-1)
	}
	k.attempt = uint16(e.Task.Attempt)
	k.state, k.executor, k.begun = running, x, c.clock()
	s.running++
	s.started = true
	c.occupy(j, s, ti, x)
	c.refresh(j)
}

// fitsIn reports whether an attempt reads what the job's other tasks would read, and takes its task out of those that wait.
func (c *Core) fitsIn(j *job, x *executor, e Running) bool {
	k := j.find(e.Task)
	if k == nil || j.queued || k.state != waiting || e.Task.Attempt < 0 || e.Task.Attempt >= maxAttemptNumber || !j.pool.takes(x) {
		return false
	}
	s := &j.stages[e.Task.Stage]
	if s.spec.Skip || s.missing > 0 || !s.started && j.replanning {
		return false
	}
	reads := 0
	for _, r := range s.spec.Reads {
		from := &j.stages[r]
		got := e.Reads[r]
		if from.spec.Skip {
			if len(got) > 0 {
				return false
			}
			continue
		}
		reads++
		if len(got) != len(from.tasks) {
			return false
		}
		for i, attempt := range got {
			if int(from.tasks[i].attempt) != attempt {
				return false
			}
		}
	}
	for _, got := range e.Reads {
		if len(got) > 0 {
			reads--
		}
	}
	return reads == 0 && s.takeOut(e.Task.Index)
}

// takeOut takes a task out of those that wait; it fails for one that waits for a time or for an executor of its own.
func (s *stage) takeOut(i int) bool {
	if at := slices.Index(s.again, i); at >= 0 {
		s.again = slices.Delete(s.again, at, at+1)
		return true
	}
	if i < s.next {
		return false
	}
	for n := s.next; n < i; n++ {
		s.again = append(s.again, n)
	}
	s.next = i + 1
	return true
}
