package core

import (
	"slices"
	"time"
)

// preferTime is how long, in milliseconds, a task waits for a slot of the executor on which its files lie: longer than most tasks take. Afterwards
// any other reads them through it.
const preferTime = 5000

// machine is the executors of one name, which have the same files, and the tasks that wait for a slot of one of them.
type machine struct {
	executors []*executor // in order of arrival
	waiting   []*wait     // the first one longest; those that wait no more are passed over
	opened    bool        // it is among Core.opened
}

// wait is a task that waits for an executor of its own.
type wait struct {
	job          *job
	stage, index int
	until        time.Time
	place        int // in Core.waits; 0: it waits no more
}

func waitBefore(a, b *wait) bool {
	if !a.until.Equal(b.until) {
		return a.until.Before(b.until)
	}
	if a.job != b.job {
		return a.job.seq < b.job.seq
	}
	if a.stage != b.stage {
		return a.stage < b.stage
	}
	return a.index < b.index
}

// machineOf is the machine of a name, made when there is none.
func (c *Core) machineOf(name string) *machine {
	m := c.machines[name]
	if m == nil {
		m = &machine{}
		c.machines[name] = m
	}
	return m
}

// named notes the name of an executor that has joined or changed.
func (c *Core) named(x *executor, name string) {
	if x.caps.Name != name || x.machine == nil {
		c.unnamed(x)
		if name != "" {
			x.machine = c.machineOf(name)
			x.machine.executors = append(x.machine.executors, x)
		}
	}
}

// unnamed takes an executor from its machine, whose tasks look for another.
func (c *Core) unnamed(x *executor) {
	m := x.machine
	if m == nil {
		return
	}
	x.machine = nil
	m.executors = slices.DeleteFunc(m.executors, func(o *executor) bool { return o == x })
	c.scatter(m)
	if len(m.executors) == 0 {
		delete(c.machines, x.caps.Name)
	}
}

// scatter has all tasks that wait for a machine wait no longer.
func (c *Core) scatter(m *machine) {
	for _, w := range m.waiting {
		c.unwait(w)
	}
	m.waiting = nil
}

// preferred is the executor on which the files of a task lie, nil when there is none or it is of no use. Of several the first is taken that has room.
func (c *Core) preferred(j *job, si, ti int) *executor {
	s := &j.stages[si]
	if ti >= len(s.spec.Prefers) || s.spec.Prefers[ti] == "" {
		return nil
	}
	m := c.machines[s.spec.Prefers[ti]]
	if m == nil {
		return nil
	}
	k := &s.tasks[ti]
	var found *executor
	for _, x := range m.executors {
		if !x.present || x.gone || x.draining || x == k.avoid || !j.pool.takes(x) {
			continue
		}
		if found = x; x.fits(k, s.spec.Work.Memory) {
			break
		}
	}
	return found
}

// hold has a task wait for a time when the executor on which its files lie has no room for it, and reports whether it did.
func (c *Core) hold(j *job, si, ti int) bool {
	x := c.preferred(j, si, ti)
	s := &j.stages[si]
	k := &s.tasks[ti]
	if x == nil || k.failures > 0 || x.fits(k, s.spec.Work.Memory) {
		return false
	}
	// Until it is launched, a task's begin is when it first waited.
	if k.begun == 0 {
		k.begun = max(1, c.clock())
	}
	left := int64(k.begun) + preferTime - int64(c.clock())
	if left < 0 {
		return false
	}
	s.held++
	s.started = true // what waits would not fit to a stage that is planned anew
	w := &wait{job: j, stage: si, index: ti, until: c.now.Add(time.Duration(left+1) * time.Millisecond)}
	c.waits.push(w)
	x.machine.waiting = append(x.machine.waiting, w)
	return true
}

// unwait has a task wait no longer, if it still does.
func (c *Core) unwait(w *wait) {
	if w.place == 0 {
		return
	}
	c.waits.remove(w)
	if c.jobs[w.job.spec.ID] != w.job {
		return
	}
	s := &w.job.stages[w.stage]
	s.held--
	s.again = append(s.again, w.index)
	c.refresh(w.job)
}

// vacant notes that an executor may have room for what waits for it.
func (c *Core) vacant(x *executor) {
	if m := x.machine; m != nil && len(m.waiting) > 0 && !m.opened {
		m.opened = true
		c.opened = append(c.opened, m)
	}
}

// wakeWaiting has tasks look for an executor again: those that waited long enough, and as many of each machine as it has free slots.
func (c *Core) wakeWaiting() {
	for len(c.waits.list) > 0 && !c.waits.list[0].until.After(c.now) {
		w := c.waits.list[0]
		c.unwait(w)
		if m := c.machines[w.name()]; m != nil {
			m.trim()
		}
	}
	opened := c.opened
	c.opened = nil
	for _, m := range opened {
		m.opened = false
		free := 0
		for _, x := range m.executors {
			if x.open() {
				free += x.caps.Slots - x.used
			}
		}
		for ; free > 0; free-- {
			if m.trim(); len(m.waiting) == 0 {
				break
			}
			c.unwait(m.waiting[0])
		}
	}
}

// name is that of the executor that the task waits for.
func (w *wait) name() string {
	if p := w.job.stages[w.stage].spec.Prefers; w.index < len(p) {
		return p[w.index]
	}
	return ""
}

// trim forgets what waits no more at the beginning of the list.
func (m *machine) trim() {
	for len(m.waiting) > 0 && m.waiting[0].place == 0 {
		m.waiting[0] = nil
		m.waiting = m.waiting[1:]
	}
}
