package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/session"
)

// Config is what a process gives to its jobs.
type Config struct {
	Threads     int   // workers of a task whose session does not say
	MemoryLimit int64 // bytes that all jobs together may hold, 0: no limit
}

// Jobs runs plans. It may be used by many goroutines.
type Jobs struct {
	prefix string // of the names of its jobs
	fetch  Fetch  // in a cluster
	budget *mem.Budget
	events chan event
	done   chan struct{} // closed when the loop has ended
	cancel context.CancelFunc

	mu   sync.Mutex
	next int64
	open map[core.JobID]*job
}

// event is an event for the core, with what the loop needs beside it.
type event struct {
	core     core.Event
	job      *job     // with Submitted
	executor Executor // with Joined
	cause    error    // with Failed: the task's error; with Cancelled and Left: why
	report   *Report  // instead of core
}

// New runs jobs in this process. Close ends it.
func New(c Config) *Jobs {
	j := start(c, "job", nil)
	// The loop runs: Close comes after New.
	_ = j.Join(localID, localSlots, &local{jobs: j, threads: c.Threads, running: map[core.Task]context.CancelCauseFunc{}})
	return j
}

// NewCluster runs jobs on executors that join. The names of its jobs begin with prefix, which no other scheduler of the executors may use. The memory of
// results on their way to clients is charged to c's limit; c.Threads does not matter. Close ends it.
func NewCluster(c Config, prefix string, fetch Fetch) *Jobs { return start(c, prefix, fetch) }

func start(c Config, prefix string, fetch Fetch) *Jobs {
	ctx, cancel := context.WithCancel(context.Background())
	j := &Jobs{
		prefix: prefix, fetch: fetch, budget: mem.NewBudget("the process", c.MemoryLimit, nil), events: make(chan event), done: make(chan struct{}),
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
	p, err := plan.Unmarshal(encoded)
	if err != nil {
		return nil, err
	}
	spec := core.JobSpec{}
	index := map[int]int{}
	for i, s := range p.Stages {
		st := core.StageSpec{Tasks: s.Tasks, Once: writes(s)}
		for _, read := range stagesRead(s) {
			k, ok := index[read]
			if !ok {
				return nil, fault.New(fault.Internal, "stage %d reads stage %d, which does not come before it", s.ID, read)
			}
			st.Reads = append(st.Reads, k)
		}
		index[s.ID] = i
		spec.Stages = append(spec.Stages, st)
	}
	if n := p.Stages[len(p.Stages)-1].Tasks; n != 1 {
		return nil, fault.New(fault.Internal, "the last stage has %d tasks instead of one", n)
	}
	spec.Kept = j.fetch != nil
	j.mu.Lock()
	j.next++
	spec.ID = core.JobID(fmt.Sprint(j.prefix, "-", j.next))
	j.mu.Unlock()

	ctx, cancel := context.WithCancelCause(ctx)
	out := &job{
		id: spec.ID, plan: p, encoded: encoded, index: index, jobs: j, ctx: ctx, cancel: cancel,
		budget: mem.NewBudget("the query", p.Settings.MemoryLimit, j.budget), ended: make(chan struct{}),
		stats: map[int]plan.NodeStats{}, reported: map[core.ExecutorID][3]int64{},
	}
	if spec.Kept {
		out.delivery = newDelivery(out)
		out.rows = out.delivery
	} else {
		out.local = newLocalJob(p, out.budget)
		out.rows = out.local.results
	}
	if err := j.send(event{core: core.Submitted{Job: spec}, job: out}); err != nil {
		cancel(err)
		return nil, err
	}
	// The job ends with the caller's context, whatever its tasks are doing.
	go func() {
		select {
		case <-ctx.Done():
			_ = j.send(event{core: core.Cancelled{Job: spec.ID}, cause: context.Cause(ctx)})
		case <-out.ended:
		}
	}()
	return out, nil
}

// stagesRead are the stages that a stage's exchange reads name, each once.
func stagesRead(s *plan.Stage) []int {
	seen := map[int]bool{}
	var out []int
	visit := func(n plan.Node) {
		if r, ok := n.(*plan.ExchangeRead); ok && !seen[r.Stage] {
			seen[r.Stage] = true
			out = append(out, r.Stage)
		}
	}
	plan.Walk(s.Root, visit)
	for _, n := range s.Shared {
		plan.Walk(n, visit)
	}
	return out
}

// writes reports whether a stage changes something outside.
func writes(s *plan.Stage) bool {
	found := false
	plan.Walk(s.Root, func(n plan.Node) {
		_, ok := n.(*plan.Write)
		found = found || ok
	})
	return found
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
	l := &loop{jobs: j, core: core.New(), executors: map[core.ExecutorID]Executor{}}
	for {
		select {
		case e := <-j.events:
			l.take(e)
		case <-ctx.Done():
			for _, o := range j.all() {
				l.step(core.Cancelled{Job: o.id}, errClosed)
			}
			return
		}
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
	switch c := e.core.(type) {
	case core.Submitted:
		l.jobs.mu.Lock()
		l.jobs.open[e.job.id] = e.job
		l.jobs.mu.Unlock()
	case core.Joined:
		l.executors[c.Executor] = e.executor
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
		l.step(core.Succeeded{Task: r.Task}, nil)
		return
	}
	l.step(core.Failed{Task: r.Task, Message: r.Err.Error(), Retryable: r.Retryable, Missing: o.producers(r.Missing)}, r.Err)
}

// step does what the core says. An executor that an action names is there, since it leaves the core in the step in which it leaves the table.
func (l *loop) step(e core.Event, cause error) {
	for _, a := range l.core.Step(time.Now(), e) {
		switch a := a.(type) {
		case core.Launch:
			l.executors[a.Executor].Launch(l.job(a.Task.Job).attempt(a))
		case core.Abort:
			if x := l.executors[a.Executor]; x != nil {
				x.Abort(a.Task)
			}
		case core.Result:
			l.job(a.Job).delivery.locate(a.Outputs[0])
		case core.End:
			l.job(a.Job).end(a, cause)
			l.jobs.mu.Lock()
			delete(l.jobs.open, a.Job)
			l.jobs.mu.Unlock()
			for _, x := range l.executors {
				x.Drop(a.Job)
			}
		}
	}
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
