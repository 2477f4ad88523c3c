package flightsql

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
	"github.com/polybolos-db/polybolos/session"
)

// maxPending bounds the queries that were planned and not fetched.
const maxPending = 10_000

// query is a query between its plan and its last row.
type query struct {
	handle  string
	user    *user // held while the query lives
	text    string
	planned []*session.Planned // one for each row of parameters
	schema  *arrow.Schema
	zone    string            // that its session shows timestamps in; "": UTC
	restore func(error) error // moves an error's place to the client's text
	keep    bool              // a later server can run it, too: it has no values but those of its text

	mu      sync.Mutex
	state   state
	job     core.JobID     // that it runs as, once that is known
	result  session.Result // while it runs
	cancel  context.CancelCauseFunc
	expires time.Time
	slot    bool

	// Of a query that PollFlightInfo started; read after ready is closed.
	ready chan struct{}
	first *column.Batch
	err   error

	// Of a result that lies in parts on executors; set before ready is closed.
	parted jobs.Parted
	parts  []jobs.Part
	read   []bool // by part: all of it was sent; guarded by mu
}

// state is how far a query is.
type state uint8

const (
	pending state = iota // planned, its ticket not fetched
	started              // runs ahead of its fetch, up to its first rows
	placed               // its result is complete and lies on executors, its parts being fetched
	fetched              // runs as its rows are fetched
	over
)

// queries is the registry of queries and the queue in front of running ones.
type queries struct {
	config  Config
	slots   chan struct{}
	waiting atomic.Int64

	mu       sync.Mutex
	byHandle map[string]*query
	byJob    map[string]*query // those that are placed
	closed   bool
	ahead    sync.WaitGroup // goroutines of started queries
}

func newQueries(c Config) *queries {
	return &queries{config: c, slots: make(chan struct{}, c.MaxQueries), byHandle: map[string]*query{}, byJob: map[string]*query{}}
}

// enter waits until one more query may run.
func (s *queries) enter(ctx context.Context) error {
	select {
	case s.slots <- struct{}{}:
		return nil
	default:
	}
	if s.waiting.Add(1) > int64(s.config.MaxWaiting) {
		s.waiting.Add(-1)
		return fault.New(fault.InsufficientResources, "%d queries run and %d wait, and no more are allowed", s.config.MaxQueries, s.config.MaxWaiting)
	}
	defer s.waiting.Add(-1)
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *queries) exit() { <-s.slots }

// add registers a query, which holds its user from now on.
func (s *Server) add(q *query) error {
	err := s.addAs(q, newHandle())
	if err == nil {
		s.keepQuery(q)
	}
	return err
}

func (s *Server) addAs(q *query, handle string) error {
	s.queries.mu.Lock()
	defer s.queries.mu.Unlock()
	if s.queries.byHandle[handle] != nil {
		return fault.New(fault.DuplicateStatement, "there is a query of this ticket")
	}
	if s.queries.closed {
		return fault.New(fault.AdminShutdown, "the server is shutting down")
	}
	if len(s.queries.byHandle) >= maxPending {
		return fault.New(fault.InsufficientResources, "%d queries wait for being fetched, and no more are allowed", maxPending)
	}
	s.sessions.keep(q.user)
	q.handle, q.expires = handle, time.Now().Add(s.config.TicketLife)
	s.queries.byHandle[q.handle] = q
	return nil
}

// find returns the query of a handle.
func (s *queries) find(handle string) (*query, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.byHandle[handle]
	if q == nil {
		return nil, fault.New(fault.InvalidStatementName, "there is no query with this ticket: it was fetched, was canceled or has expired")
	}
	return q, nil
}

// claim makes a query that is pending the caller's, who begins and ends it. It is false when somebody else was faster.
func (s *Server) claim(ctx context.Context, q *query, next state) (context.Context, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.state != pending {
		return nil, false
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.ctx, func() { cancel(context.Cause(s.ctx)) })
	q.state = next
	q.cancel = func(err error) { stop(); cancel(err) }
	return ctx, true
}

