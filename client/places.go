package client

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/polybolos-db/polybolos/fault"
)

const (
	// reachTime is how long an executor may take to answer before the rows are asked of the server.
	reachTime = 3 * time.Second
	// missTime is how long one that did not is not tried again.
	missTime = time.Minute
)

// places are the executors that a server has named as places of results. Their connections stay until the client is closed.
type places struct {
	config *tls.Config

	mu     sync.Mutex
	open   map[string]flight.Client
	missed map[string]time.Time // when one was not reached
	closed bool
}

// at is the connection to a place, nil for one that cannot be reached.
func (p *places) at(uri string) (flight.Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fault.New(fault.ConnectionFailure, "the client is closed")
	}
	if c := p.open[uri]; c != nil {
		return c, nil
	}
	target, security, err := parseURL(uri, p.config)
	if err != nil {
		return nil, err
	}
	c, err := flight.NewClientWithMiddleware(target, nil, nil, grpc.WithTransportCredentials(security), grpc.WithUserAgent(userAgent),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: reachTime}))
	if err != nil {
		return nil, fault.Wrap(fault.ConnectionFailure, err, "connect to the executor at %s", uri)
	}
	p.open[uri] = c
	return c, nil
}

func (p *places) miss(uri string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.missed[uri] = time.Now()
}

func (p *places) isMissed(uri string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.missed[uri]
	return ok && time.Since(at) < missTime
}

// close ends the connections.
func (p *places) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var err error
	for _, c := range p.open {
		err = errors.Join(err, c.Close())
	}
	p.open = nil
	return err
}

// read begins to read an endpoint at the first of its places that gives it. Without a place it is read from the server.
func (p *places) read(ctx context.Context, server flight.Client, e *flight.FlightEndpoint) (*flight.Reader, error) {
	if len(e.GetLocation()) == 0 {
		return begin(ctx, server, e.GetTicket())
	}
	var last error
	for _, l := range e.GetLocation() {
		uri := l.GetUri()
		if uri == flight.LocationReuseConnection {
			r, err := begin(ctx, server, e.GetTicket())
			if err == nil {
				return r, nil
			}
			// What the server says is more than that an executor was not reached.
			last = err
			continue
		}
		if p.isMissed(uri) {
			continue
		}
		c, err := p.at(uri)
		if err != nil {
			last = errors.Join(last, err)
			continue
		}
		r, err := p.reach(ctx, c, e.GetTicket())
		if err == nil {
			return r, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		p.miss(uri)
		last = err
	}
	if last == nil {
		last = fault.New(fault.ConnectionFailure, "no executor that has a part of the result was reached")
	}
	return nil, last
}

// reach is begin at an executor, which must answer soon.
func (p *places) reach(ctx context.Context, c flight.Client, ticket *flight.Ticket) (*flight.Reader, error) {
	own, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(reachTime, func() { cancel(fault.New(fault.ConnectionFailure, "the executor did not answer in %v", reachTime)) })
	r, err := begin(own, c, ticket)
	if err != nil {
		late.Stop()
		if ctx.Err() == nil && own.Err() != nil {
			err = context.Cause(own)
		}
		cancel(nil)
		return nil, err
	}
	if !late.Stop() {
		r.Release()
		cancel(nil)
		return nil, context.Cause(own)
	}
	// The stream's context ends with that of the rows.
	context.AfterFunc(ctx, func() { cancel(nil) })
	return r, nil
}

func begin(ctx context.Context, c flight.Client, ticket *flight.Ticket) (*flight.Reader, error) {
	stream, err := c.DoGet(ctx, ticket)
	if err != nil {
		return nil, err
	}
	return flight.NewRecordReader(stream)
}
