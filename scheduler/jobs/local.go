package jobs

import (
	"context"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/fault"
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
	spill   *spill.Dir
	running map[core.Task]context.CancelCauseFunc
}

// localJob is what the attempts of a job share in this process.
type localJob struct {
	budget   *mem.Budget
	results  *executor.Results
	exchange shuffle.Store
	tasks    sync.WaitGroup // running
	progress executor.Progress
}

// newLocalJob makes what a job's attempts share. Exchanged rows that have no room in memory go where tasks spill.
func newLocalJob(p *plan.Plan, budget *mem.Budget, dir *spill.Dir) *localJob {
	l := &localJob{budget: budget, results: executor.NewResults(p.Result(), budget, resultDepth), exchange: shuffle.NewMemory(budget)}
	if dir != nil && len(p.Stages) > 1 && budget.Tightest() > 0 {
		if folder, err := dir.Folder(); err == nil {
			tiered := shuffle.NewTiered(budget.For(mem.State), folder)
			tiered.LimitDisk(dir.Take)
			l.exchange = tiered
		}
	}
	return l
}

// Place notes at p's nodes on which of this process's devices they would run; what executors of a cluster decide is theirs.
func (j *Jobs) Place(p *plan.Plan) {
	if j.fetch == nil {
		executor.Place(p, j.config.Threads)
	}
}

// Launch runs an attempt on a goroutine, which reports how it ended.
func (x *local) Launch(a *Attempt) {
	ctx, cancel := context.WithCancelCause(a.job.ctx)
	x.running[a.Task] = cancel
	l := a.job.local
	l.tasks.Add(1)
	go func() {
		stats, sizes, err := x.run(ctx, a)
		cancel(nil)
		// The task is over before the loop hears of it, so that a job's end never waits for its own message.
		l.tasks.Done()
		// In this process a failure is the query's own: running it again would fail again.
		_ = x.jobs.Report(Report{Task: a.Task, Executor: localID, Err: err, Stats: stats, Sizes: sizes})
	}()
}

func (x *local) run(ctx context.Context, a *Attempt) (map[int]plan.NodeStats, []int64, error) {
	l := a.job.local
	threads := a.Settings.Threads
	if threads == 0 {
		threads = x.threads
	}
	t := &executor.Task{
		Stage: a.Stage, Partition: a.Task.Index, Threads: threads, Budget: l.budget, Settings: a.Settings, Measure: true, Spill: x.spill,
		Progress: &l.progress, Exchanges: &localExchanges{store: l.exchange, attempt: a},
	}
	if a.Task.Stage == len(a.job.encoded)-1 {
		stats, err := executor.RunTask(ctx, t, l.results)
		return stats, nil, err
	}
	counted := shuffle.Count(l.exchange)
	out, err := executor.NewExchangeOutput(ctx, t, counted, a.job.output(a.Task))
	if err != nil {
		return nil, nil, err
	}
	stats, err := executor.RunTask(ctx, t, out)
	return stats, counted.Sizes(), err
}

// localExchanges reads outputs of this process.
type localExchanges struct {
	store   shuffle.Store
	attempt *Attempt
}

// Read opens the task's share of all outputs of n's stage.
func (x *localExchanges) Read(ctx context.Context, n *plan.ExchangeRead, task int) (executor.ExchangeReader, error) {
	inputs, ok := x.attempt.Inputs[n.Stage]
	if !ok {
		return nil, fault.New(fault.UndefinedObject, "there is no output of stage %d", n.Stage)
	}
	share := x.attempt.Stage.Share(n, task)
	var outputs []shuffle.ID
	for i, in := range inputs {
		if share.Takes(i) {
			outputs = append(outputs, in.Output)
		}
	}
	var all readers
	for p := share.From; p < share.To; p++ {
		r, err := shuffle.NewReader(ctx, x.store, outputs, p, n.Out)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// readers are several partitions, read as one.
type readers []*shuffle.Reader

// Blocks is how many blocks there are in all of them.
func (l readers) Blocks() (n int) {
	for _, r := range l {
		n += r.Blocks()
	}
	return n
}

// Read decodes block i into a.
func (l readers) Read(ctx context.Context, i int, a *mem.Arena) ([]*column.Batch, error) {
	for _, r := range l {
		if i < r.Blocks() {
			return r.Read(ctx, i, a)
		}
		i -= r.Blocks()
	}
	return nil, fault.New(fault.Internal, "block %d beyond the end of an exchange", i)
}

// Locate has nothing to tell: jobs of one process do not start early.
func (x *local) Locate(core.JobID, Input) {}

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
