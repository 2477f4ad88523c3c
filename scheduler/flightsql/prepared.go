package flightsql

import (
	"context"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc/metadata"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
	"github.com/polybolos-db/polybolos/session"
)

// maxPrepared bounds the prepared statements of a session.
const maxPrepared = 10_000

// prepared is a prepared statement of a session.
type prepared struct {
	statement statement
	types     []column.Type // of the parameters, Null where nothing is known
	schema    *arrow.Schema // of the result, nil where it depends on the parameters
	rows      bool

	values chan [][]column.Value // holds the bound rows of parameters; whoever takes them puts them back
}

// maxQueryRows bounds the rows of parameters of one execution of a query: each is a plan.
const maxQueryRows = 1000

func (p *prepared) bound() [][]column.Value {
	v := <-p.values
	p.values <- v
	return v
}

func (p *prepared) bind(rows [][]column.Value) {
	<-p.values
	p.values <- rows
}

func parameterName(i int) string { return "$" + strconv.Itoa(i+1) }

// CreatePreparedStatement parses a statement, and finds the types of its parameters and its result.
func (s *service) CreatePreparedStatement(ctx context.Context, request flightsql.ActionCreatePreparedStatementRequest) (flightsql.ActionCreatePreparedStatementResult, error) {
	out, err := s.prepare(ctx, request)
	return out, wire.Status(err, request.GetQuery())
}

func (s *service) prepare(ctx context.Context, request flightsql.ActionCreatePreparedStatementRequest) (out flightsql.ActionCreatePreparedStatementResult, err error) {
	if len(request.GetTransactionId()) > 0 {
		return out, fault.New(fault.FeatureNotSupported, "there are no transactions")
	}
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return out, err
	}
	defer s.server.sessions.release(u)
	p := &prepared{values: make(chan [][]column.Value, 1)}
	p.values <- nil
	if p.statement, err = parse(u, request.GetQuery()); err != nil {
		return out, err
	}
	if err := s.describe(ctx, u, p); err != nil {
		return out, err
	}
	handle, err := s.keep(u, p)
	if err != nil {
		return out, err
	}
	update := !p.rows
	out = flightsql.ActionCreatePreparedStatementResult{Handle: []byte(handle), DatasetSchema: p.schema, IsUpdate: &update}
	if !buildsBySchema(ctx) || p.statement.params == 0 {
		out.ParameterSchema = parameterSchema(p.types)
	}
	return out, nil
}

// keep makes a handle for a prepared statement of the session.
func (s *service) keep(u *user, p *prepared) (string, error) {
	handle := newHandle()
	s.server.sessions.mu.Lock()
	defer s.server.sessions.mu.Unlock()
	if len(u.prepared) >= maxPrepared {
		return "", fault.New(fault.InsufficientResources, "the session has %d prepared statements, and no more are allowed", maxPrepared)
	}
	u.prepared[handle] = p
	return handle, nil
}

// describe finds the types of a statement's parameters and result.
func (s *service) describe(ctx context.Context, u *user, p *prepared) error {
	if err := u.lock(ctx); err != nil {
		return err
	}
	defer u.unlock()
	types, err := u.session.ParameterTypes(ctx, p.statement.parsed, p.statement.params)
	if p.statement.params > 0 && isDataError(err) {
		// NULL will not do where the statement needs a value: what it gives is known when it has one.
		p.types, p.rows = make([]column.Type, p.statement.params), true
		return nil
	}
	if err != nil {
		return p.statement.restore(err)
	}
	p.types = types
	values := make([]column.Value, len(types))
	for i, t := range types {
		values[i] = column.NullValue(t)
	}
	planned, err := u.session.Plan(ctx, p.statement.parsed, values)
	if err != nil {
		return p.statement.restore(err)
	}
	p.rows = planned.ReturnsRows()
	p.schema = column.ArrowSchema(planned.Fields())
	return nil
}

// isDataError says that a statement would be good with other values.
func isDataError(err error) bool {
	return err != nil && strings.HasPrefix(string(fault.CodeOf(err)), "22")
}

// buildsBySchema tells clients that refuse values whose Go type is not exactly that of the declared parameter, which is Go's database/sql driver:
// they do better with no declaration, and send what they have.
func buildsBySchema(ctx context.Context) bool {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, agent := range md.Get("user-agent") {
		if strings.HasPrefix(agent, "grpc-go/") {
			return true
		}
	}
	return false
}

// withPrepared calls f with a prepared statement of the call's session, and returns its text.
func (s *service) withPrepared(ctx context.Context, handle []byte, f func(*user, *prepared) error) (string, error) {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return "", err
	}
	defer s.server.sessions.release(u)
	s.server.sessions.mu.Lock()
	p := u.prepared[string(handle)]
	s.server.sessions.mu.Unlock()
	if p == nil {
		if p, err = s.prepareAgain(ctx, u, string(handle)); err != nil {
			return "", err
		}
	}
	if p == nil {
		return "", fault.New(fault.InvalidStatementName, "there is no prepared statement with this handle in the session")
	}
	return p.statement.text, f(u, p)
}

