package flightsql

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/session"
)

// cookieName is the cookie of the session's handle, as the Flight SQL implementations call it.
const cookieName = "arrow_flight_session_id"

// user is a session and who uses it.
type user struct {
	id      string
	session *session.Session
	turn    chan struct{} // holds one token while a call uses the session

	// Guarded by the registry's lock.
	prepared   map[string]*prepared
	unprepared map[string]string // of a session that was revived: texts by handle, prepared when they are used
	kept       string            // what was written down of it last
	keptAt     time.Time
	calls      int // that hold it now
	used       time.Time
	cookie     bool // the client keeps its cookie, so that the session outlives the connection
	ended      bool // no call finds it any more; the last one closes it
}

// lock waits for the session's turn.
func (u *user) lock(ctx context.Context) error {
	select {
	case u.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (u *user) unlock() { <-u.turn }

// sessions is the registry of open sessions.
type sessions struct {
	config Config
	mu     sync.Mutex
	byID   map[string]*user
	opened int // in the registry or being opened
	closed bool
}

func newSessions(c Config) *sessions { return &sessions{config: c, byID: map[string]*user{}} }

// connection is a client's connection; calls without a cookie share its session.
type connection struct {
	mu   sync.Mutex // held while its session is opened, so that there is one
	user *user      // guarded by mu
	gone bool
}

type connectionKey struct{}

// connections follows the connections of the gRPC server.
type connections struct{ sessions *sessions }

// TagConn gives a connection its place for a session.
func (c connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{})
}

// HandleConn ends the session of a connection that ended, unless its client can come back to it.
func (c connections) HandleConn(ctx context.Context, s stats.ConnStats) {
	if _, ok := s.(*stats.ConnEnd); !ok {
		return
	}
	if conn, ok := ctx.Value(connectionKey{}).(*connection); ok {
		conn.mu.Lock()
		defer conn.mu.Unlock()
		conn.gone = true
		if conn.user != nil {
			c.sessions.leave(conn.user)
		}
	}
}

// TagRPC does nothing.
func (c connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC does nothing.
func (c connections) HandleRPC(context.Context, stats.RPCStats) {}

// cookieOf is the session cookie of a call, empty when there is none.
func cookieOf(ctx context.Context) string {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, line := range md.Get("cookie") {
		list, err := http.ParseCookie(line)
		if err != nil {
			continue
		}
		for _, c := range list {
			if c.Name == cookieName {
				return c.Value
			}
		}
	}
	return ""
}

// setCookie tells the client its session; an empty id makes it forget.
func setCookie(ctx context.Context, id string) {
	c := http.Cookie{Name: cookieName, Value: id}
	if id == "" {
		c.MaxAge = -1
	}
	// A stream whose headers have gone tells it with the next call.
	_ = grpc.SetHeader(ctx, metadata.Pairs("set-cookie", c.String()))
}

// call finds the session that a call belongs to, or opens one. The caller releases it.
func (s *sessions) call(ctx context.Context) (*user, error) {
	if id := cookieOf(ctx); id != "" {
		s.mu.Lock()
		u := s.byID[id]
		if u != nil {
			u.cookie = true
			s.hold(u)
		}
		s.mu.Unlock()
		if u == nil {
			var err error
			if u, err = s.revive(ctx, id); err != nil {
				return nil, err
			}
		}
		if u == nil {
			setCookie(ctx, "")
			return nil, fault.New(fault.ConnectionFailure, "the session has expired or was closed").
				WithHint("the next call without its cookie opens a new session, without the settings of this one")
		}
		return u, nil
	}
	conn, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return nil, fault.New(fault.Internal, "a call without a connection")
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	if conn.user != nil {
		s.mu.Lock()
		ended := conn.user.ended
		if !ended {
			s.hold(conn.user)
		}
		s.mu.Unlock()
		if !ended {
			return conn.user, nil
		}
	}
	if conn.gone {
		return nil, fault.New(fault.ConnectionFailure, "the connection has ended")
	}
	u, err := s.open()
	if err != nil {
		return nil, err
	}
	conn.user = u
	setCookie(ctx, u.id)
	return u, nil
}

// open opens a session and holds it.
func (s *sessions) open() (*user, error) {
	s.mu.Lock()
	switch {
	case s.closed:
		s.mu.Unlock()
		return nil, fault.New(fault.AdminShutdown, "the server is shutting down")
	case s.opened >= s.config.MaxSessions:
		s.mu.Unlock()
		return nil, fault.New(fault.InsufficientResources, "there are %d open sessions, and no more are allowed", s.config.MaxSessions)
	}
	s.opened++
	s.mu.Unlock()
	inner, err := s.config.Sessions()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.opened--
		return nil, err
	}
	u := &user{id: newHandle(), session: inner, turn: make(chan struct{}, 1), prepared: map[string]*prepared{}}
	s.hold(u)
	s.byID[u.id] = u
	return u, nil
}

// newHandle is a name that nobody can guess.
func newHandle() string {
	var p [16]byte
	// It never fails: the program would end.
	_, _ = rand.Read(p[:])
	return hex.EncodeToString(p[:])
}

// hold keeps a session from being closed. The caller has the lock.
func (s *sessions) hold(u *user) {
	u.calls++
	u.used = time.Now()
}

// keep holds a session for as long as a query of it lives.
func (s *sessions) keep(u *user) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold(u)
}

// release gives a session back.
func (s *sessions) release(u *user) {
	s.mu.Lock()
	u.calls--
	u.used = time.Now()
	last := u.ended && u.calls == 0
	s.keepSession(u)
	s.mu.Unlock()
	if last {
		// The client has gone; what could not be removed is left to the temporary folder.
		_ = s.shut(u)
	}
}

// end closes a session as soon as no call holds it.
func (s *sessions) end(u *user) error {
	s.mu.Lock()
	if u.ended {
		s.mu.Unlock()
		return nil
	}
	u.ended = true
	delete(s.byID, u.id)
	idle := u.calls == 0
	s.mu.Unlock()
	if idle {
		return s.shut(u)
	}
	return nil
}

func (s *sessions) shut(u *user) error {
	err := u.session.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened--
	return err
}

// leave ends a session whose connection has gone, unless it has a cookie.
func (s *sessions) leave(u *user) {
	s.mu.Lock()
	cookie := u.cookie
	s.mu.Unlock()
	if !cookie {
		// As in release.
		_ = s.end(u)
	}
}

// expire ends the sessions that had no call for long.
func (s *sessions) expire(now time.Time) {
	var old []*user
	s.mu.Lock()
	for _, u := range s.byID {
		if u.calls == 0 && now.Sub(u.used) > s.config.SessionIdle {
			old = append(old, u)
		}
	}
	s.mu.Unlock()
	for _, u := range old {
		s.forget(u)
		// As in release.
		_ = s.end(u)
	}
}

// close ends all sessions.
func (s *sessions) close() error {
	s.mu.Lock()
	s.closed = true
	all := make([]*user, 0, len(s.byID))
	for _, u := range s.byID {
		all = append(all, u)
	}
	s.mu.Unlock()
	var err error
	for _, u := range all {
		err = errors.Join(err, s.end(u))
	}
	return err
}
