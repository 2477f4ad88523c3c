package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/shuffle"
)

// Config is what a process gives to its jobs.
type Config struct {
	Threads     int   // workers of a task whose session does not say
	MemoryLimit int64 // bytes that all jobs together may hold, 0: no limit
}

// local is the executor of this process, and localSlots how many of its tasks the core may have running at once. Tasks whose client
// reads slowly wait in their slots without using a core, so there are many more than cores.
const (
	local      = core.ExecutorID("local")
	localSlots = 256
)

// resultDepth is how many packets of rows wait for a client: enough that a worker need not wait while one is read.
const resultDepth = 8

// Jobs runs plans in this process. It may be used by many goroutines.
type Jobs struct {
	config Config
	budget *mem.Budget
	events chan event
	done   chan struct{} // closed when the loop has ended
	cancel context.CancelFunc

	mu   sync.Mutex
	next int64
}

// event is an event for the core, with what the loop needs beside it.
type event struct {
	core  core.Event
	job   *job  // with Submitted
	cause error // with Failed: the task's error; with Cancelled: why
}

// New starts the loop. Close ends it.
func New(c Config) *Jobs {
	ctx, cancel := context.WithCancel(context.Background())
	j := &Jobs{
		config: c, budget: mem.NewBudget("the process", c.MemoryLimit, nil), events: make(chan event), done: make(chan struct{}), cancel: cancel,
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

// Run starts a plan in its wire format.
func (j *Jobs) Run(ctx context.Context, encoded []byte) (session.Job, error) {
	p, err := plan.Unmarshal(encoded)
	if err != nil {
		return nil, err
	}
	spec := core.JobSpec{}
	index := map[int]int{}
	for i, s := range p.Stages {
		st := core.StageSpec{Tasks: s.Tasks}
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
	j.mu.Lock()
	j.next++
	spec.ID = core.JobID(fmt.Sprint("job-", j.next))
	j.mu.Unlock()

	budget := mem.NewBudget("the query", p.Settings.MemoryLimit, j.budget)
	ctx, cancel := context.WithCancelCause(ctx)
	out := &job{
		id: spec.ID, plan: p, jobs: j, ctx: ctx, cancel: cancel, budget: budget,
		results:  executor.NewResults(p.Result(), budget, resultDepth),
		exchange: shuffle.NewMemory(budget),
		stats:    map[int]plan.NodeStats{},
		running:  map[core.Task]context.CancelCauseFunc{},
		ended:    make(chan struct{}),
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

// loop owns the core and the table of jobs.
func (j *Jobs) loop(ctx context.Context) {
	defer close(j.done)
	c := core.New()
	open := map[core.JobID]*job{}
	step := func(e event) {
		if e.job != nil {
			open[e.job.id] = e.job
		}
		for _, a := range c.Step(time.Now(), e.core) {
			switch a := a.(type) {
			case core.Launch:
				open[a.Task.Job].launch(a)
			case core.Abort:
				open[a.Task.Job].abort(a.Task)
			case core.End:
				open[a.Job].end(a, e.cause)
				delete(open, a.Job)
			}
		}
	}
	step(event{core: core.Joined{Executor: local, Slots: localSlots}})
	for {
		select {
		case e := <-j.events:
			step(e)
		case <-ctx.Done():
			for id := range open {
				step(event{core: core.Cancelled{Job: id}, cause: errClosed})
			}
			return
		}
	}
}

// failed turns a task's error into an event. In this process a failure is the query's own: running it again would fail again.
func failed(t core.Task, err error) event {
	return event{core: core.Failed{Task: t, Message: err.Error()}, cause: err}
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
