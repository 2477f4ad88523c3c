package flightsql

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
)

// substraitStatement is a plan in place of a statement's text.
func substraitStatement(plan flightsql.SubstraitPlan, transaction []byte) (statement, error) {
	st := statement{substrait: plan.Plan, restore: func(err error) error { return err }}
	switch {
	case len(transaction) > 0:
		return st, fault.New(fault.FeatureNotSupported, "there are no transactions")
	case len(plan.Plan) == 0:
		return st, fault.New(fault.SyntaxError, "the Substrait plan is empty")
	}
	return st, nil
}

// withSubstrait calls f with a plan in the call's session.
func (s *service) withSubstrait(ctx context.Context, plan flightsql.SubstraitPlan, transaction []byte, f func(*user, statement) error) error {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return wire.Status(err, "")
	}
	defer s.server.sessions.release(u)
	st, err := substraitStatement(plan, transaction)
	if err == nil {
		err = f(u, st)
	}
	return wire.Status(err, "")
}

// GetFlightInfoSubstraitPlan plans a Substrait plan and gives its ticket.
func (s *service) GetFlightInfoSubstraitPlan(ctx context.Context, cmd flightsql.StatementSubstraitPlan, desc *flight.FlightDescriptor) (info *flight.FlightInfo, err error) {
	err = s.withSubstrait(ctx, cmd.GetPlan(), cmd.GetTransactionId(), func(u *user, st statement) (err error) {
		info, err = s.info(ctx, u, st, nil, desc)
		return err
	})
	return info, err
}

// PollFlightInfoSubstraitPlan starts a plan, and tells its progress until its first rows are there.
func (s *service) PollFlightInfoSubstraitPlan(ctx context.Context, cmd flightsql.StatementSubstraitPlan, desc *flight.FlightDescriptor) (info *flight.PollInfo, err error) {
	err = s.withSubstrait(ctx, cmd.GetPlan(), cmd.GetTransactionId(), func(u *user, st statement) (err error) {
		info, err = s.pollStart(ctx, u, st, nil, desc)
		return err
	})
	return info, err
}

// GetSchemaSubstraitPlan gives a plan's columns and runs nothing.
func (s *service) GetSchemaSubstraitPlan(ctx context.Context, cmd flightsql.StatementSubstraitPlan, _ *flight.FlightDescriptor) (out *flight.SchemaResult, err error) {
	err = s.withSubstrait(ctx, cmd.GetPlan(), cmd.GetTransactionId(), func(u *user, st statement) error {
		p, err := s.plan(ctx, u, st, nil)
		if err == nil {
			out = &flight.SchemaResult{Schema: serialize(column.ArrowSchema(p.Fields()))}
		}
		return err
	})
	return out, err
}

// DoPutCommandSubstraitPlan runs a plan and drops its rows: plans that write are not taken.
func (s *service) DoPutCommandSubstraitPlan(ctx context.Context, cmd flightsql.StatementSubstraitPlan) (n int64, err error) {
	err = s.withSubstrait(ctx, cmd.GetPlan(), cmd.GetTransactionId(), func(u *user, st statement) error {
		p, err := s.plan(ctx, u, st, nil)
		if err == nil {
			n, _, err = s.run(ctx, u, st, p)
		}
		return err
	})
	return n, err
}

// CreatePreparedSubstraitPlan keeps a plan, which has no parameters.
func (s *service) CreatePreparedSubstraitPlan(ctx context.Context, request flightsql.ActionCreatePreparedSubstraitPlanRequest) (out flightsql.ActionCreatePreparedStatementResult, err error) {
	err = s.withSubstrait(ctx, request.GetPlan(), request.GetTransactionId(), func(u *user, st statement) error {
		planned, err := s.plan(ctx, u, st, nil)
		if err != nil {
			return err
		}
		p := &prepared{statement: st, rows: true, schema: column.ArrowSchema(planned.Fields()), values: make(chan [][]column.Value, 1)}
		p.values <- nil
		handle, err := s.keep(u, p)
		if err != nil {
			return err
		}
		update := false
		out = flightsql.ActionCreatePreparedStatementResult{Handle: []byte(handle), DatasetSchema: p.schema, IsUpdate: &update}
		return nil
	})
	return out, err
}
