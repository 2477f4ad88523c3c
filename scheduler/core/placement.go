package core

import (
	"cmp"
	"slices"
)

// What executors do when they have not said what they can: the figures of a small machine.
const (
	defaultScan    = 200e6 // bytes a second and slot
	defaultHash    = 10e6  // rows a second and slot
	defaultNetwork = 500e6 // bytes a second
)

const (
	// deviceShare is the part of a device's bandwidth that a whole pipeline reaches.
	deviceShare = 0.25
	// crowding is how much longer a task takes on an executor whose other slots are all busy: they share caches and memory.
	crowding = 0.5
	// leastWork is the time in seconds that every task takes, so that equal ones are spread.
	leastWork = 1e-3
	// avoidance is the factor by which an executor seems slower on which the task has failed.
	avoidance = 1e3
	// candidates is how many executors are compared for a task, beside those that hold its inputs.
	candidates = 16
	// maxHolders is how many executors are looked at that hold inputs of a stage.
	maxHolders = 8
)

// holder is an executor on which a part of a stage's inputs lies.
type holder struct {
	x     *executor
	bytes int64 // of one task's inputs, on the average
}

// speed is an executor's throughput for a kind of work.
func (x *executor) speed(p profile) float64 {
	switch p {
	case hashing:
		return cmp.Or(x.caps.Hash, defaultHash)
	case device:
		return max(x.deviceSpeed(), cmp.Or(x.caps.Scan, defaultScan))
	}
	return cmp.Or(x.caps.Scan, defaultScan)
}

func (x *executor) deviceSpeed() (v float64) {
	for _, d := range x.caps.Devices {
		v += deviceShare * d.Bandwidth
	}
	return v
}

// burden is how much slower a task is there because of what else runs there and what has failed.
func (x *executor) burden() float64 {
	return (1 + crowding*float64(x.used)/float64(max(1, x.caps.Slots))) * float64(1+x.demerits)
}

// cost is how long a task of a stage would take on an executor, in seconds; local is how much of its input lies there.
func (x *executor) cost(w Work, local int64) float64 {
	compute := float64(w.Scan)/cmp.Or(x.caps.Scan, defaultScan) + float64(w.Rows)/cmp.Or(x.caps.Hash, defaultHash)
	if v := x.deviceSpeed(); w.Device && v > 0 {
		compute = min(compute, float64(w.Scan+w.Input)/v)
	}
	moved := float64(max(0, w.Input-local)) / cmp.Or(x.caps.Network, defaultNetwork)
	return (leastWork+compute)*x.burden() + moved
}

// wide reports whether a task takes more than one slot.
func (k *task) wide() bool { return k.ooms > 0 || k.crashes >= aloneAfterCrashes }

// weight is how many slots of an executor a task takes: more than one when it is to have fewer neighbours.
func (k *task) weight(x *executor) int {
	switch {
	case k.crashes >= aloneAfterCrashes || k.ooms >= 2:
		return x.caps.Slots
	case k.ooms == 1:
		return max(1, (x.caps.Slots+1)/2)
	}
	return 1
}

// fits reports whether an executor has room for a task. On an executor where nothing runs there is always room: it is all that can be offered.
func (x *executor) fits(k *task, need int64) bool {
	if !x.open() || x.used+k.weight(x) > x.caps.Slots {
		return false
	}
	return x.used == 0 || x.caps.Memory == 0 || x.memory+need <= x.caps.Memory
}

