package state

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/polybolos-db/polybolos/fault"
)

// The prefixes of clients' records.
const (
	sessionsPrefix = "sessions/"
	queriesPrefix  = "queries/"
)

// Session is what is kept of a client's session.
type Session struct {
	Settings map[string]string `json:"settings,omitempty"` // those that were changed
	Prepared map[string]string `json:"prepared,omitempty"` // texts of prepared statements, by handle
	Used     time.Time         `json:"used"`
}

// Query is what is kept of a query that a client has a ticket of.
type Query struct {
	Session string    `json:"session"`
	Text    string    `json:"text"`
	Job     string    `json:"job,omitempty"` // empty: it has not begun
	Expires time.Time `json:"expires"`
}

// Clients keeps sessions and queries of clients. Changes are written by a goroutine, a moment after they were made and together: what is over by then
// leaves nothing. A client's last moments may so be missing after a crash.
type Clients struct {
	store Store
	claim Claim
	log   *slog.Logger

	mu      sync.Mutex
	pending map[string][]byte // by key, nil: to be removed
	wake    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
}

// NewClients begins to keep; claim may be nil. Close ends it.
func NewClients(store Store, claim Claim, log *slog.Logger) *Clients {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Clients{store: store, claim: claim, log: log, pending: map[string][]byte{}, wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
	go c.run(ctx)
	return c
}

// clientTime bounds how long a change or a question may take.
const clientTime = 5 * time.Second

func (c *Clients) run(ctx context.Context) {
	defer close(c.done)
	for {
		select {
		case <-ctx.Done():
			c.flush()
			return
		case <-c.wake:
		}
		select {
		case <-ctx.Done():
		case <-time.After(gatherTime):
		}
		c.flush()
	}
}

// flush writes what is pending. What the store does not take is lost: the session or the query goes on, and ends with this scheduler.
func (c *Clients) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), clientTime)
	defer cancel()
	for {
		w := c.next()
		if len(w.Put)+len(w.Delete) == 0 {
			return
		}
		if _, err := c.store.Commit(ctx, w); err != nil {
			c.log.Warn("the state of clients is not durable", "changes", len(w.Put)+len(w.Delete), "error", err)
		}
	}
}

// next takes as many pending changes as a commit may have.
func (c *Clients) next() Commit {
	w := Commit{Claim: c.claim}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, v := range c.pending {
		if len(w.Put)+len(w.Delete) == MaxOps {
			break
		}
		if delete(c.pending, k); v == nil {
			w.Delete = append(w.Delete, k)
		} else {
			w.Put = append(w.Put, Record{Key: k, Value: v})
		}
	}
	return w
}

// Close writes what is pending and ends.
func (c *Clients) Close() {
	c.cancel()
	<-c.done
}

func (c *Clients) change(key string, value []byte) {
	c.mu.Lock()
	c.pending[key] = value
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Clients) save(key string, value any) {
	p, err := json.Marshal(value)
	if err == nil && len(p) > MaxValue {
		err = fault.New(fault.ConfigurationLimit, "%d bytes", len(p))
	}
	if err != nil {
		c.log.Warn("a client's state is not durable", "error", err)
		return
	}
	c.change(key, p)
}

func (c *Clients) load(ctx context.Context, key string, value any) bool {
	c.mu.Lock()
	p, found := c.pending[key]
	c.mu.Unlock()
	if !found {
		ctx, cancel := context.WithTimeout(ctx, clientTime)
		defer cancel()
		r, ok, err := c.store.Get(ctx, key)
		if err != nil {
			c.log.Warn("a client's state was not read", "error", err)
		}
		if !ok || err != nil {
			return false
		}
		p = r.Value
	}
	return p != nil && json.Unmarshal(p, value) == nil
}

func (c *Clients) drop(key string) { c.change(key, nil) }

// SaveSession keeps a session.
func (c *Clients) SaveSession(id string, s Session) { c.save(sessionsPrefix+id, s) }

// Session returns a kept session.
func (c *Clients) Session(ctx context.Context, id string) (s Session, ok bool) {
	ok = c.load(ctx, sessionsPrefix+id, &s)
	return s, ok
}

// DropSession forgets a session.
func (c *Clients) DropSession(id string) { c.drop(sessionsPrefix + id) }

// SaveQuery keeps a query.
func (c *Clients) SaveQuery(handle string, q Query) { c.save(queriesPrefix+handle, q) }

// Query returns a kept query.
func (c *Clients) Query(ctx context.Context, handle string) (q Query, ok bool) {
	ok = c.load(ctx, queriesPrefix+handle, &q)
	return q, ok
}

// DropQuery forgets a query.
func (c *Clients) DropQuery(handle string) { c.drop(queriesPrefix + handle) }

// Jobs are the jobs of queries whose clients may come back.
func (c *Clients) Jobs(ctx context.Context) (map[string]bool, error) {
	records, err := c.store.List(ctx, queriesPrefix)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, r := range records {
		var q Query
		if err := json.Unmarshal(r.Value, &q); err == nil && q.Job != "" {
			out[q.Job] = true
		}
	}
	return out, nil
}

// Expire forgets sessions that were not used since a time, and queries whose time is over by now.
func (c *Clients) Expire(ctx context.Context, sessionsSince, now time.Time) error {
	c.flush()
	var old []string
	for _, prefix := range []string{sessionsPrefix, queriesPrefix} {
		records, err := c.store.List(ctx, prefix)
		if err != nil {
			return err
		}
		for _, r := range records {
			var s Session
			var q Query
			if strings.HasPrefix(r.Key, sessionsPrefix) {
				if err := json.Unmarshal(r.Value, &s); err != nil || s.Used.Before(sessionsSince) {
					old = append(old, r.Key)
				}
			} else if err := json.Unmarshal(r.Value, &q); err != nil || q.Expires.Before(now) {
				old = append(old, r.Key)
			}
		}
	}
	for len(old) > 0 {
		n := min(len(old), MaxOps)
		if _, err := c.store.Commit(ctx, Commit{Delete: old[:n], Claim: c.claim}); err != nil {
			return err
		}
		old = old[n:]
	}
	return nil
}
