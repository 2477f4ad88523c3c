package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/session"
)

// Config is what a process gives to its jobs.
type Config struct {
	Threads     int          // workers of a task whose session does not say
	MemoryLimit int64        // bytes that all jobs together may hold, 0: no limit
	Spill       *spill.Dir   // where tasks of this process put what has no room in memory; nil: the system's temporary folder
	Limits      core.Limits  // how many jobs run and wait
	Journal     Journal      // nil: jobs end with the process
	Log         *slog.Logger // nil: nothing is logged
}

// Jobs runs plans. It may be used by many goroutines.
type Jobs struct {
	prefix  string // of the names of its jobs
	fetch   Fetch  // in a cluster
	config  Config
	journal Journal
	budget  *mem.Budget
	events  chan event
	done    chan struct{} // closed when the loop has ended
	cancel  context.CancelFunc

	mu   sync.Mutex
	next int64
	open map[core.JobID]*job
}

// event is an event for the core, with what the loop needs beside it.
type event struct {
	core     core.Event
	job      *job                           // with Submitted
	executor Executor                       // with Joined
	cause    error                          // with Failed: the task's error; with Cancelled and Left: why
	report   *Report                        // instead of core
	adopted  []Adopted                      // with Joined
	tasks    chan<- map[core.ExecutorID]int // instead of core: takes how many tasks run on each executor; has room for it
}

// New runs jobs in this process. Close ends it.
func New(c Config) *Jobs {
	j := start(c, "job", nil)
	// The loop runs: Close comes after New.
	_ = j.Join(localID, core.Capabilities{Slots: localSlots}, &local{jobs: j, threads: c.Threads, spill: c.Spill, running: map[core.Task]context.CancelCauseFunc{}})
	return j
}

// NewCluster runs jobs on executors that join. The names of its jobs begin with prefix, which no other scheduler of the executors may use. The memory of
// results on their way to clients is charged to c's limit; c.Threads does not matter. Close ends it.
func NewCluster(c Config, prefix string, fetch Fetch) *Jobs { return start(c, prefix, fetch) }

func start(c Config, prefix string, fetch Fetch) *Jobs {
	ctx, cancel := context.WithCancel(context.Background())
	if c.Journal == nil {
		c.Journal = noJournal{}
	}
	j := &Jobs{
		config: c, journal: c.Journal, prefix: prefix, fetch: fetch, budget: mem.NewBudget("the process", c.MemoryLimit, nil), events: make(chan event), done: make(chan struct{}),
		cancel: cancel, open: map[core.JobID]*job{},
	}
	go j.loop(ctx)
	return j
}

// Close ends all jobs and waits until nothing of them runs.
func (j *Jobs) Close() error {
	j.cancel()
	<-j.done
	return nil
}

// Memory is what all jobs hold now, in bytes, and the most they held.
func (j *Jobs) Memory() (used, peak int64) { return j.budget.Used(), j.budget.Peak() }

// Open reports whether a job is not over.
func (j *Jobs) Open(id core.JobID) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.open[id] != nil
}

// Run starts a plan in its wire format.
func (j *Jobs) Run(ctx context.Context, encoded []byte) (session.Job, error) {
	if o := j.attach(ctx); o != nil {
		return o, nil
	}
	p, err := plan.Unmarshal(encoded)
	if err != nil {
		return nil, err
	}
	if j.fetch != nil {
		if shorter := parted(p); shorter != p {
			p = shorter
			if encoded, err = plan.Marshal(p); err != nil {
				return nil, err
			}
		}
	}
	list, err := specs(p, nil)
	if err != nil {
		return nil, err
	}
	spec := core.JobSpec{Stages: list, Kept: j.fetch != nil}
	if wishes(&spec, p.Settings.Scheduling); j.fetch == nil {
		// One process has one executor, which has no other group and no labels, and runs nothing early.
		spec.Group, spec.Labels, spec.Policy, spec.Patient = "", nil, core.StageByStage, true
	}
	j.mu.Lock()
	j.next++
	spec.ID = core.JobID(fmt.Sprint(j.prefix, "-", j.next))
	j.mu.Unlock()

	out := j.newJob(ctx, spec, p, encoded)
	if err := j.send(event{core: core.Submitted{Job: spec}, job: out}); err != nil {
		out.cancel(err)
		return nil, err
	}
	attachment(ctx).tell(spec.ID)
	j.endWith(out)
	return out, nil
}

var errClosed = fault.New(fault.AdminShutdown, "the engine is closed")

// send hands an event to the loop.
func (j *Jobs) send(e event) error {
	select {
	case j.events <- e:
		return nil
	case <-j.done:
		return errClosed
	}
}

