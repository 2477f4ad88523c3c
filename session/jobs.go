package session

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

// Jobs runs plans.
type Jobs interface {
	// Run starts a plan, given in its wire format, and returns at once. The job ends with ctx at the latest.
	Run(ctx context.Context, encoded []byte) (Job, error)
}

// Placer is implemented by Jobs that know on which devices the pipelines of a plan would run.
type Placer interface {
	// Place notes it at the plan's nodes (see plan.Info).
	Place(p *plan.Plan)
}

// Job is a running plan.
type Job interface {
	// Next returns the next rows of the result, nil after the last. The batch is valid until the next call or Close.
	Next(ctx context.Context) (*column.Batch, error)
	// Progress says how far the job is.
	Progress() Progress
	// Stats is what was measured, by node; it is complete once Next has returned nil.
	Stats() map[int]plan.NodeStats
	// Close ends the job, also before its end, and waits until nothing of it runs.
	Close() error
}

// Progress is how far a job is, in splits of its scans: Done of Total.
type Progress struct {
	Done, Total int64
	Rows        int64 // rows scanned so far
}

// Fraction is between 0 and 1; 0 when nothing is known.
func (p Progress) Fraction() float64 {
	if p.Total == 0 {
		return 0
	}
	return min(1, float64(p.Done)/float64(p.Total))
}
