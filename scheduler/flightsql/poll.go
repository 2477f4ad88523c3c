package flightsql

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
	"github.com/polybolos-db/polybolos/session"
)

// pollWait is how long a poll waits for something new to say: about how often a progress bar is drawn.
const pollWait = 100 * time.Millisecond

// PollFlightInfoStatement starts a query. Until its first rows are there, each poll tells the progress; then it is complete and its rows are fetched
// with its ticket, while it goes on.
func (s *service) PollFlightInfoStatement(ctx context.Context, cmd flightsql.StatementQuery, desc *flight.FlightDescriptor) (*flight.PollInfo, error) {
	info, err := s.pollStatement(ctx, cmd.GetQuery(), desc)
	return info, wire.Status(err, cmd.GetQuery())
}

func (s *service) pollStatement(ctx context.Context, text string, desc *flight.FlightDescriptor) (*flight.PollInfo, error) {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return nil, err
	}
	defer s.server.sessions.release(u)
	st, err := parse(u, text)
	if err != nil {
		return nil, err
	}
	return s.pollStart(ctx, u, st, nil, desc)
}

// PollFlightInfoPreparedStatement does the same with a prepared statement and the parameters that are bound to it.
func (s *service) PollFlightInfoPreparedStatement(ctx context.Context, cmd flightsql.PreparedStatementQuery, desc *flight.FlightDescriptor) (*flight.PollInfo, error) {
	var info *flight.PollInfo
	text, err := s.withPrepared(ctx, cmd.GetPreparedStatementHandle(), func(u *user, p *prepared) (err error) {
		info, err = s.pollStart(ctx, u, p.statement, p.bound(), desc)
		return err
	})
	return info, wire.Status(err, text)
}

func (s *service) pollStart(ctx context.Context, u *user, st statement, rows [][]column.Value, desc *flight.FlightDescriptor) (*flight.PollInfo, error) {
	list, err := s.planAll(ctx, u, st, rows)
	if err != nil {
		return nil, err
	}
	if !list[0].ReturnsRows() {
		_, did, err := s.runAll(ctx, u, st, list)
		if err != nil {
			return nil, err
		}
		return &flight.PollInfo{
			Info: &flight.FlightInfo{
				Schema: serialize(arrow.NewSchema(nil, nil)), FlightDescriptor: desc, TotalBytes: -1, AppMetadata: did.Bytes(),
			},
			Progress: proto.Float64(1),
		}, nil
	}
	q, err := s.register(ctx, u, st, list)
	if err != nil {
		return nil, err
	}
	return s.pollQuery(ctx, q)
}

// startAhead runs a query that is pending up to its first rows; one that somebody has begun already goes on as it does.
func (s *Server) startAhead(q *query) {
	ctx, mine := s.claim(s.ctx, q, started)
	if !mine {
		return
	}
	s.queries.ahead.Add(1)
	go func() {
		defer s.queries.ahead.Done()
		s.runAhead(ctx, q)
	}()
}

// runAhead runs a query that was claimed up to its first rows.
func (s *Server) runAhead(ctx context.Context, q *query) {
	defer close(q.ready)
	defer recovered("query", &q.err)
	_, err := s.beginClaimed(ctx, q)
	if err == nil {
		q.mu.Lock()
		result := q.result
		q.mu.Unlock()
		var placed bool
		if placed, err = s.place(ctx, q, result); err == nil && !placed {
			q.first, err = result.Next(ctx)
		}
		err = q.restore(err)
	}
	if err != nil {
		q.err = causeOf(ctx, err)
	}
}

// PollFlightInfo tells the progress of a query whose descriptor came from an earlier poll, or whose ticket is the descriptor's command.
func (s *service) PollFlightInfo(ctx context.Context, desc *flight.FlightDescriptor) (*flight.PollInfo, error) {
	handle, ok := wire.Query(desc.GetCmd())
	if !ok {
		return nil, wire.Status(fault.New(fault.InvalidParameterValue, "the descriptor is none of a query that can be polled"), "")
	}
	q, err := s.query(ctx, handle)
	if err != nil {
		return nil, err
	}
	info, err := s.pollQuery(ctx, q)
	return info, wire.Status(err, q.text)
}

func (s *service) pollQuery(ctx context.Context, q *query) (*flight.PollInfo, error) {
	s.server.startAhead(q)
	wait := time.NewTimer(pollWait)
	defer wait.Stop()
	complete := false
	select {
	case <-q.ready:
		complete = true
		if q.err != nil {
			err := q.err
			s.server.end(q, err)
			return nil, err
		}
	case <-wait.C:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	q.mu.Lock()
	running := q.state == fetched
	var p session.Progress
	if q.result != nil {
		p = q.result.Progress()
	}
	q.mu.Unlock()
	info, err := s.infoOf(q, nil)
	if err != nil {
		return nil, err
	}
	info.AppMetadata = wire.Metadata{Done: p.Done, Total: p.Total, Rows: p.Rows, Zone: q.zone}.Bytes()
	out := &flight.PollInfo{Info: info, Progress: proto.Float64(p.Fraction()), ExpirationTime: info.Endpoint[0].ExpirationTime}
	if !complete || running {
		ticket, err := wire.Ticket([]byte(q.handle))
		if err != nil {
			return nil, err
		}
		info.FlightDescriptor = &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: ticket}
		out.FlightDescriptor = info.FlightDescriptor
	}
	return out, nil
}

// CancelFlightInfo cancels the query of an info's ticket.
func (s *service) CancelFlightInfo(_ context.Context, request *flight.CancelFlightInfoRequest) (flight.CancelFlightInfoResult, error) {
	status, err := s.cancel(request.GetInfo())
	return flight.CancelFlightInfoResult{Status: status}, err
}

func (s *service) cancel(info *flight.FlightInfo) (flight.CancelStatus, error) {
	tickets := [][]byte{info.GetFlightDescriptor().GetCmd()}
	for _, e := range info.GetEndpoint() {
		tickets = append(tickets, e.GetTicket().GetTicket())
	}
	for _, t := range tickets {
		handle, ok := wire.Query(t)
		if !ok {
			continue
		}
		// One that is not there is over, which is what the client wants.
		q, err := s.server.queries.find(handle)
		if err == nil && s.server.cancelQuery(q, fault.New(fault.QueryCanceled, "canceled by the user")) {
			return flight.CancelStatusCancelled, nil
		}
		return flight.CancelStatusNotCancellable, nil
	}
	return flight.CancelStatusUnspecified, fault.New(fault.InvalidParameterValue, "the flight info has no ticket of a query")
}

// RenewFlightEndpoint gives a ticket that was not fetched another life.
func (s *service) RenewFlightEndpoint(_ context.Context, request *flight.RenewFlightEndpointRequest) (*flight.FlightEndpoint, error) {
	handle, ok := wire.Query(request.GetEndpoint().GetTicket().GetTicket())
	if !ok {
		return nil, fault.New(fault.InvalidParameterValue, "the endpoint has no ticket of a query")
	}
	q, err := s.server.queries.find(handle)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expires = time.Now().Add(s.server.config.TicketLife)
	return &flight.FlightEndpoint{
		Ticket: request.GetEndpoint().GetTicket(), Location: request.GetEndpoint().GetLocation(), ExpirationTime: timestamppb.New(q.expires),
	}, nil
}