// ClosePreparedStatement forgets a prepared statement.
func (s *service) ClosePreparedStatement(ctx context.Context, request flightsql.ActionClosePreparedStatementRequest) error {
	_, err := s.withPrepared(ctx, request.GetPreparedStatementHandle(), func(u *user, _ *prepared) error {
		s.server.sessions.mu.Lock()
		defer s.server.sessions.mu.Unlock()
		delete(u.prepared, string(request.GetPreparedStatementHandle()))
		return nil
	})
	return err
}

// GetFlightInfoPreparedStatement plans with the bound parameters and gives a ticket.
func (s *service) GetFlightInfoPreparedStatement(ctx context.Context, cmd flightsql.PreparedStatementQuery, desc *flight.FlightDescriptor) (info *flight.FlightInfo, err error) {
	text, err := s.withPrepared(ctx, cmd.GetPreparedStatementHandle(), func(u *user, p *prepared) (err error) {
		info, err = s.info(ctx, u, p.statement, p.bound(), desc)
		return err
	})
	return info, wire.Status(err, text)
}

// GetSchemaPreparedStatement gives the result's columns.
func (s *service) GetSchemaPreparedStatement(ctx context.Context, cmd flightsql.PreparedStatementQuery, _ *flight.FlightDescriptor) (out *flight.SchemaResult, err error) {
	text, err := s.withPrepared(ctx, cmd.GetPreparedStatementHandle(), func(_ *user, p *prepared) error {
		if p.schema == nil {
			return fault.New(fault.IndeterminateDatatype, "the columns of this statement depend on its parameters")
		}
		out = &flight.SchemaResult{Schema: serialize(p.schema)}
		return nil
	})
	return out, wire.Status(err, text)
}

// assign checks a row of parameters against the statement and gives texts and integers the types that it asks for, as PostgreSQL does with
// parameters that have no type of their own.
func (p *prepared) assign(values []column.Value) ([]column.Value, error) {
	if len(values) != p.statement.params {
		return nil, fault.New(fault.SyntaxError, "the statement takes %d parameters, not %d", p.statement.params, len(values))
	}
	for i, t := range p.types {
		switch v := values[i]; {
		case v.Null || t.Kind == column.Null || v.Type.Equal(t):
		case v.Type.Kind == column.Text:
			read, err := session.Assign(v, t)
			if err != nil {
				return nil, err
			}
			values[i] = read
		case v.Type.Kind.IsInteger() && t.Kind.IsInteger():
			// Clients have integers of one size; what does not fit stays as it is, for comparisons.
			if narrow, err := session.Assign(v, t); err == nil {
				values[i] = narrow
			}
		}
	}
	return values, nil
}

// DoPutPreparedStatementQuery binds rows of parameters: an execution has the rows of all of them, one after the other.
func (s *service) DoPutPreparedStatementQuery(ctx context.Context, cmd flightsql.PreparedStatementQuery, r flight.MessageReader, _ flight.MetadataWriter) ([]byte, error) {
	text, err := s.withPrepared(ctx, cmd.GetPreparedStatementHandle(), func(_ *user, p *prepared) error {
		var bound [][]column.Value
		err := readParameters(ctx, r, func(values []column.Value) error {
			if p.rows && len(bound) == maxQueryRows {
				return fault.New(fault.StatementTooComplex, "more than %d rows of parameters for one execution of a query", maxQueryRows)
			}
			values, err := p.assign(values)
			bound = append(bound, values)
			return err
		})
		if err == nil {
			p.bind(bound)
		}
		return err
	})
	return cmd.GetPreparedStatementHandle(), wire.Status(err, text)
}

// DoPutPreparedStatementUpdate runs a statement once for each row of parameters, or once with those that were bound when there is no row.
func (s *service) DoPutPreparedStatementUpdate(ctx context.Context, cmd flightsql.PreparedStatementUpdate, r flight.MessageReader) (total int64, err error) {
	text, err := s.withPrepared(ctx, cmd.GetPreparedStatementHandle(), func(u *user, p *prepared) error {
		once := func(values []column.Value) error {
			planned, err := s.plan(ctx, u, p.statement, values)
			if err != nil {
				return err
			}
			n, _, err := s.run(ctx, u, p.statement, planned)
			total += n
			return err
		}
		bound := func() error {
			for _, values := range p.bound() {
				if err := once(values); err != nil {
					return err
				}
			}
			return nil
		}
		if p.statement.params == 0 {
			return once(nil)
		}
		ran := false
		err := readParameters(ctx, r, func(values []column.Value) error {
			ran = true
			values, err := p.assign(values)
			if err != nil {
				return err
			}
			return once(values)
		})
		if err == nil && !ran {
			if len(p.bound()) == 0 {
				return once(nil)
			}
			return bound()
		}
		return err
	})
	return total, wire.Status(err, text)
}
