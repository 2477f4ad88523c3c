package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/test/servers"
)

// fixedPorts are two ports that a scheduler may listen on again after it was killed.
func fixedPorts(t *testing.T) (clients, control string) {
	t.Helper()
	var out [2]string
	var held []net.Listener
	for i := range out {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, l)
		out[i] = l.Addr().String()
	}
	for _, l := range held {
		_ = l.Close()
	}
	return out[0], out[1]
}

// durable is a cluster that keeps its state, and whose scheduler can be killed and started again.
type durable struct {
	t         *testing.T
	flags     []string
	clients   string
	scheduler *process
	executors []*process
}

func startDurable(t *testing.T, executors int, flags ...string) *durable {
	t.Helper()
	clients, control := fixedPorts(t)
	d := &durable{t: t, clients: clients}
	d.flags = append([]string{"scheduler", "--listen", clients, "--control", control, "--executor-timeout", "5s", "--executor-grace", "5s", "--drain", "1s"}, flags...)
	d.start()
	for range executors {
		d.executors = append(d.executors, start(t, 1, append([]string{"executor", "--scheduler", control, "--threads", "2", "--work-dir", t.TempDir(), "--verbose"}, shuffleFlagsOf(flags)...)...))
	}
	return d
}

// waitForAnyLog waits until one of the processes has written a text.
func waitForAnyLog(t *testing.T, text string, list ...*process) {
	t.Helper()
	for {
		for _, p := range list {
			if len(p.Logged(text)) > 0 {
				return
			}
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("never logged: %s", text)
		case <-time.After(time.Millisecond):
		}
	}
}

func shuffleFlagsOf(flags []string) (out []string) {
	for i := 0; i+1 < len(flags); i += 2 {
		if strings.HasPrefix(flags[i], "--s") && flags[i] != "--state-url" {
			out = append(out, flags[i], flags[i+1])
		}
	}
	return out
}

func (d *durable) start() { d.scheduler = start(d.t, 2, d.flags...) }

// restart kills the scheduler as a crash does, and starts it again.
func (d *durable) restart() {
	_ = d.scheduler.End(os.Kill)
	d.start()
}

// slow is a query whose stages take long enough for a scheduler to be killed in the middle of it.
const slow = "select count(*), sum(c_nationkey) from orders, customer where o_totalprice < c_acctbal * 20 and o_custkey + c_custkey < 2000"

