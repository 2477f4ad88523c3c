package core

import (
	"slices"
	"strings"
)

// pool is the executors that may run jobs of one kind of wishes, and these jobs. An executor may be in many pools.
type pool struct {
	group  string
	labels []Label
	key    string
	users  int // jobs
	sets   [profiles]*set
	free   int // executors that take something
	shares map[string]*share
	hungry heap[*share] // sessions with a job that has something to launch
}

// share is what a session uses of a pool.
type share struct {
	name   string
	used   float64 // slots, each divided by its job's weight
	users  int     // jobs
	hungry heap[*job]
	turn   int
	at     int
}

// maxIdlePools is how many pools are kept that no job uses.
const maxIdlePools = 16

// enter gives a job its pool and its session's share in it.
func (c *Core) enter(j *job) {
	labels := slices.Clone(j.spec.Labels)
	slices.SortFunc(labels, func(a, b Label) int { return strings.Compare(a.Name+"\x00"+a.Value, b.Name+"\x00"+b.Value) })
	key := j.spec.Group
	for _, l := range labels {
		key += "\x00" + l.Name + "\x00" + l.Value
	}
	at := slices.IndexFunc(c.pools, func(p *pool) bool { return p.key == key })
	if at < 0 {
		c.dropPools()
		c.pools = append(c.pools, c.newPool(key, j.spec.Group, labels))
		at = len(c.pools) - 1
	}
	p := c.pools[at]
	p.users++
	j.pool = p
	// Who comes now has had his turn later than all who wait, or newcomers would always go first.
	c.turn++
	j.turn = c.turn
	s := p.shares[j.session()]
	if s == nil {
		s = &share{name: j.session(), turn: c.turn, hungry: heap[*job]{less: jobBefore, place: func(j *job) *int { return &j.at }}}
		p.shares[s.name] = s
	}
	s.users++
	j.share = s
}

func (c *Core) dropPools() {
	idle := 0
	for _, p := range c.pools {
		if p.users == 0 {
			idle++
		}
	}
	if idle < maxIdlePools {
		return
	}
	c.pools = slices.DeleteFunc(c.pools, func(p *pool) bool {
		if p.users > 0 {
			return false
		}
		for _, x := range c.list {
			x.members = slices.DeleteFunc(x.members, func(m *member) bool { return m.pool == p })
		}
		return true
	})
}

// jobBefore orders the jobs of a session: the one with the least of its due first, then the one that waited longest.
func jobBefore(a, b *job) bool {
	if x, y := float64(a.used)/a.weight, float64(b.used)/b.weight; x != y {
		return x < y
	}
	if a.turn != b.turn {
		return a.turn < b.turn
	}
	return a.seq < b.seq
}

func shareBefore(a, b *share) bool {
	if a.used != b.used {
		return a.used < b.used
	}
	if a.turn != b.turn {
		return a.turn < b.turn
	}
	return a.name < b.name
}

// unshare takes a job that is over, and uses nothing, out of its pool.
func (c *Core) unshare(j *job) {
	c.hunger(j, false)
	if j.share.users--; j.share.users == 0 {
		delete(j.pool.shares, j.share.name)
	}
	j.pool.users--
}

// refresh brings a job's place among those that have something to launch in order.
func (c *Core) refresh(j *job) { c.hunger(j, j.first() >= 0) }

func (c *Core) hunger(j *job, hungry bool) {
	s := j.share
	if s == nil {
		return
	}
	switch {
	case hungry && j.at == 0:
		s.hungry.push(j)
	case !hungry && j.at > 0:
		s.hungry.remove(j)
	case hungry:
		s.hungry.fix(j)
	}
	switch {
	case len(s.hungry.list) > 0 && s.at == 0:
		j.pool.hungry.push(s)
	case len(s.hungry.list) == 0:
		j.pool.hungry.remove(s)
	default:
		j.pool.hungry.fix(s)
	}
}

// charge notes that a job uses more slots, or fewer.
func (c *Core) charge(j *job, slots int) {
	j.used += slots
	if j.share == nil {
		return
	}
	j.share.used += float64(slots) / j.weight
	if j.used == 0 && j.share.users == 1 {
		j.share.used = 0 // what rounding has left
	}
	if slots > 0 {
		c.turn++
		j.turn, j.share.turn = c.turn, c.turn
	}
	j.share.hungry.fix(j)
	j.pool.hungry.fix(j.share)
}
