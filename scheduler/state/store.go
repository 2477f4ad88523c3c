package state

import (
	"context"
	"errors"
	"time"

	"github.com/polybolos-db/polybolos/fault"
)

// Record is a value under a key. Revision grows with every commit of the store; that of a record is its last change's.
type Record struct {
	Key      string
	Value    []byte
	Revision int64
}

// The bounds of records and commits.
const (
	MaxKey   = 1 << 10
	MaxValue = 64 << 10
	MaxOps   = 100 // puts, deletes and conditions of a commit together
)

// Condition says what a key must be like for a commit.
type Condition struct {
	Key      string
	Revision int64 // of the record; 0: there is none
}

// Commit is changes that are made together, or not at all.
type Commit struct {
	If     []Condition
	Put    []Record // their revisions do not matter
	Delete []string // keys; missing ones are no error
	Claim  Claim    // must be held; nil: none is needed
}

// Store keeps records. It is safe for concurrent use. Errors: ErrConflict and ErrLost from Commit, ConnectionFailure when the store is not reached, ConfigurationLimit
// for what is too large.
type Store interface {
	// Get returns a record, and false when there is none.
	Get(ctx context.Context, key string) (Record, bool, error)
	// List returns all records whose keys begin with prefix, in order of key.
	List(ctx context.Context, prefix string) ([]Record, error)
	// Commit makes changes and returns their revision. ErrConflict when a condition does not hold, ErrLost when the claim is lost.
	Commit(ctx context.Context, c Commit) (int64, error)
	// Claim takes a key for this process, and waits while another has it. owner is for people. The claim is lost when this process has not been heard of
	// for ttl.
	Claim(ctx context.Context, key, owner string, ttl time.Duration) (Claim, error)
	Close() error
}

// Claim is a key that this process has.
type Claim interface {
	Key() string
	// Lost is closed when the claim is not held any more.
	Lost() <-chan struct{}
	// Release gives the key to others.
	Release(ctx context.Context) error
}

var (
	// ErrConflict says that a commit's condition does not hold: somebody else was faster.
	ErrConflict = errors.New("the record was changed meanwhile")
	// ErrLost says that a commit's claim is lost: another scheduler may have taken over.
	ErrLost = errors.New("the claim is lost")
)

// Check refuses commits that no store takes.
func (c *Commit) Check() error {
	if n := len(c.If) + len(c.Put) + len(c.Delete); n > MaxOps {
		return fault.New(fault.ConfigurationLimit, "a commit of %d operations, where %d are allowed", n, MaxOps)
	}
	seen := map[string]bool{}
	check := func(key string) error {
		if key == "" || len(key) > MaxKey {
			return fault.New(fault.ConfigurationLimit, "a key of %d bytes, where 1 to %d are allowed", len(key), MaxKey)
		}
		if seen[key] {
			return fault.New(fault.Internal, "a commit changes %q twice", key)
		}
		seen[key] = true
		return nil
	}
	for _, r := range c.Put {
		if err := check(r.Key); err != nil {
			return err
		}
		if len(r.Value) > MaxValue {
			return fault.New(fault.ConfigurationLimit, "the record %q has %d bytes, where %d are allowed", r.Key, len(r.Value), MaxValue)
		}
	}
	for _, k := range c.Delete {
		if err := check(k); err != nil {
			return err
		}
	}
	return nil
}
