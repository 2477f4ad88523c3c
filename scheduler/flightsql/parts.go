package flightsql

import (
	"context"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/shuffle/transport"
)

// Results says where clients may read results without this server.
type Results interface {
	// Offered reports whether they may do so somewhere.
	Offered() bool
	// Location is the URI at which they read what lies on an executor, "" where they cannot.
	Location(core.ExecutorID) string
	// Keys sign the tickets.
	Keys() *transport.Keys
	// Note has f told what clients do there. f does not wait.
	Note(f func(shuffle.ID, transport.Phase))
}

// brokenLife is how long a result stays for others, or for another try, after a client broke off.
const brokenLife = 10 * time.Second

// runPlaced runs a query to its end where its result may be read from executors, since only then is it known from which. A small result, one of another
// kind of statement, or one on executors that clients do not reach, is then fetched as any other.
func (s *Server) runPlaced(ctx context.Context, q *query) error {
	if s.config.Results == nil || !s.config.Results.Offered() {
		return nil
	}
	s.startAhead(q)
	select {
	case <-q.ready:
	case <-ctx.Done():
		s.cancelQuery(q, context.Cause(ctx))
		return context.Cause(ctx)
	}
	if q.err != nil {
		s.end(q, q.err)
	}
	return q.err
}

// place waits until the result of a query is complete, and reports whether clients may read at least a part of it from an executor. A query that has its result uses no slot
// any more.
func (s *Server) place(ctx context.Context, q *query, result session.Result) (bool, error) {
	if s.config.Results == nil || !s.config.Results.Offered() {
		return false, nil
	}
	r, ok := result.(interface{ Job() session.Job })
	if !ok {
		return false, nil
	}
	job, ok := r.Job().(jobs.Parted)
	if !ok {
		return false, nil
	}
	parts, err := job.Parts(ctx)
	if err != nil || !slices.ContainsFunc(parts, func(p jobs.Part) bool { return s.location(p) != "" }) {
		return false, err
	}
	q.mu.Lock()
	if q.state != started {
		q.mu.Unlock()
		return true, nil
	}
	q.parted, q.parts, q.read, q.state = job, parts, make([]bool, len(parts)), placed
	q.expires = time.Now().Add(s.config.TicketLife)
	slot := q.slot
	q.slot = false
	q.mu.Unlock()
	if slot {
		s.queries.exit()
	}
	s.queries.mu.Lock()
	if s.queries.byHandle[q.handle] == q {
		s.queries.byJob[parts[0].Output.Job] = q
	}
	s.queries.mu.Unlock()
	return true, nil
}

// location is where clients read a part, "" for here.
func (s *Server) location(p jobs.Part) string {
	if p.Small {
		return ""
	}
	return s.config.Results.Location(p.Executor)
}

// partsInfo has an endpoint for each part of a result: at its executor, or here for clients that do not reach that. The rows of one part are in the order of the
// result; several parts have none.
func (s *service) partsInfo(q *query, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	schema := serialize(q.schema)
	info := &flight.FlightInfo{
		Schema: schema, FlightDescriptor: desc, TotalRecords: -1, TotalBytes: -1, Ordered: len(q.parts) == 1,
		AppMetadata: wire.Metadata{Zone: q.zone}.Bytes(),
	}
	key := s.server.config.Results.Keys().Key()
	for _, p := range q.parts {
		ticket, err := transport.Ticket{Query: q.handle, Output: p.Output, Schema: schema}.Seal(key)
		if err != nil {
			return nil, err
		}
		e := &flight.FlightEndpoint{Ticket: &flight.Ticket{Ticket: ticket}}
		if uri := s.server.location(p); uri != "" {
			e.Location = []*flight.Location{{Uri: uri}, {Uri: flight.LocationReuseConnection}}
		}
		info.Endpoint = append(info.Endpoint, e)
	}
	return info, nil
}

// fetchPart streams a part of a result to a client that does not read it from its executor.
func (s *service) fetchPart(stream flight.FlightService_DoGetServer, handle string, part int) error {
	q, err := s.query(stream.Context(), handle)
	if err != nil {
		return err
	}
	return wire.Status(s.server.streamPart(stream, q, part), q.text)
}

func (s *Server) streamPart(out flight.FlightService_DoGetServer, q *query, part int) error {
	ctx := out.Context()
	// An earlier server may have given the ticket.
	s.startAhead(q)
	q.mu.Lock()
	taken := q.state == fetched || q.state == over
	q.mu.Unlock()
	if taken {
		return fault.New(fault.ObjectNotInState, "the rows of this result are being fetched already")
	}
	select {
	case <-q.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	q.mu.Lock()
	where := q.state
	if where == placed {
		q.expires = time.Now().Add(s.config.TicketLife)
	}
	q.mu.Unlock()
	switch {
	case q.err != nil:
		s.end(q, q.err)
		return q.err
	case where == started && part == 0:
		return s.stream(out, q)
	case where != placed || part >= len(q.parts):
		return fault.New(fault.ObjectNotInState, "part %d of this result is not there any more", part)
	}
	rows := q.parted.Part(part)
	w := flight.NewRecordWriter(out, ipc.WithSchema(q.schema))
	err := send(ctx, w, q.schema, touching{rows, s, q}, nil)
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		s.readTo(q, part, transport.Broken)
		return q.restore(causeOf(ctx, err))
	}
	if err := w.Close(); err != nil {
		return err
	}
	s.readTo(q, part, transport.Read)
	return nil
}

// touching keeps a result from expiring while it is read.
type touching struct {
	jobs.Rows
	server *Server
	query  *query
}

// Next returns the next rows.
func (t touching) Next(ctx context.Context) (b *column.Batch, err error) {
	t.server.readTo(t.query, 0, transport.Begun)
	return t.Rows.Next(ctx)
}

// noteRead takes what an executor says of a client that reads there.
func (s *Server) noteRead(id shuffle.ID, p transport.Phase) {
	s.queries.mu.Lock()
	q := s.queries.byJob[id.Job]
	if q == nil || s.queries.closed {
		s.queries.mu.Unlock()
		return
	}
	s.queries.ahead.Add(1)
	s.queries.mu.Unlock()
	q.parted.Begin()
	go func() {
		defer s.queries.ahead.Done()
		s.readTo(q, id.Task, p)
	}()
}

// readTo notes how far a part was read. When all parts are, the query is over.
func (s *Server) readTo(q *query, part int, p transport.Phase) {
	q.mu.Lock()
	if q.state != placed {
		q.mu.Unlock()
		return
	}
	now := time.Now()
	switch p {
	case transport.Begun:
		q.expires = now.Add(s.config.TicketLife)
	case transport.Broken:
		if soon := now.Add(brokenLife); soon.Before(q.expires) {
			q.expires = soon
		}
	case transport.Read:
		if part >= 0 && part < len(q.read) {
			q.read[part] = true
		}
	}
	done := !slices.Contains(q.read, false)
	q.mu.Unlock()
	if done {
		s.end(q, nil)
	}
}
