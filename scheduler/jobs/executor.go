package jobs

import (
	"context"
	"crypto/sha256"

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
	// Locate says where an output lies for which attempts of the job wait that were launched with partial inputs.
	Locate(job core.JobID, in Input)
	// Abort stops an attempt that may already have ended.
	Abort(t core.Task)
	// Drop frees what the executor holds of a job.
	Drop(job core.JobID)
}

// Attempt is an attempt that an executor is to run.
type Attempt struct {
	Task     core.Task
	Stage    *plan.Stage
	Settings plan.Settings
	Encoded  []byte            // the stage in its wire format
	Hash     [sha256.Size]byte // of Encoded
	Inputs   map[int][]Input   // by the ID of the stage that is read: an output for each of its tasks
	Partial  bool              // some of them lie nowhere yet; Locate tells it
	Filters  []KeyFilter       // that its scans use

	job *job
}

// Input is an output of an earlier stage, and where it lies: "" where that is not known yet.
type Input struct {
	Output   shuffle.ID
	Executor core.ExecutorID
	Inline   []byte // the output itself, where it is small; nil: it lies somewhere
}

// Report says how an attempt ended.
type Report struct {
	Task        core.Task
	Executor    core.ExecutorID
	Err         error        // nil: its output is complete
	Retryable   bool         // another attempt could mend it
	OutOfMemory bool         // another attempt with fewer neighbours could
	Missing     []shuffle.ID // outputs that it could not read
	Sizes       []int64      // bytes of the output's partitions; nil: not known
	Durable     bool         // the output does not go when its executor leaves
	Inline      []byte       // the output itself, where it is small: an encoded polybolos.shuffle.v1.Inline
	Filters     []KeyFilter  // of the stage's filters
	Stats       map[int]plan.NodeStats
}

// Fetch opens an output of one partition that lies on an executor.
type Fetch func(ctx context.Context, from core.ExecutorID, output shuffle.ID, fields []column.Field, budget *mem.Budget) (Rows, error)

// Rows is an output that is read from its start to its end.
type Rows interface {
	// Next returns the next rows, valid until the next call or Close; nil at the end.
	Next(ctx context.Context) (*column.Batch, error)
	Close() error
}

// Change tells what is known now of an executor that has joined; one that has left stays away.
func (j *Jobs) Change(id core.ExecutorID, c core.Capabilities) error {
	return j.send(event{core: core.Changed{Executor: id, Capabilities: c}})
}

// Join brings an executor.
func (j *Jobs) Join(id core.ExecutorID, c core.Capabilities, x Executor) error {
	return j.send(event{core: core.Joined{Executor: id, Capabilities: c}, executor: x})
}

// Drain gives an executor nothing new.
func (j *Jobs) Drain(id core.ExecutorID) error {
	return j.send(event{core: core.Draining{Executor: id}})
}

// Leave takes an executor away with everything that runs and lies on it. The cause is what users are told where that ends a job; crashed says that the
// executor did not mean to go.
func (j *Jobs) Leave(id core.ExecutorID, crashed bool, cause error) error {
	return j.send(event{core: core.Left{Executor: id, Crashed: crashed}, cause: cause})
}

// Tasks is how many attempts run on each executor that has joined.
func (j *Jobs) Tasks() (map[core.ExecutorID]int, error) {
	answer := make(chan map[core.ExecutorID]int, 1)
	if err := j.send(event{tasks: answer}); err != nil {
		return nil, err
	}
	// The loop answers what it has taken before it ends.
	return <-answer, nil
}

func (l *loop) tasks() map[core.ExecutorID]int {
	out := make(map[core.ExecutorID]int, len(l.executors))
	for id := range l.executors {
		out[id] = l.core.TasksOn(id)
	}
	return out
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
