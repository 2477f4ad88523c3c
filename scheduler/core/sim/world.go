package sim

import (
	"cmp"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/polybolos-db/polybolos/scheduler/core"
)

// world is what the core does not see: what really runs and lies where.
type world struct {
	config Config
	r      *rand.Rand
	core   *core.Core
	report Report
	start  time.Time
	now    time.Time
	queue  agenda
	seq    int

	executors map[core.ExecutorID]*machine
	names     []core.ExecutorID // in order of arrival
	jobs      map[core.JobID]*work
	attempts  map[core.Task]*attempt // ever launched
	running   map[string]int         // jobs by session
	settled   time.Time              // when all that a restart has upset is told
	err       error
}

// machine is an executor.
type machine struct {
	id       core.ExecutorID
	caps     core.Capabilities
	alive    bool // it works
	known    bool // the core has been told that it is there
	draining bool // the core has been told
	back     bool // it comes back to a scheduler that was started again
	slow     bool
	live     map[core.Task]*attempt
}

// work is a job.
type work struct {
	spec      core.JobSpec
	stages    []core.StageSpec // as of the last answer
	poison    map[[2]int]bool
	begun     map[int]bool
	asked     bool // for a new plan, and not answered
	open      []bool
	epoch     int
	started   bool
	ended     bool
	delivered bool
	result    []core.Producer
	journal   []entry
	stored    int // of them, when the scheduler was started last
}

// attempt is one that was launched.
type attempt struct {
	task   core.Task
	on     *machine
	live   bool // the core counts it as running
	aside  bool // it was aborted, or its executor went
	told   bool // the core was told of its success
	exists bool // its output is there
	gone   bool // the core was told that its output is gone
	twin   bool
	reads  map[int][]core.Task // what it has read
	inputs map[int][]core.Producer
	due    time.Time
	ran    bool
	spec   core.StageSpec // as launched
}

// item is something that will happen.
type item struct {
	at  time.Time
	seq int
	do  func()
}

type agenda []item

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, k int) bool {
	return cmp.Or(a[i].at.Compare(a[k].at), cmp.Compare(a[i].seq, a[k].seq)) < 0
}
func (a agenda) Swap(i, k int) { a[i], a[k] = a[k], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(item)) }
func (a *agenda) Pop() any {
	old := *a
	x := old[len(old)-1]
	*a = old[:len(old)-1]
	return x
}

// after has something happen after a time.
func (w *world) after(d time.Duration, do func()) {
	w.seq++
	heap.Push(&w.queue, item{at: w.now.Add(d), seq: w.seq, do: do})
}

func (w *world) chance(p float64) bool { return p > 0 && w.r.Float64() < p }

// calm reports whether faults have stopped.
func (w *world) calm() bool { return w.now.Sub(w.start) > w.config.Horizon }

// fault is chance as long as there are faults.
func (w *world) fault(p float64) bool { return !w.calm() && w.chance(p) }

func (w *world) between(low, high time.Duration) time.Duration {
	return low + time.Duration(w.r.Int64N(int64(high-low)+1))
}

func (w *world) broken(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("seed %d, event %d, after %v: %s", w.config.Seed, w.report.Events, w.now.Sub(w.start), fmt.Sprintf(format, args...))
	}
}

// patience is the simulated time after the last fault in which all jobs must have ended.
const patience = 20 * time.Minute

// Run simulates until all jobs have ended. An error is a broken invariant.
func Run(c Config) (Report, error) {
	w := &world{
		config: c, r: rand.New(rand.NewPCG(c.Seed, 7)), core: core.New(core.Limits{Running: 16}), start: time.Unix(0, 0).UTC(), now: time.Unix(0, 0).UTC(),
		executors: map[core.ExecutorID]*machine{}, jobs: map[core.JobID]*work{}, attempts: map[core.Task]*attempt{}, running: map[string]int{},
	}
	for range c.Executors {
		w.after(w.between(0, 2*time.Second), w.arrive)
	}
	for n := range c.Jobs {
		w.after(w.between(0, c.Horizon/2), func() { w.submit(n) })
	}
	for _, group := range []string{"a", "b"} {
		w.after(c.Horizon+time.Millisecond, func() { w.welcome(group) })
	}
	w.after(0, w.tick)
	for w.err == nil && w.now.Sub(w.start) < c.Horizon+patience {
		if w.over() {
			break
		}
		next := heap.Pop(&w.queue).(item)
		w.now = next.at
		next.do()
	}
	w.report.Time = w.now.Sub(w.start)
	if w.err == nil && !w.over() {
		w.broken("the jobs do not come to an end")
	}
	if w.err == nil && w.core.Jobs() != 0 {
		w.broken("all jobs have ended, but the core has %d", w.core.Jobs())
	}
	return w.report, w.err
}