// loop owns the core, the executors and the table of jobs, which others may look up.
func (j *Jobs) loop(ctx context.Context) {
	defer close(j.done)
	l := &loop{jobs: j, core: core.New(j.config.Limits), executors: map[core.ExecutorID]Executor{}}
	// Delayed and slow attempts are looked for by time. In one process there are none.
	var ticks <-chan time.Time
	if j.fetch != nil {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for {
		select {
		case e := <-j.events:
			l.take(e)
		case <-ticks:
			if l.core.Jobs() > 0 {
				l.step(core.Tick{}, nil)
			}
		case <-ctx.Done():
			for _, o := range j.all() {
				l.step(core.Cancelled{Job: o.id}, errClosed)
			}
			return
		}
	}
}

// tick is how often the core is told that time has passed.
const tick = 100 * time.Millisecond

// log says what went wrong where nobody waits for an answer.
func (j *Jobs) log(what string, id core.JobID, err error) {
	if j.config.Log != nil {
		j.config.Log.Warn(what, "job", id, "error", err)
	}
}

// all is the jobs that are not over.
func (j *Jobs) all() []*job {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Collect(maps.Values(j.open))
}

// loop is what one goroutine owns.
type loop struct {
	jobs      *Jobs
	core      *core.Core
	executors map[core.ExecutorID]Executor
}

// take notes what comes with an event, and steps.
func (l *loop) take(e event) {
	if e.report != nil {
		l.report(e.report)
		return
	}
	if e.tasks != nil {
		e.tasks <- l.tasks()
		return
	}
	switch c := e.core.(type) {
	case core.Submitted:
		l.jobs.mu.Lock()
		l.jobs.open[e.job.id] = e.job
		l.jobs.mu.Unlock()
		if !e.job.resumed {
			l.jobs.journal.Submitted(e.job.id, e.job.whole, c.Job)
		}
	case core.Joined:
		l.executors[c.Executor] = e.executor
		e.core = l.rejoin(c, e.executor, e.adopted)
	case core.Left:
		delete(l.executors, c.Executor)
	}
	l.step(e.core, e.cause)
}

func (l *loop) job(id core.JobID) *job {
	l.jobs.mu.Lock()
	defer l.jobs.mu.Unlock()
	return l.jobs.open[id]
}

// report makes an event of how an attempt ended.
func (l *loop) report(r *Report) {
	if !l.core.Running(r.Task) {
		return
	}
	o := l.job(r.Task.Job)
	o.add(r.Stats)
	if r.Err == nil {
		o.note(r)
		o.keep(r)
		done := core.Succeeded{Task: r.Task, Output: core.Output{Bytes: sum(r.Sizes), Durable: r.Durable}}
		l.jobs.journal.Finished(core.Finished{Task: r.Task, Executor: r.Executor, Output: done.Output}, r.Inline, r.Sizes, r.Stats)
		l.step(done, nil)
		return
	}
	failed := core.Failed{Task: r.Task, Message: r.Err.Error(), Retryable: r.Retryable, OutOfMemory: r.OutOfMemory, Missing: o.producers(r.Missing)}
	l.step(failed, r.Err)
}

func sum(list []int64) (n int64) {
	for _, v := range list {
		n += v
	}
	return n
}

// step does what the core says, and tells it what it asks for. An executor that an action names is there, since it leaves the core in the step in which it
// leaves the table.
func (l *loop) step(e core.Event, cause error) {
	for events := []core.Event{e}; len(events) > 0; events = events[1:] {
		for _, a := range l.core.Step(time.Now(), events[0]) {
			switch a := a.(type) {
			case core.Launch:
				l.launch(a)
			case core.Located:
				o := l.job(a.Output.Task.Job)
				l.executors[a.Executor].Locate(a.Output.Task.Job, o.input(a.Output))
			case core.Abort:
				if x := l.executors[a.Executor]; x != nil {
					x.Abort(a.Task)
				}
			case core.Undone:
				l.jobs.journal.Undone(a.Task)
			case core.Replan:
				o := l.job(a.Job)
				answer := o.replan(a)
				events = append(events, answer)
				l.journalPlan(o, answer)
			case core.Result:
				l.job(a.Job).delivery.locate(a.Outputs)
			case core.End:
				l.end(a, cause)
			}
		}
	}
}

// launch has an executor run an attempt. An attempt that cannot even be described fails.
func (l *loop) launch(a core.Launch) {
	o := l.job(a.Task.Job)
	attempt, err := o.attempt(a)
	if err != nil {
		// The message cannot wait for the loop, which is here.
		go func() { _ = l.jobs.Report(Report{Task: a.Task, Executor: a.Executor, Err: err}) }()
		return
	}
	l.executors[a.Executor].Launch(attempt)
}

func (l *loop) journalPlan(o *job, answer core.Replanned) {
	if _, none := l.jobs.journal.(noJournal); none {
		return
	}
	encoded, err := plan.Marshal(o.plan)
	if err != nil {
		l.jobs.log("a plan could not be written", o.id, err)
		return
	}
	l.jobs.journal.Replanned(o.id, answer.Epoch, encoded, answer.Stages)
}

// end closes a job.
func (l *loop) end(e core.End, cause error) {
	l.job(e.Job).end(e, cause)
	l.jobs.mu.Lock()
	delete(l.jobs.open, e.Job)
	l.jobs.mu.Unlock()
	for _, x := range l.executors {
		x.Drop(e.Job)
	}
	l.jobs.journal.Ended(e.Job)
}

// canceled makes a context's end an error with a code.
func canceled(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.QueryCanceled, err, "the query ran into its time limit")
	}
	if err == nil || errors.Is(err, context.Canceled) {
		return fault.New(fault.QueryCanceled, "the query was canceled")
	}
	return err
}
