package peer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary a peer when it is started as one.
func TestMain(m *testing.M) {
	if os.Getenv("FAKE_PEER") != "" {
		if err := fakePeer(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fake answers a query with its text.
type fake struct{}

func (fake) Hello() Hello { return Hello{Name: "Fake", Version: strings.Join(os.Args[1:], " ")} }

func (fake) Query(_ context.Context, sql string) (Result, error) {
	switch sql {
	case "fail":
		return Result{}, errors.New("no such thing")
	case "die":
		fmt.Fprintln(os.Stderr, "out of memory")
		os.Exit(3)
	}
	return Result{Seconds: 0.5, Columns: []Column{{"v", "varchar"}, {"n", "bigint"}}, Rows: [][]*string{{&sql, nil}}}, nil
}

func fakePeer() error {
	if os.Getenv("FAKE_PEER") == "chatter" {
		_, err := fmt.Println("Welcome!")
		return err
	}
	return Serve(context.Background(), fake{}, os.Stdin, os.Stdout)
}

func start(t *testing.T, mode string) (*Process, error) {
	t.Helper()
	t.Setenv("FAKE_PEER", mode)
	return Start(t.Context(), "fake", []string{os.Args[0]}, Config{Data: "/data", Threads: 2, MemoryLimit: 1 << 30})
}

func TestConversation(t *testing.T) {
	p, err := start(t, "serve")
	if err != nil {
		t.Fatal(err)
	}
	if h := p.Hello(); h.Name != "Fake" || h.Version != "--data /data --threads 2 --memory-limit 1073741824" {
		t.Errorf("hello is %+v", h)
	}
	for _, text := range []string{"select 'a < b'", "select\n\t\"ä\""} {
		r, err := p.Query(text)
		if err != nil {
			t.Fatal(err)
		}
		if r.Error != "" || r.Seconds != 0.5 || len(r.Rows) != 1 || *r.Rows[0][0] != text || r.Rows[0][1] != nil || r.Columns[1].Type != "bigint" {
			t.Errorf("the answer to %q is %+v", text, r)
		}
	}
	if r, err := p.Query("fail"); err != nil || r.Error != "no such thing" {
		t.Errorf("a failing query: %+v, %v", r, err)
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	g, err := p.Close()
	if err != nil {
		t.Fatal(err)
	}
	if g.PeakBytes < 1<<20 {
		t.Errorf("peak memory of %d bytes", g.PeakBytes)
	}
}

func TestPausedPeerDoesNotAnswer(t *testing.T) {
	p, err := start(t, "serve")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	resumed := make(chan time.Time, 1)
	timer := time.AfterFunc(50*time.Millisecond, func() {
		resumed <- time.Now()
		_ = p.Resume()
	})
	defer timer.Stop()
	if _, err := p.Query("select 1"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-resumed:
	default:
		t.Error("it answered before it was resumed")
	}
	if _, err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPeerThatDiesSaysWhy(t *testing.T) {
	p, err := start(t, "serve")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Query("die"); err == nil || !strings.Contains(err.Error(), "exit status 3: out of memory") {
		t.Errorf("got %v", err)
	}
	if g, err := p.Close(); err != nil || g.PeakBytes != 0 {
		t.Errorf("closing it gives %+v, %v", g, err)
	}
}

func TestPeerWithoutTheProtocol(t *testing.T) {
	if _, err := start(t, "chatter"); err == nil || !strings.Contains(err.Error(), "fake stopped") {
		t.Errorf("got %v", err)
	}
	if _, err := Start(t.Context(), "none", []string{filepath.Join(t.TempDir(), "none")}, Config{}); err == nil {
		t.Error("a missing program starts")
	}
}

func TestCanceledPeerIsKilled(t *testing.T) {
	t.Setenv("FAKE_PEER", "serve")
	ctx, cancel := context.WithCancel(t.Context())
	p, err := Start(ctx, "fake", []string{os.Args[0]}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := p.Close(); err == nil {
		t.Error("a killed peer ends well")
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	if _, err := Find(dir, "duckdb"); err == nil || !strings.Contains(err.Error(), "run make bench-peers ") {
		t.Errorf("a peer that is not built: %v", err)
	}
	if _, err := Find(dir, "oracle9"); err == nil || !strings.Contains(err.Error(), "datafusion, duckdb, polars, spark") {
		t.Errorf("an unknown peer: %v", err)
	}
	for _, name := range []string{"duckdb", "mine"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
		if c, err := Find(dir, name); err != nil || len(c) != 1 || c[0] != filepath.Join(dir, name) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

func TestParsePeak(t *testing.T) {
	if n, err := parsePeak("Name:\tx\nVmHWM:\t    1234 kB\nVmRSS:\t 1 kB\n"); err != nil || n != 1234<<10 {
		t.Errorf("%d, %v", n, err)
	}
	for _, bad := range []string{"", "VmHWM:\tmuch kB\n"} {
		if _, err := parsePeak(bad); err == nil {
			t.Errorf("%q has a peak", bad)
		}
	}
}
