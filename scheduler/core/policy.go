package core

import "slices"

// earlyTask is a task that runs on inputs that are not complete.
type earlyTask struct {
	job          *job
	stage, index int
}

// mayStartEarly reports whether tasks of a stage may be launched on partial inputs.
func (j *job) mayStartEarly(si int) bool {
	s := &j.stages[si]
	if s.missing == 0 || s.spec.Skip || s.spec.Once || s.waits() == 0 || !s.started && j.replanning {
		return false
	}
	if j.gang {
		return true
	}
	if s.softly > 0 {
		return false
	}
	for _, r := range s.spec.Reads {
		if from := &j.stages[r]; !from.complete() && from.done+from.running < len(from.tasks) {
			return false
		}
	}
	return true
}

// assignEarly gives slots that nobody else wants to stages whose inputs are not complete.
func (c *Core) assignEarly() {
	for _, j := range c.order {
		if j.held || j.spec.Policy == StageByStage || j.spec.Policy == AllAtOnce && !j.gang || j.pool.free == 0 || len(j.pool.hungry.list) > 0 {
			continue
		}
		for si := range j.stages {
			for j.pool.free > 0 && j.mayStartEarly(si) {
				s := &j.stages[si]
				s.inputs = nil // places may have been added
				j.producers(si)
				ti := s.peek()
				x := c.place(j, si, ti)
				if x == nil {
					break
				}
				s.take()
				c.launch(j, si, ti, x)
			}
		}
	}
}

// preempt ends a task that runs early on an executor for which a task with complete inputs waits, and reports whether there was one.
func (c *Core) preempt() bool {
	for _, p := range c.pools {
		if len(p.hungry.list) == 0 || p.free > 0 {
			continue
		}
		for at := len(c.begunEarly) - 1; at >= 0; at-- {
			e := c.begunEarly[at]
			x := e.job.stages[e.stage].tasks[e.index].executor
			if !p.takes(x) || x.draining || x.reserved != nil {
				continue
			}
			c.abort(e.job, e.stage, e.index)
			c.retry(e.job, e.stage, e.index)
			c.refresh(e.job)
			return true
		}
	}
	return false
}

// clear ends what runs early on an executor that is reserved.
func (c *Core) clear(x *executor) {
	for _, e := range slices.Clone(c.begunEarly) {
		if e.job.stages[e.stage].tasks[e.index].executor == x {
			c.abort(e.job, e.stage, e.index)
			c.retry(e.job, e.stage, e.index)
			c.refresh(e.job)
		}
	}
}

// forgetEarly takes a task out of those that run early.
func (c *Core) forgetEarly(k *task) {
	c.begunEarly = slices.DeleteFunc(c.begunEarly, func(e earlyTask) bool { return &e.job.stages[e.stage].tasks[e.index] == k })
}

// locate tells the tasks that run early where one more of their inputs lies. Once they have all of them, they are like others.
func (c *Core) locate(j *job, si, ti int) {
	if len(c.begunEarly) == 0 {
		return
	}
	var told []*executor
	for _, e := range c.begunEarly {
		s := &e.job.stages[e.stage]
		x := s.tasks[e.index].executor
		if e.job != j || !slices.Contains(s.spec.Reads, si) || slices.Contains(told, x) {
			continue
		}
		told = append(told, x)
		c.do(Located{Executor: x.id, Output: j.output(si, ti)})
	}
	for _, e := range slices.Clone(c.begunEarly) {
		s := &e.job.stages[e.stage]
		if e.job != j || !slices.Contains(s.spec.Reads, si) {
			continue
		}
		whole := true
		for _, r := range s.spec.Reads {
			whole = whole && j.stages[r].complete()
		}
		if whole {
			k := &s.tasks[e.index]
			k.flags &^= early
			c.forgetEarly(k)
		}
	}
}
