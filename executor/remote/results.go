package remote

import (
	"context"
	"errors"
	"net"
	"sync"

	"google.golang.org/grpc"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/shuffle/transport"
)

// results is the server from which clients read what lies here; nil: there is none.
type results struct {
	server  *grpc.Server
	served  chan error
	address string // at which clients reach it
	secured bool
}

// serveResults opens the port for clients, where the configuration names one.
func serveResults(ctx context.Context, c Config, x *tasks) (*results, error) {
	if c.Results == "" {
		return nil, nil
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", c.Results)
	if err != nil {
		return nil, fault.Wrap(fault.ConnectionFailure, err, "listen on %s", c.Results)
	}
	address, err := advertised(c.AdvertiseResults, "--advertise-results", listener.Addr())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	var options []grpc.ServerOption
	if c.ResultsSecurity != nil {
		options = append(options, grpc.Creds(c.ResultsSecurity))
	}
	store := shuffle.Store(x.store)
	if c.Shuffle != nil {
		store = c.Shuffle
	}
	r := &results{
		server: transport.NewResultServer(store, &x.keys, x.reads.note, options...), served: make(chan error, 1),
		address: address, secured: c.ResultsSecurity != nil,
	}
	go func() { r.served <- r.server.Serve(listener) }()
	if c.ListeningResults != nil {
		c.ListeningResults(listener.Addr().String())
	}
	return r, nil
}

// uri is where clients read, as a location of Flight.
func (r *results) uri() string {
	switch {
	case r == nil:
		return ""
	case r.secured:
		return "grpc+tls://" + r.address
	}
	return "grpc+tcp://" + r.address
}

func (r *results) close() error {
	if r == nil {
		return nil
	}
	stopServer(r.server)
	if err := <-r.served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fault.Wrap(fault.ConnectionFailure, err, "serve results on %s", r.address)
	}
	return nil
}

// maxEnded bounds the ends of reads that wait for being told: what is left out keeps a result until it expires.
const maxEnded = 10_000

// reads is what clients do with results that lie here, until the scheduler has been told.
type reads struct {
	wake func()

	mu    sync.Mutex
	open  map[shuffle.ID]int // streams
	ended []*controlv1.ResultRead
}

// note takes what the server says.
func (r *reads) note(id shuffle.ID, p transport.Phase) {
	r.mu.Lock()
	if r.open == nil {
		r.open = map[shuffle.ID]int{}
	}
	switch p {
	case transport.Begun:
		r.open[id]++
	default:
		if r.open[id]--; r.open[id] == 0 {
			delete(r.open, id)
		}
		state := controlv1.ReadState_READ
		if p == transport.Broken {
			state = controlv1.ReadState_BROKEN
		}
		if len(r.ended) < maxEnded {
			r.ended = append(r.ended, &controlv1.ResultRead{Output: outputMessage(id), State: state})
		}
	}
	r.mu.Unlock()
	r.wake()
}

// take is what is to be told with the next poll.
func (r *reads) take() []*controlv1.ResultRead {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.ended
	r.ended = nil
	for id := range r.open {
		out = append(out, &controlv1.ResultRead{Output: outputMessage(id), State: controlv1.ReadState_READING})
	}
	return out
}

// back brings ends back that could not be told.
func (r *reads) back(list []*controlv1.ResultRead) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range list {
		if e.GetState() != controlv1.ReadState_READING && len(r.ended) < maxEnded {
			r.ended = append(r.ended, e)
		}
	}
}

// waiting reports whether ends are to be told.
func (r *reads) waiting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.ended) > 0
}

func outputMessage(o shuffle.ID) *controlv1.Output {
	return &controlv1.Output{Job: o.Job, Stage: uint32(o.Stage), Task: uint32(o.Task), Attempt: uint32(o.Attempt)}
}
