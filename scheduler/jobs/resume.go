package jobs

import (
	"context"
	"time"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/stage"
	"github.com/polybolos-db/polybolos/scheduler/core"
)

// newJob makes a job, whose delivery or results its rows come from.
func (j *Jobs) newJob(ctx context.Context, spec core.JobSpec, p *plan.Plan, encoded []byte) *job {
	ctx, cancel := context.WithCancelCause(ctx)
	n := len(p.Stages)
	out := &job{
		id: spec.ID, plan: p, fields: p.Result(), whole: encoded, encoded: make([][]byte, n), specs: spec.Stages, skip: make([]bool, n), jobs: j, ctx: ctx,
		cancel: cancel, budget: mem.NewBudget("the query", p.Settings.MemoryLimit, j.budget), ended: make(chan struct{}),
		found: make([]*found, n), outputs: make([]*stage.Output, n), filters: map[int]*gathered{},
		stats: map[int]plan.NodeStats{}, reported: map[core.ExecutorID][3]int64{},
	}
	for i, st := range spec.Stages {
		out.skip[i] = st.Skip
	}
	if spec.Kept {
		out.delivery = newDelivery(out)
		out.rows = out.delivery
	} else {
		out.local = newLocalJob(p, out.budget, j.config.Spill)
		out.rows = out.local.results
	}
	return out
}

// endWith ends a job with its context, whatever its tasks are doing.
func (j *Jobs) endWith(o *job) {
	go func() {
		select {
		case <-o.ctx.Done():
			_ = j.send(event{core: core.Cancelled{Job: o.id}, cause: context.Cause(o.ctx)})
		case <-o.ended:
		}
	}()
}

// Resumed is a job that another scheduler has begun, as its journal has it.
type Resumed struct {
	Spec         core.JobSpec // with the stages of the last epoch
	Encoded      []byte       // the plan of the last epoch
	Epoch        int
	FirstAttempt int // the number of the first attempt that no task has had
	Finished     []Done
}

// Done is a finished attempt of a resumed job.
type Done struct {
	core.Finished
	Inline []byte
	Sizes  []int64
	Rows   map[int]int64
}

// Resume goes on with a job. Whoever runs a plan under its Attachment gets its rows; when nobody does for so long, it ends. A job that writes is not resumed: what
// its statement would have done after it is lost.
func (j *Jobs) Resume(r Resumed, patience time.Duration) error {
	p, err := plan.Unmarshal(r.Encoded)
	if err != nil {
		return err
	}
	if len(p.Stages) != len(r.Spec.Stages) {
		return fault.New(fault.DataCorrupted, "a plan of %d stages for a job of %d", len(p.Stages), len(r.Spec.Stages))
	}
	for i, s := range r.Spec.Stages {
		if s.Once {
			return fault.New(fault.ObjectNotInState, "stage %d of the job writes: it is not known what it has written", i)
		}
	}
	o := j.newJob(context.Background(), r.Spec, p, r.Encoded)
	o.resumed = true
	submitted := core.Submitted{Job: r.Spec, Epoch: r.Epoch, FirstAttempt: r.FirstAttempt, Hold: rejoinTime}
	for _, d := range r.Finished {
		t := d.Task
		if t.Stage < 0 || t.Stage >= len(p.Stages) || t.Index < 0 || t.Index >= p.Stages[t.Stage].Tasks {
			continue // of a stage that a later plan has cut differently
		}
		submitted.Finished = append(submitted.Finished, d.Finished)
		report := &Report{Task: t, Executor: d.Executor, Sizes: d.Sizes, Inline: d.Inline, Stats: map[int]plan.NodeStats{}}
		for id, rows := range d.Rows {
			report.Stats[id] = plan.NodeStats{Rows: rows}
		}
		o.add(report.Stats)
		o.note(report)
		o.keep(report)
	}
	for i, s := range r.Spec.Stages {
		o.skip[i] = s.Skip
	}
	if err := j.send(event{core: submitted, job: o}); err != nil {
		o.cancel(err)
		return err
	}
	j.endWith(o)
	time.AfterFunc(patience, func() {
		j.mu.Lock()
		abandoned := !o.attached
		j.mu.Unlock()
		if abandoned {
			o.cancel(fault.New(fault.QueryCanceled, "nobody came back for the result after the scheduler was started again"))
		}
	})
	return nil
}

// Attachment ties a run to its job. Under one with an ID, Run gives the resumed job of that ID to its first caller; Started is told the ID of a new one.
type Attachment struct {
	ID      core.JobID
	Started func(core.JobID)
}

type attachmentKey struct{}

// WithAttachment returns a context under which Run attaches.
func WithAttachment(ctx context.Context, a Attachment) context.Context {
	return context.WithValue(ctx, attachmentKey{}, a)
}

func attachment(ctx context.Context) Attachment {
	a, _ := ctx.Value(attachmentKey{}).(Attachment)
	return a
}

func (a Attachment) tell(id core.JobID) {
	if a.Started != nil {
		a.Started(id)
	}
}

// attach returns the resumed job that ctx asks for, if it is there and nobody has it. It ends with ctx from now on.
func (j *Jobs) attach(ctx context.Context) *job {
	id := attachment(ctx).ID
	if id == "" {
		return nil
	}
	j.mu.Lock()
	o := j.open[id]
	if o != nil && (!o.resumed || o.attached) {
		o = nil
	}
	if o != nil {
		o.attached = true
	}
	j.mu.Unlock()
	if o != nil {
		context.AfterFunc(ctx, func() { o.cancel(context.Cause(ctx)) })
	}
	return o
}
