package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net/url"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
)

// Client is a session on a server.
type Client struct {
	flight *flightsql.Client
	places places // executors, from which results may be read
	once   sync.Once
	err    error // of Close
}

// userAgent names this client to servers.
const userAgent = "polybolos-client"

// DefaultPort is the port of a URL that has none.
const DefaultPort = "32010"

// Open connects to the server of a URL: grpc://host:port, or grpc+tls:// for a connection with TLS. It fails when there is no answer before ctx ends.
func Open(ctx context.Context, address string) (*Client, error) {
	return OpenTLS(ctx, address, nil)
}

// OpenTLS is Open with what TLS needs beyond the system's certificates: whom to trust, and a certificate of the client's own.
func OpenTLS(ctx context.Context, address string, config *tls.Config) (*Client, error) {
	target, security, err := parseURL(address, config)
	if err != nil {
		return nil, err
	}
	inner, err := flightsql.NewClientCtx(ctx, target, nil, []flight.ClientMiddleware{flight.NewClientCookieMiddleware()},
		grpc.WithTransportCredentials(security), grpc.WithUserAgent(userAgent), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)))
	if err != nil {
		return nil, fault.Wrap(fault.ConnectionFailure, err, "connect to %s", address)
	}
	c := &Client{flight: inner, places: places{config: config, open: map[string]flight.Client{}, missed: map[string]time.Time{}}}
	// The first call opens the connection and the session, and tells whether there is a server.
	if _, err := c.Setting(ctx, "application_name"); err != nil {
		return nil, errors.Join(fault.Wrap(fault.CodeOf(err), err, "connect to %s", address), inner.Close())
	}
	return c, nil
}

// parseURL takes an address apart.
func parseURL(address string, config *tls.Config) (target string, security credentials.TransportCredentials, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", nil, fault.Wrap(fault.InvalidParameterValue, err, "the address %q is no URL", address)
	}
	switch u.Scheme {
	case "grpc", "grpc+tcp":
		security = insecure.NewCredentials()
	case "grpc+tls":
		security = credentials.NewTLS(config)
	default:
		return "", nil, fault.New(fault.InvalidParameterValue, "the address %q does not begin with grpc:// or grpc+tls://", address)
	}
	if u.Hostname() == "" || u.User != nil || u.RawQuery != "" || (u.Path != "" && u.Path != "/") {
		return "", nil, fault.New(fault.InvalidParameterValue, "the address %q is not grpc://host:port", address)
	}
	if u.Port() == "" {
		u.Host += ":" + DefaultPort
	}
	return u.Host, security, nil
}

// closePatience bounds how long Close waits for a server that does not answer.
const closePatience = 5 * time.Second

// Close ends the session and the connection.
func (c *Client) Close() error {
	c.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closePatience)
		defer cancel()
		// A server that has gone has ended the session too.
		_, _ = c.flight.CloseSession(ctx, &flight.CloseSessionRequest{})
		if err := errors.Join(c.flight.Close(), c.places.close()); err != nil {
			c.err = fault.Wrap(fault.ConnectionFailure, err, "close the connection")
		}
	})
	return c.err
}

// Query runs a statement; args are the values of $1, $2, … or of each ?: nil, bool, integers, floats, string, []byte, time.Time, column.Value. A
// statement without rows has run when Query returns, and its Rows have no Fields.
func (c *Client) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	if len(args) == 0 {
		info, err := c.flight.Execute(ctx, text)
		if err != nil {
			return nil, wire.Fault(err)
		}
		return c.rows(info)
	}
	arena := mem.NewArena(nil)
	defer arena.Free()
	record, err := parameters(arena, args)
	if err != nil {
		return nil, err
	}
	defer record.Release()
	p, err := c.flight.Prepare(ctx, text)
	if err != nil {
		return nil, wire.Fault(err)
	}
	p.SetParameters(record)
	info, err := p.Execute(ctx)
	if cerr := p.Close(ctx); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, wire.Fault(err)
	}
	return c.rows(info)
}

