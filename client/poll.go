package client

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
)

// Polled is a query that was started, and whose rows are fetched when they are there. It outlives the connection, and the server, if that keeps its state. It
// is used by one goroutine at a time.
type Polled struct {
	client   *Client
	ask      func(ctx context.Context, descriptor *flight.FlightDescriptor) (*flight.PollInfo, error) // nil: the first time
	latest   *flight.PollInfo
	progress Progress
}

// Start has the server run a query, and returns when it runs or its first rows are there.
func (c *Client) Start(ctx context.Context, text string) (*Polled, error) {
	p := &Polled{client: c, ask: func(ctx context.Context, descriptor *flight.FlightDescriptor) (*flight.PollInfo, error) {
		return c.flight.ExecutePoll(ctx, text, descriptor)
	}}
	return p, p.poll(ctx, nil)
}

// StartSubstrait is Start for an encoded Substrait plan.
func (c *Client) StartSubstrait(ctx context.Context, plan []byte) (*Polled, error) {
	p := &Polled{client: c, ask: func(ctx context.Context, descriptor *flight.FlightDescriptor) (*flight.PollInfo, error) {
		return c.flight.ExecuteSubstraitPoll(ctx, flightsql.SubstraitPlan{Plan: plan}, descriptor)
	}}
	return p, p.poll(ctx, nil)
}

// Run is Query for a statement that is to begin at once: the progress is told also before it is known where the rows are.
func (c *Client) Run(ctx context.Context, text string) (*Rows, error) {
	p, err := c.Start(ctx, text)
	if err != nil {
		return nil, err
	}
	r, err := c.rows(p.latest.GetInfo())
	if err != nil || p.Done() {
		return r, err
	}
	r.left, r.polled = nil, p
	r.progress.Store(&p.progress)
	return r, nil
}

func (p *Polled) poll(ctx context.Context, descriptor *flight.FlightDescriptor) error {
	info, err := p.ask(ctx, descriptor)
	if err != nil {
		return wire.Fault(err)
	}
	p.latest = info
	m := wire.ParseMetadata(info.GetInfo().GetAppMetadata())
	p.progress = Progress{Done: m.Done, Total: m.Total, Rows: m.Rows}
	return nil
}

// Progress is how far the query was at the last poll.
func (p *Polled) Progress() Progress { return p.progress }

// Done reports whether the first rows were there at the last poll.
func (p *Polled) Done() bool { return p.latest.GetFlightDescriptor() == nil }

// Poll asks how far the query is, waits a moment for something new, and reports whether its first rows are there. It may be repeated after an error of
// the connection.
func (p *Polled) Poll(ctx context.Context) (done bool, err error) {
	if p.Done() {
		return true, nil
	}
	if err := p.poll(ctx, p.latest.GetFlightDescriptor()); err != nil {
		return false, err
	}
	return p.Done(), nil
}

// Rows are the rows of the query, as soon as the first of them are there.
func (p *Polled) Rows(ctx context.Context) (*Rows, error) {
	for {
		done, err := p.Poll(ctx)
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
	}
	if p.latest.GetInfo() == nil {
		return nil, fault.New(fault.DataCorrupted, "the server does not say where the rows are")
	}
	return p.client.rows(p.latest.GetInfo())
}
