package remote

import (
	"context"
	"fmt"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/shuffle"
)

// output is where an attempt puts its rows: a small output travels with the attempt's end, a larger one goes to the shuffle store or stays here.
type output struct {
	shuffle.Store
	limit  int
	inline *shuffle.Inline // set by Create
}

// output makes the place of an attempt's rows.
func (x *tasks) output(s *plan.Stage, settings plan.Settings) *output {
	o := &output{Store: x.store, limit: min(x.config.InlineOutput, stageInline/max(1, s.Tasks))}
	if x.config.Shuffle != nil {
		o.Store = x.config.Shuffle
	}
	if p := settings.Scheduling.Policy; p != "" && p != "stage" {
		o.limit = 0 // attempts that wait for it are told where it lies, not what is in it
	}
	return o
}

// Create begins the one output of the attempt.
func (o *output) Create(ctx context.Context, id shuffle.ID, partitions int) (shuffle.Output, error) {
	if o.inline != nil {
		return nil, fmt.Errorf("shuffle: a second output %v of an attempt", id)
	}
	if o.limit <= 0 {
		return o.Store.Create(ctx, id, partitions)
	}
	o.inline = shuffle.NewInline(ctx, o.Store, id, partitions, o.limit)
	return o.inline, nil
}

// describe tells the scheduler where a committed output is.
func (o *output) describe(s *controlv1.TaskStatus, stored bool) error {
	s.Stored = stored
	if o.inline == nil {
		return nil
	}
	small, err := o.inline.Encoded()
	s.Inline = small
	s.Stored = stored && small == nil
	return err
}
