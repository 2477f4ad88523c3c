package state

import (
	"context"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/polybolos-db/polybolos/fault"
)

// Memory is a store in this process, which goes with it.
type Memory struct {
	mu       sync.Mutex
	revision int64
	records  map[string]Record
	claims   map[string]*memoryClaim
	closed   bool
}

// NewMemory makes an empty store.
func NewMemory() *Memory {
	return &Memory{records: map[string]Record{}, claims: map[string]*memoryClaim{}}
}

var errClosed = fault.New(fault.AdminShutdown, "the state store is closed")

// begin locks the store for an operation.
func (m *Memory) begin(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return errClosed
	}
	return nil
}

// Get returns a record.
func (m *Memory) Get(ctx context.Context, key string) (Record, bool, error) {
	if err := m.begin(ctx); err != nil {
		return Record{}, false, err
	}
	defer m.mu.Unlock()
	r, ok := m.records[key]
	r.Value = slices.Clone(r.Value)
	return r, ok, nil
}

// List returns the records of a prefix.
func (m *Memory) List(ctx context.Context, prefix string) ([]Record, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var out []Record
	for k, r := range m.records {
		if strings.HasPrefix(k, prefix) {
			r.Value = slices.Clone(r.Value)
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out, nil
}

// Commit makes changes.
func (m *Memory) Commit(ctx context.Context, c Commit) (int64, error) {
	if err := c.Check(); err != nil {
		return 0, err
	}
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	if c.Claim != nil {
		own, ok := c.Claim.(*memoryClaim)
		if !ok || own.store != m {
			return 0, fault.New(fault.Internal, "a claim of another store")
		}
		if m.claims[own.key] != own {
			return 0, ErrLost
		}
	}
	for _, w := range c.If {
		if m.records[w.Key].Revision != w.Revision {
			return 0, ErrConflict
		}
	}
	m.revision++
	for _, r := range c.Put {
		r.Value, r.Revision = slices.Clone(r.Value), m.revision
		m.records[r.Key] = r
	}
	for _, k := range c.Delete {
		delete(m.records, k)
	}
	return m.revision, nil
}

// memoryClaim is held until it is released: whoever could lose it goes with the store.
type memoryClaim struct {
	store *Memory
	key   string
	lost  chan struct{}
}

// Claim takes a key.
func (m *Memory) Claim(ctx context.Context, key, _ string, _ time.Duration) (Claim, error) {
	for {
		if err := m.begin(ctx); err != nil {
			return nil, err
		}
		other := m.claims[key]
		if other == nil {
			c := &memoryClaim{store: m, key: key, lost: make(chan struct{})}
			m.claims[key] = c
			m.mu.Unlock()
			return c, nil
		}
		m.mu.Unlock()
		select {
		case <-other.lost:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (c *memoryClaim) Key() string           { return c.key }
func (c *memoryClaim) Lost() <-chan struct{} { return c.lost }

// Release gives the key to others.
func (c *memoryClaim) Release(context.Context) error {
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	if c.store.claims[c.key] == c {
		delete(c.store.claims, c.key)
		close(c.lost)
	}
	return nil
}

// Close ends the store; what it held is gone.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for k, c := range m.claims {
		delete(m.claims, k)
		close(c.lost)
	}
	return nil
}
