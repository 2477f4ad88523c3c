package remote

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/shuffle"
)

// script is a scheduler that answers polls in order, the last answer again and again.
type script struct {
	controlv1.UnimplementedControlServer
	polls   chan *controlv1.PollRequest
	answers chan func() (*controlv1.PollReply, error)
}

func (s *script) Poll(ctx context.Context, r *controlv1.PollRequest) (*controlv1.PollReply, error) {
	select {
	case s.polls <- r:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-s.answers:
		return a()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(20 * time.Millisecond):
		return &controlv1.PollReply{}, nil
	}
}

func startScript(t *testing.T) (*script, string) {
	t.Helper()
	s := &script{polls: make(chan *controlv1.PollRequest), answers: make(chan func() (*controlv1.PollReply, error), 10)}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	controlv1.RegisterControlServer(g, s)
	go func() { _ = g.Serve(l) }()
	t.Cleanup(g.Stop)
	return s, l.Addr().String()
}

func (s *script) answer(r *controlv1.PollReply, err error) {
	s.answers <- func() (*controlv1.PollReply, error) { return r, err }
}

// runExecutor is an executor until ctx ends.
func runExecutor(ctx context.Context, t *testing.T, scheduler string) error {
	return Run(ctx, Config{Scheduler: scheduler, WorkDir: t.TempDir(), Threads: 1, Labels: map[string]string{"zone": "a"}})
}

// startExecutor runs an executor until stop, which returns what Run returned.
func startExecutor(t *testing.T, scheduler string) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- runExecutor(ctx, t, scheduler) }()
	return func() error {
		cancel()
		return <-done
	}
}

// drain answers polls until the executor says that it leaves.
func (s *script) drain() (left chan bool) {
	left = make(chan bool, 1)
	go func() {
		for r := range s.polls {
			if r.GetLeaving() {
				left <- true
				return
			}
		}
	}()
	return left
}

func TestExecutorRegistersWithItsCapabilitiesUntilItIsAnswered(t *testing.T) {
	s, address := startScript(t)
	s.answer(nil, status.Error(codes.Unavailable, "not yet"))
	stop := startExecutor(t, address)
	for range 2 {
		r := <-s.polls
		c := r.GetCapabilities()
		if r.GetVersion() != 1 || r.GetExecutor() == "" || c.GetSlots() != 1 || c.GetLabels()["zone"] != "a" || c.GetSimd() == "" ||
			c.GetCalibration()["memory_copy_bytes_per_second"] <= 0 || !strings.HasPrefix(c.GetAddress(), "127.0.0.1:") {
			t.Fatalf("got %v", r)
		}
	}
	if r := <-s.polls; r.GetCapabilities() != nil {
		t.Errorf("registered, and still %v", r)
	}
	left := s.drain()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if !<-left {
		t.Error("left without a word")
	}
}

func TestExecutorEndsWhenTheSchedulerSpeaksAnotherVersion(t *testing.T) {
	s, address := startScript(t)
	s.answer(nil, status.Error(codes.FailedPrecondition, "the scheduler speaks version 2"))
	go func() { <-s.polls }()
	if err := runExecutor(t.Context(), t, address); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("got %v", err)
	}
}

func TestUnknownExecutorComesBackUnderAnotherName(t *testing.T) {
	s, address := startScript(t)
	stop := startExecutor(t, address)
	first := <-s.polls
	s.answer(&controlv1.PollReply{Unknown: true}, nil)
	var again *controlv1.PollRequest
	for again = <-s.polls; again.GetExecutor() == first.GetExecutor(); again = <-s.polls {
	}
	if again.GetCapabilities() == nil {
		t.Errorf("without capabilities: %v", again)
	}
	s.drain()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestTaskWhosePlanCannotBeFetchedIsReportedOnce(t *testing.T) {
	s, address := startScript(t)
	stop := startExecutor(t, address)
	<-s.polls
	launch := &controlv1.Command{Number: 1, Command: &controlv1.Command_Launch{Launch: &controlv1.Launch{
		Task: &controlv1.Task{Job: "j", Attempt: 2}, Plan: make([]byte, sha256.Size),
	}}}
	// The same command twice is one task.
	s.answer(&controlv1.PollReply{Commands: []*controlv1.Command{launch}}, nil)
	s.answer(&controlv1.PollReply{Commands: []*controlv1.Command{launch}}, nil)
	seen := 0
	for range 20 {
		r := <-s.polls
		for _, st := range r.GetStatuses() {
			seen++
			if st.GetTask().GetAttempt() != 2 || st.GetFault().GetCode() != string(fault.ConnectionFailure) || !st.GetRetryable() {
				t.Errorf("got %v", st)
			}
			if r.GetAcknowledged() != 1 {
				t.Errorf("acknowledged %d", r.GetAcknowledged())
			}
		}
	}
	if seen != 1 {
		t.Errorf("%d statuses", seen)
	}
	s.answer(&controlv1.PollReply{Commands: []*controlv1.Command{{Number: 2, Command: &controlv1.Command_Drop{Drop: "j"}}}}, nil)
	s.drain()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestStatusTellsWhatCanBeMended(t *testing.T) {
	id := shuffle.ID{Job: "j", Stage: 1, Task: 2, Attempt: 3}
	for _, test := range []struct {
		err       error
		code      fault.Code
		retryable bool
		missing   int
	}{
		{fault.New(fault.DivisionByZero, "division by zero").At(3), fault.DivisionByZero, false, 0},
		{fault.Wrap(fault.IOError, errors.New("EIO"), "read a.parquet"), fault.IOError, true, 0},
		{fault.New(fault.OutOfMemory, "the query"), fault.OutOfMemory, false, 0},
		{fmt.Errorf("join: %w", &lostError{[]shuffle.ID{id}, fault.New(fault.UndefinedObject, "gone")}), fault.UndefinedObject, true, 1},
		{errors.New("a defect"), fault.Internal, false, 0},
	} {
		s := &controlv1.TaskStatus{}
		describe(s, test.err)
		if s.GetFault().GetCode() != string(test.code) || s.GetRetryable() != test.retryable || len(s.GetMissing()) != test.missing {
			t.Errorf("%v: got %v", test.err, s)
		}
	}
}

func TestFoldersOfKilledExecutorsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	alive, err := newFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	killed, err := newFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	// The system takes a process's locks away with it.
	if err := killed.lock.Close(); err != nil {
		t.Fatal(err)
	}
	next, err := newFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what the killed one left: %v", err)
	}
	if _, err := os.Stat(alive.path); err != nil {
		t.Error(err)
	}
	if err := errors.Join(alive.close(), next.close()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	for _, c := range []Config{{}, {Scheduler: "no port"}, {Scheduler: "a:1", Threads: -1}, {Scheduler: "a:1", Listen: "0.0.0.0:0"}} {
		if err := Run(t.Context(), c); fault.CodeOf(err) != fault.InvalidParameterValue {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}
