package flightsql_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
	server "github.com/polybolos-db/polybolos/scheduler/flightsql"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
	"github.com/polybolos-db/polybolos/session"
)

// patience is how long a test waits for what must come: far more than anything takes.
const patience = 30 * time.Second

// serve starts a server on an engine of its own, and returns its address. The test's end shuts it down.
func serve(t *testing.T, c server.Config) (address string, s *server.Server) {
	t.Helper()
	e, err := engine.Open(engine.Config{Threads: 2, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	c.Sessions = func() (*session.Session, error) { return e.SharedSession().Session, nil }
	if s, err = server.New(c); err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), <-served, e.Close()); err != nil {
			t.Errorf("shut down: %v", err)
		}
	})
	return l.Addr().String(), s
}

// connect opens a connection of Arrow's own client, with cookies or without.
func connect(t *testing.T, address string, cookies bool) *flightsql.Client {
	t.Helper()
	var middleware []flight.ClientMiddleware
	if cookies {
		middleware = append(middleware, flight.NewClientCookieMiddleware())
	}
	c, err := flightsql.NewClient(address, nil, middleware, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// read fetches all rows of an info as texts, a row a string.
func read(ctx context.Context, c *flightsql.Client, info *flight.FlightInfo) ([]string, error) {
	var out []string
	for _, e := range info.GetEndpoint() {
		r, err := c.DoGet(ctx, e.GetTicket())
		if err != nil {
			return nil, err
		}
		for r.Next() {
			b := r.RecordBatch()
			for i := range int(b.NumRows()) {
				var cells []string
				for _, col := range b.Columns() {
					cells = append(cells, col.ValueStr(i))
				}
				out = append(out, strings.Join(cells, "|"))
			}
		}
		err = r.Err()
		r.Release()
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// query runs a statement and returns its rows joined by commas.
func query(t *testing.T, c *flightsql.Client, text string) string {
	t.Helper()
	info, err := c.Execute(t.Context(), text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	rows, err := read(t.Context(), c, info)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return strings.Join(rows, ",")
}

func wantCode(t *testing.T, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(wire.Fault(err)); err == nil || got != want {
		t.Errorf("%s: got %s (%v), want %s", what, got, err, want)
	}
}

func TestStatements(t *testing.T) {
	address, _ := serve(t, server.Config{})
	c := connect(t, address, false)
	ctx := t.Context()
	for _, step := range []struct {
		text string
		want int64
	}{
		{"create table t (a int, b text)", 0}, {"insert into t values (1, 'x'), (2, null)", 2}, {"create table u as select * from t", 2},
		{"set timezone = 'Asia/Tokyo'", 0}, {"select * from t", 2}, {"drop table u", 0},
	} {
		if n, err := c.ExecuteUpdate(ctx, step.text); err != nil || n != step.want {
			t.Errorf("%s: %d, %v", step.text, n, err)
		}
	}
	for text, want := range map[string]string{
		"select a, b from t order by a": "1|x,2|(null)", "show timezone": "Asia/Tokyo", "select 1 where false": "", "create table if not exists t (x int)": "",
		"explain select 1 as a": query(t, c, "explain select 1 as a"),
	} {
		if got := query(t, c, text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	schema, err := c.GetExecuteSchema(ctx, "select a, 1.5::numeric(10,2) as d from t")
	if err != nil {
		t.Fatal(err)
	}
	s, err := flight.DeserializeSchema(schema.GetSchema(), memory.DefaultAllocator)
	if err != nil || s.Field(1).Type.String() != "decimal(10, 2)" {
		t.Errorf("%v, %v", s, err)
	}
	for text, code := range map[string]fault.Code{
		"select nope": fault.UndefinedColumn, "select * from absent": fault.UndefinedTable, "selec": fault.SyntaxError, "": fault.SyntaxError,
		"select 1; select 2": fault.SyntaxError, "create table t (a int)": fault.DuplicateTable, "select $1": fault.UndefinedParameter,
	} {
		_, err := c.Execute(ctx, text)
		wantCode(t, text, err, code)
	}
	// An error that comes with the rows.
	info, err := c.Execute(ctx, "select 1 / (i - 5000) from generate_series(1, 9999) g(i)")
	if err != nil {
		t.Fatal(err)
	}
	_, err = read(ctx, c, info)
	wantCode(t, "division", err, fault.DivisionByZero)
}

func TestPrepared(t *testing.T) {
	address, _ := serve(t, server.Config{})
	c := connect(t, address, false)
	ctx := t.Context()
	query(t, c, "create table t (a int, b text, c date, d numeric(12,3))")
	p, err := c.Prepare(ctx, "insert into t values (?, ?, ?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "1", Type: arrow.PrimitiveTypes.Int64}, {Name: "2", Type: arrow.BinaryTypes.String},
		{Name: "3", Type: arrow.BinaryTypes.String}, {Name: "4", Type: arrow.PrimitiveTypes.Float64},
	}, nil))
	defer b.Release()
	for i := range 3 {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("word %d", i))
		b.Field(2).(*array.StringBuilder).Append("2024-02-29")
		b.Field(3).AppendNull()
	}
	rows := b.NewRecordBatch()
	defer rows.Release()
	p.SetParameters(rows)
	if n, err := p.ExecuteUpdate(ctx); err != nil || n != 3 {
		t.Fatalf("%d, %v", n, err)
	}
	if isUpdate, known := p.IsUpdate(); !isUpdate || !known {
		t.Error("an INSERT is an update")
	}
	if got := query(t, c, "select * from t order by a limit 1"); got != "0|word 0|2024-02-29|(null)" {
		t.Errorf("got %q", got)
	}
	if err := p.Close(ctx); err != nil {
		t.Fatal(err)
	}
	_, err = p.ExecuteUpdate(ctx)
	if err == nil {
		t.Error("a closed statement runs")
	}
	// A query: its columns before it runs, one row of parameters, then another.
	q, err := c.Prepare(ctx, "select a, b from t where a > ? order by a")
	if err != nil {
		t.Fatal(err)
	}
	if got := q.DatasetSchema(); got == nil || got.NumFields() != 2 || got.Field(1).Type.ID() != arrow.STRING {
		t.Errorf("the columns are %v", got)
	}
	for limit, want := range map[int64]string{0: "1|word 1,2|word 2", 1: "2|word 2", 2: ""} {
		one := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "1", Type: arrow.PrimitiveTypes.Int64}}, nil))
		one.Field(0).(*array.Int64Builder).Append(limit)
		q.SetParameters(one.NewRecordBatch())
		one.Release()
		info, err := q.Execute(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(ctx, c, info)
		if err != nil || strings.Join(got, ",") != want {
			t.Errorf("above %d: %q, %v", limit, got, err)
		}
	}
	// Several rows of parameters are one execution, with the rows of all of them in their order.
	several := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "1", Type: arrow.PrimitiveTypes.Int64}}, nil))
	several.Field(0).(*array.Int64Builder).AppendValues([]int64{1, 2, 0}, nil)
	q.SetParameters(several.NewRecordBatch())
	several.Release()
	for range 2 {
		info, err := q.Execute(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := read(ctx, c, info); err != nil || strings.Join(got, ",") != "2|word 2,1|word 1,2|word 2" {
			t.Errorf("above 1, 2 and 0: %q, %v", got, err)
		}
	}
	poll, err := q.ExecutePoll(ctx, nil)
	for err == nil && poll.GetFlightDescriptor() != nil {
		poll, err = q.ExecutePoll(ctx, poll.GetFlightDescriptor())
	}
	if err != nil || poll.GetInfo() == nil {
		t.Fatalf("the poll of a prepared query gives %v, %v", poll, err)
	}
	if got, err := read(ctx, c, poll.GetInfo()); err != nil || len(got) != 3 {
		t.Errorf("polled: %q, %v", got, err)
	}
	q.SetParameters(rows)
	_, err = q.Execute(ctx)
	wantCode(t, "four parameters for one", err, fault.SyntaxError)
	_, err = c.Prepare(ctx, "select * from absent where a = ?")
	wantCode(t, "no table", err, fault.UndefinedTable)
}