// begin runs a query that is pending, in a slot, under ctx. The caller ends it. A nil context says that it is somebody else's.
func (s *Server) begin(ctx context.Context, q *query, next state) (context.Context, error) {
	own, mine := s.claim(ctx, q, next)
	if !mine {
		return nil, fault.New(fault.ObjectNotInState, "the rows of this ticket are being fetched already")
	}
	return s.beginClaimed(own, q)
}

// beginClaimed is begin for a query that was claimed with ctx.
func (s *Server) beginClaimed(ctx context.Context, q *query) (context.Context, error) {
	if err := s.queries.enter(ctx); err != nil {
		return ctx, err
	}
	q.mu.Lock()
	q.slot = true
	q.mu.Unlock()
	result, err := q.run(s.attached(ctx, q))
	if err != nil {
		return ctx, q.restore(err)
	}
	q.mu.Lock()
	q.result = result
	q.mu.Unlock()
	return ctx, nil
}

// run starts the query's plan, in the session's turn. A defect of the planner is this query's error alone: what it holds is freed as after any other.
func (q *query) run(ctx context.Context) (result session.Result, err error) {
	if len(q.planned) == 1 {
		return q.runOne(ctx, 0)
	}
	return newSeries(ctx, q)
}

// runOne starts one of the query's plans.
func (q *query) runOne(ctx context.Context, i int) (result session.Result, err error) {
	if err := q.user.lock(ctx); err != nil {
		return nil, err
	}
	defer q.user.unlock()
	defer recovered("query", &err)
	return q.planned[i].Run(ctx)
}

// end frees all that a query holds. It may be called more than once.
func (s *Server) end(q *query, cause error) {
	q.mu.Lock()
	if q.state == over {
		q.mu.Unlock()
		return
	}
	q.state = over
	result, cancel, slot := q.result, q.cancel, q.slot
	q.result = nil
	q.mu.Unlock()
	if cancel != nil {
		cancel(cause)
	}
	if result != nil {
		// The rows' error, if there was one, was told already.
		_ = result.Close()
	}
	if slot {
		s.queries.exit()
	}
	s.queries.mu.Lock()
	delete(s.queries.byHandle, q.handle)
	if len(q.parts) > 0 {
		delete(s.queries.byJob, q.parts[0].Output.Job)
	}
	s.queries.mu.Unlock()
	s.forgetQuery(q)
	s.sessions.release(q.user)
}

// cancelQuery cancels a query, wherever it is; what runs it ends it. It reports whether there was something to cancel.
func (s *Server) cancelQuery(q *query, cause error) bool {
	q.mu.Lock()
	was, cancel := q.state, q.cancel
	q.mu.Unlock()
	switch was {
	case pending, placed:
		s.end(q, cause)
	case started:
		cancel(cause)
		<-q.ready
		s.end(q, cause)
	case fetched:
		cancel(cause)
	case over:
		return false
	}
	return true
}

// expireQueries ends the queries that nobody fetched in time.
func (s *Server) expireQueries(now time.Time) {
	var old []*query
	s.queries.mu.Lock()
	for _, q := range s.queries.byHandle {
		q.mu.Lock()
		if q.state != fetched && now.After(q.expires) {
			old = append(old, q)
		}
		q.mu.Unlock()
	}
	s.queries.mu.Unlock()
	for _, q := range old {
		s.cancelQuery(q, fault.New(fault.QueryCanceled, "the query was not fetched in time"))
	}
}

// closeQueries ends all queries; no call is running any more.
func (s *Server) closeQueries() {
	s.queries.mu.Lock()
	s.queries.closed = true
	all := make([]*query, 0, len(s.queries.byHandle))
	for _, q := range s.queries.byHandle {
		all = append(all, q)
	}
	s.queries.mu.Unlock()
	for _, q := range all {
		s.cancelQuery(q, context.Cause(s.ctx))
	}
	s.queries.ahead.Wait()
}
