package jobs

import (
	"context"
	"errors"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/shuffle"
)

// job is a plan that runs. launch, abort and end are called by the loop alone.
type job struct {
	id       core.JobID
	plan     *plan.Plan
	jobs     *Jobs
	ctx      context.Context
	cancel   context.CancelCauseFunc
	budget   *mem.Budget
	results  *executor.Results
	exchange *shuffle.Memory

	tasks   sync.WaitGroup // running tasks
	running map[core.Task]context.CancelCauseFunc
	ended   chan struct{} // closed when nothing of the job runs

	mu    sync.Mutex
	stats map[int]plan.NodeStats

	progress executor.Progress
}

// launch runs an attempt on a goroutine, which tells the loop how it ended.
func (j *job) launch(l core.Launch) {
	ctx, cancel := context.WithCancelCause(j.ctx)
	j.running[l.Task] = cancel
	j.tasks.Add(1)
	go func() {
		stats, err := j.run(ctx, l)
		cancel(nil)
		j.add(stats)
		// The task is over before the loop hears of it, so that a job's end never waits for its own message.
		j.tasks.Done()
		if err != nil {
			_ = j.jobs.send(failed(l.Task, err))
		} else {
			_ = j.jobs.send(event{core: core.Succeeded{Task: l.Task}})
		}
	}()
}

func (j *job) run(ctx context.Context, l core.Launch) (map[int]plan.NodeStats, error) {
	stage := j.plan.Stages[l.Task.Stage]
	threads := j.plan.Settings.Threads
	if threads == 0 {
		threads = j.jobs.config.Threads
	}
	t := &executor.Task{
		Stage: stage, Partition: l.Task.Index, Threads: threads, Budget: j.budget, Settings: j.plan.Settings, Measure: true, Progress: &j.progress,
		Exchanges: &executor.LocalExchanges{Store: j.exchange, Outputs: j.outputs(l.Producers)},
	}
	if l.Task.Stage == len(j.plan.Stages)-1 {
		return executor.RunTask(ctx, t, j.results)
	}
	out, err := executor.NewExchangeOutput(ctx, t, j.exchange, j.output(l.Task))
	if err != nil {
		return nil, err
	}
	return executor.RunTask(ctx, t, out)
}

// output names what an attempt puts into the exchange.
func (j *job) output(t core.Task) shuffle.ID {
	return shuffle.ID{Job: string(j.id), Stage: j.plan.Stages[t.Stage].ID, Task: t.Index, Attempt: t.Attempt}
}

// outputs names by stage ID the outputs of the attempts that count.
func (j *job) outputs(producers map[int][]core.Task) map[int][]shuffle.ID {
	out := map[int][]shuffle.ID{}
	for stage, tasks := range producers {
		id := j.plan.Stages[stage].ID
		for _, t := range tasks {
			out[id] = append(out[id], j.output(t))
		}
	}
	return out
}

// add sums what a task measured.
func (j *job) add(stats map[int]plan.NodeStats) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for id, s := range stats {
		t := j.stats[id]
		t.Rows += s.Rows
		t.Batches += s.Batches
		t.Time += s.Time
		t.Memory += s.Memory
		if t.Detail == "" {
			t.Detail = s.Detail
		}
		j.stats[id] = t
	}
}

func (j *job) abort(t core.Task) {
	if cancel := j.running[t]; cancel != nil {
		cancel(context.Canceled)
	}
}

// end closes the job once its last task has stopped; the loop does not wait for that.
func (j *job) end(e core.End, cause error) {
	var err error
	switch e.State {
	case core.Error:
		if err = cause; err == nil {
			err = fault.New(fault.Internal, "%s", e.Message)
		}
	case core.Canceled:
		err = canceled(cause)
	}
	go func() {
		if err != nil {
			j.cancel(err)
		}
		j.tasks.Wait()
		j.exchange.Drop(string(j.id))
		j.mu.Lock()
		stats := j.stats
		j.mu.Unlock()
		j.results.End(stats, err)
		close(j.ended)
		j.cancel(nil)
	}()
}

// Next returns the next rows of the result.
func (j *job) Next(ctx context.Context) (*column.Batch, error) { return j.results.Next(ctx) }

// Stats is what was measured.
func (j *job) Stats() map[int]plan.NodeStats { return j.results.Stats() }

// Progress says how far the scans are.
func (j *job) Progress() session.Progress {
	return session.Progress{Done: j.progress.Done.Load(), Total: j.progress.Splits.Load(), Rows: j.progress.Rows.Load()}
}

// errDropped ends a job whose rows nobody wants any more; it is no failure.
var errDropped = errors.New("the result was closed")

// Close ends the job and waits until nothing of it runs.
func (j *job) Close() error {
	j.cancel(errDropped)
	err := j.results.Close()
	<-j.ended
	if errors.Is(err, errDropped) {
		return nil
	}
	return err
}
