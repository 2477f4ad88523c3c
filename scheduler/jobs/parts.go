package jobs

import (
	"context"
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/shuffle"
)

// Part is a part of a job's result, and where it lies.
type Part struct {
	Output   shuffle.ID // of which it is partition 0
	Executor core.ExecutorID
	Small    bool // it came in a message, and lies nowhere
}

// Parted is a job whose result lies in parts on executors, which others than the job's owner may read there. The owner says so by Begin, and closes the job when all
// are read.
type Parted interface {
	// Parts waits until the result is complete and says where it lies. The rows of several parts have no order.
	Parts(ctx context.Context) ([]Part, error)
	// Part reads one here. When the executor was lost, the part is made again, unless somebody has begun to read.
	Part(i int) Rows
	// Begin says that somebody has begun to read a part where it lies.
	Begin()
}

// Parts waits until the result is complete; a job of this process has none.
func (j *job) Parts(ctx context.Context) ([]Part, error) {
	if j.delivery == nil {
		return nil, nil
	}
	list, _, err := j.delivery.located(ctx, 0)
	if err != nil {
		return nil, err
	}
	out := make([]Part, len(list))
	for i, p := range list {
		out[i] = Part{Output: j.output(p.Task), Executor: p.Executor, Small: j.small(p.Task) != nil}
	}
	return out, nil
}

// Part reads one part.
func (j *job) Part(i int) Rows { return &partRows{delivery: j.delivery, index: i} }

// Begin notes that a part is being read elsewhere.
func (j *job) Begin() { j.delivery.begin() }

var _ Parted = (*job)(nil)

// parted leaves out the last stage of a plan where all that it does is to put together what several tasks have put out: they are the parts of the result.
func parted(p *plan.Plan) *plan.Plan {
	last := len(p.Stages) - 1
	if last < 1 {
		return p
	}
	read, ok := p.Stages[last].Root.(*plan.ExchangeRead)
	if !ok || read.Stage != last-1 || read.Kind != plan.Gather || read.All > 0 || len(p.Stages[last].Shared) > 0 || p.Stages[last].Tasks != 1 {
		return p
	}
	from := p.Stages[last-1]
	sameNames := func(a, b column.Field) bool { return a.Name == b.Name }
	if from.Tasks < 2 || !slices.EqualFunc(read.Out, from.Root.Fields(), sameNames) || len(from.Filters) > 0 || from.Output.Kind != plan.Gather {
		return p
	}
	return &plan.Plan{Settings: p.Settings, Stages: p.Stages[:last]}
}
