package core

// replan asks for the stages anew when stage si has become complete and something that reads it has not begun.
func (c *Core) replan(j *job, si int) {
	if !j.spec.Adaptive {
		return
	}
	open := false
	for _, r := range j.stages[si].readBy {
		s := &j.stages[r]
		open = open || !s.started && !s.spec.Skip
	}
	for _, r := range j.stages[si].followed {
		s := &j.stages[r]
		open = open || !s.started && !s.spec.Skip
	}
	if !open {
		return
	}
	j.epoch++
	j.replanning = true
	may := make([]bool, len(j.stages))
	for i := range may {
		may[i] = j.open(i)
	}
	c.do(Replan{Job: j.spec.ID, Epoch: j.epoch, Stage: si, Open: may})
}

// open reports whether a stage may be changed: neither it nor one that reads it has begun.
func (j *job) open(si int) bool {
	s := &j.stages[si]
	begun := s.started
	for _, r := range s.readBy {
		begun = begun || j.stages[r].started
	}
	return !begun
}

// replanned takes the answer. One that is not consistent changes nothing.
func (c *Core) replanned(j *job, e Replanned) {
	if !j.replanning || e.Epoch != j.epoch {
		return
	}
	j.replanning = false
	if len(e.Stages) == len(j.stages) && j.check(e.Stages) == nil && !e.Stages[j.last()].Skip {
		open := make([]bool, len(j.stages))
		for si := range open {
			open[si] = j.open(si)
		}
		for si, spec := range e.Stages {
			s := &j.stages[si]
			switch {
			case spec.Skip && !s.spec.Skip && !s.spec.Once:
				if !j.feeds(si) {
					c.skip(j, si)
				}
			case open[si] && !spec.Skip:
				*s = stage{spec: spec, tasks: s.resized(spec.Tasks), readBy: s.readBy, followed: s.followed, firstAttempt: s.firstAttempt}
			}
		}
		j.link()
		for si := range j.stages {
			j.stages[si].inputs = nil
		}
		// What a stage reads now may have been lost when nobody read it.
		c.rollBack(j, make([]bool, len(j.stages)))
	}
	if c.jobs[j.spec.ID] == j {
		c.refresh(j)
	}
}

// feeds reports whether a stage that has begun and is not complete reads stage si.
func (j *job) feeds(si int) bool {
	for _, r := range j.stages[si].readBy {
		if s := &j.stages[r]; s.started && !s.complete() {
			return true
		}
	}
	return false
}

// resized is the tasks of a stage that has not begun, n of them.
func (s *stage) resized(n int) []task {
	if n == len(s.tasks) {
		return s.tasks
	}
	out := make([]task, n)
	for i := range out {
		out[i].attempt = uint16(s.firstAttempt)
	}
	return out
}

// skip ends what runs of a stage that nobody needs.
func (c *Core) skip(j *job, si int) {
	s := &j.stages[si]
	for ti := range s.tasks {
		if s.tasks[ti].state == running {
			c.abort(j, si, ti)
			s.tasks[ti].state = waiting
		}
	}
	s.spec.Skip = true
}
