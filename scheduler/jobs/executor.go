package jobs

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/shuffle"
)

// Executor runs attempts. Its methods are called by one goroutine, in order, and do not wait for what they set going. How each launched attempt ended
// is told to Jobs.Report, unless it was aborted.
type Executor interface {
	Launch(a *Attempt)
	// Abort stops an attempt that may already have ended.
	Abort(t core.Task)
	// Drop frees what the executor holds of a job.
	Drop(job core.JobID)
}

// Attempt is an attempt that an executor is to run.
type Attempt struct {
	Task    core.Task
	Plan    *plan.Plan
	Encoded []byte          // the plan in its wire format
	Inputs  map[int][]Input // by the ID of the stage that is read: an output for each of its tasks

	job *job
}

// Input is an output of an earlier stage, and where it lies.
type Input struct {
	Output   shuffle.ID
	Executor core.ExecutorID
}

// Report says how an attempt ended.
type Report struct {
	Task      core.Task
	Err       error        // nil: its output is complete
	Retryable bool         // another attempt could mend it
	Missing   []shuffle.ID // outputs that it could not read
	Stats     map[int]plan.NodeStats
}

// Fetch opens an output of one partition that lies on an executor.
type Fetch func(ctx context.Context, from core.ExecutorID, output shuffle.ID, fields []column.Field, budget *mem.Budget) (Rows, error)

// Rows is an output that is read from its start to its end.
type Rows interface {
	// Next returns the next rows, valid until the next call or Close; nil at the end.
	Next(ctx context.Context) (*column.Batch, error)
	Close() error
}

// Join brings an executor with room for so many tasks, or changes the room of one that is there.
func (j *Jobs) Join(id core.ExecutorID, slots int, x Executor) error {
	return j.send(event{core: core.Joined{Executor: id, Slots: slots}, executor: x})
}

// Drain gives an executor nothing new.
func (j *Jobs) Drain(id core.ExecutorID) error {
	return j.send(event{core: core.Draining{Executor: id}})
}

// Leave takes an executor away with everything that runs and lies on it. The cause is what users are told where that ends a job.
func (j *Jobs) Leave(id core.ExecutorID, cause error) error {
	return j.send(event{core: core.Left{Executor: id}, cause: cause})
}

// Report tells how an attempt ended. Reports of attempts that do not count any more are ignored.
func (j *Jobs) Report(r Report) error {
	return j.send(event{report: &r})
}

// Progress adds to what is known of a job's scans: what all its tasks on one executor have done so far.
func (j *Jobs) Progress(job core.JobID, on core.ExecutorID, splits, done, rows int64) {
	j.mu.Lock()
	o := j.open[job]
	j.mu.Unlock()
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reported[on] = [3]int64{splits, done, rows}
}