// TestParameterTypes shows what clients that ask are told.
func TestParameterTypes(t *testing.T) {
	address, _ := serve(t, server.Config{})
	c, err := flightsql.NewClient(address, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUserAgent("another"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	query(t, c, "create table t (a smallint, b text, c date, d numeric(12,3), e timestamp, f double precision, g boolean)")
	for text, want := range map[string]string{
		"select * from t where a = ?":                                     "int64",
		"select * from t where b like ? and c > ?":                        "utf8 date32",
		"select * from t where d between ? and ? or g = ?":                "decimal(12, 3) decimal(12, 3) bool",
		"select * from t where e >= $2 and f < $1":                        "float64 timestamp[us]",
		"insert into t (d, a) values (?, ?)":                              "decimal(12, 3) int64",
		"with q as (select * from t where c = ?) select * from q limit ?": "date32 int64",
		"select (select max(a) from t where b = ?)":                       "utf8",
		"select ?": "utf8",
		"select * from t where a in (?, 1, 2) and case when g then c = ? else g end": "int64 date32",
	} {
		p, err := c.Prepare(t.Context(), text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for _, f := range p.ParameterSchema().Fields() {
			got = append(got, f.Type.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// TestGarbage sends what no client should; the answer is an error, and the server lives.
func TestGarbage(t *testing.T) {
	address, _ := serve(t, server.Config{})
	c := connect(t, address, false)
	ctx := t.Context()
	raw := c.Client
	ticket, err := wire.Ticket([]byte("no handle of ours"))
	if err != nil {
		t.Fatal(err)
	}
	var unknown, command anypb.Any
	if err := errors.Join(unknown.MarshalFrom(&pb.Criteria{}), command.MarshalFrom(&pb.CommandStatementQuery{Query: "select 1"})); err != nil {
		t.Fatal(err)
	}
	strange, err := proto.Marshal(&unknown)
	if err != nil {
		t.Fatal(err)
	}
	good, err := proto.Marshal(&command)
	if err != nil {
		t.Fatal(err)
	}
	texts := [][]byte{nil, {}, []byte("x"), []byte("\xff\xff\xff"), strange, ticket[:len(ticket)-3], good[:len(good)-2], []byte(strings.Repeat("z", 10_000))}
	refused := func(what string, err error) {
		t.Helper()
		switch status.Code(err) {
		case codes.InvalidArgument, codes.NotFound, codes.Unimplemented:
		default:
			t.Errorf("%s: %v", what, err)
		}
	}
	for i, p := range texts {
		stream, err := raw.DoGet(ctx, &flight.Ticket{Ticket: p})
		if err == nil {
			_, err = stream.Recv()
		}
		refused(fmt.Sprintf("DoGet of text %d", i), err)
		descriptor := &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: p}
		_, err = raw.GetFlightInfo(ctx, descriptor)
		refused(fmt.Sprintf("GetFlightInfo of text %d", i), err)
		_, err = raw.GetSchema(ctx, descriptor)
		refused(fmt.Sprintf("GetSchema of text %d", i), err)
		_, err = raw.PollFlightInfo(ctx, descriptor)
		refused(fmt.Sprintf("PollFlightInfo of text %d", i), err)
		for _, kind := range []string{"", "no action", flightsql.CreatePreparedStatementActionType, flightsql.ClosePreparedStatementActionType,
			flightsql.CancelQueryActionType, flightsql.BeginTransactionActionType, flight.CancelFlightInfoActionType} {
			actions, err := raw.DoAction(ctx, &flight.Action{Type: kind, Body: p})
			if err == nil {
				_, err = actions.Recv()
			}
			if err == nil {
				t.Errorf("action %q with text %d is good", kind, i)
			}
			refused(fmt.Sprintf("action %q with text %d", kind, i), err)
		}
		for _, first := range []*flight.FlightData{
			{}, {DataHeader: p}, {FlightDescriptor: descriptor}, {FlightDescriptor: descriptor, DataHeader: p, DataBody: p},
			{FlightDescriptor: &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: good}, DataHeader: []byte("\x10\x00\x00\x00\xff\xff\xff\xff"), DataBody: p},
		} {
			put, err := raw.DoPut(ctx)
			if err == nil {
				// The server may answer before it has read all; Recv tells.
				_ = put.Send(first)
				_ = put.CloseSend()
				_, err = put.Recv()
			}
			refused(fmt.Sprintf("DoPut of text %d", i), err)
		}
	}
	_, err = raw.GetFlightInfo(ctx, &flight.FlightDescriptor{Type: flight.DescriptorPATH, Path: []string{"a"}})
	refused("a path", err)
	if got := query(t, c, "select 'alive'"); got != "alive" {
		t.Errorf("got %q", got)
	}
}

// TestTickets are fetched once, and expire.
func TestTickets(t *testing.T) {
	address, _ := serve(t, server.Config{TicketLife: 40 * time.Millisecond})
	c := connect(t, address, false)
	ctx := t.Context()
	info, err := c.Execute(ctx, "select 1")
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the ticket to expire", func() bool {
		_, err := c.Client.PollFlightInfo(ctx, &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: info.Endpoint[0].Ticket.Ticket})
		return err != nil
	})
	_, err = read(ctx, c, info)
	wantCode(t, "an expired ticket", err, fault.InvalidStatementName)

	patient, _ := serve(t, server.Config{})
	c = connect(t, patient, false)
	if info, err = c.Execute(ctx, "select 1"); err != nil {
		t.Fatal(err)
	}
	if rows, err := read(ctx, c, info); err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	_, err = read(ctx, c, info)
	wantCode(t, "a ticket fetched twice", err, fault.InvalidStatementName)
}

func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// endless is a query that nobody waits for.
const endless = "select count(*) from generate_series(1, 100000000) a, generate_series(1, 100000) b"

func TestCancel(t *testing.T) {
	address, _ := serve(t, server.Config{MaxQueries: 1})
	c := connect(t, address, false)
	other := connect(t, address, false)
	ctx := t.Context()
	query(t, c, "create table t as select i from generate_series(1, 100000) g(i)")
	const endless = "select count(*) from t a, t b, t c where a.i + b.i + c.i = 0"
	for name, cancel := range map[string]func(*flight.FlightInfo) error{
		"CancelFlightInfo": func(info *flight.FlightInfo) error {
			result, err := other.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: info})
			if err == nil && result.GetStatus() != flight.CancelStatusCancelled {
				err = fmt.Errorf("the status is %s", result.GetStatus())
			}
			return err
		},
		"CancelQuery": func(info *flight.FlightInfo) error {
			//nolint:staticcheck // Older clients use it.
			result, err := other.CancelQuery(ctx, info)
			if err == nil && result != flightsql.CancelResultCancelled {
				err = fmt.Errorf("the result is %d", result)
			}
			return err
		},
	} {
		info, err := c.Execute(ctx, endless)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := read(ctx, c, info)
			ended <- err
		}()
		descriptor := &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: info.Endpoint[0].Ticket.Ticket}
		until(t, "the query to run", func() bool {
			p, err := other.Client.PollFlightInfo(ctx, descriptor)
			return err == nil && wire.ParseMetadata(p.GetInfo().GetAppMetadata()).Total > 0
		})
		if err := cancel(info); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		err = <-ended
		wantCode(t, name, err, fault.QueryCanceled)
	}
	// The client goes away: the slot is free again.
	gone, cancel := context.WithCancel(ctx)
	info, err := c.Execute(ctx, endless)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := read(gone, c, info); err == nil {
		t.Error("an endless query ended")
	}
	if got := query(t, c, "select 1"); got != "1" {
		t.Errorf("got %q", got)
	}
}

