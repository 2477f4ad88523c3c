package cluster

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/executor/remote"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/control"
	"github.com/polybolos-db/polybolos/session"
)

// scaleFactor has committed answers and is made in a second.
const scaleFactor = 0.01

var makeData = sync.OnceValues(func() (string, error) {
	dir, err := tempDir()
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "data")
	_, err = tpchgen.Generate(context.Background(), tpchgen.Options{ScaleFactor: scaleFactor, Dir: out})
	return out, err
})

func data(t *testing.T) string {
	t.Helper()
	dir, err := makeData()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// logs writes a scheduler's or an executor's log to the test's.
func logs(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// scheduler is a control plane in this process.
type scheduler struct {
	*control.Server
	address string
	grpc    *grpc.Server
	end     func()
}

func startScheduler(t *testing.T, c control.Config) *scheduler {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = 2 * time.Second
	}
	c.Name, c.Log = t.Name(), logs(t)
	return startSchedulerAt(t, c, "127.0.0.1:0")
}

func startSchedulerAt(t *testing.T, c control.Config, address string) *scheduler {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := &scheduler{Server: control.New(c), address: l.Addr().String(), grpc: grpc.NewServer(control.Options()...)}
	s.Register(s.grpc)
	go func() {
		if err := s.grpc.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	}()
	s.end = sync.OnceFunc(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		s.grpc.Stop()
	})
	t.Cleanup(s.end)
	return s
}

// startExecutor runs an executor in this process; end asks it to end and waits.
func (s *scheduler) startExecutor(t *testing.T, c remote.Config) (end func()) {
	t.Helper()
	c.Scheduler, c.Log = s.address, logs(t)
	if c.WorkDir == "" {
		c.WorkDir = t.TempDir()
	}
	if c.Threads == 0 {
		c.Threads = 2
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- remote.Run(ctx, c) }()
	end = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("executor: %v", err)
		}
	})
	t.Cleanup(end)
	return end
}

// open opens a session with the tables of the data.
func (s *scheduler) open(t *testing.T) *engine.Session {
	t.Helper()
	inner, err := s.Session(session.Config{Catalog: catalog.New(), Folder: filepath.Join(t.TempDir(), "session")})
	if err != nil {
		t.Fatal(err)
	}
	out := &engine.Session{Session: inner}
	t.Cleanup(func() { _ = out.Close() })
	if err := tpch.CreateTables(t.Context(), out, data(t)); err != nil {
		t.Fatal(err)
	}
	return out
}

