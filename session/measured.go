package session

import (
	"context"

	"github.com/polybolos-db/polybolos/plan"
)

// Replanned is implemented by jobs whose plan may change while it runs.
type Replanned interface {
	// Replanned is the plan as it is now, and what was changed, in lines for people.
	Replanned() (p *plan.Plan, changes []string)
}

// measured runs a plan to its end and returns it as it was then, what was changed while it ran, and what was measured.
func (s *Session) measured(ctx context.Context, p *plan.Plan) (_ *plan.Plan, changes []string, stats map[int]plan.NodeStats, err error) {
	r, err := s.start(ctx, p)
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return nil, nil, nil, err
		}
		if b == nil {
			break
		}
	}
	if j, ok := r.job.(Replanned); ok {
		p, changes = j.Replanned()
	}
	return p, changes, r.job.Stats(), nil
}
