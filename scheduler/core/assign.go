package core

import (
	"slices"
	"time"
)

// maxStalled is how many jobs are passed over in one step because no free executor has room for their next task.
const maxStalled = 64

// assign gives runnable tasks to free slots: each time the session with the least of its due, and of it the job.
func (c *Core) assign() {
	c.useReserved()
	var stalled []*job
	for len(stalled) < maxStalled {
		p := c.hungriest()
		if p == nil {
			if c.preempt() {
				continue
			}
			break
		}
		j := p.hungry.list[0].hungry.list[0]
		si := j.first()
		s := &j.stages[si]
		ti := s.peek()
		j.producers(si)
		if c.hold(j, si, ti) {
			s.take()
			c.refresh(j)
			continue
		}
		if x := c.place(j, si, ti); x != nil {
			s.take()
			c.launch(j, si, ti, x)
			c.refresh(j)
			continue
		}
		if s.tasks[ti].wide() && c.reserve(j, si, ti) {
			s.take()
			c.refresh(j)
			continue
		}
		c.hunger(j, false)
		stalled = append(stalled, j)
	}
	for _, j := range stalled {
		c.refresh(j)
	}
	c.assignEarly()
}

// hungriest is the pool with a free executor whose next session has the least.
func (c *Core) hungriest() *pool {
	var best *pool
	for _, p := range c.pools {
		if p.free == 0 || len(p.hungry.list) == 0 {
			continue
		}
		if best == nil || shareBefore(p.hungry.list[0], best.hungry.list[0]) {
			best = p
		}
	}
	return best
}

// launch starts the next attempt of a task, which does not wait any more, on an executor.
func (c *Core) launch(j *job, si, ti int, x *executor) {
	s := &j.stages[si]
	k := &s.tasks[ti]
	inputs := j.producers(si)
	k.state, k.executor, k.begun = running, x, c.clock()
	s.running++
	s.started = true
	c.occupy(j, s, ti, x)
	if s.partial {
		k.flags |= early
		c.begunEarly = append(c.begunEarly, earlyTask{j, si, ti})
	}
	c.do(Launch{Task: j.task(si, ti), Executor: x.id, Producers: inputs, Partial: s.partial})
}

// occupy and release keep count of what runs on an executor.
func (c *Core) occupy(j *job, s *stage, ti int, x *executor) {
	w := s.tasks[ti].weight(x)
	if w > 1 {
		s.rarely(ti).slots = w
	}
	x.used += w
	x.tasks++
	x.memory += s.spec.Work.Memory
	c.changed(x)
	c.charge(j, w)
}

func (c *Core) release(j *job, s *stage, ti int, x *executor) {
	w := 1
	if r := s.rare[ti]; r != nil && r.slots > 1 && r.twin == nil {
		w, r.slots = r.slots, 0
	}
	x.used -= w
	x.tasks--
	x.memory -= s.spec.Work.Memory
	c.changed(x)
	c.charge(j, -w)
}

// delay is a task that waits for a time.
type delay struct {
	until        time.Time
	job          *job
	stage, index int
}

// wake has tasks wait no longer whose time has come.
func (c *Core) wake() {
	if len(c.onHold) > 0 {
		c.unhold()
	}
	if len(c.waits.list) > 0 {
		c.wakeWaiting()
	}
	if len(c.delayed) == 0 {
		return
	}
	c.delayed = slices.DeleteFunc(c.delayed, func(d delay) bool {
		if c.jobs[d.job.spec.ID] != d.job {
			return true
		}
		if d.until.After(c.now) {
			return false
		}
		s := &d.job.stages[d.stage]
		s.held--
		s.again = append(s.again, d.index)
		c.refresh(d.job)
		return true
	})
}
