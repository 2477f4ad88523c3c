package flightsql

import (
	"context"
	"encoding/json"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/jobs"
	keeping "github.com/polybolos-db/polybolos/scheduler/state"
	"github.com/polybolos-db/polybolos/session"
)

// What clients come back for after the server was started again: sessions by their cookies, with settings and prepared statements, and queries by their tickets. Temporary
// tables and the values bound to prepared statements are not kept, nor are queries with such values.

// keepSession writes down what has changed of a session that nobody holds; s.mu is held, so that nobody comes meanwhile.
func (s *sessions) keepSession(u *user) {
	if s.config.Clients == nil || !u.cookie || u.ended || u.calls > 0 {
		return
	}
	kept := keeping.Session{Settings: u.session.Changed(), Prepared: map[string]string{}, Used: u.used.UTC()}
	for handle, text := range u.unprepared {
		kept.Prepared[handle] = text
	}
	for handle, p := range u.prepared {
		if p.statement.substrait == nil {
			kept.Prepared[handle] = p.statement.text
		}
	}
	content, err := json.Marshal([]any{kept.Settings, kept.Prepared})
	// An idle session is forgotten by the time of its last use, so that is written from time to time.
	if err != nil || string(content) == u.kept && u.used.Sub(u.keptAt) < s.config.SessionIdle/4 {
		return
	}
	u.kept, u.keptAt = string(content), u.used
	s.config.Clients.SaveSession(u.id, kept)
}

// revive opens a session again that an earlier server has kept, and holds it; nil when there is none.
func (s *sessions) revive(ctx context.Context, id string) (*user, error) {
	if s.config.Clients == nil {
		return nil, nil
	}
	kept, ok := s.config.Clients.Session(ctx, id)
	if !ok {
		return nil, nil
	}
	u, err := s.open()
	if err != nil {
		return nil, err
	}
	for name, value := range kept.Settings {
		// A setting that this release does not have has no effect.
		_ = u.session.Set(name, value)
	}
	s.mu.Lock()
	other := s.byID[id]
	if other != nil {
		s.hold(other)
	} else {
		delete(s.byID, u.id)
		u.id, u.cookie, u.unprepared = id, true, kept.Prepared
		s.byID[id] = u
	}
	s.mu.Unlock()
	if other != nil {
		// Another call was faster.
		err := s.end(u)
		s.release(u)
		return other, err
	}
	return u, nil
}

// forget drops what is kept of a session that its client, or its age, has ended.
func (s *sessions) forget(u *user) {
	if s.config.Clients != nil && u.cookie {
		s.config.Clients.DropSession(u.id)
	}
}

// prepareAgain prepares a statement of a revived session under its old handle; nil when there is none.
func (s *service) prepareAgain(ctx context.Context, u *user, handle string) (*prepared, error) {
	s.server.sessions.mu.Lock()
	text, ok := u.unprepared[handle]
	s.server.sessions.mu.Unlock()
	if !ok {
		return nil, nil
	}
	p := &prepared{values: make(chan [][]column.Value, 1)}
	p.values <- nil
	var err error
	if p.statement, err = parse(u, text); err != nil {
		return nil, err
	}
	if err := s.describe(ctx, u, p); err != nil {
		return nil, err
	}
	s.server.sessions.mu.Lock()
	defer s.server.sessions.mu.Unlock()
	delete(u.unprepared, handle)
	u.prepared[handle] = p
	return p, nil
}

// keepQuery writes down where a query is.
func (s *Server) keepQuery(q *query) {
	if s.config.Clients == nil || !q.keep {
		return
	}
	q.mu.Lock()
	job, expires := q.job, q.expires
	q.mu.Unlock()
	if job != "" {
		// Its result stays until somebody fetches it.
		expires = time.Now().Add(s.config.SessionIdle)
	}
	s.config.Clients.SaveQuery(q.handle, keeping.Query{Session: q.user.id, Text: q.text, Job: string(job), Expires: expires.UTC()})
}

func (s *Server) forgetQuery(q *query) {
	if s.config.Clients != nil && q.keep {
		s.config.Clients.DropQuery(q.handle)
	}
}

// attached is a context under which the query's plan runs as the job that an earlier server has begun, or tells which job it becomes.
func (s *Server) attached(ctx context.Context, q *query) context.Context {
	if s.config.Clients == nil || !q.keep {
		return ctx
	}
	return jobs.WithAttachment(ctx, jobs.Attachment{ID: q.job, Started: func(id core.JobID) {
		q.mu.Lock()
		q.job = id
		q.mu.Unlock()
		s.keepQuery(q)
	}})
}

// query returns the query of a ticket, which an earlier server may have given.
func (s *service) query(ctx context.Context, handle string) (*query, error) {
	q, err := s.server.queries.find(handle)
	if err == nil || s.server.config.Clients == nil {
		return q, err
	}
	kept, ok := s.server.config.Clients.Query(ctx, handle)
	if !ok || time.Now().After(kept.Expires) {
		return nil, err
	}
	s.server.sessions.mu.Lock()
	u := s.server.sessions.byID[kept.Session]
	if u != nil {
		s.server.sessions.hold(u)
	}
	s.server.sessions.mu.Unlock()
	if u == nil {
		var rerr error
		if u, rerr = s.server.sessions.revive(ctx, kept.Session); rerr != nil {
			return nil, rerr
		}
		if u == nil {
			return nil, err
		}
	}
	defer s.server.sessions.release(u)
	st, err := parse(u, kept.Text)
	if err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, u, st, nil)
	if err != nil {
		return nil, err
	}
	if !p.ReturnsRows() {
		return nil, fault.New(fault.ObjectNotInState, "the statement of this ticket has no rows any more")
	}
	q = newQuery(u, st, []*session.Planned{p})
	q.job = core.JobID(kept.Job)
	err = s.server.addAs(q, handle)
	if err == nil {
		return q, nil
	}
	// Another call may have been faster.
	if other, ferr := s.server.queries.find(handle); ferr == nil {
		return other, nil
	}
	return nil, err
}