// over reports whether all jobs came and ended.
func (w *world) over() bool {
	if len(w.jobs) < w.config.Jobs {
		return false
	}
	for _, j := range w.jobs {
		if !j.ended {
			return false
		}
	}
	return true
}

// arrive brings a new executor. There are always two that have everything, also when the faults have stopped.
func (w *world) arrive() {
	if len(w.names) < 2 {
		w.welcome([]string{"a", "b"}[len(w.names)])
		return
	}
	w.welcome("")
}

// welcome brings an executor of a group that has all labels, or of any.
func (w *world) welcome(group string) {
	id := core.ExecutorID(fmt.Sprintf("x%05d", len(w.names)))
	m := &machine{id: id, alive: true, live: map[core.Task]*attempt{}, slow: w.fault(w.config.Slow)}
	m.caps = core.Capabilities{Slots: 1 + w.r.IntN(4), Memory: 1 << 30, Scan: 1e8 * (1 + w.r.Float64()), Group: []string{"a", "b"}[w.r.IntN(2)]}
	if group != "" {
		m.caps.Group = group
	}
	if w.chance(0.3) {
		m.caps.Devices = []core.Device{{Memory: 1 << 34, Bandwidth: 1e12}}
	}
	if w.chance(0.5) {
		m.caps.Name = fmt.Sprint("m", w.r.IntN(3))
	}
	if w.chance(0.5) || group != "" {
		m.caps.Labels = []core.Label{{Name: "disk", Value: "fast"}}
	}
	w.executors[id] = m
	w.names = append(w.names, id)
	w.after(w.between(0, 10*time.Millisecond), func() {
		if m.alive {
			m.known = true
			w.step(core.Joined{Executor: id, Capabilities: m.caps})
		}
	})
}

// tick lets time pass, and executors crash and drain.
func (w *world) tick() {
	const every = 250 * time.Millisecond
	for _, id := range w.names {
		m := w.executors[id]
		switch {
		case !m.alive || !m.known:
		case w.fault(w.config.Crash * every.Seconds()):
			w.crash(m)
		case !m.draining && w.fault(w.config.Drain*every.Seconds()):
			m.draining = true
			w.step(core.Draining{Executor: id})
			w.after(w.between(time.Second, 5*time.Second), func() { w.go1(m, false) })
		case len(m.caps.Devices) > 0 && w.fault(w.config.Drain*every.Seconds()):
			m.caps.Devices = nil
			w.step(core.Changed{Executor: id, Capabilities: m.caps})
		}
	}
	w.step(core.Tick{})
	if w.fault(w.config.Restart * every.Seconds()) {
		w.restart()
	}
	w.after(every, w.tick)
}

// crash ends an executor at once; the core hears of it later.
func (w *world) crash(m *machine) {
	if !m.alive {
		return
	}
	w.report.Crashes++
	m.alive = false
	w.after(w.between(0, 2*time.Second), func() { w.go1(m, true) })
}

// go1 tells the core that an executor has left; another comes for it.
func (w *world) go1(m *machine, crashed bool) {
	if !m.known {
		return
	}
	m.alive, m.known = false, false
	for _, a := range m.live {
		a.live, a.aside = false, true
	}
	clear(m.live)
	for _, a := range w.attempts {
		if a.on == m {
			a.gone, a.exists = true, false
		}
	}
	// Poison must not take away the last one that a job can use.
	group := ""
	if w.calm() && len(m.caps.Labels) > 0 {
		group = m.caps.Group
	}
	w.after(w.between(0, time.Second), func() { w.welcome(group) })
	w.step(core.Left{Executor: m.id, Crashed: crashed})
}
