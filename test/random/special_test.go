package random

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/fake"
	"github.com/polybolos-db/polybolos/cuda/ops"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/executor/remote"
	"github.com/polybolos-db/polybolos/scheduler/control"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/test/slt/embedded"
)

const (
	clusterExecutors = 2
	deviceRows       = 512       // small chunks, so that few rows make several
	littleShare      = 192 << 10 // bytes that a worker may hold of what was spilled: a few chunks
)

// clustered is a session of a scheduler with executors, all of them in this process but connected as processes are.
func clustered(t *testing.T, statements ...string) *peer {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := control.New(control.Config{Name: t.Name()})
	server := grpc.NewServer(control.Options()...)
	c.Register(server)
	var running sync.WaitGroup
	running.Go(func() {
		if err := server.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Errorf("scheduler: %v", err)
		}
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var executors sync.WaitGroup
	for range clusterExecutors {
		config := remote.Config{Scheduler: l.Addr().String(), WorkDir: t.TempDir(), Threads: 2}
		executors.Go(func() {
			if err := remote.Run(ctx, config); err != nil {
				t.Errorf("executor: %v", err)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		executors.Wait()
		if err := c.Close(); err != nil {
			t.Errorf("scheduler: %v", err)
		}
		server.Stop()
		running.Wait()
	})
	for len(c.Executors()) < clusterExecutors {
		select {
		case <-t.Context().Done():
			t.Fatal("the executors did not come")
		case <-time.After(time.Millisecond):
		}
	}
	s, err := c.Session(session.Config{Catalog: catalog.New(), Folder: filepath.Join(t.TempDir(), "session")})
	if err != nil {
		t.Fatal(err)
	}
	return member(t, "cluster", embedded.Over(&engine.Session{Session: s}), Here, statements...)
}

// fakeDevice makes a device of the fake driver, and returns what gives it to the tasks that begin.
func fakeDevice(t *testing.T) func() func() {
	t.Helper()
	d, err := cuda.Open(fake.New(fake.Config{Seed: 17, Interleave: 64}), 0, cuda.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if used := d.Pool.Used(); used != 0 {
			t.Errorf("%d bytes of device memory are still in use", used)
		}
		if err := errors.Join(d.Err(), d.Close()); err != nil {
			t.Error(err)
		}
	})
	device := ops.NewDevice(d, ops.Options{ChunkRows: deviceRows})
	return func() func() { return executor.UseDevices(device) }
}
