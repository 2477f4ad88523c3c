package jobs

import (
	"context"
	"sync"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/shuffle"
)

// localID is the executor of this process, and localSlots how many of its tasks the core may have running at once. Tasks whose client
// reads slowly wait in their slots without using a core, so there are many more than cores.
const (
	localID    = core.ExecutorID("local")
	localSlots = 256
)

// resultDepth is how many packets of rows wait for a client: enough that a worker need not wait while one is read.
const resultDepth = 8

// local runs attempts on goroutines of this process.
type local struct {
	jobs    *Jobs
	threads int
	running map[core.Task]context.CancelCauseFunc
}

// localJob is what the attempts of a job share in this process.
type localJob struct {
	budget   *mem.Budget
	results  *executor.Results
	exchange *shuffle.Memory
	tasks    sync.WaitGroup // running
	progress executor.Progress
}

func newLocalJob(p *plan.Plan, budget *mem.Budget) *localJob {
	return &localJob{budget: budget, results: executor.NewResults(p.Result(), budget, resultDepth), exchange: shuffle.NewMemory(budget)}
}

// Launch runs an attempt on a goroutine, which reports how it ended.
func (x *local) Launch(a *Attempt) {
	ctx, cancel := context.WithCancelCause(a.job.ctx)
	x.running[a.Task] = cancel
	l := a.job.local
	l.tasks.Add(1)
	go func() {
		stats, err := x.run(ctx, a)
		cancel(nil)
		// The task is over before the loop hears of it, so that a job's end never waits for its own message.
		l.tasks.Done()
		// In this process a failure is the query's own: running it again would fail again.
		_ = x.jobs.Report(Report{Task: a.Task, Err: err, Stats: stats})
	}()
}

func (x *local) run(ctx context.Context, a *Attempt) (map[int]plan.NodeStats, error) {
	l := a.job.local
	threads := a.Plan.Settings.Threads
	if threads == 0 {
		threads = x.threads
	}
	outputs := map[int][]shuffle.ID{}
	for stage, inputs := range a.Inputs {
		for _, in := range inputs {
			outputs[stage] = append(outputs[stage], in.Output)
		}
	}
	t := &executor.Task{
		Stage: a.Plan.Stages[a.Task.Stage], Partition: a.Task.Index, Threads: threads, Budget: l.budget, Settings: a.Plan.Settings, Measure: true,
		Progress: &l.progress, Exchanges: &executor.LocalExchanges{Store: l.exchange, Outputs: outputs},
	}
	if a.Task.Stage == len(a.Plan.Stages)-1 {
		return executor.RunTask(ctx, t, l.results)
	}
	out, err := executor.NewExchangeOutput(ctx, t, l.exchange, a.job.output(a.Task))
	if err != nil {
		return nil, err
	}
	return executor.RunTask(ctx, t, out)
}

// Abort ends an attempt's context.
func (x *local) Abort(t core.Task) {
	if cancel := x.running[t]; cancel != nil {
		cancel(context.Canceled)
	}
}

// Drop forgets a job's attempts; its memory is freed when the last of them has ended.
func (x *local) Drop(id core.JobID) {
	for t := range x.running {
		if t.Job == id {
			delete(x.running, t)
		}
	}
}
