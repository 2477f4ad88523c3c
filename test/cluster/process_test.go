package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/control"
	"github.com/polybolos-db/polybolos/test/servers"
)

// process is a running polybolos.
type process = servers.Program

// start runs the binary until the test ends and waits for the addresses that it prints.
func start(t *testing.T, addresses int, args ...string) *process {
	t.Helper()
	return servers.Polybolos(t, addresses, args...)
}

func startCluster(t *testing.T, executors int) (clients string, list []*process) {
	t.Helper()
	s := start(t, 2, "scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--executor-timeout", "2s", "--drain", "1s")
	for range executors {
		list = append(list, startExecutor(t, s.Addresses[0]))
	}
	return s.Addresses[1], append(list, s)
}

func startExecutor(t *testing.T, scheduler string) *process {
	t.Helper()
	return start(t, 1, "executor", "--scheduler", scheduler, "--listen", "127.0.0.1:0", "--threads", "2", "--work-dir", t.TempDir(), "--label", "test="+t.Name(), "--verbose")
}

// connect opens a client; the tables of the data are made known by the first one.
func connect(t *testing.T, address string, makeTables bool) *client.Client {
	t.Helper()
	c, err := client.Open(t.Context(), "grpc://"+address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if !makeTables {
		return c
	}
	for _, table := range tpchgen.Tables() {
		script := fmt.Sprintf("create external table %s stored as parquet location '%s.parquet'", table.Name, filepath.Join(data(t), table.Name))
		if _, err := c.Exec(t.Context(), script); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// ask runs one of the queries through a client and compares its answer.
func ask(ctx context.Context, c *client.Client, n int) error {
	text, err := tpch.Query(n)
	if err != nil {
		return err
	}
	want, err := tpch.Answer(scaleFactor, n)
	if err != nil {
		return err
	}
	got := &tpch.Table{Names: want.Names, Types: want.Types}
	statements := strings.Split(strings.TrimSuffix(strings.TrimSpace(text), ";"), ";")
	for i, s := range statements {
		rows, err := c.Query(ctx, s)
		if err != nil {
			return err
		}
		for {
			b, err := rows.Next(ctx)
			if err != nil {
				return errors.Join(err, rows.Close())
			}
			if b == nil {
				break
			}
			if len(b.Cols) != len(want.Names) {
				continue // a view that the query makes first
			}
			for k := range b.Rows() {
				row := make([]*string, len(b.Cols))
				for i, v := range b.Cols {
					if x := v.ValueAt(b.Row(k)); !x.Null {
						s := x.String()
						row[i] = &s
					}
				}
				got.Rows = append(got.Rows, row)
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if i+1 < len(statements) && len(got.Rows) > 0 {
			break
		}
	}
	return tpch.Compare(got, want)
}

func TestProcessesAnswerAllQueriesRight(t *testing.T) {
	address, _ := startCluster(t, 3)
	c := connect(t, address, true)
	for n := 1; n <= tpch.Queries; n++ {
		if err := ask(t.Context(), c, n); err != nil {
			t.Errorf("query %d: %v", n, err)
		}
	}
	_, err := c.Query(t.Context(), "select 1 / (n_nationkey - n_nationkey) from nation")
	if err == nil {
		rows, qerr := c.Query(t.Context(), "select sum(1 / (n_nationkey - n_nationkey)) from nation")
		if err = qerr; err == nil {
			_, err = rows.Next(t.Context())
			_ = rows.Close()
		}
	}
	if fault.CodeOf(err) != fault.DivisionByZero {
		t.Errorf("division by zero: got %v with %s", err, fault.CodeOf(err))
	}
}

// TestQuerySurvivesAKilledExecutor kills an executor that runs tasks of a query or holds outputs that it needs, which others then log as second attempts.
func TestQuerySurvivesAKilledExecutor(t *testing.T) {
	const text = "select count(*), sum(c_nationkey) from orders, customer where o_totalprice < c_acctbal * 20 and o_custkey + c_custkey < 2000"
	want := alone(t, text)
	s := startScheduler(t, control.Config{})
	survivors := []*process{startExecutor(t, s.address), startExecutor(t, s.address)}
	session := s.open(t)
	// On a busy machine the query may be over before the executor is killed: then it is tried again.
	for range 5 {
		victim := startExecutor(t, s.address)
		s.waitFor(t, 3)
		got := make(chan error, 1)
		go func() {
			table, err := tpch.Fetch(t.Context(), session, text)
			if err == nil {
				err = tpch.Compare(table, want)
			}
			got <- err
		}()
		victim.WaitForLog(t, "task started")
		_ = victim.End(os.Kill)
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		s.waitFor(t, 2)
		for _, x := range survivors {
			if len(x.Logged("attempt=1")) > 0 {
				return
			}
		}
	}
	t.Error("nothing ran again: the executor was always killed when nobody needed it")
}

// alone is the embedded engine's answer.
func alone(t *testing.T, text string) *tpch.Table {
	t.Helper()
	e, err := engine.Open(engine.Config{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s := e.Session()
	defer s.Close()
	if err := tpch.CreateTables(t.Context(), s, data(t)); err != nil {
		t.Fatal(err)
	}
	out, err := tpch.Fetch(t.Context(), s, text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestResultOfAKilledExecutorFailsWithItsCause kills the executor whose result is being read.
func TestResultOfAKilledExecutorFailsWithItsCause(t *testing.T) {
	address, processes := startCluster(t, 1)
	c := connect(t, address, true)
	rows, err := c.Query(t.Context(), "select l.*, r.* from lineitem l, region r")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := rows.Next(t.Context()); b == nil || err != nil {
		t.Fatalf("no first row: %v", err)
	}
	_ = processes[0].End(os.Kill)
	for err == nil {
		var b *column.Batch
		if b, err = rows.Next(t.Context()); b == nil && err == nil {
			t.Fatal("the result ended as if it were whole")
		}
	}
	if fault.CodeOf(err) != fault.ConnectionFailure {
		t.Errorf("got %v with %s", err, fault.CodeOf(err))
	}
	_ = rows.Close()
}

func TestQueriesAnswerRightWhileAnExecutorIsKilled(t *testing.T) {
	address, processes := startCluster(t, 3)
	c := connect(t, address, true)
	others := connect(t, address, false)
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		time.Sleep(150 * time.Millisecond)
		_ = processes[0].End(os.Kill)
	}()
	var wg sync.WaitGroup
	for i, c := range []*client.Client{c, others} {
		wg.Go(func() {
			for n := 1 + i; n <= tpch.Queries; n += 2 {
				if err := ask(t.Context(), c, n); err != nil {
					t.Errorf("query %d: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	<-killed
}

func TestExecutorProcessDrainsOnSIGTERM(t *testing.T) {
	address, processes := startCluster(t, 1)
	c := connect(t, address, true)
	if err := ask(t.Context(), c, 3); err != nil {
		t.Fatal(err)
	}
	late := startExecutor(t, processes[1].Addresses[0])
	if err := processes[0].End(syscall.SIGTERM); err != nil {
		t.Errorf("drained executor: %v", err)
	}
	if err := ask(t.Context(), c, 5); err != nil {
		t.Fatal(err)
	}
	if err := late.End(syscall.SIGTERM); err != nil {
		t.Errorf("late executor: %v", err)
	}
	_ = c.Close()
	if err := processes[1].End(syscall.SIGTERM); err != nil {
		t.Errorf("scheduler: %v", err)
	}
}

func TestGarbageOnAllPortsDoesNoHarm(t *testing.T) {
	address, processes := startCluster(t, 1)
	var d net.Dialer
	for _, at := range append([]string{address}, processes[0].Addresses[0], processes[1].Addresses[0]) {
		conn, err := d.DialContext(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		// The server hangs up at once; how it does so does not matter.
		_, _ = conn.Write([]byte(strings.Repeat("garbage\x00\xff", 1000)))
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}
	if err := ask(t.Context(), connect(t, address, true), 6); err != nil {
		t.Fatal(err)
	}
}
