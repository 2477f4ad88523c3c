package flightsql

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/polybolos-db/polybolos/fault"
	keeping "github.com/polybolos-db/polybolos/scheduler/state"
	"github.com/polybolos-db/polybolos/session"
)

// Config says what a server serves. Zero limits are the defaults below.
type Config struct {
	Sessions func() (*session.Session, error) // opens a session; the server closes it
	Version  string                           // of the engine, for clients that ask
	Results  Results                          // executors from which clients may read results; nil: they read them all here
	Clients  *keeping.Clients                 // keeps sessions and tickets beyond this process; nil: they end with it
	Security credentials.TransportCredentials // of connections; nil: in the clear

	MaxMessage  int           // bytes of one message that is received
	MaxQueries  int           // queries that run at once; others wait
	MaxWaiting  int           // queries that wait; more are refused (53000)
	MaxSessions int           // open sessions; more are refused (53000)
	SessionIdle time.Duration // a session without a call for so long is closed
	TicketLife  time.Duration // a query that is not fetched for so long is forgotten
}

// The default limits.
const (
	DefaultMaxMessage  = 64 << 20
	DefaultMaxQueries  = 64
	DefaultMaxWaiting  = 1000
	DefaultMaxSessions = 1000
	DefaultSessionIdle = 30 * time.Minute
	DefaultTicketLife  = 5 * time.Minute
)

// Server is the Flight SQL service.
type Server struct {
	config   Config
	grpc     *grpc.Server
	sessions *sessions
	queries  *queries
	stop     context.CancelCauseFunc // ends all queries
	ctx      context.Context
	janitor  sync.WaitGroup
}

// New makes a server. Serve runs it.
func New(c Config) (*Server, error) {
	orDefault(&c.MaxMessage, DefaultMaxMessage)
	orDefault(&c.MaxQueries, DefaultMaxQueries)
	orDefault(&c.MaxWaiting, DefaultMaxWaiting)
	orDefault(&c.MaxSessions, DefaultMaxSessions)
	orDefault(&c.SessionIdle, DefaultSessionIdle)
	orDefault(&c.TicketLife, DefaultTicketLife)
	ctx, stop := context.WithCancelCause(context.Background())
	s := &Server{config: c, ctx: ctx, stop: stop}
	s.sessions = newSessions(c)
	s.queries = newQueries(c)
	if c.Results != nil {
		c.Results.Note(s.noteRead)
	}
	sql := &service{server: s}
	if err := sql.registerInfo(c.Version); err != nil {
		stop(err)
		return nil, err
	}
	security := c.Security
	if security == nil {
		security = insecure.NewCredentials()
	}
	s.grpc = grpc.NewServer(
		grpc.Creds(security),
		grpc.MaxRecvMsgSize(c.MaxMessage), grpc.StatsHandler(connections{s.sessions}),
		grpc.UnaryInterceptor(guardUnary), grpc.StreamInterceptor(guardStream),
		// Clients that keep idle connections alive by pings are welcome.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	flight.RegisterFlightServiceServer(s.grpc, &router{FlightServer: flightsql.NewFlightServer(sql), service: sql})
	return s, nil
}

func orDefault[T int | time.Duration](value *T, otherwise T) {
	if *value == 0 {
		*value = otherwise
	}
}

// Serve answers calls on l until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	s.janitor.Add(1)
	go func() {
		defer s.janitor.Done()
		s.expire()
	}()
	if err := s.grpc.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fault.Wrap(fault.ConnectionFailure, err, "serve on %s", l.Addr())
	}
	return nil
}

// expire forgets, from time to time, what clients have left behind.
func (s *Server) expire() {
	tick := time.NewTicker(min(s.config.SessionIdle, s.config.TicketLife, time.Minute) / 4)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case now := <-tick.C:
			s.expireQueries(now)
			s.sessions.expire(now)
		}
	}
}

// Shutdown takes no new calls, lets those that run finish until ctx ends, then cancels them; and closes all sessions.
func (s *Server) Shutdown(ctx context.Context) error {
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		s.grpc.GracefulStop()
	}()
	select {
	case <-drained:
	case <-ctx.Done():
		s.stop(fault.New(fault.AdminShutdown, "the server is shutting down"))
		s.grpc.Stop()
		<-drained
	}
	s.stop(fault.New(fault.AdminShutdown, "the server is shutting down"))
	s.closeQueries()
	s.janitor.Wait()
	return s.sessions.close()
}
