package cluster

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/control"
	"github.com/polybolos-db/polybolos/session"
)

// row is a row of SHOW EXECUTORS, by column; what is NULL has no entry.
type row map[string]string

func showExecutors(t *testing.T, s *session.Session) []row {
	t.Helper()
	list, err := s.Parse("show executors")
	if err != nil {
		t.Fatal(err)
	}
	result, err := s.Run(t.Context(), list[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := result.Close(); err != nil {
			t.Error(err)
		}
	}()
	var out []row
	for {
		b, err := result.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return out
		}
		for k := range b.Rows() {
			r := row{}
			for i, f := range result.Fields() {
				if v := b.Cols[i].ValueAt(b.Row(k)); !v.Null {
					r[f.Name] = v.String()
				}
			}
			out = append(out, r)
		}
	}
}

// TestShowExecutors has one executor for each state. The scheduler waits for the lost one longer than the test lasts.
func TestShowExecutors(t *testing.T) {
	s := startScheduler(t, control.Config{Timeout: time.Hour, Grace: time.Hour})
	run := func(group string) *process {
		return start(t, 1, "executor", "--scheduler", s.address, "--listen", "127.0.0.1:0", "--threads", "2", "--work-dir", t.TempDir(), "--memory-limit", "64MB",
			"--label", "rack=7", "--label", "disk=fast", "--resource-group", group, "--drain", "1h")
	}
	serving, busy, lost := run("serving"), run("draining"), run("lost")
	s.waitFor(t, 3)
	opened := s.open(t)
	for _, x := range showExecutors(t, opened.Session) {
		if x["state"] != "serving" || x["threads"] != "2" || x["memory"] != "64000000" && x["memory"] != "67108864" || x["labels"] != "disk=fast,rack=7" || x["tasks"] != "0" || x["simd"] == "" {
			t.Errorf("at the start: %v", x)
		}
	}
	if err := opened.Set("resource_group", "draining"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		// Its first stage is the long one: between two stages an executor has no task to stay for.
		done <- opened.Exec(ctx, "select count(*) from generate_series(1, 1000000000000) a(x) where x % 1000 = 1001")
	}()
	watcher := s.open(t)
	wait := func(want map[string]string, tasks bool) []row {
		t.Helper()
		for {
			list := showExecutors(t, watcher.Session)
			good := len(list) == len(want)
			for _, x := range list {
				good = good && want[x["resource_group"]] == x["state"] && (tasks && x["resource_group"] == "draining") == (x["tasks"] != "0")
			}
			if good {
				return list
			}
			select {
			case <-t.Context().Done():
				t.Fatalf("waited in vain, %v", list)
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	wait(map[string]string{"serving": "serving", "draining": "serving", "lost": "serving"}, true)
	stopped := make(chan error, 1)
	go func() { stopped <- busy.End(syscall.SIGTERM) }()
	_ = lost.End(os.Kill)
	for _, x := range wait(map[string]string{"serving": "serving", "draining": "draining", "lost": "lost"}, true) {
		if x["resource_group"] == "serving" && !strings.Contains(serving.Addresses[0], x["address"]) {
			t.Errorf("address %q, want %q", x["address"], serving.Addresses[0])
		}
	}
	cancel()
	if err := <-done; fault.CodeOf(err) != fault.QueryCanceled {
		t.Errorf("the canceled query: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("the draining executor: %v", err)
	}
	wait(map[string]string{"serving": "serving", "lost": "lost"}, false)
}
