package servers

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/scheduler/flightsql"
	"github.com/polybolos-db/polybolos/session"
)

// SQL serves an embedded engine of two threads over Flight SQL in this process until the test ends, and returns the address.
func SQL(t testing.TB) string {
	t.Helper()
	e, err := engine.Open(engine.Config{Threads: 2, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close the engine: %v", err)
		}
	})
	return FlightSQL(t, flightsql.Config{Sessions: func() (*session.Session, error) { return e.SharedSession().Session, nil }})
}

// FlightSQL serves sessions over Flight SQL in this process until the test ends, and returns the address.
func FlightSQL(t testing.TB, c flightsql.Config) string {
	t.Helper()
	s, err := flightsql.New(c)
	if err != nil {
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
		if err := errors.Join(s.Shutdown(ctx), <-served); err != nil {
			t.Errorf("shut down: %v", err)
		}
	})
	return l.Addr().String()
}
