package etcd

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/state"
)

// Store is a state.Store in etcd.
type Store struct {
	client *clientv3.Client
	prefix string // of all keys
	name   string // for people
	close  func() error

	callTime time.Duration
	opened   int64 // the first revision of this process, where it is alone
	alone    bool  // no other process can have the store: a claim that is there is one that a process left behind
}

var _ state.Store = (*Store)(nil)

// callTime bounds a call whose caller does not: etcd without a quorum does not answer at all.
const callTime = 10 * time.Second

// pageSize is how many records come with one answer.
const pageSize = 500

func (s *Store) call(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.callTime)
}

// failure names the store in an error.
func (s *Store) failure(ctx context.Context, err error, attempt string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	code := fault.IOError
	hint := ""
	switch {
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.Unavailable, status.Code(err) == codes.DeadlineExceeded:
		code, hint = fault.ConnectionFailure, "is etcd running, with a majority of its members, and is its address right?"
	case errors.Is(err, rpctypes.ErrNoSpace):
		code, hint = fault.DiskFull, "etcd has reached its quota: compact and defragment it, or raise --quota-backend-bytes"
	case errors.Is(err, rpctypes.ErrAuthFailed), errors.Is(err, rpctypes.ErrUserEmpty), errors.Is(err, rpctypes.ErrPermissionDenied),
		status.Code(err) == codes.Unauthenticated, status.Code(err) == codes.PermissionDenied:
		code, hint = fault.InvalidAuthorization, "check the user and the password of the state URL"
	}
	e := fault.Wrap(code, err, "cannot %s the scheduler's state in %s", attempt, s.name)
	if hint != "" {
		e.Hint = hint
	}
	return e
}

// Get returns a record.
func (s *Store) Get(ctx context.Context, key string) (state.Record, bool, error) {
	own, cancel := s.call(ctx)
	defer cancel()
	r, err := s.client.Get(own, s.prefix+key)
	if err != nil {
		return state.Record{}, false, s.failure(ctx, err, "read")
	}
	if len(r.Kvs) == 0 {
		return state.Record{}, false, nil
	}
	return state.Record{Key: key, Value: r.Kvs[0].Value, Revision: r.Kvs[0].ModRevision}, true, nil
}

// List returns the records of a prefix, all as of one revision.
func (s *Store) List(ctx context.Context, prefix string) ([]state.Record, error) {
	var out []state.Record
	from, end := s.prefix+prefix, clientv3.GetPrefixRangeEnd(s.prefix+prefix)
	revision := int64(0)
	for {
		own, cancel := s.call(ctx)
		r, err := s.client.Get(own, from, clientv3.WithRange(end), clientv3.WithLimit(pageSize), clientv3.WithRev(revision),
			clientv3.WithSort(clientv3.SortByKey, clientv3.SortAscend))
		cancel()
		if err != nil {
			return nil, s.failure(ctx, err, "list")
		}
		for _, kv := range r.Kvs {
			out = append(out, state.Record{Key: strings.TrimPrefix(string(kv.Key), s.prefix), Value: kv.Value, Revision: kv.ModRevision})
		}
		if !r.More {
			return out, nil
		}
		revision = r.Header.GetRevision()
		from = string(r.Kvs[len(r.Kvs)-1].Key) + "\x00"
	}
}

// Commit makes changes.
func (s *Store) Commit(ctx context.Context, c state.Commit) (int64, error) {
	if err := c.Check(); err != nil {
		return 0, err
	}
	var conditions []clientv3.Cmp
	for _, w := range c.If {
		if w.Revision == 0 {
			conditions = append(conditions, clientv3.Compare(clientv3.CreateRevision(s.prefix+w.Key), "=", 0))
		} else {
			conditions = append(conditions, clientv3.Compare(clientv3.ModRevision(s.prefix+w.Key), "=", w.Revision))
		}
	}
	var held *claim
	if c.Claim != nil {
		var ok bool
		if held, ok = c.Claim.(*claim); !ok || held.store != s {
			return 0, fault.New(fault.Internal, "a claim of another store")
		}
		conditions = append(conditions, held.condition())
	}
	var changes []clientv3.Op
	for _, r := range c.Put {
		changes = append(changes, clientv3.OpPut(s.prefix+r.Key, string(r.Value)))
	}
	for _, k := range c.Delete {
		changes = append(changes, clientv3.OpDelete(s.prefix+k))
	}
	// What is there tells a lost claim from a conflict.
	var otherwise []clientv3.Op
	if held != nil {
		otherwise = append(otherwise, clientv3.OpGet(s.prefix+held.key, clientv3.WithKeysOnly()))
	}
	own, cancel := s.call(ctx)
	defer cancel()
	r, err := s.client.Txn(own).If(conditions...).Then(changes...).Else(otherwise...).Commit()
	if err != nil {
		return 0, s.failure(ctx, err, "change")
	}
	if r.Succeeded {
		return r.Header.GetRevision(), nil
	}
	if held != nil {
		kvs := r.Responses[0].GetResponseRange().GetKvs()
		if len(kvs) == 0 || kvs[0].CreateRevision != held.revision {
			held.lose()
			return 0, state.ErrLost
		}
	}
	return 0, state.ErrConflict
}