// TestPoll follows a query that PollFlightInfo started, and fetches it.
func TestPoll(t *testing.T) {
	address, _ := serve(t, server.Config{})
	c := connect(t, address, false)
	ctx := t.Context()
	query(t, c, "create table t as select i from generate_series(1, 100000) g(i)")
	var again *flight.FlightDescriptor
	for {
		info, err := c.ExecutePoll(ctx, "select count(*), sum(i) from t", again)
		if err != nil {
			t.Fatal(err)
		}
		if again = info.GetFlightDescriptor(); again != nil {
			continue
		}
		rows, err := read(ctx, c, info.GetInfo())
		if err != nil || strings.Join(rows, ",") != "100000|5000050000" {
			t.Errorf("%q, %v", rows, err)
		}
		break
	}
	info, err := c.ExecutePoll(ctx, "select 1 / (i - 1) from t", nil)
	for err == nil && info.GetFlightDescriptor() != nil {
		info, err = c.ExecutePoll(ctx, "", info.GetFlightDescriptor())
	}
	wantCode(t, "a query that fails", err, fault.DivisionByZero)
	// One that is never fetched ends with the server.
	if _, err := c.ExecutePoll(ctx, endless, nil); err != nil {
		t.Error(err)
	}
}

func TestSessions(t *testing.T) {
	address, _ := serve(t, server.Config{MaxSessions: 3})
	ctx := t.Context()
	plain, other, cookies := connect(t, address, false), connect(t, address, false), connect(t, address, true)
	query(t, plain, "set timezone = 'Asia/Tokyo'")
	if got := query(t, plain, "show timezone") + query(t, other, "show timezone"); got != "Asia/TokyoUTC" {
		t.Errorf("got %q", got)
	}
	result, err := cookies.SetSessionOptions(ctx, &flight.SetSessionOptionsRequest{SessionOptions: map[string]*flight.SessionOptionValue{
		"timezone": {OptionValue: &pb.SessionOptionValue_StringValue{StringValue: "Europe/Berlin"}},
		"threads":  {OptionValue: &pb.SessionOptionValue_Int64Value{Int64Value: 1}},
		"nonsense": {OptionValue: &pb.SessionOptionValue_BoolValue{BoolValue: true}},
		"exchange": {OptionValue: &pb.SessionOptionValue_StringValue{StringValue: "maybe"}},
	}})
	if err != nil || len(result.GetErrors()) != 2 || result.GetErrors()["nonsense"].GetValue() != flight.SetSessionOptionsResultErrorInvalidName ||
		result.GetErrors()["exchange"].GetValue() != flight.SetSessionOptionsResultErrorInvalidValue {
		t.Errorf("%v, %v", result, err)
	}
	options, err := cookies.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
	if err != nil || options.GetSessionOptions()["timezone"].GetStringValue() != "Europe/Berlin" || options.GetSessionOptions()["threads"].GetStringValue() != "1" {
		t.Errorf("%v, %v", options, err)
	}
	// The fourth session is one too many, until one is closed.
	fourth := connect(t, address, false)
	_, err = fourth.Execute(ctx, "select 1")
	wantCode(t, "a fourth session", err, fault.InsufficientResources)
	if _, err := cookies.CloseSession(ctx, &flight.CloseSessionRequest{}); err != nil {
		t.Fatal(err)
	}
	if got := query(t, fourth, "select 1"); got != "1" {
		t.Errorf("got %q", got)
	}
	// A connection's session ends with it.
	if err := fourth.Close(); err != nil {
		t.Fatal(err)
	}
	fifth := connect(t, address, false)
	until(t, "the session of a closed connection to end", func() bool {
		_, err := fifth.Execute(ctx, "select 1")
		return err == nil
	})
}

