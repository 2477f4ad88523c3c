package jobs

import (
	"context"
	"errors"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/shuffle"
)

// job is a plan that runs. launch and end are called by the loop alone.
type job struct {
	id      core.JobID
	plan    *plan.Plan
	encoded []byte
	index   map[int]int // of the stages in the plan, by ID
	jobs    *Jobs
	ctx     context.Context
	cancel  context.CancelCauseFunc
	budget  *mem.Budget
	ended   chan struct{} // closed when nothing of the job runs in this process

	rows     rows
	local    *localJob // nil in a cluster
	delivery *delivery // in a cluster

	mu       sync.Mutex
	stats    map[int]plan.NodeStats
	reported map[core.ExecutorID][3]int64 // splits, done, rows of executors elsewhere
}

// rows is where a job's rows come from: executor.Results or a delivery.
type rows interface {
	Next(ctx context.Context) (*column.Batch, error)
	Stats() map[int]plan.NodeStats
	End(stats map[int]plan.NodeStats, err error)
	Close() error
}

// attempt makes of a launch what an executor needs to run it.
func (j *job) attempt(l core.Launch) *Attempt {
	a := &Attempt{Task: l.Task, Plan: j.plan, Encoded: j.encoded, Inputs: map[int][]Input{}, job: j}
	for stage, producers := range l.Producers {
		id := j.plan.Stages[stage].ID
		for _, p := range producers {
			a.Inputs[id] = append(a.Inputs[id], Input{Output: j.output(p.Task), Executor: p.Executor})
		}
	}
	return a
}

// output names what an attempt puts out.
func (j *job) output(t core.Task) shuffle.ID {
	return shuffle.ID{Job: string(j.id), Stage: j.plan.Stages[t.Stage].ID, Task: t.Index, Attempt: t.Attempt}
}

// producers are the attempts that made outputs.
func (j *job) producers(outputs []shuffle.ID) []core.Task {
	var out []core.Task
	for _, o := range outputs {
		if stage, ok := j.index[o.Stage]; ok && o.Job == string(j.id) {
			out = append(out, core.Task{Job: j.id, Stage: stage, Index: o.Task, Attempt: o.Attempt})
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

// end closes the job once its last task in this process has stopped; the loop does not wait for that.
func (j *job) end(e core.End, cause error) {
	var err error
	switch e.State {
	case core.Error:
		switch {
		case cause == nil:
			err = fault.New(fault.Internal, "%s", e.Message)
		case e.Message == cause.Error():
			err = cause
		default:
			err = fault.New(fault.CodeOf(cause), "%s", e.Message)
		}
	case core.Canceled:
		err = canceled(cause)
	}
	go func() {
		if err != nil {
			j.cancel(err)
		}
		if j.local != nil {
			j.local.tasks.Wait()
			j.local.exchange.Drop(string(j.id))
		}
		j.mu.Lock()
		stats := j.stats
		j.mu.Unlock()
		j.rows.End(stats, err)
		close(j.ended)
		j.cancel(nil)
	}()
}

// Next returns the next rows of the result.
func (j *job) Next(ctx context.Context) (*column.Batch, error) { return j.rows.Next(ctx) }

// Stats is what was measured.
func (j *job) Stats() map[int]plan.NodeStats { return j.rows.Stats() }

// Progress says how far the scans are.
func (j *job) Progress() session.Progress {
	if l := j.local; l != nil {
		return session.Progress{Done: l.progress.Done.Load(), Total: l.progress.Splits.Load(), Rows: l.progress.Rows.Load()}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var out session.Progress
	for _, p := range j.reported {
		out.Total += p[0]
		out.Done += p[1]
		out.Rows += p[2]
	}
	return out
}

// errDropped ends a job whose rows nobody wants any more; it is no failure.
var errDropped = errors.New("the result was closed")

// Close ends the job and waits until nothing of it runs in this process.
func (j *job) Close() error {
	j.cancel(errDropped)
	err := j.rows.Close()
	<-j.ended
	if errors.Is(err, errDropped) {
		return nil
	}
	return err
}
