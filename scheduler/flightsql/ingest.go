package flightsql

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
	"github.com/polybolos-db/polybolos/session"
)

// DoPutCommandStatementIngest writes the rows of a stream into a table, all or none.
func (s *service) DoPutCommandStatementIngest(ctx context.Context, cmd flightsql.StatementIngest, r flight.MessageReader) (int64, error) {
	n, err := s.ingest(ctx, cmd, r)
	return n, wire.Status(err, "")
}

func (s *service) ingest(ctx context.Context, cmd flightsql.StatementIngest, r flight.MessageReader) (int64, error) {
	in, err := ingestion(cmd)
	if err != nil {
		return 0, err
	}
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return 0, err
	}
	defer s.server.sessions.release(u)
	ctx, cancel := s.server.within(ctx)
	defer cancel()
	// The first record comes with the schema, or there is none.
	record, err := r.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, malformed(ctx, err)
	}
	if r.Schema() == nil {
		return 0, fault.New(fault.InvalidParameterValue, "the stream has no schema")
	}
	if in.Fields, err = wire.Fields(r.Schema()); err != nil {
		return 0, err
	}
	for i := range in.Fields {
		// That a column has no NULLs in the rows that come is no promise about the table.
		in.Fields[i].NotNull = false
		in.Fields[i].Type = storable(in.Fields[i].Type)
	}
	arena := mem.NewArena(nil)
	defer arena.Free()
	in.Next = func(ctx context.Context) (*column.Batch, error) {
		if record == nil || ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		arena.Reset()
		b, err := toBatch(ctx, arena, record, in.Fields)
		if err != nil {
			return nil, err
		}
		if record, err = r.Read(); errors.Is(err, io.EOF) {
			record, err = nil, nil
		}
		if err != nil {
			return nil, malformed(ctx, err)
		}
		return b, nil
	}
	if err := s.server.queries.enter(ctx); err != nil {
		return 0, err
	}
	defer s.server.queries.exit()
	if err := u.lock(ctx); err != nil {
		return 0, err
	}
	defer u.unlock()
	return u.session.Ingest(ctx, in)
}

// ingestion reads what a command asks for.
func ingestion(cmd flightsql.StatementIngest) (session.Ingestion, error) {
	in := session.Ingestion{Schema: cmd.GetSchema(), Table: cmd.GetTable(), Temporary: cmd.GetTemporary()}
	if in.Table == "" {
		return in, fault.New(fault.InvalidName, "the table to ingest into has no name")
	}
	if len(cmd.GetTransactionId()) > 0 {
		return in, fault.New(fault.FeatureNotSupported, "there are no transactions")
	}
	if c := cmd.GetCatalog(); c != "" && c != catalogName {
		return in, fault.New(fault.InvalidSchemaName, "catalog %q does not exist", c)
	}
	o := cmd.GetTableDefinitionOptions()
	if o == nil {
		return in, fault.New(fault.InvalidParameterValue, "the ingestion does not say what to do with a table that exists, or does not")
	}
	in.MustExist = o.GetIfNotExist() == flightsql.TableDefinitionOptionsTableNotExistOptionFail
	switch o.GetIfExists() {
	case flightsql.TableDefinitionOptionsTableExistsOptionAppend:
		in.IfExists = session.AppendIfExists
	case flightsql.TableDefinitionOptionsTableExistsOptionReplace:
		in.IfExists = session.ReplaceIfExists
	}
	return in, nil
}
