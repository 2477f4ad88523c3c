package jobs

import (
	"context"
	"slices"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/scheduler/core"
)

// delivery is the rows of a job whose result lies on executors, in a part for each task of the last stage: they are fetched as they are read. What is gone before the
// first row was read, here or by a client from an executor, is made again; after that, the query fails.
type delivery struct {
	job *job

	mu      sync.Mutex
	parts   []core.Producer // where the result lies now; nil: it is not complete
	version int             // of parts
	changed chan struct{}   // closed and made anew with a version
	begun   bool            // a row was handed on

	reading sync.Mutex // Next and Close
	part    *partRows  // that Next reads
	at      int        // its number

	ended chan struct{} // the job is over; then err and stats are set
	err   error
	stats map[int]plan.NodeStats
}

func newDelivery(j *job) *delivery {
	return &delivery{job: j, changed: make(chan struct{}), ended: make(chan struct{})}
}

// locate says where the result lies; the loop calls it.
func (d *delivery) locate(parts []core.Producer) {
	d.mu.Lock()
	again := d.parts != nil && d.begun && !slices.Equal(d.parts, parts)
	from := d.parts
	d.parts = parts
	d.version++
	close(d.changed)
	d.changed = make(chan struct{})
	d.mu.Unlock()
	if !again {
		return
	}
	// What was read may not fit what is there now.
	for i, p := range from {
		if i >= len(parts) || p != parts[i] {
			d.job.cancel(fault.New(fault.ConnectionFailure, "executor %s was lost while the result was read", p.Executor))
			return
		}
	}
}

// located waits until the result is complete in a later version than one that was seen, and says where it lies.
func (d *delivery) located(ctx context.Context, seen int) ([]core.Producer, int, error) {
	for {
		d.mu.Lock()
		parts, version, changed := d.parts, d.version, d.changed
		d.mu.Unlock()
		if parts != nil && version > seen {
			return parts, version, nil
		}
		select {
		case <-changed:
		case <-d.ended:
			if d.err != nil {
				return nil, 0, d.err
			}
			return nil, 0, fault.New(fault.ObjectNotInState, "the result was delivered")
		case <-ctx.Done():
			return nil, 0, context.Cause(ctx)
		}
	}
}

// begin notes that a row was handed on.
func (d *delivery) begin() {
	d.mu.Lock()
	d.begun = true
	d.mu.Unlock()
}

func (d *delivery) hasBegun() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun
}

// End says that the job is over.
func (d *delivery) End(stats map[int]plan.NodeStats, err error) {
	d.stats, d.err = stats, err
	close(d.ended)
}

// Next returns the next rows, part by part.
func (d *delivery) Next(ctx context.Context) (*column.Batch, error) {
	d.reading.Lock()
	defer d.reading.Unlock()
	for {
		parts, version, err := d.located(ctx, 0)
		if err != nil {
			if d.over() && d.err == nil {
				return nil, nil
			}
			return nil, err
		}
		if d.at >= len(parts) {
			_ = d.job.jobs.send(event{core: core.Delivered{Job: d.job.id}})
			return nil, d.wait(ctx)
		}
		if d.part == nil {
			d.part = &partRows{delivery: d, index: d.at}
		}
		b, err := d.part.Next(ctx)
		if err != nil || b != nil {
			return b, err
		}
		now := d.part.version
		if err := d.part.Close(); err != nil {
			return nil, err
		}
		d.part = nil
		if d.at++; now != version && !d.hasBegun() {
			d.at = 0 // parts that had no rows may have some now
		}
	}
}

func (d *delivery) over() bool {
	select {
	case <-d.ended:
		return true
	default:
		return false
	}
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

// Close waits for the job's end, which its caller has brought about, and returns why it failed.
func (d *delivery) Close() error {
	<-d.ended
	d.reading.Lock()
	defer d.reading.Unlock()
	if d.part != nil {
		// What is left of the stream is of no interest any more.
		_ = d.part.Close()
		d.part = nil
	}
	return d.err
}

// Stats is what was measured.
func (d *delivery) Stats() map[int]plan.NodeStats {
	<-d.ended
	return d.stats
}

// partRows is one part of the result while it is read, by one goroutine.
type partRows struct {
	delivery *delivery
	index    int
	version  int // in which it was found
	from     core.Producer
	rows     Rows
	begun    bool
}

// Next returns the next rows of the part, nil at its end.
func (p *partRows) Next(ctx context.Context) (*column.Batch, error) {
	for {
		if p.rows == nil {
			if err := p.open(ctx); err != nil {
				return nil, err
			}
			if p.rows == nil {
				continue
			}
		}
		b, err := p.rows.Next(ctx)
		if err == nil {
			if b != nil {
				p.begun = true
				p.delivery.begin()
			}
			return b, nil
		}
		// What the stream says at its end adds nothing.
		_ = p.Close()
		if err := p.lost(ctx, err); err != nil {
			return nil, err
		}
	}
}

// open finds the part and opens it; it leaves rows nil where the part has to be made again.
func (p *partRows) open(ctx context.Context) error {
	parts, version, err := p.delivery.located(ctx, p.version)
	if err != nil {
		return err
	}
	if p.index >= len(parts) {
		return fault.New(fault.InvalidParameterValue, "the result has %d parts, and no part %d", len(parts), p.index)
	}
	p.from, p.version = parts[p.index], version
	rows, err := p.delivery.job.fetch(p.from)
	if err != nil {
		return p.lost(ctx, err)
	}
	p.rows = rows
	return nil
}

// lost asks for the part once more; it is an error where that cannot help.
func (p *partRows) lost(ctx context.Context, err error) error {
	d := p.delivery
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d.job.ctx.Err() != nil {
		return d.wait(ctx)
	}
	if p.begun || d.hasBegun() {
		d.job.cancel(fault.Wrap(fault.ConnectionFailure, err, "executor %s was lost while its result was read", p.from.Executor))
		return d.wait(ctx)
	}
	return d.job.jobs.send(event{core: core.Lost{Task: p.from.Task, Message: err.Error()}, cause: err})
}

// Close ends the part's stream.
func (p *partRows) Close() error {
	if p.rows == nil {
		return nil
	}
	err := p.rows.Close()
	p.rows = nil
	return err
}