// waitFor waits until so many executors are there.
func (s *scheduler) waitFor(t *testing.T, executors int) {
	t.Helper()
	for len(s.Executors()) != executors {
		select {
		case <-t.Context().Done():
			t.Fatal("the executors did not come")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// check runs a query and compares its answer.
func check(ctx context.Context, s *engine.Session, n int) error {
	text, err := tpch.Query(n)
	if err != nil {
		return err
	}
	got, err := tpch.Fetch(ctx, s, text)
	if err != nil {
		return err
	}
	want, err := tpch.Answer(scaleFactor, n)
	if err != nil {
		return err
	}
	return tpch.Compare(got, want)
}

func TestAllQueriesAnswerRightOnThreeExecutors(t *testing.T) {
	s := startScheduler(t, control.Config{})
	for range 3 {
		s.startExecutor(t, remote.Config{})
	}
	s.waitFor(t, 3)
	session := s.open(t)
	for n := 1; n <= tpch.Queries; n++ {
		if err := check(t.Context(), session, n); err != nil {
			t.Errorf("query %d: %v", n, err)
		}
	}
}

func TestOutputsGoToFilesWhenMemoryIsFull(t *testing.T) {
	s := startScheduler(t, control.Config{})
	folder := t.TempDir()
	for range 2 {
		s.startExecutor(t, remote.Config{OutputMemory: 1, WorkDir: folder})
	}
	s.waitFor(t, 2)
	session := s.open(t)
	rows, files := int64(0), 0
	err := session.Query(t.Context(), "select o_orderkey, o_comment from orders", func(b *column.Batch) error {
		rows += int64(b.Rows())
		// The rest of the result lies there while this part is read.
		list, err := filepath.Glob(filepath.Join(folder, "*", "outputs", "stage*"))
		files = max(files, len(list))
		return err
	})
	if err != nil || rows != 15000 || files == 0 {
		t.Fatalf("%d rows, %d files, %v", rows, files, err)
	}
	for _, n := range []int{3, 9, 21} {
		if err := check(t.Context(), session, n); err != nil {
			t.Errorf("query %d: %v", n, err)
		}
	}
}

func TestJobWaitsForALateExecutor(t *testing.T) {
	s := startScheduler(t, control.Config{})
	session := s.open(t)
	done := make(chan error, 1)
	go func() { done <- check(t.Context(), session, 6) }()
	select {
	case err := <-done:
		t.Fatalf("without executors: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	s.startExecutor(t, remote.Config{})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestErrorOfAQueryArrivesWithItsCode(t *testing.T) {
	s := startScheduler(t, control.Config{})
	s.startExecutor(t, remote.Config{})
	s.startExecutor(t, remote.Config{})
	session := s.open(t)
	err := session.Exec(t.Context(), "select sum(l_orderkey / (l_linenumber - l_linenumber)) from lineitem")
	if fault.CodeOf(err) != fault.DivisionByZero {
		t.Fatalf("got %v with %s", err, fault.CodeOf(err))
	}
	// The executors go on.
	if err := check(t.Context(), session, 1); err != nil {
		t.Fatal(err)
	}
}

func TestCancelEndsAJobAndFreesIt(t *testing.T) {
	s := startScheduler(t, control.Config{})
	s.startExecutor(t, remote.Config{})
	session := s.open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := session.Exec(ctx, "select count(*) from lineitem a, lineitem b where a.l_orderkey + b.l_partkey = 7 and a.l_comment < b.l_comment")
	if fault.CodeOf(err) != fault.QueryCanceled {
		t.Fatalf("got %v", err)
	}
	if err := check(t.Context(), session, 6); err != nil {
		t.Fatal(err)
	}
}

func TestExecutorsComeBackToANewScheduler(t *testing.T) {
	s := startScheduler(t, control.Config{})
	s.startExecutor(t, remote.Config{})
	if err := check(t.Context(), s.open(t), 6); err != nil {
		t.Fatal(err)
	}
	s.end()
	again := startSchedulerAt(t, control.Config{Name: "again"}, s.address)
	again.waitFor(t, 1)
	if err := check(t.Context(), again.open(t), 3); err != nil {
		t.Fatal(err)
	}
	// The executor ends before its scheduler, and so leaves with a word.
	again.end()
}

func TestMeasurementsArriveFromExecutors(t *testing.T) {
	s := startScheduler(t, control.Config{})
	s.startExecutor(t, remote.Config{})
	s.startExecutor(t, remote.Config{})
	s.waitFor(t, 2)
	got, err := tpch.Fetch(t.Context(), s.open(t), "explain analyze select count(*) from lineitem where l_quantity < 10")
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, row := range got.Rows {
		text += *row[0] + "\n"
	}
	for _, part := range []string{"Stage 1: 1 task", "Stage 0: 4 tasks", "rows 10816"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

func TestDrainingExecutorLeavesAndQueriesGoOn(t *testing.T) {
	s := startScheduler(t, control.Config{})
	first := s.startExecutor(t, remote.Config{})
	s.startExecutor(t, remote.Config{})
	s.waitFor(t, 2)
	session := s.open(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, n := range []int{1, 3, 5, 9, 18} {
			if err := check(t.Context(), session, n); err != nil {
				t.Errorf("query %d: %v", n, err)
			}
		}
	})
	first()
	wg.Wait()
	s.waitFor(t, 1)
}

func TestWritesWorkAcrossExecutors(t *testing.T) {
	s := startScheduler(t, control.Config{})
	s.startExecutor(t, remote.Config{})
	s.startExecutor(t, remote.Config{})
	s.waitFor(t, 2)
	session := s.open(t)
	script := "create table few as select * from nation where n_regionkey < 2; select count(*) from few"
	got, err := tpch.Fetch(t.Context(), session, script)
	if err != nil {
		t.Fatal(err)
	}
	if *got.Rows[0][0] != "10" {
		t.Errorf("%s rows", *got.Rows[0][0])
	}
}

func TestLargeResultStreams(t *testing.T) {
	s := startScheduler(t, control.Config{MemoryLimit: 64 << 20})
	s.startExecutor(t, remote.Config{})
	s.waitFor(t, 1)
	session := s.open(t)
	var rows int64
	if err := session.Query(t.Context(), "select l.*, r.* from lineitem l, region r", countInto(&rows)); err != nil {
		t.Fatal(err)
	}
	if rows != 60175*5 {
		t.Errorf("%d rows", rows)
	}
}

func TestStrangersOnThePortDoNoHarm(t *testing.T) {
	s := startScheduler(t, control.Config{})
	var d net.Dialer
	for _, text := range []string{"GET / HTTP/1.1\r\nHost: scheduler\r\nAccept: text/html\r\n\r\n", strings.Repeat("\x00\xff", 10_000)} {
		conn, err := d.DialContext(t.Context(), "tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		// The server hangs up; whether it does so before all is written does not matter.
		_, _ = conn.Write([]byte(text))
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}
	s.startExecutor(t, remote.Config{})
	if err := check(t.Context(), s.open(t), 6); err != nil {
		t.Fatal(err)
	}
}