func TestRestartedSchedulerKeepsTablesViewsAndSessions(t *testing.T) {
	d := startDurable(t, 1, "--data-dir", filepath.Join(t.TempDir(), "state"))
	c := connect(t, d.clients, true)
	for _, s := range []string{
		"create table made as select n_nationkey k, n_name from nation", "create view few as select k from made where k < 7", "create schema extra",
		"create table extra.t (a int)", "insert into extra.t values (1), (2)", "drop table region",
	} {
		if _, err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	d.restart()
	// The client's connection comes back by itself, and its cookie brings its session.
	for query, want := range map[string]int{"select * from few": 7, "select * from made": 25, "select * from extra.t": 2, "select * from nation": 25} {
		if n, err := patient(t, func() (int, error) { return countRows(t.Context(), c, query) }); n != want || err != nil {
			t.Errorf("%s: %d rows, %v", query, n, err)
		}
	}
	if _, err := c.Exec(t.Context(), "insert into made select 100, 'new'"); err != nil {
		t.Error(err)
	}
	if _, err := countRows(t.Context(), c, "select * from region"); fault.CodeOf(err) != fault.UndefinedTable {
		t.Errorf("a table that was dropped: %v", err)
	}
	for _, s := range []string{"set statement_timeout = '77s'", "set timezone = 'Europe/Berlin'"} {
		if _, err := c.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	// A scheduler that is told to end leaves nothing unwritten.
	if err := d.scheduler.End(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	d.start()
	if _, err := patient(t, func() (string, error) { return c.Setting(t.Context(), "timezone") }); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"statement_timeout": "77000", "timezone": "Europe/Berlin"} {
		if got, err := c.Setting(t.Context(), name); got != want || err != nil {
			t.Errorf("setting %s is %q, %v", name, got, err)
		}
	}
}

// patient repeats what fails because the server is not there yet.
func patient[T any](t *testing.T, f func() (T, error)) (T, error) {
	t.Helper()
	for {
		v, err := f()
		if err == nil || fault.CodeOf(err) != fault.ConnectionFailure || t.Context().Err() != nil {
			return v, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestPolledQuerySurvivesItsScheduler kills the scheduler while a query runs that a client polls; the client gets the whole answer from the next one, and
// what was finished before does not run again.
func TestPolledQuerySurvivesItsScheduler(t *testing.T) {
	want := alone(t, slow)
	for name, flags := range map[string]func(t *testing.T) []string{
		"outputs on executors": func(t *testing.T) []string { return []string{"--data-dir", filepath.Join(t.TempDir(), "state")} },
		"outputs in S3, state in etcd": func(t *testing.T) []string {
			s3 := servers.MinIO(t)
			s3.MakeBucket(t, "shuffle")
			etcd := servers.StartEtcd(t)
			return []string{
				"--state-url", "etcd://" + strings.TrimPrefix(etcd.URL, "http://"), "--shuffle-url", "s3://shuffle/x", "--s3-endpoint", s3.Endpoint,
				"--s3-access-key", servers.AccessKey, "--s3-secret-key", servers.SecretKey,
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := startDurable(t, 2, flags(t)...)
			c := connect(t, d.clients, true)
			p, err := c.Start(t.Context(), slow)
			if err != nil {
				t.Fatal(err)
			}
			waitForAnyLog(t, "task ended", d.executors...)
			d.restart()
			for done := false; !done; {
				if done, err = patient(t, func() (bool, error) { return p.Poll(t.Context()) }); err != nil {
					t.Fatal(err)
				}
			}
			rows, err := p.Rows(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := &tpch.Table{Names: want.Names, Types: want.Types}
			for {
				b, err := rows.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if b == nil {
					break
				}
				for k := range b.Rows() {
					row := make([]*string, len(b.Cols))
					for i, v := range b.Cols {
						s := v.ValueAt(b.Row(k)).String()
						row[i] = &s
					}
					got.Rows = append(got.Rows, row)
				}
			}
			if err := errors.Join(rows.Close(), tpch.Compare(got, want)); err != nil {
				t.Error(err)
			}
			if len(d.scheduler.Logged("a job is resumed")) == 0 {
				t.Error("the job was not resumed")
			}
			// What ran when the scheduler was killed went on.
			busy := false
			for _, x := range d.executors {
				for _, line := range x.Logged("the scheduler was started again") {
					busy = busy || !strings.Contains(line, "running=0")
				}
			}
			if busy && len(d.scheduler.Logged("executor runs attempts of an earlier scheduler")) == 0 {
				t.Error("what executors run was not told")
			}
			for _, x := range d.executors {
				if stopped := x.Logged("the scheduler aborted the task"); len(stopped) > 0 {
					t.Errorf("attempts were not taken over: %q", stopped)
				}
			}
		})
	}
}

func TestStandbySchedulerTakesOver(t *testing.T) {
	etcd := servers.StartEtcd(t)
	state := []string{"--state-url", "etcd://" + strings.TrimPrefix(etcd.URL, "http://"), "--data-dir", t.TempDir()}
	d := startDurable(t, 1, state...)
	c := connect(t, d.clients, true)
	if _, err := c.Exec(t.Context(), "create view v as select 1 as one"); err != nil {
		t.Fatal(err)
	}
	taken := make(chan *process, 1)
	ready := make(chan struct{})
	go func() {
		close(ready)
		taken <- start(t, 2, append([]string{"scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, state...)...)
	}()
	<-ready
	select {
	case <-taken:
		t.Fatal("two schedulers are at work")
	case <-time.After(300 * time.Millisecond):
	}
	if err := d.scheduler.End(syscall.SIGTERM); err != nil {
		t.Errorf("the first scheduler: %v", err)
	}
	second := <-taken
	o, err := client.Open(t.Context(), "grpc://"+second.Addresses[1])
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := o.Setting(t.Context(), "timezone"); err != nil {
		t.Error(err)
	}
	if text := fmt.Sprint(o.Tables(t.Context(), "main", "v", false)); !strings.Contains(text, "v") {
		t.Errorf("the second scheduler knows %s", text)
	}
}
