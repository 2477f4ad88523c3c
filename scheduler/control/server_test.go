package control

import (
	"context"
	"crypto/sha256"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/session"
)

// serve starts a control plane and a client of it.
func serve(t *testing.T, c Config) (*Server, controlv1.ControlClient) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Name = "test"
	s := New(c)
	g := grpc.NewServer()
	s.Register(g)
	go func() { _ = g.Serve(l) }()
	conn, err := grpc.NewClient("passthrough:///"+l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), s.Close()); err != nil {
			t.Error(err)
		}
		g.Stop()
	})
	return s, controlv1.NewControlClient(conn)
}

// query starts a query without tables and returns how it ended.
func query(t *testing.T, s *Server, text string) <-chan error {
	t.Helper()
	out := make(chan error, 1)
	go func() {
		out <- func() error {
			x, err := s.Session(session.Config{Catalog: catalog.New()})
			if err != nil {
				return err
			}
			list, err := x.Parse(text)
			if err != nil {
				return err
			}
			r, err := x.Run(t.Context(), list[0])
			if err != nil {
				return err
			}
			_, err = r.Next(t.Context())
			return errors.Join(err, r.Close())
		}()
	}()
	return out
}

func capable() *controlv1.Capabilities {
	return &controlv1.Capabilities{Address: "127.0.0.1:1", Slots: 1, Threads: 1}
}

func poll(t *testing.T, c controlv1.ControlClient, r *controlv1.PollRequest) *controlv1.PollReply {
	t.Helper()
	r.Version = Version
	reply, err := c.Poll(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestCommandsComeAgainUntilTheyAreAcknowledged(t *testing.T) {
	s, c := serve(t, Config{Wait: 20 * time.Millisecond})
	poll(t, c, &controlv1.PollRequest{Executor: "x", Capabilities: capable()})
	done := query(t, s, "select 1 + 1")
	var first *controlv1.PollReply
	for len(first.GetCommands()) == 0 {
		first = poll(t, c, &controlv1.PollRequest{Executor: "x"})
	}
	again := poll(t, c, &controlv1.PollRequest{Executor: "x"})
	if len(again.GetCommands()) != 2 || again.GetCommands()[0].GetNumber() != first.GetCommands()[0].GetNumber() {
		t.Fatalf("the command is lost: %v", again)
	}
	// The stage comes with its first launch.
	stage, launch := first.GetCommands()[0].GetStage(), first.GetCommands()[1].GetLaunch()
	if sum := sha256.Sum256(stage.GetEncoded()); string(sum[:]) != string(launch.GetPlan()) || string(sum[:]) != string(stage.GetHash()) {
		t.Error("another plan")
	}
	number := first.GetCommands()[1].GetNumber()
	f := &controlv1.Fault{Code: string(fault.DivisionByZero), Message: "division by zero", Detail: "d", Hint: "h", Position: 8, Where: "w", Cause: "c"}
	after := poll(t, c, &controlv1.PollRequest{Executor: "x", Acknowledged: number, Statuses: []*controlv1.TaskStatus{{Task: launch.GetTask(), Fault: f}}})
	err := <-done
	e, ok := fault.As(err)
	if !ok || e.Code != fault.DivisionByZero || e.Detail != "d" || e.Hint != "h" || e.Position != 8 || e.Where != "w" || !strings.Contains(err.Error(), "division by zero: c") {
		t.Errorf("got %v", err)
	}
	for len(after.GetCommands()) == 0 {
		after = poll(t, c, &controlv1.PollRequest{Executor: "x", Acknowledged: number})
	}
	if after.GetCommands()[0].GetDrop() != launch.GetTask().GetJob() {
		t.Errorf("want the job to be dropped, got %v", after)
	}
}

func TestExecutorOfAnotherVersionIsRefusedClearly(t *testing.T) {
	_, c := serve(t, Config{})
	_, err := c.Poll(t.Context(), &controlv1.PollRequest{Version: 99, Executor: "x", Capabilities: capable()})
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "version 99") {
		t.Errorf("got %v", err)
	}
	_, err = c.GetPlan(t.Context(), &controlv1.GetPlanRequest{Version: 99})
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("got %v", err)
	}
}

func TestExecutorMustSayWhereItsOutputsAre(t *testing.T) {
	_, c := serve(t, Config{})
	for _, bad := range []*controlv1.Capabilities{{}, {Address: "a:1"}, {Address: "a:1", Slots: 1 << 30}, {Slots: 1}} {
		_, err := c.Poll(t.Context(), &controlv1.PollRequest{Version: Version, Executor: "x", Capabilities: bad})
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%v: got %v", bad, err)
		}
	}
}

func TestSilentExecutorIsGivenUpAndToldSo(t *testing.T) {
	s, c := serve(t, Config{Timeout: 100 * time.Millisecond, Wait: 10 * time.Millisecond})
	poll(t, c, &controlv1.PollRequest{Executor: "x", Capabilities: capable()})
	for len(s.Executors()) > 0 {
		time.Sleep(5 * time.Millisecond)
	}
	if r := poll(t, c, &controlv1.PollRequest{Executor: "x"}); !r.GetUnknown() {
		t.Errorf("got %v", r)
	}
}

func TestNewerPollEndsTheOlder(t *testing.T) {
	_, c := serve(t, Config{Timeout: time.Hour, Wait: time.Hour})
	older := make(chan error, 1)
	go func() {
		_, err := c.Poll(t.Context(), &controlv1.PollRequest{Version: Version, Executor: "x", Capabilities: capable()})
		older <- err
	}()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for {
		select {
		case err := <-older:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
		// The first of these may come before the older.
		call, stop := context.WithTimeout(ctx, 50*time.Millisecond)
		_, _ = c.Poll(call, &controlv1.PollRequest{Version: Version, Executor: "x"})
		stop()
	}
}

func TestPlansGoWithTheirJobs(t *testing.T) {
	s, c := serve(t, Config{Timeout: 100 * time.Millisecond, Wait: 10 * time.Millisecond})
	hash := sha256.Sum256([]byte("plan"))
	s.keep("nobody's", hash, []byte("plan"))
	for {
		_, err := c.GetPlan(t.Context(), &controlv1.GetPlanRequest{Version: Version, Plan: hash[:]})
		if status.Code(err) == codes.NotFound {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