// place picks the executor for a task that may be launched, nil when none has room for it now.
func (c *Core) place(j *job, si, ti int) *executor {
	s := &j.stages[si]
	k := &s.tasks[ti]
	if x := c.preferred(j, si, ti); x != nil && x.fits(k, s.spec.Work.Memory) {
		return x
	}
	free := j.pool.sets[s.spec.Work.profile()].free.list
	var best *executor
	least := 0.0
	look := func(x *executor) {
		if !x.fits(k, s.spec.Work.Memory) {
			return
		}
		local := int64(0)
		for _, h := range s.holders {
			if h.x == x {
				local = h.bytes
			}
		}
		cost := x.cost(s.spec.Work, local)
		if x == k.avoid {
			cost *= avoidance
		}
		if best == nil || cost < least || cost == least && x.id < best.id {
			best, least = x, cost
		}
	}
	for _, m := range free[:min(len(free), candidates)] {
		look(m.x)
	}
	for _, h := range s.holders {
		if j.pool.takes(h.x) {
			look(h.x)
		}
	}
	if best == nil || best == k.avoid {
		// The best of those that are free have no room: any that has will do.
		for _, m := range free[min(len(free), candidates):] {
			if look(m.x); best != nil && best != k.avoid {
				break
			}
		}
	}
	return best
}

// findHolders are the executors that hold most of what stage i reads.
func (j *job) findHolders(i int) []holder {
	var sums []holder
	at := map[*executor]int{}
	for _, r := range j.stages[i].spec.Reads {
		from := &j.stages[r]
		if from.spec.Skip {
			continue
		}
		for ti := range from.tasks {
			k := &from.tasks[ti]
			if k.state != finished || k.output == 0 || k.executor.gone {
				continue
			}
			n, ok := at[k.executor]
			if !ok {
				n = len(sums)
				at[k.executor] = n
				sums = append(sums, holder{x: k.executor})
			}
			sums[n].bytes += int64(k.output) << 10
		}
	}
	slices.SortFunc(sums, func(a, b holder) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.x.id, b.x.id))
	})
	sums = slices.Clone(sums[:min(len(sums), maxHolders)])
	for n := range sums {
		sums[n].bytes /= int64(len(j.stages[i].tasks))
	}
	return sums
}

// reservation keeps an executor for a task that needs more than one slot, until enough of them are free.
type reservation struct {
	job          *job
	stage, index int
	x            *executor
}

// reserve keeps the emptiest executor for a task that needs more than one slot; the task waits for it alone. It reports whether there was one.
func (c *Core) reserve(j *job, si, ti int) bool {
	k := &j.stages[si].tasks[ti]
	var best *executor
	for _, x := range c.list {
		if !x.present || x.draining || x.reserved != nil || !j.pool.takes(x) {
			continue
		}
		if best == nil || (best == k.avoid) && x != k.avoid || (best == k.avoid) == (x == k.avoid) && x.used < best.used {
			best = x
		}
	}
	if best == nil {
		return false
	}
	r := &reservation{job: j, stage: si, index: ti, x: best}
	best.reserved = r
	c.reserved = append(c.reserved, r)
	j.stages[si].held++
	j.stages[si].started = true // what waits would not fit to a stage that is planned anew
	c.changed(best)
	return true
}

// useReserved launches the tasks whose executors have become free, and gives up reservations that are of no use any more.
func (c *Core) useReserved() {
	for at := 0; at < len(c.reserved); {
		r := c.reserved[at]
		s := &r.job.stages[r.stage]
		alive := c.jobs[r.job.spec.ID] == r.job && s.held > 0 && s.tasks[r.index].state == waiting
		k := &s.tasks[r.index]
		useful := alive && !s.spec.Skip && !r.x.gone && !r.x.draining && s.missing == 0 && s.softly == 0
		x := r.x
		if useful && x.used+k.weight(x) > x.caps.Slots {
			// Another may have become free sooner.
			r.job.producers(r.stage)
			if x = c.place(r.job, r.stage, r.index); x == nil {
				x = r.x
				c.clear(x)
			}
			if x.used+k.weight(x) > x.caps.Slots {
				at++
				continue
			}
		}
		c.reserved = slices.Delete(c.reserved, at, at+1)
		r.x.reserved = nil
		c.changed(r.x)
		if !alive {
			continue
		}
		s.held--
		if useful {
			c.launch(r.job, r.stage, r.index, x)
			continue
		}
		s.again = append(s.again, r.index)
		c.refresh(r.job)
	}
}