// TestExpiredSession tells a client once that its session has gone.
func TestExpiredSession(t *testing.T) {
	address, _ := serve(t, server.Config{SessionIdle: 40 * time.Millisecond})
	c := connect(t, address, true)
	query(t, c, "set timezone = 'Asia/Tokyo'")
	query(t, c, "show timezone") // comes with the cookie
	time.Sleep(200 * time.Millisecond)
	until(t, "the session to expire", func() bool {
		time.Sleep(100 * time.Millisecond)
		_, err := c.Execute(t.Context(), "select 1")
		return fault.CodeOf(wire.Fault(err)) == fault.ConnectionFailure
	})
}

func TestQueue(t *testing.T) {
	address, _ := serve(t, server.Config{MaxQueries: 1, MaxWaiting: 1})
	c := connect(t, address, false)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running sync.WaitGroup
	// One runs and one waits; of two more at least one is refused at once.
	refused := make(chan error, 4)
	for range 4 {
		info, err := c.Execute(ctx, endless)
		if err != nil {
			t.Fatal(err)
		}
		running.Add(1)
		go func() {
			defer running.Done()
			if _, err := read(ctx, c, info); ctx.Err() == nil {
				refused <- err
			}
		}()
	}
	select {
	case err := <-refused:
		wantCode(t, "a query too many", err, fault.InsufficientResources)
	case <-time.After(patience):
		t.Error("no query was refused")
	}
	cancel()
	running.Wait()
	if got := query(t, c, "select 1"); got != "1" {
		t.Errorf("got %q", got)
	}
}

