package core

import (
	"slices"
	"time"
)

const (
	// checkEvery is how often slow tasks are looked for.
	checkEvery = 500 * time.Millisecond
	// A task is slow when it has run slowFactor times as long as the median of its stage, and slowTime longer.
	slowFactor = 2.0
	slowTime   = time.Second
	// doneShare is the part of a stage's tasks that must be finished before the others can be called slow.
	doneShare = 0.5
	// twinShare is the part of a stage's tasks that may have a second attempt at once.
	twinShare = 0.1
)

// ring is the durations of a stage's last tasks, in milliseconds.
type ring struct {
	last [16]int32
	n    int
}

func (r *ring) add(ms int32) {
	r.last[r.n%len(r.last)] = ms
	r.n++
}

// median is that of the last durations.
func (r *ring) median() time.Duration {
	list := slices.Clone(r.last[:min(r.n, len(r.last))])
	slices.Sort(list)
	return time.Duration(list[len(list)/2]) * time.Millisecond
}

// speculate gives slow tasks a second attempt on another executor. It takes only slots that no waiting task wants.
func (c *Core) speculate() {
	if c.now.Sub(c.checked) < checkEvery {
		return
	}
	c.checked = c.now
	for _, j := range c.order {
		if j.spec.Patient || j.pool.free == 0 || j.first() >= 0 {
			continue
		}
		for si := range j.stages {
			c.speculateStage(j, si)
		}
	}
}

func (c *Core) speculateStage(j *job, si int) {
	s := &j.stages[si]
	if s.running == 0 || s.spec.Once || s.spec.Skip || s.durations.n == 0 || float64(s.done) < doneShare*float64(len(s.tasks)) {
		return
	}
	allowed := max(1, int(twinShare*float64(len(s.tasks))))
	for _, r := range s.rare {
		if r.twin != nil {
			allowed--
		}
	}
	median := s.durations.median()
	slow := int32((time.Duration(slowFactor*float64(median)) + slowTime).Milliseconds())
	for ti := range s.tasks {
		k := &s.tasks[ti]
		if allowed <= 0 {
			return
		}
		// One more failure ends the job: the last attempt is alone.
		if k.state != running || k.flags&(twinned|early) != 0 || k.failures >= MaxAttempts-1 || k.wide() || c.clock()-k.begun < slow {
			continue
		}
		avoid := k.avoid
		k.avoid = k.executor
		j.producers(si)
		x := c.place(j, si, ti)
		k.avoid = avoid
		if x == nil || x == k.executor {
			continue
		}
		r := s.rarely(ti)
		r.issued = max(r.issued, int(k.attempt), s.firstAttempt-1) + 1
		if r.issued >= maxAttemptNumber {
			continue
		}
		r.twin = &twin{executor: x, attempt: r.issued, begun: c.clock()}
		k.flags |= twinned
		c.occupy(j, s, ti, x)
		c.do(Launch{Task: Task{Job: j.spec.ID, Stage: si, Index: ti, Attempt: r.issued}, Executor: x.id, Producers: j.producers(si)})
		allowed--
	}
}

// keepOne ends the attempt of a twinned task that is not the given one; the other is then the task's only one.
func (c *Core) keepOne(j *job, si, ti, attempt int) {
	k := &j.stages[si].tasks[ti]
	if int(k.attempt) == attempt {
		c.endTwin(j, si, ti)
		return
	}
	c.do(Abort{Task: j.task(si, ti), Executor: k.executor.id})
	c.swapTwin(j, si, ti)
}

// dropOne forgets an attempt of a twinned task that has ended by itself.
func (c *Core) dropOne(j *job, si, ti, attempt int) {
	s := &j.stages[si]
	k := &s.tasks[ti]
	if int(k.attempt) == attempt {
		c.swapTwin(j, si, ti)
		return
	}
	r := s.rare[ti]
	c.release(j, s, ti, r.twin.executor)
	r.twin = nil
	k.flags &^= twinned
}

// endTwin aborts the second attempt.
func (c *Core) endTwin(j *job, si, ti int) {
	r := j.stages[si].rare[ti]
	if !r.twin.executor.gone {
		c.do(Abort{Task: Task{Job: j.spec.ID, Stage: si, Index: ti, Attempt: r.twin.attempt}, Executor: r.twin.executor.id})
	}
	c.dropOne(j, si, ti, r.twin.attempt)
}

// swapTwin puts the second attempt in the place of the first, which runs no more.
func (c *Core) swapTwin(j *job, si, ti int) {
	s := &j.stages[si]
	k := &s.tasks[ti]
	r := s.rare[ti]
	c.release(j, s, ti, k.executor)
	k.executor, k.attempt, k.begun = r.twin.executor, uint16(r.twin.attempt), r.twin.begun
	r.twin = nil
	k.flags &^= twinned
}

// loseTwin takes the attempt of a twinned task away that ran on an executor that is gone; it reports whether one did and the other goes on.
func (c *Core) loseTwin(j *job, si, ti int, x *executor) bool {
	k := &j.stages[si].tasks[ti]
	w := j.stages[si].rare[ti].twin
	switch x {
	case w.executor:
		c.dropOne(j, si, ti, w.attempt)
		return k.executor != x
	case k.executor:
		c.swapTwin(j, si, ti)
		return true
	}
	return false
}
