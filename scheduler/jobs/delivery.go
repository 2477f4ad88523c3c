package jobs

import (
	"context"
	"errors"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
)

// delivery is the rows of a job whose result lies on an executor: they are fetched as they are read. An output that is gone before its first
// row was read is made again; after that, the query fails.
type delivery struct {
	job     *job
	located chan core.Producer // where the result lies; the latest only

	mu    sync.Mutex // Next and Close
	from  core.Producer
	rows  Rows
	begun bool // a batch was handed on

	ended chan struct{} // the job is over; then err and stats are set
	err   error
	stats map[int]plan.NodeStats
}

func newDelivery(j *job) *delivery {
	return &delivery{job: j, located: make(chan core.Producer, 1), ended: make(chan struct{})}
}

// locate says where the result lies; the loop calls it.
func (d *delivery) locate(p core.Producer) {
	select {
	case <-d.located:
	default:
	}
	d.located <- p
}

// End says that the job is over.
func (d *delivery) End(stats map[int]plan.NodeStats, err error) {
	d.stats, d.err = stats, err
	close(d.ended)
}

// Next returns the next rows.
func (d *delivery) Next(ctx context.Context) (*column.Batch, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		if d.rows == nil {
			select {
			case d.from = <-d.located:
			case <-d.ended:
				return nil, d.err
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			var err error
			if d.rows, err = d.job.fetch(d.from); err != nil {
				d.rows = nil
				if err := d.lost(ctx, err); err != nil {
					return nil, err
				}
				continue
			}
		}
		b, err := d.rows.Next(ctx)
		switch {
		case err == nil && b != nil:
			d.begun = true
			return b, nil
		case err == nil:
			err = d.close()
			if err == nil {
				_ = d.job.jobs.send(event{core: core.Delivered{Job: d.job.id}})
				return nil, d.wait(ctx)
			}
		}
		if err := d.lost(ctx, errors.Join(err, d.close())); err != nil {
			return nil, err
		}
	}
}

// lost asks for the result once more; it is an error where that cannot help.
func (d *delivery) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d.job.ctx.Err() != nil {
		return d.wait(ctx)
	}
	if d.begun {
		d.job.cancel(fault.Wrap(fault.ConnectionFailure, err, "executor %s was lost while its result was read", d.from.Executor))
		return d.wait(ctx)
	}
	return d.job.jobs.send(event{core: core.Lost{Task: d.from.Task, Message: err.Error()}, cause: err})
}

// wait returns how the job ended.
func (d *delivery) wait(ctx context.Context) error {
	select {
	case <-d.ended:
		return d.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (d *delivery) close() error {
	if d.rows == nil {
		return nil
	}
	err := d.rows.Close()
	d.rows = nil
	return err
}

// Close waits for the job's end, which its caller has brought about, and returns why it failed.
func (d *delivery) Close() error {
	<-d.ended
	d.mu.Lock()
	defer d.mu.Unlock()
	// What is left of the stream is of no interest any more.
	_ = d.close()
	return d.err
}

// Stats is what was measured.
func (d *delivery) Stats() map[int]plan.NodeStats {
	<-d.ended
	return d.stats
}
