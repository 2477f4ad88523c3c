package flightsql

import (
	"context"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
	"github.com/polybolos-db/polybolos/session"
)

// service answers the commands of Flight SQL.
type service struct {
	flightsql.BaseServer
	server *Server
}

// statement is one statement of a client, with what its errors need.
type statement struct {
	parsed  session.Statement
	text    string // as the client wrote it
	restore func(error) error
	params  int // how many parameters it has

	substrait []byte // the plan that stands in for parsed
}

// parse takes a text that must be one statement.
func parse(u *user, text string) (statement, error) {
	numbered, moved, params := numberPlaceholders(text)
	st := statement{text: text, params: params, restore: moved.restore}
	list, err := u.session.Parse(numbered)
	if err != nil {
		return st, moved.restore(err)
	}
	if len(list) != 1 {
		return st, fault.New(fault.SyntaxError, "there are %d statements where one is expected", len(list)).
			WithHint("send each statement by itself")
	}
	st.parsed = list[0]
	return st, nil
}

// plan parses and plans under the session's lock.
func (s *service) plan(ctx context.Context, u *user, st statement, values []column.Value) (*session.Planned, error) {
	if err := u.lock(ctx); err != nil {
		return nil, err
	}
	defer u.unlock()
	p, err := st.plan(ctx, u, values)
	return p, st.restore(err)
}

// plan plans under the session's lock, which the caller holds.
func (st *statement) plan(ctx context.Context, u *user, values []column.Value) (*session.Planned, error) {
	if st.substrait != nil {
		return u.session.PlanSubstrait(ctx, st.substrait)
	}
	return u.session.Plan(ctx, st.parsed, values)
}

// GetFlightInfoStatement plans a query and gives its ticket; what has no rows runs at once.
func (s *service) GetFlightInfoStatement(ctx context.Context, cmd flightsql.StatementQuery, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	info, err := s.statementInfo(ctx, cmd.GetQuery(), desc)
	return info, wire.Status(err, cmd.GetQuery())
}

func (s *service) statementInfo(ctx context.Context, text string, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return nil, err
	}
	defer s.server.sessions.release(u)
	st, err := parse(u, text)
	if err != nil {
		return nil, err
	}
	return s.info(ctx, u, st, nil, desc)
}

// info plans a statement with the rows of its parameters and says where its rows are.
func (s *service) info(ctx context.Context, u *user, st statement, parameters [][]column.Value, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	list, err := s.planAll(ctx, u, st, parameters)
	if err != nil {
		return nil, err
	}
	if !list[0].ReturnsRows() {
		rows, did, err := s.runAll(ctx, u, st, list)
		if err != nil {
			return nil, err
		}
		return &flight.FlightInfo{
			Schema: serialize(arrow.NewSchema(nil, nil)), FlightDescriptor: desc, TotalRecords: max(rows, 0), TotalBytes: -1,
			AppMetadata: did.Bytes(),
		}, nil
	}
	q, err := s.register(ctx, u, st, list)
	if err != nil {
		return nil, err
	}
	if err := s.server.runPlaced(ctx, q); err != nil {
		return nil, err
	}
	return s.infoOf(q, desc)
}

// register makes a query that waits for being fetched.
func (s *service) register(ctx context.Context, u *user, st statement, list []*session.Planned) (*query, error) {
	q := newQuery(u, st, list)
	if err := u.lock(ctx); err != nil {
		return nil, err
	}
	if zone, err := u.session.Setting("timezone"); err == nil && zone != "UTC" {
		q.zone = zone
	}
	u.unlock()
	return q, s.server.add(q)
}

func newQuery(u *user, st statement, list []*session.Planned) *query {
	return &query{
		user: u, text: st.text, planned: list, schema: column.ArrowSchema(list[0].Fields()), restore: st.restore, ready: make(chan struct{}),
		keep: st.params == 0 && st.substrait == nil,
	}
}

// infoOf says where a query's rows are.
func (s *service) infoOf(q *query, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	ticket, err := wire.Ticket([]byte(q.handle))
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	expires, where := q.expires, q.state
	q.mu.Unlock()
	if where == placed {
		return s.partsInfo(q, desc)
	}
	return &flight.FlightInfo{
		Schema: serialize(q.schema), FlightDescriptor: desc, TotalRecords: -1, TotalBytes: -1,
		Endpoint:    []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: ticket}, ExpirationTime: timestamppb.New(expires)}},
		AppMetadata: wire.Metadata{Zone: q.zone}.Bytes(),
	}, nil
}

func serialize(schema *arrow.Schema) []byte {
	return flight.SerializeSchema(schema, memory.DefaultAllocator)
}

// GetSchemaStatement gives a query's columns and runs nothing.
func (s *service) GetSchemaStatement(ctx context.Context, cmd flightsql.StatementQuery, _ *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	schema, err := s.statementSchema(ctx, cmd.GetQuery())
	return schema, wire.Status(err, cmd.GetQuery())
}

func (s *service) statementSchema(ctx context.Context, text string) (*flight.SchemaResult, error) {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return nil, err
	}
	defer s.server.sessions.release(u)
	st, err := parse(u, text)
	if err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, u, st, nil)
	if err != nil {
		return nil, err
	}
	return &flight.SchemaResult{Schema: serialize(column.ArrowSchema(p.Fields()))}, nil
}

// DoPutCommandStatementUpdate runs a statement and gives the number of rows that it wrote.
func (s *service) DoPutCommandStatementUpdate(ctx context.Context, cmd flightsql.StatementUpdate) (int64, error) {
	rows, err := s.update(ctx, cmd.GetQuery())
	return rows, wire.Status(err, cmd.GetQuery())
}

func (s *service) update(ctx context.Context, text string) (int64, error) {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return 0, err
	}
	defer s.server.sessions.release(u)
	st, err := parse(u, text)
	if err != nil {
		return 0, err
	}
	p, err := s.plan(ctx, u, st, nil)
	if err != nil {
		return 0, err
	}
	rows, _, err := s.run(ctx, u, st, p)
	return rows, err
}

// run runs a planned statement to its end, drops its rows, and gives the number that its tag tells, 0 when it tells none, the tag and what there is to say beside.
func (s *service) run(ctx context.Context, u *user, st statement, p *session.Planned) (rows int64, did wire.Metadata, err error) {
	ctx, cancel := s.server.within(ctx)
	defer cancel()
	if err := s.server.queries.enter(ctx); err != nil {
		return 0, did, err
	}
	defer s.server.queries.exit()
	if err := u.lock(ctx); err != nil {
		return 0, did, err
	}
	defer u.unlock()
	r, err := p.Run(ctx)
	if err != nil {
		return 0, did, st.restore(causeOf(ctx, err))
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return 0, did, st.restore(causeOf(ctx, err))
		}
		if b == nil {
			return rowsOf(r.Tag()), wire.Metadata{Tag: r.Tag(), Notices: strings.Join(u.session.Notices(), "\n")}, nil
		}
	}
}

// within is a call's context that also ends with the server.
func (s *Server) within(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.ctx, func() { cancel(context.Cause(s.ctx)) })
	return ctx, func() { stop(); cancel(nil) }
}

// rowsOf is the number at the end of a command tag such as INSERT 0 5.
func rowsOf(tag string) int64 {
	n, err := strconv.ParseInt(tag[strings.LastIndexByte(tag, ' ')+1:], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
