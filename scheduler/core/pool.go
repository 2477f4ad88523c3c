package core

import (
	"math"
	"slices"
)

// executor is one that has joined.
type executor struct {
	id       ExecutorID
	caps     Capabilities
	used     int   // slots
	tasks    int   // that run
	memory   int64 // bytes that its tasks are expected to hold
	draining bool
	gone     bool
	present  bool // it has joined; otherwise only outputs on it are known
	demerits int  // failures since the last success
	reserved *reservation
	members  []*member
	machine  *machine // of its name; nil without a name, and before it has joined
}

// member is an executor in one order of one pool.
type member struct {
	x     *executor
	pool  *pool
	set   *set
	score float64
	at    int
}

// set is the executors of a pool that have a free slot, the best for a kind of work first.
type set struct {
	free heap[*member]
}

// profile is a kind of work that executors may be differently good at.
type profile int

const (
	scanning profile = iota
	hashing
	device
	profiles
)

func (w Work) profile() profile {
	switch {
	case w.Device:
		return device
	case w.Rows > 0 && w.Scan == 0:
		return hashing
	}
	return scanning
}

func (c *Core) newPool(key, group string, labels []Label) *pool {
	p := &pool{key: key, group: group, labels: labels, shares: map[string]*share{}}
	p.hungry = heap[*share]{less: shareBefore, place: func(s *share) *int { return &s.at }}
	for i := range p.sets {
		p.sets[i] = &set{free: heap[*member]{less: memberBefore, place: func(m *member) *int { return &m.at }}}
	}
	for _, x := range c.list {
		c.addTo(p, x)
	}
	return p
}

func memberBefore(a, b *member) bool {
	if a.score != b.score {
		return a.score > b.score
	}
	return a.x.id < b.x.id
}

// takes reports whether an executor is what the pool's jobs wish for.
func (p *pool) takes(x *executor) bool {
	if p.group != "" && x.caps.Group != p.group {
		return false
	}
	for _, l := range p.labels {
		if !slices.Contains(x.caps.Labels, l) {
			return false
		}
	}
	return true
}

func (c *Core) addTo(p *pool, x *executor) {
	if !x.present || !p.takes(x) {
		return
	}
	for i := range p.sets {
		m := &member{x: x, pool: p, set: p.sets[i]}
		x.members = append(x.members, m)
	}
	c.changed(x)
}

// changed brings an executor's places in all orders up to date.
func (c *Core) changed(x *executor) {
	open := x.open()
	if open {
		c.vacant(x)
	}
	for i, m := range x.members {
		p := profile(i % int(profiles))
		switch {
		case !open && m.at > 0:
			m.set.free.remove(m)
			if p == 0 {
				m.pool.free--
			}
		case open && m.at == 0:
			m.score = x.score(p)
			m.set.free.push(m)
			if p == 0 {
				m.pool.free++
			}
		case open:
			if s := x.score(p); s != m.score {
				m.score = s
				m.set.free.fix(m)
			}
		}
	}
}

// open reports whether an executor takes a task now.
func (x *executor) open() bool {
	return x.present && !x.gone && !x.draining && x.reserved == nil && x.used < x.caps.Slots
}

// score orders executors for a kind of work: the faster and the emptier, the better.
func (x *executor) score(p profile) float64 {
	return coarse(x.speed(p)) / x.burden()
}

// coarse keeps small differences of what was measured from sending all work to one of two equal machines.
func coarse(v float64) float64 { return math.Exp2(math.Round(4*math.Log2(v)) / 4) }

// freeSlots is how many tasks could be launched in the pool now.
func (p *pool) freeSlots() (n int) {
	for _, m := range p.sets[0].free.list {
		n += m.x.caps.Slots - m.x.used
	}
	return n
}

// known is the executor of that name, which may not have joined.
func (c *Core) known(id ExecutorID) *executor {
	x := c.executors[id]
	if x == nil {
		x = &executor{id: id}
		c.executors[id] = x
		c.list = append(c.list, x)
	}
	return x
}

func (c *Core) join(e Joined) {
	x := c.known(e.Executor)
	x.present, x.draining = true, false
	c.describe(x, e.Capabilities)
	for _, r := range e.Running {
		c.adopt(x, r)
	}
}

func (c *Core) change(e Changed) {
	if x := c.executors[e.Executor]; x != nil && x.present {
		c.describe(x, e.Capabilities)
	}
}

// describe gives a present executor its places in the pools that take such a one.
func (c *Core) describe(x *executor, caps Capabilities) {
	for i, m := range x.members {
		if m.at > 0 && i%int(profiles) == 0 {
			m.pool.free--
		}
		m.set.free.remove(m)
	}
	x.members = nil
	c.named(x, caps.Name)
	x.caps = caps
	x.caps.Slots = max(1, x.caps.Slots)
	for _, p := range c.pools {
		c.addTo(p, x)
	}
}
