package core

// preferTime is how long, in milliseconds, a task waits for a slot of the executor on which its files lie: longer than most tasks take. Afterwards
// any other reads them through it.
const preferTime = 5000

// preferred is the executor on which the files of a task lie, nil when there is none or it is of no use. Of several the first is taken that has room.
func (c *Core) preferred(j *job, si, ti int) *executor {
	s := &j.stages[si]
	if ti >= len(s.spec.Prefers) || s.spec.Prefers[ti] == "" {
		return nil
	}
	k := &s.tasks[ti]
	var found *executor
	for _, x := range c.list {
		if x.caps.Name != s.spec.Prefers[ti] || !x.present || x.gone || x.draining || x == k.avoid || !j.pool.takes(x) {
			continue
		}
		if found = x; x.fits(k, s.spec.Work.Memory) {
			break
		}
	}
	return found
}

// hold has a task wait for a short time when the executor on which its files lie has no room for it, and reports whether it did.
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
	if c.clock()-k.begun > preferTime {
		return false
	}
	s.held++
	c.delayed = append(c.delayed, delay{until: c.now.Add(firstDelay), job: j, stage: si, index: ti})
	return true
}