// claim is a key with a lease. Its fence is the revision at which it was made.
type claim struct {
	store    *Store
	key      string
	revision int64
	lease    clientv3.LeaseID
	cancel   context.CancelFunc
	once     sync.Once
	lost     chan struct{}
	done     chan struct{} // the lease is not renewed any more
}

func (c *claim) condition() clientv3.Cmp {
	return clientv3.Compare(clientv3.CreateRevision(c.store.prefix+c.key), "=", c.revision)
}

func (c *claim) Key() string           { return c.key }
func (c *claim) Lost() <-chan struct{} { return c.lost }
func (c *claim) lose()                 { c.once.Do(func() { close(c.lost) }) }

// Claim takes a key.
func (s *Store) Claim(ctx context.Context, key, owner string, ttl time.Duration) (state.Claim, error) {
	own, cancel := s.call(ctx)
	lease, err := s.client.Grant(own, max(1, int64(ttl.Round(time.Second)/time.Second)))
	cancel()
	if err != nil {
		return nil, s.failure(ctx, err, "claim")
	}
	revision, err := s.take(ctx, key, owner, lease.ID)
	if err != nil {
		s.revoke(ctx, lease.ID)
		return nil, err
	}
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	renewed, err := s.client.KeepAlive(renewing, lease.ID)
	if err != nil {
		stop()
		s.revoke(ctx, lease.ID)
		return nil, s.failure(ctx, err, "claim")
	}
	c := &claim{store: s, key: key, revision: revision, lease: lease.ID, cancel: stop, lost: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		// The channel ends when the lease has, or cannot be renewed in time.
		for range renewed {
		}
		c.lose()
	}()
	return c, nil
}

// take puts the key with a lease, as soon as nobody has it.
func (s *Store) take(ctx context.Context, key, owner string, lease clientv3.LeaseID) (int64, error) {
	full := s.prefix + key
	for {
		own, cancel := s.call(ctx)
		r, err := s.client.Txn(own).If(clientv3.Compare(clientv3.CreateRevision(full), "=", 0)).
			Then(clientv3.OpPut(full, owner, clientv3.WithLease(lease))).Else(clientv3.OpGet(full)).Commit()
		cancel()
		if err != nil {
			return 0, s.failure(ctx, err, "claim")
		}
		if r.Succeeded {
			return r.Header.GetRevision(), nil
		}
		if kvs := r.Responses[0].GetResponseRange().GetKvs(); s.alone && len(kvs) == 1 && kvs[0].CreateRevision < s.opened {
			s.revoke(ctx, clientv3.LeaseID(kvs[0].Lease))
			continue
		}
		if err := s.waitForDelete(ctx, full, r.Header.GetRevision()+1, lease); err != nil {
			return 0, err
		}
	}
}

// waitForDelete waits until a key is gone, and keeps the lease that is to have it alive.
func (s *Store) waitForDelete(ctx context.Context, key string, from int64, lease clientv3.LeaseID) error {
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	renewed, err := s.client.KeepAlive(own, lease)
	if err != nil {
		return s.failure(ctx, err, "claim")
	}
	changes := s.client.Watch(own, key, clientv3.WithRev(from), clientv3.WithFilterPut())
	for {
		select {
		case w, ok := <-changes:
			if !ok || w.Err() != nil {
				return s.failure(ctx, errors.Join(w.Err(), own.Err()), "watch")
			}
			if len(w.Events) > 0 {
				return nil
			}
		case _, ok := <-renewed:
			if !ok {
				return s.failure(ctx, rpctypes.ErrLeaseNotFound, "claim")
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *Store) revoke(ctx context.Context, lease clientv3.LeaseID) {
	own, cancel := s.call(context.WithoutCancel(ctx))
	defer cancel()
	// One that stays ends by itself.
	_, _ = s.client.Revoke(own, lease)
}

// Release gives the key to others.
func (c *claim) Release(ctx context.Context) error {
	c.cancel()
	<-c.done
	own, cancel := c.store.call(ctx)
	defer cancel()
	_, err := c.store.client.Revoke(own, c.lease)
	if errors.Is(err, rpctypes.ErrLeaseNotFound) {
		err = nil
	}
	return c.store.failure(ctx, err, "release")
}

// Close ends the connection, and an embedded member.
func (s *Store) Close() error { return s.close() }