// QuerySubstrait runs an encoded Substrait plan over the server's tables.
func (c *Client) QuerySubstrait(ctx context.Context, plan []byte) (*Rows, error) {
	info, err := c.flight.ExecuteSubstrait(ctx, flightsql.SubstraitPlan{Plan: plan})
	if err != nil {
		return nil, wire.Fault(err)
	}
	return c.rows(info)
}

// Exec runs a statement, drops its rows, and returns the number of rows that it wrote.
func (c *Client) Exec(ctx context.Context, text string) (int64, error) {
	n, err := c.flight.ExecuteUpdate(ctx, text)
	return n, wire.Fault(err)
}

// Set changes a setting of the session.
func (c *Client) Set(ctx context.Context, name, value string) error {
	result, err := c.flight.SetSessionOptions(ctx, &flight.SetSessionOptionsRequest{SessionOptions: map[string]*flight.SessionOptionValue{
		name: {OptionValue: &pb.SessionOptionValue_StringValue{StringValue: value}},
	}})
	if err != nil {
		return wire.Fault(err)
	}
	if failed := result.GetErrors()[name]; failed != nil {
		switch failed.GetValue() {
		case flight.SetSessionOptionsResultErrorInvalidName:
			return fault.New(fault.UndefinedObject, "there is no setting %q", name).WithHint("SHOW ALL lists the settings")
		default:
			return fault.New(fault.InvalidParameterValue, "setting %s cannot be %q", name, value)
		}
	}
	return nil
}

// Setting is the value of a setting of the session.
func (c *Client) Setting(ctx context.Context, name string) (string, error) {
	result, err := c.flight.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
	if err != nil {
		return "", wire.Fault(err)
	}
	value, ok := result.GetSessionOptions()[name]
	if !ok {
		return "", fault.New(fault.UndefinedObject, "there is no setting %q", name).WithHint("SHOW ALL lists the settings")
	}
	return value.GetStringValue(), nil
}

// Table is a table or a view.
type Table struct {
	Schema, Name string
	View         bool
	Fields       []column.Field // when they were asked for
}

// Tables lists the tables and views of all schemas whose names match the patterns of LIKE, an empty one all; with their columns when wanted.
func (c *Client) Tables(ctx context.Context, schema, name string, columns bool) ([]Table, error) {
	o := &flightsql.GetTablesOpts{IncludeSchema: columns}
	if schema != "" {
		o.DbSchemaFilterPattern = &schema
	}
	if name != "" {
		o.TableNameFilterPattern = &name
	}
	info, err := c.flight.GetTables(ctx, o)
	if err != nil {
		return nil, wire.Fault(err)
	}
	var out []Table
	for _, e := range info.GetEndpoint() {
		if err := c.tables(ctx, e.GetTicket(), columns, &out); err != nil {
			return nil, wire.Fault(err)
		}
	}
	return out, nil
}

func (c *Client) tables(ctx context.Context, ticket *flight.Ticket, columns bool, out *[]Table) error {
	r, err := c.flight.DoGet(ctx, ticket)
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
		if err := appendTables(r.RecordBatch(), columns, out); err != nil {
			return err
		}
	}
	return r.Err()
}

func appendTables(record arrow.RecordBatch, columns bool, out *[]Table) error {
	var texts [4]*array.String
	for i := range texts {
		var ok bool
		if int(record.NumCols()) <= i {
			return malformed("tables")
		}
		if texts[i], ok = record.Column(i).(*array.String); !ok {
			return malformed("tables")
		}
	}
	for k := range int(record.NumRows()) {
		t := Table{Schema: texts[1].Value(k), Name: texts[2].Value(k), View: texts[3].Value(k) == "VIEW"}
		if columns {
			schemas, ok := record.Column(int(record.NumCols()) - 1).(*array.Binary)
			if !ok {
				return malformed("columns")
			}
			schema, err := flight.DeserializeSchema(schemas.Value(k), memory.DefaultAllocator)
			if err != nil {
				return fmt.Errorf("the schema of table %q: %w", t.Name, err)
			}
			if t.Fields, err = wire.Fields(schema); err != nil {
				return err
			}
		}
		*out = append(*out, t)
	}
	return nil
}

func malformed(what string) error {
	return fault.New(fault.DataCorrupted, "the server's list of %s does not have the form of the protocol", what)
}
