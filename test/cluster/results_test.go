package cluster

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/executor/remote"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/control"
	sqlserver "github.com/polybolos-db/polybolos/scheduler/flightsql"
	"github.com/polybolos-db/polybolos/scheduler/flightsql/wire"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/test/servers"
)

// serve serves a scheduler's sessions to clients, with the tables of the data, and returns the address.
func (s *scheduler) serve(t *testing.T, c sqlserver.Config) string {
	t.Helper()
	tables, folder := catalog.New(), t.TempDir()
	c.Sessions = func() (*session.Session, error) {
		return s.Session(session.Config{Catalog: tables, Folder: folder, SharedFolder: true})
	}
	return servers.FlightSQL(t, c)
}

// flightClient is the Flight SQL client of Arrow, which shows what ours hides.
func flightClient(t *testing.T, address string) *flightsql.Client {
	t.Helper()
	c, err := flightsql.NewClient(address, nil, []flight.ClientMiddleware{flight.NewClientCookieMiddleware()}, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// count reads an endpoint at an address.
func count(t *testing.T, address string, ticket *flight.Ticket) (rows int64, err error) {
	t.Helper()
	c, err := flight.NewClientWithMiddleware(strings.TrimPrefix(address, "grpc+tcp://"), nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	stream, err := c.DoGet(t.Context(), ticket)
	if err != nil {
		return 0, err
	}
	r, err := flight.NewRecordReader(stream)
	if err != nil {
		return 0, err
	}
	defer r.Release()
	for r.Next() {
		rows += r.RecordBatch().NumRows()
	}
	return rows, r.Err()
}

// direct is a cluster of two executors from which clients read results, and a client of it.
func direct(t *testing.T, c sqlserver.Config) (s *scheduler, address string) {
	t.Helper()
	s = startScheduler(t, control.Config{})
	for range 2 {
		s.startExecutor(t, remote.Config{Results: "127.0.0.1:0"})
	}
	s.waitFor(t, 2)
	c.Results = s
	return s, s.serve(t, c)
}

// gone waits until no job is left on the executors' side: what was read is given up.
func (s *scheduler) gone(t *testing.T, job string) {
	t.Helper()
	for s.Jobs().Open(jobID(job)) {
		select {
		case <-t.Context().Done():
			t.Fatal("the job of a result that was read goes on")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestClientsReadResultsFromExecutors(t *testing.T) {
	s, address := direct(t, sqlserver.Config{})
	c := connect(t, address, true)
	raw := flightClient(t, address)
	info, err := raw.Execute(t.Context(), "select o_orderkey, o_comment from orders")
	if err != nil {
		t.Fatal(err)
	}
	if len(info.GetEndpoint()) < 2 || info.GetOrdered() {
		t.Fatalf("%d endpoints, ordered %t: want one for each task of the scan, in no order", len(info.GetEndpoint()), info.GetOrdered())
	}
	rows := int64(0)
	for i, e := range info.GetEndpoint() {
		at := address // of a part that is small, or empty
		if len(e.GetLocation()) > 0 {
			at = e.GetLocation()[0].GetUri()
		}
		if i == 0 && len(e.GetLocation()) != 2 || at != address && (!strings.HasPrefix(at, "grpc+tcp://127.0.0.1:") || e.GetLocation()[1].GetUri() != flight.LocationReuseConnection) {
			t.Fatalf("endpoint %d is at %v", i, e.GetLocation())
		}
		n, err := count(t, at, e.GetTicket())
		if err != nil {
			t.Fatal(err)
		}
		rows += n
	}
	if rows != 15000 {
		t.Errorf("%d rows of 15000", rows)
	}
	// All was read, so it goes; who comes late is told.
	s.gone(t, t.Name()+"-1")
	late := info.GetEndpoint()[0]
	for {
		_, err := count(t, late.GetLocation()[0].GetUri(), late.GetTicket())
		if err == nil {
			continue // the executor has not heard of it yet
		}
		if fault.CodeOf(wire.Fault(err)) != fault.InvalidStatementName {
			t.Errorf("a result that is gone: %v", wire.Fault(err))
		}
		break
	}
	// An ordered result is one part; a small one comes from the scheduler.
	info, err = raw.Execute(t.Context(), "select o_orderkey, o_comment from orders order by o_orderkey")
	if err != nil {
		t.Fatal(err)
	}
	if len(info.GetEndpoint()) != 1 || !info.GetOrdered() || len(info.GetEndpoint()[0].GetLocation()) != 2 {
		t.Errorf("an ordered result is at %v, ordered %t", info.GetEndpoint(), info.GetOrdered())
	}
	info, err = raw.Execute(t.Context(), "select count(*) from orders")
	if err != nil || len(info.GetEndpoint()) != 1 || len(info.GetEndpoint()[0].GetLocation()) != 0 {
		t.Errorf("a small result is at %v, %v", info.GetEndpoint(), err)
	}
	// Our client follows endpoints in order, and so does one that knows of no locations.
	for _, text := range []string{"select o_orderkey, o_comment from orders", "select o_orderkey, o_comment from orders order by o_orderkey desc", "select o_orderkey from orders where o_orderkey < 0"} {
		got, err := c.Query(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for {
			b, err := got.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			n += int64(b.Rows())
		}
		if err := got.Close(); err != nil {
			t.Error(err)
		}
		if want := map[bool]int64{true: 0, false: 15000}[strings.Contains(text, "< 0")]; n != want {
			t.Errorf("%s: %d rows of %d", text, n, want)
		}
	}
	info, err = raw.Execute(t.Context(), "select o_orderkey, o_comment from orders")
	if err != nil {
		t.Fatal(err)
	}
	rows = 0
	for _, e := range info.GetEndpoint() {
		n, err := count(t, address, e.GetTicket())
		if err != nil {
			t.Fatal(err)
		}
		rows += n
	}
	if rows != 15000 {
		t.Errorf("%d rows of 15000 through the scheduler", rows)
	}
}

func TestTicketsAreChecked(t *testing.T) {
	_, address := direct(t, sqlserver.Config{})
	connect(t, address, true)
	info, err := flightClient(t, address).Execute(t.Context(), "select o_orderkey, o_comment from orders")
	if err != nil {
		t.Fatal(err)
	}
	e := info.GetEndpoint()[0]
	at := e.GetLocation()[0].GetUri()
	ticket := e.GetTicket().GetTicket()
	// Before the query's name is the type of the message, of which Arrow's readers look at a part alone.
	for i := bytes.LastIndex(ticket, []byte("TicketStatementQuery")) + 20; i < len(ticket); i += 7 {
		forged := bytes.Clone(ticket)
		forged[i] ^= 0x40
		if _, err := count(t, at, &flight.Ticket{Ticket: forged}); err == nil {
			t.Fatalf("a ticket with byte %d changed was taken", i)
		}
	}
	if _, err := count(t, at, &flight.Ticket{Ticket: []byte("x")}); fault.CodeOf(wire.Fault(err)) != fault.InvalidParameterValue {
		t.Errorf("no ticket: %v", wire.Fault(err))
	}
	if n, err := count(t, at, e.GetTicket()); n == 0 || err != nil {
		t.Errorf("the ticket itself: %d rows, %v", n, err)
	}
}

// TestResultOfALostExecutorIsMadeAgain kills the executor that a client is about to read from: the scheduler gives what was made again.
func TestResultOfALostExecutorIsMadeAgain(t *testing.T) {
	s := start(t, 2, "scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--executor-timeout", "2s", "--drain", "1s")
	begin := func() *process {
		return start(t, 2, "executor", "--scheduler", s.Addresses[0], "--threads", "2", "--work-dir", t.TempDir(), "--results", "127.0.0.1:0")
	}
	victim := begin()
	c := connect(t, s.Addresses[1], true)
	rows, err := c.Query(t.Context(), "select o_orderkey, o_comment from orders order by o_orderkey")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	_ = victim.End(os.Kill)
	begin()
	n := 0
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		n += b.Rows()
	}
	if n != 15000 {
		t.Errorf("%d rows of 15000", n)
	}
}

func TestResultsThatNobodyReadsExpire(t *testing.T) {
	s, address := direct(t, sqlserver.Config{TicketLife: 200 * time.Millisecond})
	connect(t, address, true)
	if _, err := flightClient(t, address).Execute(t.Context(), "select o_orderkey, o_comment from orders"); err != nil {
		t.Fatal(err)
	}
	s.gone(t, t.Name()+"-1")
}

// TestPollsTellWhereResultsLie starts a query by polls, as the shell does.
func TestPollsTellWhereResultsLie(t *testing.T) {
	_, address := direct(t, sqlserver.Config{})
	c := connect(t, address, true)
	var rows *client.Rows
	rows, err := c.Run(t.Context(), "select l_orderkey, l_comment from lineitem order by l_comment, l_orderkey")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		n += b.Rows()
	}
	if n != 60175 {
		t.Errorf("%d rows of 60175", n)
	}
}

// TestSubstraitPlansArePolled starts a plan of another engine's by polls.
func TestSubstraitPlansArePolled(t *testing.T) {
	_, address := direct(t, sqlserver.Config{})
	c := connect(t, address, true)
	plan, err := os.ReadFile("../substrait/testdata/tpch/q01.substrait")
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.StartSubstrait(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := p.Rows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if b, err := rows.Next(t.Context()); err != nil || b == nil || b.Rows() != 4 {
		t.Errorf("query 1 gives %v, %v", b, err)
	}
}