// TestShutdown cancels what does not end in time.
func TestShutdown(t *testing.T) {
	address, s := serve(t, server.Config{})
	c := connect(t, address, false)
	info, err := c.Execute(t.Context(), endless)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := read(t.Context(), c, info)
		ended <- err
	}()
	descriptor := &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: info.Endpoint[0].Ticket.Ticket}
	if _, err := c.Client.PollFlightInfo(t.Context(), descriptor); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("an endless query ended")
	}
	if _, err := c.Execute(t.Context(), "select 1"); err == nil {
		t.Error("a server that has ended answers")
	}
}

// TestConcurrency uses one session and many from many goroutines.
func TestConcurrency(t *testing.T) {
	address, _ := serve(t, server.Config{})
	shared := connect(t, address, false)
	query(t, shared, "create table t (a int)")
	var all sync.WaitGroup
	for i := range 8 {
		c := shared
		if i%2 == 0 {
			c = connect(t, address, true)
		}
		all.Add(1)
		go func() {
			defer all.Done()
			for k := range 5 {
				if n, err := c.ExecuteUpdate(t.Context(), fmt.Sprintf("insert into t values (%d)", k)); err != nil || n != 1 {
					t.Errorf("%d, %v", n, err)
					return
				}
				info, err := c.Execute(t.Context(), "select count(*) from t where a >= 0")
				if err == nil {
					_, err = read(t.Context(), c, info)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	all.Wait()
	if got := query(t, shared, "select count(*), sum(a) from t"); got != "40|80" {
		t.Errorf("got %q", got)
	}
}
