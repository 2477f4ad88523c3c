package jobs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/stage"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/shuffle"
)

// job is a plan that runs. launch and end are called by the loop alone.
type job struct {
	id     core.JobID
	whole  []byte         // the plan that it came with, in its wire format
	fields []column.Field // of the result
	jobs   *Jobs
	ctx    context.Context
	cancel context.CancelCauseFunc
	budget *mem.Budget
	ended  chan struct{} // closed when nothing of the job runs in this process

	resumed  bool // another scheduler has begun it
	attached bool // of a resumed job: somebody reads it; guarded by Jobs.mu

	rows     rows
	local    *localJob // nil in a cluster
	delivery *delivery // in a cluster

	// What follows belongs to the loop, which holds mu where it changes what others read: the plan and its changes.
	encoded [][]byte // stages in their wire format, nil until they are needed
	hashes  [][sha256.Size]byte
	specs   []core.StageSpec
	skip    []bool
	found   []*found
	outputs []*stage.Output   // of complete stages
	filters map[int]*gathered // by number

	mu       sync.Mutex
	plan     *plan.Plan // as of the last re-plan
	changes  []stage.Change
	inline   map[core.Task][]byte // outputs that came with their attempts' ends
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
func (j *job) attempt(l core.Launch) (*Attempt, error) {
	s := j.plan.Stages[l.Task.Stage]
	encoded, hash, err := j.stage(l.Task.Stage)
	if err != nil {
		return nil, err
	}
	a := &Attempt{
		Task: l.Task, Stage: s, Settings: j.plan.Settings, Encoded: encoded, Hash: hash, Inputs: map[int][]Input{}, Partial: l.Partial,
		Filters: j.filtersFor(s), job: j,
	}
	for stage, producers := range l.Producers {
		list := make([]Input, len(producers))
		for i, p := range producers {
			list[i] = j.input(p)
		}
		a.Inputs[stage] = list
	}
	return a, nil
}

// stage is a stage in its wire format, and the hash of that.
func (j *job) stage(i int) ([]byte, [sha256.Size]byte, error) {
	if j.hashes == nil {
		j.hashes = make([][sha256.Size]byte, len(j.encoded))
	}
	if j.encoded[i] == nil {
		encoded, err := plan.MarshalStage(j.plan.Stages[i], j.plan.Settings)
		if err != nil {
			return nil, [sha256.Size]byte{}, err
		}
		j.encoded[i], j.hashes[i] = encoded, sha256.Sum256(encoded)
	}
	return j.encoded[i], j.hashes[i], nil
}

func (j *job) input(p core.Producer) Input {
	return Input{Output: j.output(p.Task), Executor: p.Executor, Inline: j.small(p.Task)}
}

// output names what an attempt puts out. A stage's number is its place in the plan.
func (j *job) output(t core.Task) shuffle.ID {
	return shuffle.ID{Job: string(j.id), Stage: t.Stage, Task: t.Index, Attempt: t.Attempt}
}

// producers are the attempts that made outputs.
func (j *job) producers(outputs []shuffle.ID) []core.Task {
	var out []core.Task
	for _, o := range outputs {
		if o.Job == string(j.id) {
			out = append(out, core.Task{Job: j.id, Stage: o.Stage, Index: o.Task, Attempt: o.Attempt})
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
		case cause == nil && e.Reason != core.Rejected:
			err = fault.New(fault.Internal, "%s", e.Message)
		case e.Message == cause.Error():
			err = cause
		case e.Reason == core.Rejected:
			err = fault.New(fault.InsufficientResources, "the query was not taken: %s", e.Message)
		default:
			failed := fault.New(fault.CodeOf(cause), "%s", e.Message)
			if f, ok := fault.As(cause); ok && f.Hint != "" {
				failed = failed.WithHint("%s", f.Hint)
			}
			err = failed
		}
		err = withHistory(err, e.History)
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

// withHistory adds to an error how earlier attempts of its task failed.
func withHistory(err error, history []core.Failure) error {
	f, ok := fault.As(err)
	if !ok || len(history) == 0 {
		return err
	}
	var lines []string
	if f.Detail != "" {
		lines = append(lines, f.Detail)
	}
	for _, h := range history {
		lines = append(lines, fmt.Sprintf("attempt %d on executor %s: %s", h.Attempt, h.Executor, h.Message))
	}
	c := *f
	c.Detail = strings.Join(lines, "; ")
	return &c
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
